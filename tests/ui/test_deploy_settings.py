"""What deploy/.env sets reaches the program, and what it leaves out takes the program's default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from app.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")


def passed() -> dict[str, str]:
    """The environment of a replica as written in compose.yaml."""
    loaded = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return {name: str(value) for name, value in loaded["x-app"]["environment"].items()}


def test_every_setting_that_the_guide_names_is_passed_on() -> None:
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    named = {name for name in known if name in guide}
    # One list of users for one replica, and folders of the image, are not for several replicas.
    assert named - {"INTERVIEW_DATA_DIR", "INTERVIEW_PASSWORD_FILE"} <= set(passed())


def test_an_empty_env_file_gives_the_programs_own_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in passed().items():
        monkeypatch.setenv(name, VARIABLE.sub(lambda found: found[2] or "", value))
    read = Settings(data_dir=tmp_path)
    given = {"database_url", "chroma_host", "user_header", "trusted_proxy", "data_dir"}
    for name, field in Settings.model_fields.items():
        if name not in given:
            assert getattr(read, name) == field.default, name
    assert (read.chroma_host, read.has_model) == ("chroma", False)


def test_what_the_env_file_sets_is_what_the_program_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = {"CHROMA_TOKEN": "secret", "INTERVIEW_SESSION_TOKENS": "9000", "CHROMA_SSL": "true"}
    for name, value in passed().items():
        chosen = VARIABLE.sub(lambda found: mine.get(found[1], found[2]) or "", value)
        monkeypatch.setenv(name, chosen)
    read = Settings(data_dir=tmp_path)
    assert read.chroma_token is not None
    assert read.chroma_token.get_secret_value() == "secret"
    assert (read.session_tokens, read.chroma_ssl) == (9000, True)
