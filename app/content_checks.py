"""What is wrong with the content as a whole: all that no single file can tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.catalog import Catalog, headings
from app.domain.content import Citation, Item, Rubric
from app.errors import ContentError

_CITED = re.compile(r"\[@([a-z0-9-]+)\]")


def check(catalog: Catalog) -> dict[str, int]:
    """Counts of all content; raises `ContentError` with every problem found."""
    problems = [*_check_documents(catalog), *_check_rubrics(catalog), *_check_items(catalog)]
    if problems:
        raise ContentError(problems)
    kinds = Counter(item.kind for item in catalog.items.values())
    items = catalog.items.values()
    rubrics = catalog.rubrics.values()
    return {
        "scenarios": kinds["scenario"],
        "tradeoffs": kinds["tradeoff"],
        "drills": kinds["drill"],
        "topics": sum(each.kind == "topic" for each in catalog.sets.values()),
        "behavioural": kinds["behavioural"],
        "summaries": kinds["summary"],
        "questions": kinds["topic"],
        "criteria": sum(len(rubric.criteria) for rubric in rubrics),
        "follow_ups": sum(len(item.follow_ups) + len(item.flips) for item in items),
        "misconceptions": sum(len(rubric.misconceptions) for rubric in rubrics),
        "documents": len(catalog.documents),
        "sources": sum(len(document.sources) for document in catalog.documents.values()),
        "dangling": 0,
    }


def _check_documents(catalog: Catalog) -> Iterator[str]:
    for document in catalog.documents.values():
        known = {source.id for source in document.sources}
        cited = set(_CITED.findall(document.text))
        for name in sorted(cited - known):
            yield f"document {document.id}: [@{name}] is not in its sources: add it or mend the id"
        for name in sorted(known - cited):
            yield (
                f"document {document.id}: source {name!r} is never cited: "
                f"cite it as [@{name}] or drop it"
            )
        for name in document.questions.keys() - set(headings(document)):
            yield f"document {document.id}: questions: no heading {name!r}: mend its spelling"
        repeated = [name for name, count in Counter(headings(document)).items() if count > 1]
        for name in repeated:
            yield (
                f"document {document.id}: heading {name!r} stands twice: "
                "a citation could mean either"
            )


def _check_citation(catalog: Catalog, where: str, citation: Citation) -> Iterator[str]:
    document = catalog.documents.get(citation.document)
    if document is None:
        yield f"{where}: cites document {citation.document!r}, which does not exist"
    elif citation.heading not in headings(document):
        yield (
            f"{where}: document {citation.document!r} has no heading {citation.heading!r}; "
            f"it has: {'; '.join(headings(document))}"
        )


def _check_rubrics(catalog: Catalog) -> Iterator[str]:
    used = {item.rubric for item in catalog.items.values()}
    for rubric in catalog.rubrics.values():
        if rubric.id not in used:
            yield f"rubric {rubric.id}: no item uses it: name it in an item's `rubric` or delete it"
        for part in rubric.parts:
            yield from _check_citation(catalog, f"rubric {rubric.id}, {part.id}", part.source)
        least = (6, 4) if rubric.kind == "scenario" else (2, 2)
        for criterion in rubric.criteria:
            where = f"rubric {rubric.id}, {criterion.id}"
            yield from _at_least(where, "meets", criterion.meets, least[0])
            yield from _at_least(where, "near_misses", criterion.near_misses, least[1])
        if rubric.kind in ("scenario", "tradeoff"):
            fewest = 12 if rubric.kind == "scenario" else 8
            yield from _at_least(f"rubric {rubric.id}", "criteria", rubric.criteria, fewest)
            for criterion in rubric.criteria:
                yield from _at_least(
                    f"rubric {rubric.id}, {criterion.id}", "terms", criterion.terms, 1
                )
        if rubric.kind == "scenario":
            yield from _at_least(f"rubric {rubric.id}", "misconceptions", rubric.misconceptions, 5)


def _check_items(catalog: Catalog) -> Iterator[str]:
    for set_ in catalog.sets.values():
        for item in set_.items:
            if item.kind != set_.kind:
                yield f"set {set_.id}, {item.id}: kind {item.kind!r} differs from the set's"
    for item in catalog.items.values():
        where = f"item {item.id}"
        rubric = catalog.rubrics.get(item.rubric)
        if rubric is None:
            yield f"{where}: rubric {item.rubric!r} does not exist"
            continue
        if rubric.kind != item.kind:
            yield f"{where}: its rubric {rubric.id} is of kind {rubric.kind!r}, not {item.kind!r}"
        yield from _check_probes(where, item, rubric)
        for citation in item.references:
            yield from _check_citation(catalog, f"{where}, references", citation)
        for level in ("weak", "senior", "staff", "principal"):
            if level not in item.exemplars:
                yield f"{where}: exemplars.{level} is missing: write that answer"
        if item.kind == "drill" and item.default_case not in catalog.items:
            yield f"{where}: default_case {item.default_case!r} does not exist"
        if item.kind == "drill" and "$case" not in item.opening:
            yield f"{where}: opening lacks $case: write it where the scenario's text goes"
        if item.kind == "scenario":
            yield from _at_least(where, "facts", item.facts, 10)
            yield from _at_least(where, "flips", item.flips, 2)
            yield from _at_least(where, "ambiguities", item.ambiguities, 3)
        if item.kind in ("scenario", "tradeoff"):
            yield from _at_least(where, "references", item.references, 1)
            fewest = 6 if item.kind == "scenario" else 4
            yield from _at_least(where, "follow_ups", item.follow_ups, fewest)
            for dimension in rubric.dimensions:
                if item.kind == "scenario" and dimension.id not in item.hints:
                    yield f"{where}: hints.{dimension.id} is missing: write three, vague to plain"
                if not any(each.dimension == dimension.id for each in item.follow_ups):
                    yield f"{where}: no follow-up for dimension {dimension.id!r}: write one"


def _check_probes(where: str, item: Item, rubric: Rubric) -> Iterator[str]:
    dimensions = {dimension.id for dimension in rubric.dimensions}
    criteria = {criterion.id for criterion in rubric.criteria}
    for part in item.questions:
        if part.dimension not in dimensions:
            yield f"{where}, {part.id}: dimension {part.dimension!r} is not in rubric {rubric.id}"
    for follow_up in item.follow_ups:
        for name in follow_up.probes:
            if name not in criteria:
                yield (
                    f"{where}, {follow_up.id}: probes {name!r}, "
                    f"which is no criterion of rubric {rubric.id}"
                )
    for name in item.hints:
        if name not in dimensions:
            yield f"{where}: hints.{name}: no such dimension in rubric {rubric.id}"


def _at_least(where: str, name: str, values: tuple[Any, ...], fewest: int) -> Iterator[str]:
    if len(values) < fewest:
        yield f"{where}: {name} has {len(values)}, needs {fewest} or more"
