"""Starting is light, and nothing reaches beyond this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = (
    "chromadb",
    "gradio",
    "langchain",
    "langchain_openai",
    "onnxruntime",
    "openai",
    "sqlalchemy",
)

# Runs a command with every connection beyond loopback refused, and says which was tried.
GUARDED = """
import socket, sys
def refuse(self, address, *rest, original=socket.socket.connect):
    host = address[0] if isinstance(address, tuple) else "unix"
    if host not in ("127.0.0.1", "::1", "localhost", "unix"):
        sys.stderr.write(f"OUTSIDE {address}\\n")
        raise OSError("no network here")
    return original(self, address, *rest)
socket.socket.connect = refuse
socket.socket.connect_ex = lambda self, address: refuse(self, address) or 0
def resolve(host, *rest, original=socket.getaddrinfo, **options):
    if host not in (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0"):
        sys.stderr.write(f"OUTSIDE {host}\\n")
        raise socket.gaierror("no network here")
    return original(host, *rest, **options)
socket.getaddrinfo = resolve
from app.__main__ import main
sys.argv[0] = "interview"
main()
"""


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['interview', '--help']\n"
        "from app.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr.strip() == "[]"
    assert "chat" in done.stdout


def test_a_whole_interview_and_a_search_need_no_network(tmp_path: Path) -> None:
    answers = tmp_path / "answers.txt"
    answers.write_text("I would page on burn rate and send the rest to tickets, since pages cost.")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OPENAI")
    }
    environment["INTERVIEW_DATA_DIR"] = str(tmp_path / "data")
    for words in (
        ["chat", "--scenario", "real-time-vs-batch", "--answers", str(answers)],
        ["search", "late data"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", GUARDED, *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        assert "OUTSIDE" not in done.stderr


def test_the_lock_holds_hashes_and_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?://|--index-url|--find-links", lock)
    pinned = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[^\]]+\])?==", lock, re.MULTILINE)
    assert len(pinned) > 100
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert not re.search(r"^(?:torch|nvidia-|triton)", lock, re.MULTILINE)
