"""Made notes in which one sentence, anywhere, decides whether a condition is present.

They show what of a long note a classifier uses: every note is plain text around a few planted
sentences, whose places are known and drawn evenly over the note. Half of what mentions a condition
does not make it present: it is a relative's, or another sentence, anywhere else in the note,
takes it back. So a mention alone decides nothing, and neither does a part of the note.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.synthetic.fillers import plain_passages
from spacy_modernbert_bio.corpora.synthetic.template import Split
from spacy_modernbert_bio.errors import ConfigError

CONDITIONS = ("GLAUCOMA", "GOUT", "MIGRAINE", "PSORIASIS")
DECIDES = "decides"
# The group of doc.spans that holds the planted sentences.
FINDINGS = "findings"
# What a planted sentence does; the names of their spans' labels begin with it.
Kind = Literal["stated", "relative", "retracted"]
# How often a condition that the note is not made for is mentioned in each way.
_ASIDE = {"none": 0.55, "stated": 0.2, "relative": 0.125, "retracted": 0.125}
_STATED = (
    "The patient has {}.",
    "Known {}, treated for years.",
    "Assessment: {} is confirmed.",
    "She was seen again for her {}.",
    "He takes medication for {}.",
    "There is long-standing {}.",
)
_RELATIVE = (
    "The patient's mother has {}.",
    "A brother was treated for {}.",
    "Family history: {} in the father.",
    "An aunt is known for {}.",
)
_RETRACTED = (
    "Addendum: the entry of {} belongs to another chart.",
    "Correction: {} was ruled out since.",
    "On review {} was recorded in error.",
)
# Of these parts of a hundred the fillers of each split are taken, by their order.
_SHARES: dict[Split, range] = {"train": range(70), "dev": range(70, 80), "test": range(80, 100)}


@dataclass(frozen=True)
class FindingsOptions:
    """How notes are made.

    words: the shortest and the longest note; lengths are drawn evenly in their logarithm.
    """

    words: tuple[int, int] = (300, 12_000)

    def __post_init__(self) -> None:
        """Refuse lengths that cannot be."""
        low, high = self.words
        if not 50 <= low <= high:
            raise ConfigError(
                where="synthetic findings: words",
                found=f"{low} to {high}",
                wanted="50 or more, and the shortest first",
            )


def generate_findings(
    count: int,
    *,
    seed: int,
    split: Split,
    fillers: Sequence[str],
    options: FindingsOptions = FindingsOptions(),
) -> Iterator[Document]:
    """Notes with the conditions that are present as categories, and every planted sentence a span.

    A span's label is what the sentence does and of what: `stated:GOUT`. One span of each note is
    labelled `stated:GOUT:decides`: the sentence that decides about the condition that the note is
    made for. It is a statement, a relative's, or the retraction of a statement that stands
    elsewhere, each as often.
    fillers: texts; those parts are used of which each sentence stands for itself and names none of
    the conditions, others in each split.
    Raises ConfigError when the fillers leave nothing.
    """
    sentences = _fillers_of(split, fillers)
    for number in range(count):
        draw = random.Random(f"findings {seed} {split} {number}")  # noqa: S311  no secret
        yield _note(f"{split}-{number:05d}", draw, sentences, options.words)


def _fillers_of(split: Split, texts: Sequence[str]) -> list[str]:
    taboo = [condition.lower() for condition in CONDITIONS]
    plain = [
        passage
        for passage in dict.fromkeys(plain_passages(texts))
        if not any(word in passage.lower() for word in taboo)
    ]
    chosen = [each for number, each in enumerate(plain) if number % 100 in _SHARES[split]]
    if not chosen:
        raise ConfigError(
            where="synthetic findings: fillers",
            found=f"{len(plain)} passages that could stand between the planted sentences",
            wanted="100 or more, so that each split has its own",
        )
    return chosen


def _note(
    name: str, draw: random.Random, fillers: Sequence[str], words: tuple[int, int]
) -> Document:
    low, high = words
    length = round(low * (high / low) ** draw.random())
    planted = _planted(draw)
    total = sum(len(sentence.split()) for _, sentence in planted)
    filled: list[str] = []
    while total < length:
        filled.append(draw.choice(fillers))
        total += len(filled[-1].split())
    # Each planted sentence goes between two fillers, every gap as likely as the others.
    gaps = sorted((draw.randint(0, len(filled)), order) for order in range(len(planted)))
    text, spans, number = "", {}, 0
    for gap, order in gaps:
        text += "".join(f"{each} " for each in filled[number:gap])
        number = gap
        label, sentence = planted[order]
        spans[order] = TextSpan(len(text), len(text) + len(sentence), label)
        text += f"{sentence} "
    text += " ".join(filled[number:])
    return Document(
        id=name,
        text=text.rstrip(),
        spans=tuple(spans[order] for order in range(len(planted))),
        categories=_present([label for label, _ in planted]),
        label_set=CONDITIONS,
    )


def _planted(draw: random.Random) -> list[tuple[str, str]]:
    """(label, sentence) of everything planted; first the one that decides the first condition."""
    conditions = list(CONDITIONS)
    draw.shuffle(conditions)
    planted: list[tuple[str, str]] = []
    for number, condition in enumerate(conditions):
        kinds, weights = list(_ASIDE), list(_ASIDE.values())
        kind = draw.choice(kinds[1:]) if number == 0 else draw.choices(kinds, weights)[0]
        if kind == "retracted":
            planted.append(_sentence(draw, "retracted", condition))
        if kind in ("stated", "retracted"):
            planted.append(_sentence(draw, "stated", condition))
        if kind == "relative":
            planted.append(_sentence(draw, "relative", condition))
    (label, sentence), *others = planted
    return [(f"{label}:{DECIDES}", sentence), *others]


def _sentence(draw: random.Random, kind: Kind, condition: str) -> tuple[str, str]:
    templates = {"stated": _STATED, "relative": _RELATIVE, "retracted": _RETRACTED}[kind]
    return f"{kind}:{condition}", draw.choice(templates).format(condition.lower())


def _present(labels: Sequence[str]) -> tuple[str, ...]:
    kinds = [label.split(":")[:2] for label in labels]
    taken_back = {condition for kind, condition in kinds if kind == "retracted"}
    stated = {condition for kind, condition in kinds if kind == "stated"}
    return tuple(condition for condition in CONDITIONS if condition in stated - taken_back)
