"""A span of PHI, and how spans of several sources become one set without overlaps.

Offsets are characters of the note as it is. No class here holds text: a repr can be logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spacy_modernbert_bio.deid.labels import CATEGORIES

# Labels of which a policy may let something stand: a city, a year, an age. A name or a number that
# was found inside of such a span must not stand with it. LOCATION may be a town.
_MAY_STAY = ("PROFESSION", "LOCATION", "CITY", "STATE", "COUNTRY", "ZIP", "AGE", "DATE")
# Of equal spans, whose label counts: what is known of the patient, then rules, then the model.
_TRUSTED = ("known", "rules", "model")


@dataclass(frozen=True, order=True)
class PhiSpan:
    """Characters `start` to `stop - 1` of a note.

    label: see `labels`. sources: who found it, as "model", "rules:phone", "known", sorted.
    score: the probability that this is PHI, 1.0 where its source knows no doubt.
    """

    start: int
    stop: int
    label: str
    sources: tuple[str, ...] = ()
    score: float = 1.0

    @property
    def length(self) -> int:
        """In characters."""
        return self.stop - self.start


def merge_spans(spans: Iterable[PhiSpan]) -> list[PhiSpan]:
    """Spans that don't overlap and cover every character that one of `spans` covers, in order.

    Spans of one label that overlap become one. Of others the longest keeps its borders; but a town,
    a date, an age or a profession (_MAY_STAY) yields to a name, a number, a street. At equal
    length, a type ("MEDICALRECORD") goes before a category ("ID"), what is known of the patient
    before rules, rules before the model, a higher score before a lower. What the others cover
    beyond it stays, with their label. A span's sources are all that overlap it, its score the
    highest of theirs.
    """
    merged = [part for cluster in _clusters(spans) for part in _settle(cluster)]
    return sorted(merged)


def _clusters(spans: Iterable[PhiSpan]) -> list[list[PhiSpan]]:
    """Spans that overlap, directly or through others: what lies apart settles apart."""
    clusters: list[list[PhiSpan]] = []
    end = -1
    for span in sorted(each for each in spans if each.start < each.stop):
        if span.start >= end:
            clusters.append([])
        clusters[-1].append(span)
        end = max(end, span.stop)
    return clusters


def _settle(cluster: Iterable[PhiSpan]) -> list[PhiSpan]:
    """What is kept of spans that overlap, as `merge_spans` says."""
    kept: list[PhiSpan] = []
    for span in sorted(_join_same_label(cluster), key=_rank):
        parts = [span]
        for place, other in enumerate(kept):
            if other.start < span.stop and span.start < other.stop:
                kept[place] = _with_sources(other, span)
            parts = [rest for part in parts for rest in _without(part, other)]
        kept += parts
    return kept


def _join_same_label(spans: Iterable[PhiSpan]) -> list[PhiSpan]:
    joined: list[PhiSpan] = []
    for span in sorted(spans, key=lambda each: (each.label, each.start, each.stop)):
        last = joined[-1] if joined else None
        if last and last.label == span.label and span.start < last.stop:
            both = _with_sources(last, span)
            joined[-1] = replace(both, stop=max(last.stop, span.stop))
        elif span.start < span.stop:
            joined.append(span)
    return joined


def _rank(span: PhiSpan) -> tuple[bool, int, bool, int, float, int, str]:
    kinds = [source.partition(":")[0] for source in span.sources]
    trust = min((_TRUSTED.index(kind) for kind in kinds if kind in _TRUSTED), default=len(_TRUSTED))
    is_vague = bool(CATEGORIES.get(span.label))
    may_stay = span.label in _MAY_STAY
    return (may_stay, -span.length, is_vague, trust, -span.score, span.start, span.label)


def _with_sources(span: PhiSpan, other: PhiSpan) -> PhiSpan:
    sources = tuple(sorted({*span.sources, *other.sources}))
    return replace(span, sources=sources, score=max(span.score, other.score))


def _without(span: PhiSpan, other: PhiSpan) -> list[PhiSpan]:
    """What of a span lies before and after another."""
    if other.stop <= span.start or span.stop <= other.start:
        return [span]
    before = replace(span, stop=min(span.stop, other.start))
    after = replace(span, start=max(span.start, other.stop))
    return [part for part in (before, after) if part.start < part.stop]
