from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.errors import BadInput, ModelError
from app.interview.wiring import describe_mode, make_grader, open_engine
from app.llm.configured import DEFAULT_MODEL, configured_endpoint
from app.llm.endpoint import OPENAI
from app.settings import Settings
from app.terminal import doctor
from tests.llm.model_server import ModelServer, Reply


def chosen(tmp_path: Path, **values: Any) -> Settings:
    """Settings with these values and no others about models, whatever the environment holds."""
    none = {"openai_api_key": None, "openai_base_url": None, "model": None, "judge_model": None}
    return Settings.model_validate({**none, "embedded": False, "data_dir": tmp_path, **values})


def test_a_key_alone_means_openai(tmp_path: Path) -> None:
    endpoint = configured_endpoint(chosen(tmp_path, openai_api_key=SecretStr("k")), "interviewer")
    assert (endpoint.base_url, endpoint.model) == (OPENAI, DEFAULT_MODEL)


def test_judge_and_interviewer_may_be_two_models(tmp_path: Path) -> None:
    settings = chosen(tmp_path, openai_base_url="http://h/v1/", model="small", judge_model="large")
    assert configured_endpoint(settings, "interviewer").model == "small"
    assert configured_endpoint(settings, "judge").model == "large"
    assert configured_endpoint(settings, "judge").base_url == "http://h/v1"


def test_a_model_without_a_server_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--base-url"):
        configured_endpoint(chosen(tmp_path, model="small"), "interviewer")


@pytest.mark.parametrize("url", ["localhost:8000", "file:///etc/passwd", "http://me:secret@h/v1"])
def test_an_address_that_is_none_or_holds_a_password_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInput) as refused:
        configured_endpoint(chosen(tmp_path, openai_base_url=url, model="m"), "interviewer")
    assert "secret" not in str(refused.value)


def test_the_only_model_of_a_server_needs_no_name(
    model_server: ModelServer, tmp_path: Path
) -> None:
    settings = chosen(tmp_path, openai_base_url=model_server.base_url)
    assert configured_endpoint(settings, "interviewer").model == "fake"


def test_a_dead_server_stops_the_start_and_replaces_nothing_silently(tmp_path: Path) -> None:
    settings = chosen(tmp_path, openai_base_url="http://127.0.0.1:9/v1", model="m")
    with pytest.raises(ModelError, match="interview doctor"):
        open_engine(settings)
    engine = open_engine(settings.model_copy(update={"embedded": True}))
    assert engine.interviewer.name == "embedded"
    assert "no language model" in describe_mode(engine)


def test_a_model_makes_agent_and_judge(model_server: ModelServer, tmp_path: Path) -> None:
    settings = chosen(tmp_path, openai_base_url=model_server.base_url, model="fake")
    engine = open_engine(settings)
    assert engine.interviewer.name.startswith("fake/")
    assert engine.grader.name.startswith("judge/fake/")
    assert "is sent to the model server" in describe_mode(engine).replace("\n", " ")
    assert open_engine(settings, "embedded").grader.name.startswith("embedded")


def test_the_judge_needs_a_model(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no language model"):
        make_grader("judge", chosen(tmp_path))


def test_the_doctor_shows_both_roles_and_asks_one_model_once(
    model_server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model_server.default = lambda body: (
        Reply('{"word": "pager"}') if body.get("response_format") else Reply("ready")
    )
    settings = chosen(tmp_path, openai_base_url=model_server.base_url, model="fake")
    monkeypatch.setattr(doctor, "settings", lambda: settings)
    assert doctor.show_doctor(as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["interviewer"]["mode"] == "streams, facts found by this program"
    assert found["judge"]["mode"] == "structured replies by json_schema"
    assert found["judge"]["context"] == "8,192 tokens"
    assert len(model_server.requests) == 5, "both roles have one model"


def test_the_doctor_fails_for_a_server_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = chosen(tmp_path, openai_base_url="http://127.0.0.1:9/v1", model="m")
    monkeypatch.setattr(doctor, "settings", lambda: settings)
    assert not doctor.show_doctor(as_json=False)
    assert "cannot be" in capsys.readouterr().out
