"""From the settings to the models of interviewer and judge."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from app.errors import BadInput, ModelError
from app.llm.endpoint import OPENAI, Endpoint
from app.llm.model import Model
from app.llm.probe import capabilities_of, offered_models
from app.settings import Settings

Role = Literal["interviewer", "judge"]
DEFAULT_MODEL = "gpt-4.1"


def configured_model(settings: Settings, role: Role) -> Model:
    """The model of that role with what it can do, probed if that is not known yet.

    BadInput for settings that name no model, ModelError if the model does not answer.
    """
    endpoint = configured_endpoint(settings, role)
    capabilities = capabilities_of(endpoint, settings.data_dir)
    if not capabilities.usable:
        raise ModelError(
            f"{capabilities.failure} The {role}'s model is {endpoint.model} at "
            f"{endpoint.base_url}. `interview doctor` looks closer; without a model everything "
            "runs in embedded mode."
        )
    return Model(endpoint, capabilities)


def configured_endpoint(settings: Settings, role: Role) -> Endpoint:
    """Server and model of that role. A .gguf file is served from this process."""
    name = (settings.judge_model if role == "judge" else None) or settings.model
    base_url = settings.openai_base_url
    if name is not None and name.endswith(".gguf"):
        from app.llm.local import serve_file

        base_url, path = serve_file(name)
        identity = f"{path} {path.stat().st_mtime_ns}"
        return Endpoint(base_url, path.name, None, settings.max_tokens, identity)
    if base_url is None and settings.openai_api_key is None:
        raise BadInput(
            f"The model {name} needs a server: set OPENAI_API_KEY, or give --base-url, or name a "
            ".gguf file."
        )
    base_url = _checked_url(base_url or OPENAI)
    endpoint = Endpoint(base_url, name or "", settings.openai_api_key, settings.max_tokens)
    if name:
        return endpoint
    return Endpoint(base_url, _only_model(endpoint), settings.openai_api_key, settings.max_tokens)


def _only_model(endpoint: Endpoint) -> str:
    if endpoint.base_url == OPENAI:
        return DEFAULT_MODEL
    names = offered_models(endpoint)
    if len(names) == 1:
        return names[0]
    listed = ", ".join(names[:20]) or "none"
    raise BadInput(f"Choose a model with --model or INTERVIEW_MODEL. The server offers: {listed}.")


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{url!r} is no address: write it as http://host:port/v1.")
    if parts.username or parts.password:
        # An address is shown and stored; a key is neither.
        raise BadInput("Leave name and password out of --base-url; OPENAI_API_KEY holds the key.")
    return url.rstrip("/")
