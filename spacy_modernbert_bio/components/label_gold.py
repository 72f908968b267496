"""What is known of documents' labels: from doc.cats to arrays, and what is odd about them."""

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.errors import ConfigError

Floats = NDArray[np.float64]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelCounts:
    """How many documents tell of each label, and in how many it holds; both in label order."""

    known: tuple[int, ...]
    positive: tuple[int, ...]

    def priors(self, exclusive: bool) -> Floats:
        """The share of documents in which each label holds, with half a document added.

        The half keeps a label without examples from a probability of 0 (Krichevsky and Trofimov
        1981). Exclusive labels sum to 1.
        """
        positive = np.array(self.positive, dtype=np.float64) + 0.5
        return positive / (positive.sum() if exclusive else np.array(self.known) + 1.0)


def gold_matrix(docs: Iterable[Doc], labels: Sequence[str], exclusive: bool, where: str) -> Floats:
    """[documents, labels]: 1 where a label holds, 0 where it does not, NaN where nothing is known.

    With exclusive labels, one that holds tells of all others; a document of which none is known to
    hold is not annotated, and a row of NaN.
    Raises ConfigError for a value that is neither 0 nor 1, and for two exclusive labels that hold.
    """
    rows = [_row(doc, labels, exclusive, where) for doc in docs]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(labels))


def _row(doc: Doc, labels: Sequence[str], exclusive: bool, where: str) -> list[float]:
    row = [float(doc.cats.get(label, np.nan)) for label in labels]
    for label, value in zip(labels, row, strict=True):
        if value not in (0.0, 1.0) and not math.isnan(value):
            raise ConfigError(
                where=f"{where}: doc.cats[{label!r}]", found=f"{value:g}", wanted="0 or 1"
            )
    if not exclusive:
        return row
    holding = [label for label, value in zip(labels, row, strict=True) if value == 1.0]
    if len(holding) > 1:
        raise ConfigError(
            where=f"{where}: doc.cats",
            found=f"{' and '.join(holding)} in one document",
            wanted="one label a document",
            fix="Set exclusive = false if several can hold.",
        )
    return [float(label in holding) for label in labels] if holding else [np.nan] * len(labels)


def labels_in(examples: Iterable[Example]) -> list[str]:
    """All labels that the gold documents name, sorted."""
    return sorted({label for example in examples for label in example.reference.cats})


def count_labels(
    examples: Iterable[Example], labels: Sequence[str], exclusive: bool, where: str
) -> LabelCounts:
    """Count them, and warn in the log of what a training run would not recover from.

    That is a label that no document tells of or in none of which it holds, and labels in the
    documents that the component does not have. Raises ConfigError when no document tells of any.
    """
    known, positive = np.zeros(len(labels), dtype=np.int64), np.zeros(len(labels), dtype=np.int64)
    others: set[str] = set()
    for example in examples:
        (row,) = gold_matrix([example.reference], labels, exclusive, where)
        known += ~np.isnan(row)
        positive += row == 1.0
        others.update(set(example.reference.cats).difference(labels))
    if not known.any():
        raise ConfigError(
            where=f"{where}.initialize",
            found="no document that tells of a label",
            wanted=f"doc.cats with {', '.join(labels[:3])}{', ...' if len(labels) > 3 else ''}",
        )
    never = [label for label, count in zip(labels, positive.tolist(), strict=True) if not count]
    if never:
        _log.warning("%s: no document in which these labels hold: %s", where, ", ".join(never))
    if others:
        _log.warning(
            "%s: labels in doc.cats that this component does not have, and leaves alone: %s",
            where,
            ", ".join(sorted(others)),
        )
    return LabelCounts(tuple(known.tolist()), tuple(positive.tolist()))
