"""Documents -> chunks: passages that can be found, read and cited on their own."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from app.domain.content import Citation, Document, Value, content_hash
from app.errors import BadInput

MAX_WORDS = 220
"""A longer section is split: about what the embedding model reads of one text."""
MIN_WORDS = 40
"""Text of fewer words that has no heading of its own joins its neighbour."""
MAX_FILE_BYTES = 10 * 1024 * 1024
PDF_SECONDS = 30.0

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_SOURCE_MARK = re.compile(r"\s*\[@[a-z0-9-]+\]")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=\|)\n")
_TEXT_SUFFIXES = {".md": True, ".markdown": True, ".txt": False, ".text": False}


class Chunk(Value):
    """A passage of a document: one section under a heading, or a part of a long one."""

    id: str
    document_id: str
    document_title: str
    heading: str
    heading_path: tuple[str, ...]
    position: int
    text: str
    questions: tuple[str, ...] = ()  # what people ask that it answers, in their words

    @property
    def citation(self) -> Citation:
        """Where the passage stands, written `document-id#Heading`."""
        return Citation(document=self.document_id, heading=self.heading)

    @property
    def embedded_text(self) -> str:
        """What search sees: title, headings and text, without the `[@source]` marks."""
        above = [self.document_title, *self.heading_path]
        titles = ". ".join(dict.fromkeys(above))
        return f"{titles}\n{_SOURCE_MARK.sub('', self.text)}"

    @property
    def content_hash(self) -> str:
        """First 16 hex digits of the SHA-256 over everything above."""
        return content_hash(self)


def split(document: Document) -> list[Chunk]:
    """The chunks of a document, in reading order."""
    passages = [
        (path, text)
        for path, blocks in _joined_preamble(list(_sections(document)))
        for text in _packed(blocks)
    ]
    return [
        Chunk(
            id=f"{document.id}:{position:03d}",
            document_id=document.id,
            document_title=document.title,
            heading=path[-1],
            heading_path=path,
            position=position,
            text=text,
            questions=() if path in earlier else document.questions.get(path[-1], ()),
        )
        for position, (path, text) in enumerate(passages)
        for earlier in ([path for path, _ in passages[:position]],)
    ]


_Section = tuple[tuple[str, ...], list[str]]  # headings from the outermost in; blocks of text


def _sections(document: Document) -> Iterator[_Section]:
    """Every section with text of its own. Text before the first heading goes under the title."""
    path: list[tuple[int, str]] = []
    blocks: list[str] = []
    lines: list[str] = []
    fenced = False

    def close_block() -> None:
        if any(line.strip() for line in lines):
            blocks.append("\n".join(lines).strip("\n"))
        lines.clear()

    def section() -> _Section:
        close_block()
        return tuple(title for _, title in path) or (document.title,), blocks

    for line in document.text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        heading = None if fenced else _HEADING.match(line)
        if heading:
            yield section()
            level = len(heading.group(1))
            path = [*(each for each in path if each[0] < level), (level, heading.group(2))]
            blocks = []
        elif line.strip() or fenced:
            lines.append(line)
        else:
            close_block()
    yield section()


def _joined_preamble(sections: list[_Section]) -> list[_Section]:
    """Sections that have text; a few words before the first heading open the section after it."""
    (path, preamble), *rest = sections
    if rest and sum(map(_words, preamble)) < MIN_WORDS:
        with_text = next((index for index, (_, blocks) in enumerate(rest) if blocks), None)
        if with_text is not None:
            rest[with_text] = (rest[with_text][0], [*preamble, *rest[with_text][1]])
            preamble = []
    return [section for section in [(path, preamble), *rest] if section[1]]


def _packed(blocks: list[str]) -> list[str]:
    """Blocks put together into texts of at most MAX_WORDS, or a little more for a short tail."""
    packed: list[list[str]] = []
    room = 0
    for piece in (piece for block in blocks for piece in _short_enough(block)):
        if not packed or _words(piece) > room:
            packed.append([])
            room = MAX_WORDS
        packed[-1].append(piece)
        room -= _words(piece)
    if len(packed) > 1 and sum(map(_words, packed[-1])) < MIN_WORDS:
        tail = packed.pop()
        packed[-1].extend(tail)
    return ["\n\n".join(parts) for parts in packed]


def _short_enough(block: str) -> list[str]:
    """A block, in pieces of at most MAX_WORDS: at sentence ends, in a long sentence anywhere."""
    if _words(block) <= MAX_WORDS:
        return [block]
    pieces: list[str] = [""]
    for sentence in _SENTENCE_END.split(block):
        words = sentence.split()
        for start in range(0, len(words), MAX_WORDS):
            whole = len(words) <= MAX_WORDS
            part = sentence if whole else " ".join(words[start : start + MAX_WORDS])
            if pieces[-1] and _words(pieces[-1]) + _words(part) > MAX_WORDS:
                pieces.append("")
            separator = "\n" if pieces[-1].endswith("|") else " "
            pieces[-1] = f"{pieces[-1]}{separator}{part}" if pieces[-1] else part
    return [piece for piece in pieces if piece.strip()]


def _words(text: str) -> int:
    return len(text.split())


# --- the user's own documents ------------------------------------------------------------------


def load_own(path: Path) -> Document:
    """The user's own Markdown, text or PDF file as a document; BadInput says why it cannot be."""
    content = _read(path)
    if content.startswith(b"%PDF"):
        text, markdown = _pdf_text(path), False
    elif path.suffix.lower() in _TEXT_SUFFIXES:
        text, markdown = _plain_text(path, content), _TEXT_SUFFIXES[path.suffix.lower()]
    else:
        raise BadInput(
            f"{path.name} is not Markdown, text or PDF: save it as .md, .txt or .pdf and add that."
        )
    if not text.strip():
        raise BadInput(f"{path.name} is empty: add a file that holds text.")
    if not markdown:
        # Lines of plain text that begin with # are no headings.
        text = re.sub(r"^#", r"\\#", text, flags=re.MULTILINE)
    headings = (_HEADING.match(line) for line in text.splitlines())
    title = next((found.group(2) for found in headings if found), path.stem)
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "document"
    digest = hashlib.sha256(content).hexdigest()[:8]
    try:
        return Document(
            id=f"{slug}-{digest}", title=title, topics=("own",), text=text, origin="own"
        )
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise BadInput(f"{path.name} cannot be used as a document: {problem}.") from None


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder: name one Markdown, text or PDF file.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"{path.name} is over 10 MB: split it or take the pages that matter.")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}: check the name.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}).") from None


def _plain_text(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise BadInput(f"{path.name} is not text in UTF-8: save it as UTF-8 text.")
    return text.replace("\r\n", "\n")


def _pdf_text(path: Path) -> str:
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # its repair notes help no user
    try:
        reader = PdfReader(path)
        if reader.is_encrypted:
            raise BadInput(f"{path.name} is encrypted: save a copy without a password.")
        pages: list[str] = []
        end = time.monotonic() + PDF_SECONDS
        for page in reader.pages:  # a small file may unpack to hours of work
            if time.monotonic() > end or sum(map(len, pages)) > MAX_FILE_BYTES:
                raise BadInput(f"{path.name} takes too long to read: take the pages that matter.")
            pages.append(page.extract_text())
        text = "\n\n".join(pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # Damaged files make the parser fail in all of these ways.
        raise BadInput(f"{path.name} is not a readable PDF ({error}): export it again.") from None
    if not text.strip():
        raise BadInput(f"{path.name} has no text, only images: run text recognition on it first.")
    return text.encode("utf-8", "ignore").decode()  # broken fonts yield lone surrogates
