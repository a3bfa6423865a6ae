"""Over HTTP, against a real server: users see their own sessions only, and secrets nowhere."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.session import Session
from app.sessions.store import SessionStore
from tests.ui.web import HEADER, Server, Visitor

pytestmark = pytest.mark.slow

WORDS = "heliotrope"
"""In every answer of the one user, and in nothing that the other may see."""
KEY = "sk-canary-5d1f0c7e2b9a"
ITEM = "anomaly-detection-system"
ANSWER = f"The goal is fewer useless pages. The {WORDS} budget is two pages a shift per team."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a proxy that is this machine, with keys that must not leak."""
    with Server(
        tmp_path_factory.mktemp("data"),
        INTERVIEW_USER_HEADER=HEADER,
        INTERVIEW_TRUSTED_PROXY="127.0.0.1",
        INTERVIEW_EMBEDDED="true",
        OPENAI_API_KEY=KEY,
        CHROMA_TOKEN=KEY,
        INTERVIEW_MESSAGES_A_MINUTE="1000",
    ) as server:
        yield server.wait_until_open()


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[SessionStore]:
    """The server's own store, read beside it."""
    store = SessionStore(f"sqlite:///{server.folder / 'sessions.db'}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def hers(server: Server, store: SessionStore) -> Session:
    """An interview of ann's, finished, with one answer in it."""
    ann = Visitor(server, "ann")
    ann.press("start", ITEM, "principal", 0)
    row = store.list(user="ann").rows[0]
    turn = store.load(row.id).turns[0]
    assert WORDS in ann.press("send", row.id, turn.id, ANSWER)
    finish = next(each for each in ann.config["dependencies"] if "end-now" in _target(ann, each))
    list(ann.call(finish, [row.id]))
    session = store.load(row.id)
    assert session.status == "finished"
    assert session.user == "ann"
    return session


def _target(visitor: Visitor, callback: dict[str, Any]) -> str:
    components = {each["id"]: each for each in visitor.config["components"]}
    component = components.get(callback["targets"][0][0])
    return str(component["props"].get("elem_id") or "") if component else ""


def _barrage(visitor: Visitor, session: Session) -> Iterator[str]:
    """Every callback of the page, with the session's id wherever a text or an event goes in."""
    turn = session.turns[0].id
    place = f"?session={session.id}&view=replay"
    pressed = {
        "session": session.id,
        "turn": turn,
        "view": "feedback",
        "doc": session.id,
        "query": session.id,
        "after": session.id,
    }
    known = {"session-id": session.id, "turn-id": turn, "url": place, "answer": "Mine now."}
    for callback in visitor.config["dependencies"]:
        names = visitor.inputs(callback)
        if not callback["backend_fn"] or set(names) & {"items", "kinds"}:
            continue
        if _target(visitor, callback) in ("search", "search-go", "upload", "library"):
            continue  # the library knows no sessions
        data = [False if name in ("redact", "checkbox") else known.get(name, "") for name in names]
        queries = [""]
        if callback["api_name"] == "_open_page":
            views = ("", "feedback", "replay", "past", "progress")
            queries = [f"session={session.id}&view={view}" for view in views]
        # What was pressed matters to the callbacks that read nothing else.
        actions = ("edit",) if names or queries[0] else ("open", "edit", "older", "read", "remove")
        for action in actions:
            event = {**pressed, "action": action}
            for query in queries:
                yield json.dumps(list(visitor.call(callback, data, event, query)))


def test_no_callback_shows_or_changes_another_users_session(
    server: Server, store: SessionStore, hers: Session
) -> None:
    before = store.events(hers.id)
    answers = list(_barrage(Visitor(server, "bob"), hers))
    assert len(answers) > 30, "too few callbacks were tried"
    assert [answer for answer in answers if WORDS in answer] == []
    assert store.events(hers.id) == before
    assert store.list(user="bob").rows == ()


def test_the_owner_sees_her_session_by_the_same_callbacks(server: Server, hers: Session) -> None:
    """Else the test above would prove nothing."""
    ann = Visitor(server, "ann")
    shown = {
        callback: WORDS in ann.press(callback, query=f"session={hers.id}&view={view}")
        for callback, view in (("_open_page", "replay"),)
    }
    exports = [each for each in ann.config["dependencies"] if "export" in _target(ann, each)]
    for callback in exports:
        told = json.dumps(list(ann.call(callback, [hers.id, False])))
        shown[_target(ann, callback)] = WORDS in told
    assert len(exports) == 3
    assert all(shown.values()), shown


@pytest.mark.parametrize("user", [None, "", "a" * 201])
def test_without_a_name_from_the_proxy_nothing_is_answered(
    server: Server, user: str | None
) -> None:
    visitor = Visitor(server, user)
    paths = ("/", "/config", "/gradio_api/info", "/gradio_api/queue/data?session_hash=x",
             "/gradio_api/file=README.md", "/gradio_api/upload_progress?upload_id=1",
             "/gradio_api/openapi.json")  # fmt: skip
    codes = {path: visitor.http.get(path).status_code for path in paths}
    for path in ("/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/run/start"):
        codes[path] = visitor.http.post(path, json={"data": []}).status_code
    assert set(codes.values()) == {401}, codes


def test_a_header_cannot_pretend_to_come_from_the_proxy(tmp_path: Path) -> None:
    with Server(
        tmp_path, INTERVIEW_USER_HEADER=HEADER, INTERVIEW_TRUSTED_PROXY="192.0.2.1"
    ).wait_until_open() as server:
        forged = {
            "X-Forwarded-For": "192.0.2.1",
            "Forwarded": "for=192.0.2.1",
            "X-Real-IP": "192.0.2.1",
            "X-Forwarded-Host": "192.0.2.1",
        }
        visitor = Visitor(server, "ann", **forged)
        assert visitor.http.get("/config").status_code == 401
        assert visitor.http.get("/").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=..%2f..%2f..%2fetc%2fpasswd",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/file={data}/sessions.db",
        "/gradio_api/file={data}/passwords",
        "/gradio_api/file=http://192.0.2.1/",
        "/gradio_api/proxy=http://192.0.2.1/",
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/routes.py",
        "/assets/..%2f..%2froutes.py",
        "/svelte/..%2f..%2froutes.py",
        "/custom_component/x/../../y",
    ],
)
def test_no_path_leads_to_a_file_of_the_machine(server: Server, path: str) -> None:
    answer = Visitor(server, "ann").http.get(path.replace("{data}", str(server.folder)))
    assert answer.status_code in (400, 401, 403, 404, 405, 422), answer.status_code
    assert "root:" not in answer.text


