"""Builds a note piece by piece, so that every span is exact: nothing is searched for afterwards."""

import re
from dataclasses import dataclass
from random import Random

from spacy_modernbert_bio.corpora.document import TextSpan
from spacy_modernbert_bio.corpora.synthetic.people import Pieces

# What numbers are broken after at the end of a line.
_BREAKS = re.compile(r"(?<=[-\s])(?=\S)")
_PARTED = frozenset({"PHONE", "FAX", "SSN", "MEDICALRECORD", "HEALTHPLAN", "ACCOUNT", "DATE"})
# After these the blank is left out in hasty notes: "Dr.Smith", "MRN:0485921".
_GLUED = re.compile(r"(?::|\bDr\.|#) \Z")
_NO_BREAK = str.maketrans({" ": "\u00a0", "-": "\u2011"})


@dataclass(frozen=True)
class Style:
    """One note's look.

    casing: "upper", "lower" or "" as written. glue: how likely a blank before PHI is left out.
    parted: how likely a number of PHI is broken over two lines. no_break: how likely its blanks and
    hyphens are the no-break ones. width: the column at which prose is wrapped, 0 for not at all.
    """

    casing: str
    glue: float
    parted: float
    no_break: float
    width: int


def draw_style(rng: Random, *, hard: float) -> Style:
    """A look: plain for most notes, the odd ones as often as `hard` says."""
    drawn = rng.random()
    return Style(
        casing="upper" if drawn < 0.25 * hard else "lower" if drawn < 0.4 * hard else "",
        glue=0.35 if rng.random() < 0.3 * hard else 0.0,
        parted=0.05 * hard,
        no_break=0.05 * hard,
        width=rng.randint(58, 84) if rng.random() < 0.4 else 0,
    )


class NoteBuilder:
    """A note in the making."""

    def __init__(self, style: Style, rng: Random) -> None:
        self._style = style
        self._rng = rng
        self._parts: list[str] = []
        self._length = 0
        self._line_start = 0
        self._spans: list[TextSpan] = []
        self.words = 0

    def add(self, pieces: Pieces) -> None:
        """Append pieces of text, and the spans of those that have a label."""
        for text, label in pieces:
            if label:
                self._add_phi(text, label)
            else:
                self._append(text)

    def end_sentence(self) -> None:
        """A full stop, where there is none."""
        if not self._parts[-1].endswith((".", "!", "?", ":")):
            self._append(".")

    def tab(self, column: int) -> None:
        """Blanks up to a column of the line, two at least."""
        self._append(" " * max(2, column - (self._length - self._line_start)))

    def finish(self) -> tuple[str, tuple[TextSpan, ...]]:
        """The text and its spans. Wrapping turns blanks into line ends: no offset moves."""
        text = "".join(self._parts)
        return (_wrap(text, self._style.width) if self._style.width else text), tuple(self._spans)

    def _add_phi(self, text: str, label: str) -> None:
        style, rng = self._style, self._rng
        if style.glue and self._parts and rng.random() < style.glue:
            self._drop_blank()
        if style.no_break and rng.random() < style.no_break:
            text = text.translate(_NO_BREAK)
        elif style.parted and label in _PARTED and rng.random() < style.parted:
            text = _BREAKS.sub("\n", text, count=1)
        start = self._length
        self._append(text)
        self._spans.append(TextSpan(start, self._length, label))

    def _append(self, text: str) -> None:
        if text.startswith(".") and self._parts and self._parts[-1].endswith("."):
            # A sentence that ends with initials or "q.d." has one full stop.
            text = text[1:]
        if not text:
            return
        if self._style.casing:
            text = text.upper() if self._style.casing == "upper" else text.lower()
        line_end = text.rfind("\n")
        if line_end >= 0:
            self._line_start = self._length + line_end + 1
        self._parts.append(text)
        self._length += len(text)
        self.words += len(text.split())

    def _drop_blank(self) -> None:
        if _GLUED.search(self._parts[-1]):
            self._parts[-1] = self._parts[-1][:-1]
            self._length -= 1


def _wrap(text: str, width: int) -> str:
    """The text with line ends for blanks; lines with columns stay as they are."""
    return "\n".join(_wrap_line(line, width) for line in text.split("\n"))


def _wrap_line(line: str, width: int) -> str:
    if len(line) <= width or "   " in line:
        return line
    characters = list(line)
    start = 0
    while len(line) - start > width:
        place = line.rfind(" ", start + 1, start + width + 1)
        if place < 0:
            break
        characters[place] = "\n"
        start = place + 1
    return "".join(characters)
