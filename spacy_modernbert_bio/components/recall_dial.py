"""The recall dial: words that are likely enough to be PHI are PHI, whatever the best path says.

A threshold on the probability that a word is not O, one for each group of labels. The dial only
adds: at 1 it is the best path, and lower thresholds give supersets. Deleger et al. 2013 and
Kayaalp 2018 ask for recall first; robust_deid's recall thresholds are the nearest peer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.components.tags import Indices, TagSpans
from spacy_modernbert_bio.deid.labels import CATEGORIES, category_of
from spacy_modernbert_bio.errors import ConfigError

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RecallDial:
    """Thresholds for a component's labels.

    labels: the component's, in the order of their tags. thresholds: by category, as "NAME"; a
    category that is not named has 1.0, which adds nothing.
    """

    labels: Sequence[str]
    thresholds: Mapping[str, float]

    def __call__(self, spans: TagSpans, marginals: Numbers, document: Indices) -> TagSpans:
        """The best path's spans and what is added; see `word_chain.Revision`.

        A run of added words of one group is a span; one that stands right beside a span of its
        group makes that span longer.
        """
        owner = _owners(spans, len(marginals))
        groups, group_of = self._groups()
        by_label = marginals[:, 1::2] + marginals[:, 2::2]
        group = self._by_group(marginals, group_of, len(groups)).argmax(axis=1)
        limits = np.array([self.thresholds.get(name, 1.0) for name in groups])
        added = (owner < 0) & (1.0 - marginals[:, 0] >= limits[group]) & (limits[group] < 1.0)
        if not added.any():
            return spans
        # Among the labels of the word's own group.
        own = np.where(group_of[None, :] == group[:, None], by_label, -1.0).argmax(axis=1)
        label = np.where(owner >= 0, spans.labels[owner] if len(spans.labels) else 0, own)
        return _join(owner, added, label, group_of[label], document)

    def scores(self, spans: TagSpans, marginals: Numbers) -> Numbers:
        """[words], the largest threshold at which each word is found; 1 within a found span."""
        return np.where(_owners(spans, len(marginals)) >= 0, 1.0, 1.0 - marginals[:, 0])

    def top_groups(self, marginals: Numbers) -> list[str]:
        """[words], the name of the group that each word would be of."""
        groups, group_of = self._groups()
        top = self._by_group(marginals, group_of, len(groups)).argmax(axis=1)
        return [groups[number] for number in top.tolist()]

    def _by_group(self, marginals: Numbers, group_of: Indices, groups: int) -> Numbers:
        """[words, groups], the probability of each group."""
        by_label = marginals[:, 1::2] + marginals[:, 2::2]
        return np.stack([by_label[:, group_of == g].sum(axis=1) for g in range(groups)], axis=1)

    def _groups(self) -> tuple[list[str], Indices]:
        """Names of the groups, and each label's number among them."""
        of_labels = [category_of(label) for label in self.labels]
        groups = sorted(set(of_labels))
        return groups, np.array([groups.index(each) for each in of_labels])


def check_thresholds(thresholds: Mapping[str, float], *, where: str) -> dict[str, float]:
    """Thresholds as they are kept. Raises ConfigError for an unknown group or no probability."""
    for group, value in thresholds.items():
        if group not in CATEGORIES:
            raise ConfigError(
                where=where, found=f"the group {group!r}", wanted=f"one of {', '.join(CATEGORIES)}"
            )
        if not 0.0 < value <= 1.0:
            raise ConfigError(
                where=f"{where}.{group}",
                found=str(value),
                wanted="a probability above 0; 1 is off, and lower finds more",
            )
    return {group: float(value) for group, value in thresholds.items()}


def _owners(spans: TagSpans, words: int) -> Indices:
    """[words], the number of the span that each word is in; -1 outside."""
    owner = np.full(words, -1, dtype=np.int64)
    lengths = spans.stops - spans.starts
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    owner[np.repeat(spans.starts, lengths) + within] = np.repeat(np.arange(len(lengths)), lengths)
    return owner


def _join(
    owner: Indices, added: NDArray[np.bool_], label: Indices, group: Indices, document: Indices
) -> TagSpans:
    """Spans of all words that are found: borders between found spans stay, added words join."""
    found = (owner >= 0) | added
    left, right = slice(None, -1), slice(1, None)
    apart = (owner[left] >= 0) & (owner[right] >= 0) & (owner[left] != owner[right])
    together = found[left] & found[right] & ~apart
    together &= (group[left] == group[right]) & (document[left] == document[right])
    begins = found.copy()
    begins[right] &= ~together
    ends = found.copy()
    ends[left] &= ~together
    starts, stops = np.flatnonzero(begins), np.flatnonzero(ends) + 1
    # The label of the words that the best path had, where there are any.
    firsts = [
        start + int(np.argmax(owner[start:stop] >= 0))
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
    ]
    return TagSpans(starts, stops, label[np.array(firsts, dtype=np.int64)])
