"""Templates of notes: text with slots in braces, parsed once.

`{name}` or `{name:form}` is a value of the note's case (`case`), `{?a|b}` one of some words,
`{@40}` blanks up to a column, `{body:tag 3}` running text of a tag (`compose`) whose share of a
note's words is its weight, `{body:tag 3 list}` the same with an item a line. The files are ours: a
mistake in one is an assertion, and a test writes every template.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
_FOLDER = files("spacy_modernbert_bio") / "corpora" / "synthetic"
_BRACED = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Slot:
    """A value of the note's case, in one of its forms."""

    name: str
    form: str


@dataclass(frozen=True)
class Choice:
    """One of these words, none of them PHI."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Tab:
    """Blanks up to a column, two at least."""

    column: int


@dataclass(frozen=True)
class Body:
    """Running text: sentences of a tag. weight: its share of what the template leaves open."""

    tag: str
    weight: int
    listed: bool


Part = str | Slot | Choice | Tab | Body


@dataclass(frozen=True)
class Template:
    """A whole note, or a sentence.

    name: the split, the kind of note or tag of sentence, and its place in the file. source: as it
    stands there. parts: the same, parsed. words: how many it has without its bodies, about.
    """

    name: str
    kind: str
    source: str
    parts: tuple[Part, ...]
    words: int

    @property
    def bodies(self) -> list[Body]:
        """The running texts that it asks for."""
        return [part for part in self.parts if isinstance(part, Body)]


@cache
def note_templates(split: Split) -> tuple[Template, ...]:
    """The whole notes of a split; no other split has any of them."""
    found: list[Template] = []
    for file in _template_files(f"{split}_notes"):
        for block in re.split(r"(?m)^=== ", file)[1:]:
            kind, _, text = block.partition("\n")
            found.append(_make(f"{split}/{kind}-{len(found) + 1}", kind, text.rstrip("\n")))
    return tuple(found)


@cache
def sentence_templates(split: Split) -> dict[str, tuple[Template, ...]]:
    """The sentences with PHI of a split by tag, and those that only look like it ("decoy")."""
    (file,) = _template_files(f"{split}_sentences")
    return _by_tag(split, file)


@cache
def filler_templates() -> dict[str, tuple[Template, ...]]:
    """Sentences without PHI by tag, for all splits; `pools` says which split has which."""
    (file,) = _template_files("fillers")
    return _by_tag("filler", file)


def read_list(name: str) -> dict[str, tuple[str, ...]]:
    """A file of word lists: items between semicolons, below their list's name in brackets."""
    text = (_FOLDER / "lists" / f"{name}.txt").read_text(encoding="utf8")
    return {
        tag: tuple(dict.fromkeys(item.strip() for line in lines for item in line.split(";")))
        for tag, lines in _sections(text)
    }


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a template's text, in order."""
    parts: list[Part] = []
    place = 0
    for match in _BRACED.finditer(text):
        if match.start() > place:
            parts.append(text[place : match.start()])
        parts.append(_parse_braced(match[1]))
        place = match.end()
    if place < len(text):
        parts.append(text[place:])
    return tuple(parts)


def _parse_braced(inner: str) -> Part:
    if inner.startswith("?"):
        return Choice(tuple(inner[1:].split("|")))
    if inner.startswith("@"):
        return Tab(int(inner[1:]))
    name, _, form = inner.partition(":")
    if name != "body":
        return Slot(name, form)
    tag, weight, *rest = form.split()
    assert rest in ([], ["list"])
    return Body(tag, int(weight), listed=bool(rest))


def _make(name: str, kind: str, text: str) -> Template:
    words = len(_BRACED.sub(lambda match: "" if match[1].startswith("body") else "x", text).split())
    return Template(name, kind, text, parse(text), words)


def _by_tag(prefix: str, text: str) -> dict[str, tuple[Template, ...]]:
    return {
        tag: tuple(
            _make(f"{prefix}/{tag}-{number}", tag, line) for number, line in enumerate(lines, 1)
        )
        for tag, lines in _sections(text)
    }


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    for block in re.split(r"(?m)^\[", text)[1:]:
        tag, _, rest = block.partition("]\n")
        yield tag, [line for line in rest.split("\n") if line]


def _template_files(start: str) -> list[str]:
    folder = _FOLDER / "templates"
    names = sorted(each.name for each in folder.iterdir() if each.name.startswith(start))
    return [(folder / name).read_text(encoding="utf8") for name in names]
