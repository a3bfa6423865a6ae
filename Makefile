# `make run` starts the program, `make test` proves it; both set everything up first.
PY := .venv/bin/python
UV := .venv/bin/uv
UV_VERSION := 0.13.9
PORT ?= 7860
INSTALLED := .venv/.installed

.PHONY: screenshots help setup setup-system run test test-slow test-llm check fix index vectors teach bench bench-load eval reliability audit licences lock wheel clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(INSTALLED) ## make .venv with everything pinned in requirements.lock

$(UV):
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(INSTALLED): requirements.lock pyproject.toml | $(UV)
	$(UV) pip sync --quiet requirements.lock
	$(UV) pip install --quiet --no-deps --editable .
	@touch $(INSTALLED)

setup-system: ## Debian packages for the browser and database tests (root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium postgresql >/dev/null

run: setup ## start the page on http://127.0.0.1:7860 (another: make run PORT=8000)
	@.venv/bin/interview serve --port $(PORT)

test: setup ## the tests that need nothing but Python (under 5 minutes)
	$(PY) -m pytest -q -n 2 -m "not slow and not llm"

test-slow: setup ## kill loops, thousands of sessions, the browser
	$(PY) -m pytest -q -m slow

test-llm: setup ## a whole interview with a real small model
	$(PY) -m pytest -q -m llm

check: setup ## format, lint, types, import layers, content, tests
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	.venv/bin/interview check
	$(MAKE) test

fix: setup ## format and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

index: setup ## bring the search index up to date
	.venv/bin/interview index

vectors: setup ## compute the shipped vectors anew
	$(PY) -m app.retrieval.vectors

teach: setup ## teach the embedded grader anew: after a change of rubrics or training answers
	$(PY) -m evals fit

bench: setup ## start-up, index, search and grading speed as ratios
	$(PY) -m evals bench

bench-load: setup ## 1 to 16 simulated candidates at once: turns a second, waiting time, memory
	$(PY) -m evals load

reliability: setup ## prove every promise: runs, lost, duplicated, worst recovery time
	$(PY) -m evals reliability

audit: licences ## licences, then known weaknesses of everything pinned (asks PyPI's advisory service)
	@$(PY) -m evals.audit

licences: setup ## the licence of everything pinned
	@$(UV) tool run --quiet pip-licenses==5.5.5 --python $(PY) --order=license

eval: setup ## agreement with the gold labels, attacks, retrieval
	$(PY) -m evals all

lock: $(UV) ## resolve the dependencies anew
	$(UV) lock --quiet --upgrade
	$(UV) export --quiet --all-extras --all-groups --no-emit-project -o requirements.lock

wheel: setup ## build the wheel into dist/
	$(UV) build --quiet --wheel

screenshots: setup ## take the README's pictures into docs/images (needs chromium)
	$(PY) -m tests.ui.screenshots

clean: ## remove what was made
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
