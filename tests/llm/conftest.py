"""Loopback model servers for the tests of calls to language models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.llm.model_server import ModelServer


@pytest.fixture(scope="session")
def loopback() -> Iterator[HTTPServer]:
    """The HTTP server behind all model servers: starting one takes longer than a test."""
    with HTTPServer(threaded=True) as http:
        yield http


@pytest.fixture
def model_server(loopback: HTTPServer) -> ModelServer:
    """A server with nothing queued: it replies `ready`."""
    loopback.clear()
    return ModelServer(loopback)
