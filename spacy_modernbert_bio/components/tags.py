"""Spans to BIO tags and back, and gold annotation as far as it is known.

Tags are numbers: 0 is O, 1 + 2k is B and 2 + 2k is I of label k. Tokens of white space have no
tag: a span never begins or ends with one, and may go on across it, so that the number of blanks
or line ends between words changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, IS_SPACE
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_modernbert_bio.errors import ConfigError

Indices = NDArray[np.int64]

MISSING = -1


def tag_names(labels: Sequence[str]) -> list[str]:
    """The tag of each number: "O", then "B-X" and "I-X" of each label."""
    return ["O", *(f"{mark}-{label}" for label in labels for mark in "BI")]


def word_rows(doc: Doc) -> Indices:
    """The tokens of a Doc that are not white space, in order."""
    return np.flatnonzero(doc.to_array([IS_SPACE]) == 0)


def encode_spans(spans: Iterable[tuple[int, int, int]], is_word: NDArray[np.bool_]) -> Indices:
    """[tokens], the tags that spell `spans`: (first token, token after the last, label number).

    is_word: [tokens], false for white space, whose tag means nothing.
    Raises ConfigError when spans overlap.
    """
    tags = np.zeros(len(is_word), dtype=np.int64)
    for start, stop, label in spans:
        rows = start + np.flatnonzero(is_word[start:stop])
        if tags[rows].any():
            raise ConfigError(
                where="gold spans",
                found="two that share a token",
                wanted="spans side by side, which is all that one tag a token can say",
                fix="Give overlapping labels to several heads, each with a spans_key of its own.",
            )
        tags[rows[:1]] = 1 + 2 * label
        tags[rows[1:]] = 2 + 2 * label
    return tags


@dataclass(frozen=True, eq=False)
class TagSpans:
    """Spans over rows of tags: [spans] first row, row after the last, number of the label."""

    starts: Indices
    stops: Indices
    labels: Indices


def decode_tags(tags: Indices) -> TagSpans:
    """The spans that tags spell. An I that continues nothing begins a span, as in conlleval."""
    inside = tags > 0
    label = (tags - 1) // 2
    follows = np.zeros(len(tags), dtype=np.bool_)
    follows[1:] = inside[:-1] & inside[1:] & (tags[1:] % 2 == 0) & (label[1:] == label[:-1])
    ends = inside.copy()
    ends[:-1] &= ~follows[1:]
    starts = np.flatnonzero(inside & ~follows)
    return TagSpans(starts, np.flatnonzero(ends) + 1, label[starts])


def gold_tags(example: Example, labels: Mapping[str, int], spans_key: str | None) -> Indices:
    """[tokens of the predicted Doc], gold tags; MISSING where annotation is missing.

    labels: the number of each label. spans_key: read that span group and not the entities.
    Missing is: a Doc without any annotation (no such group), a token whose entity tag was never
    set, and each token of a gold span whose borders are no token borders of the predicted Doc.
    Raises ConfigError for a label that is not in `labels`, and for spans that overlap.
    """
    reference, align = example.reference, example.alignment
    size = len(example.predicted)
    if spans_key is None:
        unset = reference.to_array([ENT_IOB]) == 0
        gold: Sequence[Span] = reference.ents
    else:
        unset = np.full(len(reference), spans_key not in reference.spans)
        gold = list(reference.spans.get(spans_key, ()))
    if unset.all():
        return np.full(size, MISSING)
    missing = np.zeros(size, dtype=np.bool_)
    missing[align.x2y.lengths == 0] = True
    missing[np.repeat(np.arange(size), align.x2y.lengths)[unset[align.x2y.data]]] = True
    aligned = []
    for span in gold:
        rows = np.unique(align.y2x[span.start : span.end])
        back = np.unique(align.x2y[rows[0] : rows[-1] + 1]) if len(rows) else rows
        if np.array_equal(back, np.arange(span.start, span.end)):
            aligned.append((int(rows[0]), int(rows[-1]) + 1, _number(span.label_, labels)))
        else:
            missing[rows] = True
    is_word = np.zeros(size, dtype=np.bool_)
    is_word[word_rows(example.predicted)] = True
    tags = encode_spans(aligned, is_word)
    tags[missing] = MISSING
    return tags


def gold_labels(examples: Iterable[Example], spans_key: str | None) -> list[str]:
    """The labels of all gold spans, sorted."""
    found: set[str] = set()
    for example in examples:
        reference = example.reference
        spans = reference.ents if spans_key is None else reference.spans.get(spans_key, ())
        found.update(span.label_ for span in spans)
    return sorted(found)


def _number(label: str, labels: Mapping[str, int]) -> int:
    if label not in labels:
        raise ConfigError(
            where="gold spans",
            found=f"the label {label}",
            wanted=f"one of the component's labels: {', '.join(labels) or 'it has none'}",
            fix="Initialise the component with all labels, or take the others out of the data.",
        )
    return labels[label]