@pytest.mark.parametrize("path", ["/etc/passwd", "{data}/sessions.db", "../../../etc/passwd"])
def test_an_upload_cannot_name_a_file_of_the_machine(server: Server, path: str) -> None:
    ann = Visitor(server, "ann")
    file = {
        "path": path.replace("{data}", str(server.folder)),
        "meta": {"_type": "gradio.FileData"},
    }
    told = ann.press("add", file)
    assert "root:" not in told
    assert "Added" not in told


def test_an_upload_cannot_be_the_address_of_a_file(server: Server) -> None:
    ann = Visitor(server, "ann")
    file = {"path": "http://192.0.2.1/x.md", "meta": {"_type": "gradio.FileData"}}
    for callback in ("add", "search"):  # any field would do
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            ann.press(callback, file)


def test_users_find_read_and_remove_their_own_documents_only(server: Server) -> None:
    ann, bob = Visitor(server, "ann"), Visitor(server, "bob")
    notes = f"# Notes of ann\n\n## Failover\nDrain the {WORDS} cluster before failover.\n"
    upload = ann.http.post("/gradio_api/upload", files={"files": ("cv.md", notes.encode())})
    file = {"path": upload.json()[0], "meta": {"_type": "gradio.FileData"}}
    assert "Added" in ann.press("add", file)
    shelf = ann.press("library", "")
    found = re.search(r"cv-[0-9a-f]{8}-[0-9a-f]{16}", shelf)
    assert found is not None
    read, remove = ({"action": action, "doc": found[0]} for action in ("read", "remove"))
    pressed = next(each for each in ann.config["dependencies"] if _target(ann, each) == "library")

    def shown(visitor: Visitor) -> list[bool]:
        asked = (
            visitor.press("search", f"{WORDS} cluster failover"),
            visitor.press("library", ""),
            visitor.press("_open_page", query=f"view=library&doc={found[0]}"),
            json.dumps(list(visitor.call(pressed, [], read))),
        )
        return ["cluster before failover" in each or "Notes of ann" in each for each in asked]

    assert shown(ann) == [True] * 4
    assert shown(bob) == [False] * 4
    assert "There is no own document" in json.dumps(list(bob.call(pressed, [], remove)))
    assert shown(ann) == [True] * 4
    list(ann.call(pressed, [], remove))
    assert "Notes of ann" not in ann.press("library", "")


