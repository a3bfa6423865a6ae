"""The index, in a folder and on a real Chroma server: one contract for both."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from app.domain.content import Document
from app.embedding import Vectors, default_embedding
from app.errors import SearchIndexError, UnknownName
from app.retrieval.documents import load_own, split
from app.retrieval.index import Index
from app.settings import Settings
from tests.conftest import require

CHROMA = shutil.which(
    "chroma", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
)


class CountingEmbedding:
    """The bundled model, with a count of the texts that it had to embed."""

    name = default_embedding().name
    dimension = default_embedding().dimension

    def __init__(self) -> None:
        self.embedded = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        return default_embedding().encode(texts)


class OtherEmbedding:
    """Another model."""

    name = "other-model"
    dimension = 8

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.full((len(texts), self.dimension), self.dimension**-0.5, np.float32)


@pytest.fixture(scope="module")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Chroma server on the loopback interface."""
    require(CHROMA, "the `chroma` command is not installed")
    assert CHROMA is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma")
    with (folder / "log").open("wb") as log:
        command = [CHROMA, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)]
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, "the Chroma server did not start in 30 s"
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(params=["folder", "server"])
def settings(
    request: pytest.FixtureRequest, folder_settings: Settings, documents: list[Document]
) -> Settings:
    """Settings for a fresh index of either kind."""
    if request.param == "folder":
        return folder_settings
    port: int = request.getfixturevalue("chroma_server")
    server = folder_settings.model_copy(update={"chroma_host": "127.0.0.1", "chroma_port": port})
    with Index.open(server) as index:
        index.rebuild([])
    return server


# --- the contract, for both kinds --------------------------------------------------------------


def test_a_sync_holds_every_chunk_as_it_was_split(
    settings: Settings, documents: list[Document]
) -> None:
    with Index.open(settings) as index:
        progress: list[tuple[int, int]] = []
        result = index.sync(documents, lambda done, total: progress.append((done, total)))
        expected = [chunk for document in documents for chunk in split(document)]
        assert sorted(index.chunks(), key=lambda chunk: chunk.id) == sorted(
            expected, key=lambda chunk: chunk.id
        )
        assert (result.kept, result.added, result.deleted) == (0, 6, 0)
        assert progress[-1] == (6, 6)


def test_a_second_sync_embeds_only_what_changed(
    settings: Settings, documents: list[Document]
) -> None:
    embedding = CountingEmbedding()
    with Index.open(settings, embedding) as index:
        index.sync(documents)
        before = index.revision()
        embedding.embedded = 0
        result = index.sync(documents)
        assert (result.kept, result.added, result.deleted) == (6, 0, 0)
        assert embedding.embedded == 0
        assert index.revision() == before

        changed = documents[0].text.replace("two pages a shift", "three pages a shift")
        edited = documents[0].model_copy(update={"text": changed})
        result = index.sync([edited, documents[1]])
        assert (result.kept, result.added, result.deleted) == (3, 1, 2)
        assert embedding.embedded == 1
        assert index.revision() != before
        assert "three pages" in index.chunks()[0].text


def test_the_nearest_chunk_comes_first(settings: Settings, documents: list[Document]) -> None:
    with Index.open(settings) as index:
        index.sync(documents)
        target = split(documents[1])[0]
        (best, similarity), *rest = index.nearest(target.embedded_text, 3)
        assert best == target.id
        assert similarity == pytest.approx(1.0, abs=1e-3)
        assert len(rest) == 2


def test_a_rebuild_gives_identical_chunks_and_neighbours(
    settings: Settings, documents: list[Document]
) -> None:
    with Index.open(settings) as index:
        index.sync(documents)
        chunks, nearest = index.chunks(), index.nearest("pages a shift", 6)
        index.rebuild(documents)
        assert index.chunks() == chunks
        assert index.nearest("pages a shift", 6) == nearest


def test_an_index_of_another_model_is_refused_until_rebuilt(
    settings: Settings, documents: list[Document]
) -> None:
    with Index.open(settings, OtherEmbedding()) as index:
        index.rebuild(documents)
    with Index.open(settings) as index:
        with pytest.raises(SearchIndexError, match=r"'other-model'.*interview index --rebuild"):
            index.sync(documents)
        with pytest.raises(SearchIndexError, match="other-model"):
            index.nearest("drift", 1)
        index.rebuild(documents)
        assert len(index.nearest("drift", 6)) == 6


