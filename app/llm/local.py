"""Serves a GGUF file from this process through llama.cpp's own OpenAI-compatible server."""

from __future__ import annotations

import atexit
import threading
from pathlib import Path
from typing import Any

from app.errors import BadInput

CONTEXT_TOKENS = 8192
PLACES = 2
"""Requests at a time: the judge works while the next question is asked."""

_servers: dict[Path, Any] = {}
_starting = threading.Lock()


def serve_file(name: str) -> tuple[str, Path]:
    """The address of a server for this file, and its full path; one server a file and process.

    BadInput if the file cannot be loaded or the package for it is not installed.
    """
    path = Path(name).expanduser().resolve()
    if not path.is_file():
        raise BadInput(f"There is no model file {name}.")
    with _starting:
        if path not in _servers:
            _servers[path] = _start(path)
        return f"{_servers[path].listening_address}/v1", path


def _start(path: Path) -> Any:
    try:
        import xllamacpp
    except ImportError:
        raise BadInput(
            "Model files need the package xllamacpp: install this program with its extra `local`."
        ) from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = CONTEXT_TOKENS * PLACES
    params.n_parallel = PLACES
    # One thread: with more, a busy neighbour slows it to a tenth.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.ui = False
    params.offline = True
    params.verbosity = -1
    try:
        server = xllamacpp.Server(params)
    except Exception as error:
        raise BadInput(f"{path.name} cannot be loaded as a model: {error}") from error
    atexit.register(_servers.clear)
    return server
