"""Loads documents, items and rubrics, and says by file and field what is wrong in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from string import Template
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from app.domain.content import Document, Item, ItemSet, Kind, Rubric
from app.errors import ContentError, UnknownName

FOLDER_OF_KIND: dict[Kind, str] = {
    "scenario": "scenarios",
    "tradeoff": "tradeoffs",
    "drill": "drills",
    "topic": "topics",
    "behavioural": "behavioural",
    "summary": "summaries",
}
CASE_SEPARATOR = "@"
_Model = TypeVar("_Model", bound=BaseModel)
_Named = TypeVar("_Named", Document, Item, ItemSet, Rubric)
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")


def content_root() -> Path:
    """The folder that holds knowledge/ and rubrics/: inside the wheel, or the checkout."""
    packaged = Path(__file__).parent / "_content"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent


@dataclass(frozen=True)
class Catalog:
    """All content under one root, parsed once and on demand."""

    root: Path = field(default_factory=content_root)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Preparation documents by id."""
        return self._by_id(
            (path, _parse_document(path, self._name(path)))
            for path in sorted((self.root / "knowledge" / "documents").rglob("*.md"))
        )

    @cached_property
    def sets(self) -> dict[str, ItemSet]:
        """Question sets (a topic, the STAR prompts, the summaries) by id."""
        return self._by_id(
            (path, content) for path, content in self._item_files if isinstance(content, ItemSet)
        )

    @cached_property
    def items(self) -> dict[str, Item]:
        """Every item by id, drills on their default case."""
        return self._by_id(
            (path, item)
            for path, content in self._item_files
            for item in (content.items if isinstance(content, ItemSet) else (content,))
        )

    @cached_property
    def rubrics(self) -> dict[str, Rubric]:
        """Rubrics by id."""
        return self._by_id(
            (path, rubric)
            for path in sorted((self.root / "rubrics").rglob("*.yaml"))
            for rubric in self._parse_rubrics(path)
        )

    def item(self, item_id: str) -> Item:
        """The item of that id; `drill@scenario` puts a drill on another case."""
        drill_id, _, case_id = item_id.partition(CASE_SEPARATOR)
        item = self.items.get(drill_id)
        if item is None:
            raise UnknownName(self._unknown("item", item_id, self.items))
        if item.kind != "drill":
            if case_id:
                raise UnknownName(f"{drill_id} is no drill: it takes no {CASE_SEPARATOR}{case_id}.")
            return item
        case = self.items.get(case_id or str(item.default_case))
        if case is None or case.kind != "scenario":
            scenarios = [name for name, each in self.items.items() if each.kind == "scenario"]
            raise UnknownName(self._unknown("scenario", case_id, scenarios))
        return item.model_copy(
            update={
                "id": f"{drill_id}{CASE_SEPARATOR}{case.id}" if case_id else drill_id,
                "opening": Template(item.opening).safe_substitute(case=case.context.strip()),
                "context": case.context,
                "facts": case.facts,
            }
        )

    def rubric(self, rubric_id: str) -> Rubric:
        """The rubric of that id."""
        try:
            return self.rubrics[rubric_id]
        except KeyError:
            raise UnknownName(self._unknown("rubric", rubric_id, self.rubrics)) from None

    @cached_property
    def _item_files(self) -> list[tuple[Path, Item | ItemSet]]:
        return [
            (path, self._parse_items(path))
            for folder in FOLDER_OF_KIND.values()
            for path in sorted((self.root / "knowledge" / folder).glob("*.yaml"))
        ]

    def _parse_items(self, path: Path) -> Item | ItemSet:
        raw = _read_yaml(path, self._name(path))
        if isinstance(raw, dict) and "items" in raw:
            return _validate(ItemSet, raw, self._name(path))
        return _validate(Item, raw, self._name(path))

    def _parse_rubrics(self, path: Path) -> list[Rubric]:
        """A rubric file holds one rubric, or a list of them under `rubrics`."""
        raw = _read_yaml(path, self._name(path))
        many = raw["rubrics"] if isinstance(raw, dict) and set(raw) == {"rubrics"} else [raw]
        return [_validate(Rubric, one, self._name(path)) for one in many]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _by_id(self, found: Iterator[tuple[Path, _Named]]) -> dict[str, _Named]:
        by_id: dict[str, _Named] = {}
        for path, value in found:
            if value.id in by_id:
                raise ContentError(
                    [f"{self._name(path)}: id {value.id!r} is used twice: rename it"]
                )
            by_id[value.id] = value
        return by_id

    @staticmethod
    def _unknown(what: str, name: str, known: Any) -> str:
        from difflib import get_close_matches

        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        choose = (
            f"Did you mean {' or '.join(near)}?" if near else f"Choose one of: {', '.join(names)}."
        )
        return f"There is no {what} {name!r}. {choose}"


@lru_cache(maxsize=1)
def default_catalog() -> Catalog:
    """The content shipped with the program."""
    return Catalog()


def headings(document: Document) -> list[str]:
    """The headings of a document, in order, outside code fences."""
    found: list[str] = []
    fenced = False
    for line in document.text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        match = None if fenced else _HEADING.match(line)
        if match:
            found.append(match.group(2))
    return found


# --- parsing -----------------------------------------------------------------------------------


def _read_text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ContentError([f"{name}: not UTF-8 text: save it as UTF-8"]) from None
    except OSError as error:
        raise ContentError([f"{name}: cannot be read ({error.strerror})"]) from None


def _read_yaml(path: Path, name: str) -> Any:
    return _load_yaml(_read_text(path, name), name)


def _load_yaml(text: str, name: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ContentError([f"{name}:{line} {problem}: mend the YAML there"]) from None


def _validate(model: type[_Model], raw: Any, name: str) -> _Model:
    if not isinstance(raw, dict):
        raise ContentError([f"{name}: expected fields such as `id:` and `title:` at the top level"])
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ContentError(
            [
                f"{name}: {'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}"
                for problem in error.errors()
            ]
        ) from None


def _parse_document(path: Path, name: str) -> Document:
    text = _read_text(path, name)
    opened, separator, rest = text.partition("---\n")
    front, closed, body = rest.partition("\n---\n")
    if opened.strip() or not separator or not closed:
        raise ContentError([f"{name}: begin with front matter between two lines of ---"])
    raw = _load_yaml(front, name)
    if isinstance(raw, dict):
        raw = {**raw, "text": body}
    return _validate(Document, raw, name)
