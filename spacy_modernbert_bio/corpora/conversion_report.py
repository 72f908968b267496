"""What a conversion read, what it could not align, and what it repaired on the way.

Counts and places only: no text of a document can get in, so that a report may be kept and shared
where the corpus may not.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Enough places to go and look; a systematic repair would fill the report otherwise.
_PLACES_KEPT = 5
NONE_OF_THEM = "none of them"


@dataclass
class Event:
    """How often one kind of thing happened, and where first (`file:line`)."""

    count: int = 0
    places: list[str] = field(default_factory=list)


@dataclass
class ConversionReport:
    """Counts of one conversion; readers, `to_doc` and `convert` add to it.

    documents, tokens: written, tokens as our tokenizer cuts them.
    entities: written spans by label, overlapping ones included.
    borders: gold borders by label, two a span.
    borders_off: those of them that fell inside a token and moved to its border.
    overlapping: spans that `doc.ents` has no room for and `doc.spans` alone holds, by label.
    duplicates: documents left out because the same text came before with the same spans and
    categories.
    categories: documents by category, with those labels of the label set that hold in none.
    categorised: documents whose categories are known; without_category: those where none holds.
    repairs: what was read otherwise than it stands, by kind.
    notes: what was passed over or decided, by kind.
    """

    documents: int = 0
    tokens: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    borders: Counter[str] = field(default_factory=Counter)
    borders_off: Counter[str] = field(default_factory=Counter)
    overlapping: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    categorised: int = 0
    without_category: int = 0
    repairs: dict[str, Event] = field(default_factory=dict)
    notes: dict[str, Event] = field(default_factory=dict)

    def repaired(self, kind: str, where: str) -> None:
        """Count something that was read otherwise than it stands at `where`."""
        _count(self.repairs, kind, where)

    def noted(self, kind: str, where: str) -> None:
        """Count something that was passed over, or decided, at `where`."""
        _count(self.notes, kind, where)

    @property
    def borders_on_tokens(self) -> float | None:
        """Share of gold borders that fell on token borders; None where there are no borders."""
        total = self.borders.total()
        return (total - self.borders_off.total()) / total if total else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; labels in alphabetical order."""
        return {
            "documents": self.documents,
            "duplicates_dropped": self.duplicates,
            "tokens": self.tokens,
            "entities": dict(sorted(self.entities.items())),
            "borders": dict(sorted(self.borders.items())),
            "borders_not_on_tokens": dict(sorted(self.borders_off.items())),
            "share_of_borders_on_tokens": self.borders_on_tokens,
            "overlapping": dict(sorted(self.overlapping.items())),
            "documents_with_known_categories": self.categorised,
            "documents_without_category": self.without_category,
            "categories": dict(sorted(self.categories.items())),
            "repairs": _plain(self.repairs),
            "notes": _plain(self.notes),
        }

    def label_rows(self) -> list[tuple[str, int, float | None, int, int]]:
        """A row a label: label, entities, share of borders on tokens, borders moved, overlapping.

        The last row, `all`, adds up the others.
        """
        rows = [
            (
                label,
                self.entities[label],
                1 - self.borders_off[label] / self.borders[label] if self.borders[label] else None,
                self.borders_off[label],
                self.overlapping[label],
            )
            for label in sorted(self.entities)
        ]
        total = (
            "all",
            self.entities.total(),
            self.borders_on_tokens,
            self.borders_off.total(),
            self.overlapping.total(),
        )
        return [*rows, total]

    def category_rows(self) -> list[tuple[str, int, float]]:
        """A row a category: label, documents, their share of those whose categories are known.

        The last row, `none of them`, counts the documents where no category holds. No row at all
        where no document has known categories.
        """
        if not self.categorised:
            return []
        counts = [*sorted(self.categories.items()), (NONE_OF_THEM, self.without_category)]
        return [(label, count, count / self.categorised) for label, count in counts]

    def event_rows(self) -> list[tuple[str, str, int, str]]:
        """A row an event: `repair` or `note`, its kind, its count, the first place."""
        return [
            (name, kind, event.count, event.places[0])
            for name, events in (("repair", self.repairs), ("note", self.notes))
            for kind, event in events.items()
        ]


def _count(events: dict[str, Event], kind: str, where: str) -> None:
    event = events.setdefault(kind, Event())
    event.count += 1
    if len(event.places) < _PLACES_KEPT:
        event.places.append(where)


def _plain(events: Mapping[str, Event]) -> dict[str, dict[str, Any]]:
    return {kind: {"count": e.count, "first_places": list(e.places)} for kind, e in events.items()}
