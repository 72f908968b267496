"""Leaks of many notes, counted by the 18 identifiers of Safe Harbor and by how they were found.

Holds numbers, labels and places only: it may be kept and shared where the notes may not. Memory
grows with the leaks, not with the notes.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from spacy_modernbert_bio.deid.labels import NOT_SAFE_HARBOR, SAFE_HARBOR
from spacy_modernbert_bio.deid.leaks import KINDS, Leak

_NOT_OF_THE_18 = f"none of the 18 ({', '.join(NOT_SAFE_HARBOR).lower()})"


@dataclass(frozen=True)
class IdentifierRow:
    """Leaks of one Safe Harbor identifier.

    number: 1 to 18, None for what is none of them. name: in short. by_kind: counts by KINDS, all of
    them there.
    """

    number: int | None
    name: str
    by_kind: dict[str, int]

    @property
    def leaks(self) -> int:
        """Of all kinds."""
        return sum(self.by_kind.values())


@dataclass
class LeakReport:
    """What was found in the notes so far.

    notes: read, with leaks or without. by_place: leaks of each note that has some; where it stands
    is `file:line`, never a note's own id, which may be a record number.
    """

    notes: int = 0
    by_place: dict[str, list[Leak]] = field(default_factory=dict)

    def add(self, where: str, leaks: Iterable[Leak]) -> None:
        """Count a note. where: `file:line`, each once."""
        self.notes += 1
        if found := list(leaks):
            self.by_place[where] = found

    @property
    def leaks(self) -> int:
        """All of them."""
        return sum(map(len, self.by_place.values()))

    def rows(self) -> list[IdentifierRow]:
        """A row an identifier, all 18 in their order, then what is none of them."""
        counts = Counter(
            (leak.identifier, leak.kind) for found in self.by_place.values() for leak in found
        )
        named: list[tuple[int | None, str]] = [(each.number, each.name) for each in SAFE_HARBOR]
        return [
            IdentifierRow(number, name, {kind: counts[number, kind] for kind in KINDS})
            for number, name in [*named, (None, _NOT_OF_THE_18)]
        ]

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON. Offsets of leaks are characters of the note's output."""
        rows = self.rows()
        labels = Counter(leak.label for found in self.by_place.values() for leak in found)
        return {
            "notes": self.notes,
            "notes_with_leaks": len(self.by_place),
            "leaks": self.leaks,
            "by_kind": {kind: sum(row.by_kind[kind] for row in rows) for kind in KINDS},
            "by_label": dict(sorted(labels.items())),
            "by_safe_harbor_identifier": [{**asdict(row), "leaks": row.leaks} for row in rows[:-1]],
            "not_safe_harbor": {"by_kind": rows[-1].by_kind, "leaks": rows[-1].leaks},
            "places": [
                {"where": where, "leaks": [asdict(leak) for leak in found]}
                for where, found in self.by_place.items()
            ],
        }
