"""Keys and passwords are in no artefact: a canary is looked for in all that the program writes."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

KEY = "sk-canary-7f3a9e15c2d8"


@pytest.fixture(scope="module")
def gossip() -> Iterator[HTTPServer]:
    """A model server and a Chroma server that repeat the key they were given in their errors."""

    def repeat(request: Request) -> Response:
        heard = request.headers.get("Authorization", "") + request.headers.get("X-Chroma-Token", "")
        body = {"error": {"message": f"wrong key: {heard}", "type": heard, "code": heard}}
        return Response(json.dumps(body), 401, {"X-Heard": heard}, content_type="application/json")

    with HTTPServer(threaded=True) as server:
        server.expect_request(re.compile(".*")).respond_with_handler(repeat)
        yield server


class Program:
    """`interview` on one data folder; all that it prints is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = ""

    def __call__(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [sys.executable, "-m", "app", *map(str, arguments)],
            env={
                "INTERVIEW_DATA_DIR": str(self.folder / "data"),
                "HOME": str(self.folder),
                "PATH": "/usr/bin:/bin",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.printed += result.stdout + result.stderr
        return result


@pytest.mark.slow
def test_no_key_is_in_anything_the_program_prints_or_writes(
    gossip: HTTPServer, tmp_path: Path
) -> None:
    run = Program(tmp_path)
    answers = tmp_path / "answers.txt"
    answers.write_text("The goal is fewer useless pages, two a shift for each team.")
    model = {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": gossip.url_for("/v1"),
        "INTERVIEW_MODEL": "some-model",
    }
    played = ("chat", "--scenario", "anomaly-detection-system", "--answers", answers)
    run(*played, **model)
    run("doctor", **model)
    run(*played, INTERVIEW_EMBEDDED="true", **model)
    assert any("Authorization" in request.headers for request, _ in gossip.log), "no key was sent"
    rows = json.loads(run("sessions", "--json", **model).stdout)
    assert rows, "no session was kept"
    for row in rows:
        for kind in ("md", "json", "html"):
            out = tmp_path / "data" / f"{row['id']}.{kind}"
            run("export", row["id"], "--format", kind, "--output", out, **model)
            assert out.exists(), run.printed[-500:]
        run("replay", row["id"], "--json", **model)
    run("search", "burn rate", **model)
    run("backup", tmp_path / "data" / "backup.gz", **model)
    run("search", "burn rate", CHROMA_HOST=gossip.host, CHROMA_PORT=str(gossip.port),
        CHROMA_TOKEN=KEY, CHROMA_TOKEN_HEADER="X-Chroma-Token")  # fmt: skip
    run("sessions", DATABASE_URL=f"postgresql://ann:{KEY}@127.0.0.1:1/none")
    run("sessions", DATABASE_URL=f"nonsense://ann:{KEY}@h/none")
    assert KEY not in run.printed
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"sessions.db", "backup.gz"} <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        unpacked = gzip.decompress(content) if file.suffix == ".gz" else content
        assert KEY.encode() not in content + unpacked, file
