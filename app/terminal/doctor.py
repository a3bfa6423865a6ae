"""Looks at the configured models once and shows what they can do and how they will be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.errors import InterviewError
from app.settings import settings
from app.terminal.output import print_json, print_table, remark

if TYPE_CHECKING:
    from app.llm.endpoint import Endpoint

Role = Literal["interviewer", "judge"]
ROLES: tuple[Role, ...] = ("interviewer", "judge")
UNKNOWN = "-"


def show_doctor(as_json: bool) -> bool:
    """Probe the models anew and print what was found; False if one cannot be used."""
    if not settings().has_model:
        if as_json:
            print_json({"mode": "embedded"})
        else:
            print_table([{"": "mode", **dict.fromkeys(ROLES, "embedded: no model is configured")}])
        remark(
            "Everything works so. For a model set OPENAI_API_KEY, or give --base-url and --model, "
            "or --model FILE.gguf."
        )
        return True
    found = {role: _examine(role) for role in ROLES}
    if as_json:
        print_json(found)
    else:
        rows = [
            {"": name, **{role: found[role][name] for role in ROLES}}
            for name in found["interviewer"]
            if any(found[role][name] != UNKNOWN for role in ROLES)
        ]
        print_table(rows)
    return all(found[role]["reachable"] == "yes" for role in ROLES)


def _endpoint(role: Role) -> Endpoint:
    from app.llm.configured import configured_endpoint

    return configured_endpoint(settings(), role)


def _examine(role: Role) -> dict[str, str]:
    from app.llm.probe import capabilities_of

    try:
        endpoint = _endpoint(role)
    except InterviewError as error:
        return _rows(reachable=f"no: {error}")
    # One model in both roles is asked once.
    again = role == "interviewer" or endpoint != _endpoint("interviewer")
    if again:
        remark(f"Asking {endpoint.model} at {endpoint.base_url} …")
    able = capabilities_of(endpoint, settings().data_dir, again=again)
    if not able.usable:
        return _rows(
            model=endpoint.model, address=endpoint.base_url, reachable=f"no: {able.failure}"
        )
    context = able.context_tokens
    if role == "judge":
        mode = f"structured replies by {able.method}"
    else:
        mode = "streams" if able.streaming else "whole replies"
        mode += ", with tools" if able.tools else ", facts found by this program"
    return _rows(
        model=endpoint.model,
        address=endpoint.base_url,
        reachable="yes",
        context=f"{context:,} tokens" if context else "not told",
        streaming=_yes(able.streaming),
        token_counts=_yes(able.usage),
        tools=_yes(able.tools),
        json_schema=_yes(able.json_schema),
        json_mode=_yes(able.json_mode),
        latency=f"{able.latency_seconds} s",
        mode=mode,
    )


def _rows(**known: str) -> dict[str, str]:
    names = (
        "model",
        "address",
        "reachable",
        "context",
        "streaming",
        "token_counts",
        "tools",
        "json_schema",
        "json_mode",
        "latency",
        "mode",
    )
    return {name: known.get(name, UNKNOWN) for name in names}


def _yes(value: bool) -> str:
    return "yes" if value else "no"