@pytest.mark.parametrize(
    "name", ["../../x.md", "/etc/cron.d/x.md", "..\\x.md", "a\r\nb.md", "\u202e.md"]
)
def test_an_uploaded_name_stays_in_the_upload_folder(server: Server, name: str) -> None:
    ann = Visitor(server, "ann")
    answer = ann.http.post("/gradio_api/upload", files={"files": (name, b"# Mine\n\nText.\n")})
    if answer.status_code == 200:
        stored = Path(answer.json()[0]).resolve()
        assert stored.is_relative_to((server.folder / "uploads").resolve())
    assert not (server.folder.parent / "x.md").exists()


def test_uploads_that_are_too_large_are_refused(server: Server) -> None:
    http = Visitor(server, "ann").http
    for size in (5 * 2**20 + 2**18, 7 * 2**20):
        answer = http.post("/gradio_api/upload", files={"files": ("a.md", b"x" * size)})
        assert answer.status_code == 413
    assert http.post("/gradio_api/queue/join", content=b"x" * 7 * 2**20).status_code == 413


def test_another_site_is_refused_everywhere(server: Server) -> None:
    evil = Visitor(server, "ann", Origin="https://evil.example")
    for path in ("/config", "/gradio_api/queue/data?session_hash=x", "/"):
        answer = evil.http.get(path)
        assert answer.status_code == 403
        assert "evil" not in answer.headers.get("access-control-allow-origin", "")
    assert evil.http.post("/gradio_api/queue/join", json={}).status_code == 403
    own = Visitor(server, "ann", Origin=server.url)
    assert own.http.get("/config").status_code == 200


def test_a_header_with_a_line_end_is_no_second_header(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    for line in (
        b"X-User: ann\r\n Set-Cookie: a=b",
        b"X-User: ann\nX-User: bob",
        b"X-User: \x00ann",
    ):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            request = b"GET /config HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\n\r\n"
            connection.sendall(request)
            answer = connection.recv(4096)
        assert b"Set-Cookie" not in answer
        assert re.match(rb"HTTP/1.1 (400|401)", answer), answer[:80]


def test_hostile_texts_leave_the_server_answering(server: Server, store: SessionStore) -> None:
    from tests.reliability.hostile import HOSTILE

    bob = Visitor(server, "carol")
    bob.press("start", ITEM, "principal", 0)
    session_id = store.list(user="carol").rows[0].id
    for text in (*HOSTILE.values(), "a\0b", "x" * 1_000_000):
        turn = store.load(session_id).current_turn
        assert turn is not None
        bob.press("send", session_id, turn.id, text)
        assert "process_completed" in bob.press("_open_page", query=f"session={session_id}")


def test_secrets_and_answers_are_in_no_log_and_keys_in_no_artefact(
    server: Server, hers: Session
) -> None:
    ann = Visitor(server, "ann")
    texts = [server.log, json.dumps(ann.config), *_barrage(ann, hers)]
    assert KEY not in "".join(texts)
    assert WORDS not in server.log
    assert "/app/" not in server.log, "an exception of ours reached the log"
    for file in server.folder.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file


def test_a_password_list_lets_its_users_in_and_nobody_else(tmp_path: Path) -> None:
    from app.passwords import PasswordFile

    PasswordFile(tmp_path / "passwords").add("ann", "correct horse battery")
    with Server(tmp_path).wait_until_open() as server:
        http = Visitor(server, None).http
        assert http.get("/config").status_code == 401
        wrong = {"username": "ann", "password": "wrong horse battery"}
        assert http.post("/login", data=wrong).status_code == 400
        assert http.get("/config").status_code == 401
        right = {"username": "ann", "password": "correct horse battery"}
        assert http.post("/login", data=right).status_code == 200
        assert http.get("/config").json()["username"] == "ann"
        assert httpx.get(f"{server.url}/config", trust_env=False).status_code == 401
        assert "horse" not in server.log
