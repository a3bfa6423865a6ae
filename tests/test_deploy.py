"""The files under deploy/ are not run here; what can be known without an engine is checked."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings
from app.ui.access import open_access
from app.ui.guard import LARGEST_BODY

DEPLOY = Path(__file__).parent.parent / "deploy"


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def known_settings() -> set[str]:
    return {str(field.validation_alias) for field in Settings.model_fields.values()}


def test_every_setting_of_the_replicas_is_one_of_the_program(compose: dict[str, Any]) -> None:
    for name in ("app-1", "app-2", "migrate"):
        assert set(compose["services"][name]["environment"]) <= known_settings()


def test_every_setting_that_is_documented_exists() -> None:
    texts = [DEPLOY / "README.md", DEPLOY.parent / ".env.example", DEPLOY.parent / "SECURITY.md"]
    for path in texts:
        named = set(re.findall(r"\b(?:INTERVIEW|CHROMA)_[A-Z_]+\b", path.read_text()))
        assert named <= known_settings() | {"INTERVIEW_"}, path


def test_the_trusted_address_is_the_proxys_alone(compose: dict[str, Any]) -> None:
    app, proxy = compose["services"]["app-1"], compose["services"]["proxy"]
    environment = app["environment"]
    address = proxy["networks"]["inside"]["ipv4_address"]
    subnet = compose["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(subnet)
    access = open_access(
        Settings(
            user_header=environment["INTERVIEW_USER_HEADER"],
            trusted_proxy=environment["INTERVIEW_TRUSTED_PROXY"],
        ),
        "0.0.0.0",
    )
    header = {environment["INTERVIEW_USER_HEADER"]: "ann"}
    assert access.proxy_user(address, header) == "ann"
    neighbours = [each for each in ipaddress.ip_network(subnet).hosts() if str(each) != address]
    assert all(access.proxy_user(str(each), header) is None for each in neighbours)


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    published = {name for name, service in compose["services"].items() if "ports" in service}
    assert published == {"proxy"}


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_both_proxies_replace_the_user_header_and_pass_what_the_page_takes(
    name: str, compose: dict[str, Any]
) -> None:
    text = (DEPLOY / name).read_text()
    header = compose["services"]["app-1"]["environment"]["INTERVIEW_USER_HEADER"]
    assert re.search(rf"(header_up|proxy_set_header) {header} (\{{http|\$remote)", text)
    size = re.search(r"(?:max_size|client_max_body_size)\s+(\d+)m(?:ib)?;?\n", text, re.IGNORECASE)
    assert size is not None
    assert int(size[1]) * 2**20 == LARGEST_BODY
    for service in ("app-1:7860", "app-2:7860"):
        assert service in text


def test_the_image_copies_what_the_program_needs_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    for folder in ("app", "knowledge", "rubrics"):
        assert f"COPY {folder} {folder}" in text
    assert "USER interview" in text
    assert "cuda" not in text.lower()