def test_own_documents_are_added_found_and_removed(
    settings: Settings, documents: list[Document], own_file: Path
) -> None:
    own = load_own(own_file)
    with Index.open(settings) as index:
        index.sync(documents)
        assert index.add_own(own) == 1
        assert index.add_own(own) == 1
        assert index.own_documents() == {own.id: own}
        assert index.nearest("zebra cluster failover", 1)[0][0].startswith(own.id)
        stats = index.stats()
        assert (stats.chunks, stats.documents) == (
            {"documents": 6, "own": 1},
            {"documents": 3, "own": 1},
        )
        assert stats.own_ids == (own.id,)

        index.remove_own(own.id)
        assert index.chunks(["own"]) == []
        with pytest.raises(UnknownName, match="none yet"):
            index.remove_own(own.id)


def test_own_documents_outlive_a_rebuild(
    settings: Settings, documents: list[Document], own_file: Path
) -> None:
    with Index.open(settings) as index:
        index.add_own(load_own(own_file))
        index.rebuild(documents)
        assert [chunk.heading for chunk in index.chunks(["own"])] == ["Failover"]


def test_own_documents_of_another_data_folder_stay_out_of_sight(
    settings: Settings, own_file: Path, tmp_path: Path
) -> None:
    elsewhere = settings.model_copy(update={"data_dir": tmp_path / "colleague"})
    with Index.open(settings) as index, Index.open(elsewhere) as other:
        index.add_own(load_own(own_file))
        other.sync([])
        assert other.chunks() == []
        assert other.nearest("zebra cluster failover", 5) == []
        assert len(index.chunks(["own"])) == 1


def test_own_documents_belong_to_whoever_added_them(
    settings: Settings, documents: list[Document], own_file: Path
) -> None:
    own = load_own(own_file)
    with Index.open(settings) as index:
        index.sync(documents)
        for owner in ("ann", "Ann"):  # the same file, and names that a disk might confuse
            assert index.add_own(own, owner=owner) == 1
        (hers,), (his,) = index.own_ids("ann"), index.own_ids("Ann")
        assert hers != his
        for owner, mine in (("ann", {hers}), ("Ann", {his}), ("bob", set()), ("", set())):
            assert set(index.own_documents(owner)) == mine
            assert set(index.stats(owner).own_ids) == mine
            assert {chunk.document_id for chunk in index.chunks(["own"], owner)} == mine
            found = index.nearest("zebra cluster failover", 50, ["own"], owner)
            assert {chunk_id.partition(":")[0] for chunk_id, _ in found} == mine

        for owner in ("bob", "Ann", ""):
            with pytest.raises(UnknownName):
                index.remove_own(hers, owner=owner)
        index.remove_own(his, owner="Ann")
        assert index.sync(documents).deleted == 0
        assert [chunk.document_id for chunk in index.chunks(["own"], "ann")] == [hers]
        index.rebuild(documents)
        assert [chunk.document_id for chunk in index.chunks(["own"], "ann")] == [hers]
        assert index.chunks(["own"]) == []


def test_documents_kept_before_there_were_owners_are_the_local_users(
    settings: Settings, own_file: Path
) -> None:
    own = load_own(own_file)
    folder = settings.data_dir / "documents"
    folder.mkdir(parents=True)
    (folder / f"{own.id}.json").write_text(own.model_dump_json(), encoding="utf-8")
    with Index.open(settings) as index:
        index.sync([])
        assert index.own_documents() == {own.id: own}
        assert len(index.chunks(["own"])) == 1
        assert index.chunks(["own"], "ann") == []


# --- a folder ----------------------------------------------------------------------------------

OPEN_AND_SYNC = """
import sys
from pathlib import Path
from app.domain.content import Document
from app.retrieval.index import Index
from app.settings import Settings
from tests.conftest import require
document = Document(id="drift", title="Drift", topics=("test",), text="## Drift\\nIt drifts.")
with Index.open(Settings(data_dir=Path(sys.argv[1]), chroma_host=None)) as index:
    index.sync([document])
    print(index.nearest("drift", 5))
"""


