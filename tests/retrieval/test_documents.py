"""Splitting documents, and reading the user's own."""

from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from app.domain.content import Document
from app.errors import BadInput
from app.retrieval.documents import MAX_WORDS, Chunk, load_own, split


def document(text: str) -> Document:
    return Document(id="notes", title="Notes", topics=("test",), text=text)


def sentences(count: int) -> str:
    return " ".join(f"Sentence number {number} has exactly seven words." for number in range(count))


def test_each_section_with_text_is_one_chunk() -> None:
    chunks = split(document("# Notes\n## One\nFirst text.\n## Two\nSecond text.\n### Deep\nThird."))
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [
        ("One", "First text."),
        ("Two", "Second text."),
        ("Deep", "Third."),
    ]
    assert chunks[2].heading_path == ("Notes", "Two", "Deep")
    assert [chunk.position for chunk in chunks] == [0, 1, 2]
    assert str(chunks[1].citation) == "notes#Two"


def test_a_heading_of_a_higher_level_closes_the_deeper_ones() -> None:
    chunks = split(document("## One\n### Deep\nText.\n## Two\nText."))
    assert chunks[1].heading_path == ("Two",)


def test_a_hash_inside_a_code_fence_is_no_heading() -> None:
    (chunk,) = split(document("## Code\n```\n# a comment\n\nx = 1\n```\n"))
    assert chunk.text == "```\n# a comment\n\nx = 1\n```"


def test_a_long_section_is_split_between_paragraphs_under_the_same_heading() -> None:
    paragraphs = [sentences(20) for _ in range(3)]  # 140 words each
    chunks = split(document("## Long\n" + "\n\n".join(paragraphs)))
    assert [chunk.text for chunk in chunks] == paragraphs
    assert {chunk.heading for chunk in chunks} == {"Long"}
    assert len({chunk.id for chunk in chunks}) == 3


def test_a_long_paragraph_is_split_between_sentences_and_loses_nothing() -> None:
    text = sentences(100)
    chunks = split(document(f"## Long\n{text}"))
    assert all(len(chunk.text.split()) <= MAX_WORDS for chunk in chunks)
    assert all(chunk.text.endswith(".") for chunk in chunks)
    assert " ".join(chunk.text for chunk in chunks) == text


def test_a_text_without_any_sentence_end_is_still_split() -> None:
    chunks = split(document("word " * 1000))
    assert sum(len(chunk.text.split()) for chunk in chunks) == 1000
    assert all(len(chunk.text.split()) <= MAX_WORDS for chunk in chunks)


def test_a_short_tail_joins_the_part_before_it() -> None:
    (chunk,) = split(document(f"## Long\n{sentences(31)}\n\nA short tail."))
    assert chunk.text.endswith("A short tail.")


def test_a_short_section_with_a_heading_stays_alone() -> None:
    assert len(split(document("## One\nShort.\n## Two\nShort too."))) == 2


def test_a_few_words_before_the_first_heading_open_the_next_section() -> None:
    (chunk,) = split(document("A line on top.\n## One\nText."))
    assert (chunk.heading, chunk.text) == ("One", "A line on top.\n\nText.")


def test_text_without_headings_stands_under_the_title() -> None:
    (chunk,) = split(document("Only text."))
    assert chunk.heading == "Notes"


def test_source_marks_are_shown_but_not_searched() -> None:
    (chunk,) = split(document("# Notes\n## Budget\nTwo pages a shift [@sre-book], no more."))
    assert "[@sre-book]" in chunk.text
    assert chunk.embedded_text == "Notes. Budget\nTwo pages a shift, no more."


def test_the_hash_follows_the_content() -> None:
    def only(text: str) -> Chunk:
        (chunk,) = split(document(text))
        return chunk

    assert only("## A\nText.").content_hash == only("## A\nText.").content_hash
    assert only("## A\nText.").content_hash != only("## A\nOther.").content_hash
    assert only("## A\nText.").content_hash != only("## B\nText.").content_hash


# --- the user's own documents ------------------------------------------------------------------


def write_pdf(path: Path, text: str, password: str | None = None) -> Path:
    """A one-page PDF that shows the text, or an empty page."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=300, height=300)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    stream = DecodedStreamObject()
    if text:
        stream.set_data(f"BT /F1 12 Tf 20 150 Td ({text}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    with path.open("wb") as file:
        writer.write(file)
    return path


def test_own_markdown_takes_its_title_from_the_first_heading(own_file: Path) -> None:
    own = load_own(own_file)
    assert (own.title, own.origin, own.topics) == ("Our runbook", "own", ("own",))
    assert own.id.startswith("our-runbook-")


def test_own_text_takes_its_title_from_the_file_and_has_no_headings(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("# not a heading\nfailover notes\n")
    own = load_own(path)
    assert own.title == "notes"
    assert [chunk.heading for chunk in split(own)] == ["notes"]


def test_own_pdf_is_read(tmp_path: Path) -> None:
    own = load_own(write_pdf(tmp_path / "plan.pdf", "Drain the cluster first"))
    assert own.text.strip() == "Drain the cluster first"


def test_the_same_content_has_the_same_id_and_other_content_another(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("one")
    first = load_own(path).id
    assert load_own(path).id == first
    path.write_text("two")
    assert load_own(path).id != first


def test_a_file_name_without_latin_letters_still_gives_an_id(tmp_path: Path) -> None:
    path = tmp_path / "メモ.md"
    path.write_text("text", encoding="utf-8")
    assert load_own(path).id.startswith("document-")


def test_unusable_files_are_refused_with_the_reason(tmp_path: Path) -> None:
    def written(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    refused = {
        "no file": tmp_path / "absent.md",
        "is a folder": tmp_path,
        "over 10 MB": written("large.txt", b"x" * (10 * 1024 * 1024 + 1)),
        "is empty": written("empty.md", b" \n"),
        "not text in UTF-8": written("binary.txt", b"ab\x00\xff\xfe"),
        "not Markdown, text or PDF": written("image.png", b"\x89PNG"),
        "not a readable PDF": written("broken.pdf", b"%PDF-1.4 nonsense"),
        "has no text": write_pdf(tmp_path / "scan.pdf", ""),
        "is encrypted": write_pdf(tmp_path / "secret.pdf", "text", password="pass"),
    }
    for reason, path in refused.items():
        with pytest.raises(BadInput, match=reason):
            load_own(path)
