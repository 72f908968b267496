"""What a de-identification did, in numbers: nothing of a note is in an audit.

Costs one pass over the replacements. Does not judge whether they were enough: see `leaks`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spacy_modernbert_bio.deid.labels import SAFE_HARBOR, category_of
from spacy_modernbert_bio.deid.replace import Replacement

_NUMBERS = {label: each.number for each in SAFE_HARBOR for label in each.labels}


def identifier_of(label: str) -> int | None:
    """Number of the Safe Harbor identifier that a label is of, or None for none of the 18.

    Raises PolicyError for an unknown label.
    """
    category_of(label)
    return _NUMBERS.get(label)


@dataclass(frozen=True)
class Audit:
    """Counts of replacements.

    replacements: all of them. by_label: labels as in `labels`. by_action: actions as in `policy`,
    "keep" included where the caller counts what was kept. by_source: as in `PhiSpan`; one that two
    sources found counts for both.
    """

    replacements: int = 0
    by_label: Mapping[str, int] = field(default_factory=dict)
    by_action: Mapping[str, int] = field(default_factory=dict)
    by_source: Mapping[str, int] = field(default_factory=dict)

    @property
    def by_identifier(self) -> dict[int | None, int]:
        """By number of the Safe Harbor identifier, None being none of the 18; all 18 are there."""
        counts: dict[int | None, int] = {each.number: 0 for each in SAFE_HARBOR} | {None: 0}
        for label, count in self.by_label.items():
            counts[identifier_of(label)] += count
        return counts

    def __add__(self, other: "Audit") -> "Audit":
        """The audit of both notes."""
        return Audit(
            self.replacements + other.replacements,
            _sum(self.by_label, other.by_label),
            _sum(self.by_action, other.by_action),
            _sum(self.by_source, other.by_source),
        )

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON, names in alphabetical order, the 18 identifiers by number."""
        counts = self.by_identifier
        return {
            "replacements": self.replacements,
            "by_label": dict(sorted(self.by_label.items())),
            "by_action": dict(sorted(self.by_action.items())),
            "by_source": dict(sorted(self.by_source.items())),
            "by_safe_harbor_identifier": [
                {"number": each.number, "name": each.name, "replacements": counts[each.number]}
                for each in SAFE_HARBOR
            ],
            "not_safe_harbor": counts[None],
        }


def count_replacements(replacements: Iterable[Replacement]) -> Audit:
    """The audit of one note, or of many. Raises PolicyError for an unknown label."""
    labels: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    for each in replacements:
        category_of(each.label)
        labels[each.label] += 1
        actions[each.action] += 1
        sources.update(set(each.sources))
    return Audit(labels.total(), dict(labels), dict(actions), dict(sources))


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))