def test_two_processes_that_open_a_new_folder_at_once_both_succeed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN_AND_SYNC, str(tmp_path / "data")]
    root = Path(__file__).parents[2]
    processes = [
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    assert b"drift:000" in outputs[0][0]


def test_a_change_of_another_client_is_seen(
    folder_settings: Settings, documents: list[Document]
) -> None:
    with Index.open(folder_settings) as reader, Index.open(folder_settings) as writer:
        writer.sync(documents)
        before = reader.revision()
        writer.rebuild(documents[:1])
        assert reader.revision() != before
        assert len(reader.chunks()) == 2


def overwrite_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"not a database" * 500)


def cut_database_in_half(folder: Path) -> None:
    path = folder / "chroma.sqlite3"
    os.truncate(path, path.stat().st_size // 2)


def put_a_file_in_its_place(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("not a folder")


@pytest.mark.parametrize(
    "damage", [overwrite_database, cut_database_in_half, put_a_file_in_its_place]
)
def test_a_damaged_folder_is_moved_aside_and_rebuilt_identically(
    folder_settings: Settings,
    documents: list[Document],
    damage: object,
    own_file: Path,
) -> None:
    with Index.open(folder_settings) as index:
        index.sync(documents)
        index.add_own(load_own(own_file))
        chunks, nearest = index.chunks(), index.nearest("pages a shift", 7)
    damage(folder_settings.index_dir)  # type: ignore[operator]
    with Index.open(folder_settings) as index:
        index.sync(documents)
        assert index.chunks() == chunks
        assert index.nearest("pages a shift", 7) == nearest
    assert len(list(folder_settings.data_dir.glob("index.damaged-*"))) == 1


def test_damaged_vectors_are_noticed_when_the_folder_is_opened(folder_settings: Settings) -> None:
    # Chroma writes its vector files only at a thousand vectors.
    text = "\n".join(f"## Part {number}\nText." for number in range(1100))
    large = Document(id="large", title="Large", topics=("test",), text=text)
    other = OtherEmbedding()
    with Index.open(folder_settings, other) as index:
        index.sync([large])
    vector_files = list(folder_settings.index_dir.glob("*/*"))
    assert vector_files
    for path in vector_files:
        path.write_bytes(b"zz" * 100)
    with Index.open(folder_settings, other) as index:
        assert index.sync([large]).added == 1100
        assert len(index.nearest("text", 5)) == 5


def test_a_deleted_folder_is_rebuilt_identically(
    folder_settings: Settings, documents: list[Document]
) -> None:
    with Index.open(folder_settings) as index:
        index.sync(documents)
        chunks, nearest = index.chunks(), index.nearest("pages a shift", 6)
    shutil.rmtree(folder_settings.index_dir)
    with Index.open(folder_settings) as index:
        index.sync(documents)
        assert index.chunks() == chunks
        assert index.nearest("pages a shift", 6) == nearest


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SearchIndexError, match="cannot be used"):
        Index.open(Settings(data_dir=tmp_path / "file" / "data", chroma_host=None))


def test_a_damaged_own_document_is_named(folder_settings: Settings, own_file: Path) -> None:
    own = load_own(own_file)
    with Index.open(folder_settings) as index:
        index.add_own(own)
        (folder_settings.data_dir / "documents" / f"{own.id}.json").write_text("{")
        with pytest.raises(SearchIndexError, match=f"{own.id}.json is damaged"):
            index.sync([])


# --- a server ----------------------------------------------------------------------------------


def test_an_absent_server_is_told_with_its_address(folder_settings: Settings) -> None:
    absent = folder_settings.model_copy(update={"chroma_host": "127.0.0.1", "chroma_port": 9})
    with pytest.raises(SearchIndexError, match=r"127\.0\.0\.1:9"):
        Index.open(absent)


@pytest.mark.parametrize(
    ("header", "sent"),
    [("Authorization", "Bearer canary-token"), ("X-Chroma-Token", "canary-token")],
)
def test_the_token_goes_into_its_header_and_into_no_message(
    folder_settings: Settings, httpserver: HTTPServer, header: str, sent: str
) -> None:
    refusing = folder_settings.model_copy(
        update={
            "chroma_host": "127.0.0.1",
            "chroma_port": httpserver.port,
            "chroma_token": SecretStr("canary-token"),
            "chroma_token_header": header,
        }
    )
    with pytest.raises(SearchIndexError) as told:
        Index.open(refusing)
    assert "canary-token" not in str(told.value)
    requests = [request for request, _ in httpserver.log]
    assert requests
    assert all(request.headers[header] == sent for request in requests)
