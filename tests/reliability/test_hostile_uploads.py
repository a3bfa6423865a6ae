"""Documents made to fill the memory or the day of whoever opens them."""

from __future__ import annotations

import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from app.errors import BadInput
from app.retrieval import documents
from app.retrieval.documents import load_own

MOST_MEMORY = 900 * 2**20
CHILD = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
from app.errors import BadInput
from app.retrieval.documents import load_own
try:
    load_own(Path(sys.argv[1]))
except BadInput as error:
    print("refused:", error)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def pdf(content: bytes, pages: int = 1) -> bytes:
    """A PDF whose pages all show one compressed stream."""
    kids = b" ".join(b"%d 0 R" % (5 + number) for number in range(pages))
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    stream = zlib.compress(content, 9)
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 3 0 R"
        b"/Resources<</Font<</F1 4 0 R>>>>>>"
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % pages,
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(stream) + stream + b"\nendstream",
        font,
        *[page] * pages,
    ]
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    return out + head + table + tail


def test_a_stream_that_unpacks_to_a_gigabyte_is_refused_within_bounded_memory(
    tmp_path: Path,
) -> None:
    bomb = tmp_path / "bomb.pdf"
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 2**20) for _ in range(1024)) + packer.flush()
    whole = pdf(b"x")
    bomb.write_bytes(whole.replace(zlib.compress(b"x", 9), packed))
    began = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", CHILD, str(bomb), str(4 * MOST_MEMORY)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "refused: bomb.pdf" in result.stdout, result.stderr[-500:]
    # The child's own peak in KiB; getrusage would tell that of the largest child of all tests.
    assert int(result.stdout.split()[-1]) * 1024 < MOST_MEMORY
    assert time.monotonic() - began < 60


def test_many_pages_that_are_slow_to_read_end_at_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "slow.pdf"
    path.write_bytes(pdf(b"BT /F1 9 Tf (word word) Tj ET\n" * 2_000, pages=500))
    monkeypatch.setattr(documents, "PDF_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(BadInput, match="takes too long"):
        load_own(path)
    assert time.monotonic() - began < 20


def test_a_small_pdf_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "notes.pdf"
    path.write_bytes(pdf(b"BT /F1 9 Tf (Page level precision) Tj ET\n", pages=2))
    assert load_own(path).text.count("Page level precision") == 2


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.4\n" + b"\0" * 1000, b"PK\x03\x04" + b"\0" * 1000, b"\x1f\x8b" + b"\0" * 100, b"\0",
     b"%PDF-1.4\n" + b"1 0 obj<</Kids[1 0 R]>>endobj " * 1000 + b"trailer<</Root 1 0 R>>"],
    ids=["hollow PDF", "zip", "gzip", "NUL", "PDF that points at itself"],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".md", ".txt", ".pdf", ".docx"])
def test_other_things_under_a_documents_name_are_refused(
    tmp_path: Path, content: bytes, suffix: str
) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        load_own(path)
