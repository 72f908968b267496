"""What is shown of notes, as plain data: whoever has notes fills it in, the pages draw it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SpanView:
    """A highlighted part of a text.

    start, stop: characters of the text. confidence: a probability; None where none is known.
    """

    start: int
    stop: int
    label: str
    confidence: float | None = None


@dataclass(frozen=True)
class LabelView:
    """A label of a whole note.

    threshold: the probability from which it holds; None where there is none, as for exclusive
    labels. holds: None where nobody decided.
    """

    label: str
    probability: float
    threshold: float | None = None
    holds: bool | None = None


@dataclass(frozen=True)
class EvidenceView:
    """A passage that tells of a label. start, stop: characters. weight: from 0 to 1."""

    start: int
    stop: int
    label: str
    weight: float


@dataclass(frozen=True)
class NoteView:
    """What is shown of a note.

    source: where it came from. spans, labels, evidence: in any order; spans and passages may
    overlap. coverage: a line on how much was read. failure: why there is nothing to show; empty for
    a note that was read.
    """

    source: str
    text: str
    spans: Sequence[SpanView] = ()
    coverage: str = ""
    failure: str = ""
    labels: Sequence[LabelView] = ()
    evidence: Sequence[EvidenceView] = ()
