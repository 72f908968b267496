"""How much of a long note a classifier uses, and whether its evidence is what it read.

On the notes of `corpora/synthetic_findings`: is the condition that a note is made for judged
rightly wherever the sentence that decides stands? The same pipeline on each note's first pieces
alone shows what a window of that size would have had. Evidence is right when the deciding sentence
is among what is shown, and faithful when the label falls without that sentence more often than
without another sentence of its length.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_modernbert_bio.corpora.synthetic_findings import DECIDES, FINDINGS
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.models.encoder_layer import TextReader

Progress = Callable[..., Iterable[Doc]]

# [CLS] and [SEP] take two of a window's pieces.
_SPECIALS = 2
_SENTENCE = re.compile(r"[^.!?]+[.!?]+ ?")
# A sentence "of the same length" differs by at most this share of its characters.
_LENGTH_TOLERANCE = 0.25


@dataclass(frozen=True)
class Verdict:
    """One note.

    words: of the note. position: of the deciding sentence, 0 at the note's start, 1 at its end.
    kind: "stated", "relative" or "retracted". right, right_in_window: whether the condition was
    judged rightly from the whole note, and from its first pieces alone.
    rank: place of the deciding sentence among the label's evidence, from 1; None where it is not
    shown, and for notes that are no true positives. falls, falls_elsewhere: whether the label
    falls without the deciding sentence, and without another of its length; None likewise.
    """

    words: int
    position: float
    kind: str
    right: bool
    right_in_window: bool
    is_true_positive: bool
    rank: int | None = None
    falls: bool | None = None
    falls_elsewhere: bool | None = None


def judge_notes(
    nlp: Language,
    notes: Sequence[Doc],
    *,
    component: str,
    window: int = 512,
    seed: int = 0,
    progress: Progress = lambda docs, **_: docs,
) -> list[Verdict]:
    """Judge every note.

    notes: gold, with doc.cats and the planted sentences in doc.spans["findings"]. component: name
    of the modernbert_phenotype that is judged. window: pieces of the truncated notes, two special
    ones included. progress: wraps the documents, as Console.progress does.
    Raises CorpusError for a note without the sentence that decides.
    """
    decisive = [_decisive(note) for note in notes]
    conditions = [sentence.label_.split(":")[1] for sentence in decisive]
    truth = [note.cats[each] == 1.0 for note, each in zip(notes, conditions, strict=True)]
    total = len(notes)
    judged: Any = nlp.get_pipe(component)
    key = judged.cfg["evidence_key"]
    held: list[bool] = []
    ranks: list[int | None] = []
    whole = nlp.pipe((note.text for note in notes), batch_size=4)
    for doc, sentence, each in zip(
        progress(whole, total=total, label="whole notes"), decisive, conditions, strict=True
    ):
        held.append(each in doc._.phenotypes)
        passages = [span for span in doc.spans[key] if span.label_ == each]
        ranks.append(_rank(passages, sentence))
    cut = progress(
        nlp.pipe(_first_pieces(nlp, notes, window), batch_size=16),
        total=total,
        label=f"first {window} pieces",
    )
    cut_held = [each in doc._.phenotypes for doc, each in zip(cut, conditions, strict=True)]
    positive = [number for number in range(total) if held[number] and truth[number]]
    falls = _falls(
        nlp, [notes[n] for n in positive], [conditions[n] for n in positive], seed, progress
    )
    verdicts = []
    for number, (note, sentence) in enumerate(zip(notes, decisive, strict=True)):
        is_positive = held[number] and truth[number]
        without = next(falls) if is_positive else (None, None)
        verdicts.append(
            Verdict(
                words=len(note.text.split()),
                position=sentence.start_char / max(1, len(note.text) - len(sentence.text)),
                kind=sentence.label_.split(":")[0],
                right=held[number] == truth[number],
                right_in_window=cut_held[number] == truth[number],
                is_true_positive=is_positive,
                rank=ranks[number] if is_positive else None,
                falls=without[0],
                falls_elsewhere=without[1],
            )
        )
    return verdicts


def _decisive(note: Doc) -> Span:
    planted: Iterable[Span] = note.spans.get(FINDINGS, ())
    for span in planted:
        if span.label_.endswith(f":{DECIDES}"):
            return span
    raise CorpusError(
        where=f"doc.spans[{FINDINGS!r}]",
        found="a note without the sentence that decides",
        wanted="notes that synthetic-findings made",
    )


def _first_pieces(nlp: Language, notes: Iterable[Doc], window: int) -> Iterable[str]:
    """The text of each note's first pieces."""
    transformer: Any = nlp.get_pipe("transformer")
    reader: TextReader = transformer.model.attrs["reader"]
    assert reader.tokenizer is not None
    for note in notes:
        (pieces,) = reader.tokenizer.encode([note.text])
        kept = min(len(pieces), window - _SPECIALS)
        yield note.text[: int(pieces.stops[kept - 1]) if kept else 0]


def _rank(passages: Sequence[Span], sentence: Span) -> int | None:
    """The first passage that holds half of the sentence."""
    for rank, passage in enumerate(passages, 1):
        shared = min(passage.end_char, sentence.end_char) - max(
            passage.start_char, sentence.start_char
        )
        if 2 * shared >= len(sentence.text):
            return rank
    return None


def _falls(
    nlp: Language,
    notes: Sequence[Doc],
    conditions: Sequence[str],
    seed: int,
    progress: Progress,
) -> Iterator[tuple[bool, bool]]:
    """For each note whether its label falls without its sentence, and without another."""
    texts = []
    for number, note in enumerate(notes):
        sentence = _decisive(note)
        draw = random.Random(f"{seed} {number}")  # noqa: S311  no secret
        start, stop = _another(note, len(sentence.text), draw)
        texts.append(note.text[: sentence.start_char] + note.text[sentence.end_char :])
        texts.append(note.text[:start] + note.text[stop:])
    docs = progress(nlp.pipe(texts, batch_size=4), total=len(texts), label="without a sentence")
    held = [conditions[n // 2] in doc._.phenotypes for n, doc in enumerate(docs)]
    for first, second in zip(held[::2], held[1::2], strict=True):
        yield not first, not second


def _another(note: Doc, length: int, draw: random.Random) -> tuple[int, int]:
    """A sentence of about that length that was not planted; of all the nearest if none is."""
    planted = [(span.start_char, span.end_char) for span in note.spans[FINDINGS]]
    free = [
        (found.start(), found.end())
        for found in _SENTENCE.finditer(note.text)
        if all(found.end() <= start or found.start() >= stop for start, stop in planted)
    ]
    if not free:
        return 0, 0
    alike = [each for each in free if abs(each[1] - each[0] - length) <= _LENGTH_TOLERANCE * length]
    return draw.choice(alike) if alike else min(free, key=lambda e: abs(e[1] - e[0] - length))
