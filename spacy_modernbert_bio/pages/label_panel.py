"""The labels of a note as a panel of bars, each with its threshold and the way to its evidence.

Labels that hold come first, with a tick and a heading of their own: colour alone tells nothing.
The way is made of anchors within the page, so that it works without a script, and in print the
numbers are still those in the text.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_modernbert_bio.pages.html import escape
from spacy_modernbert_bio.pages.views import EvidenceView, LabelView, NoteView

# Digits of a probability, and how many are shown at most to tell it from its threshold.
_DIGITS, _MOST_DIGITS = 2, 6
PANEL_STYLE = """
:root { --bar: light-dark(#1f5fa8, #7db4f0); --bar-other: light-dark(#9aa3ad, #68717b) }
.labels { position: relative; font-size: .875rem; line-height: 1.4; margin: .5rem 0 1rem }
.labels h2 { font-size: .875rem; margin: 0 0 .4rem }
.labels ul + h2 { margin-top: 1rem }
.labels ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem 1.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(14rem, 100%), 1fr)) }
.labels li { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-content: start;
  gap: .2rem .5rem; scroll-margin-top: 1rem; break-inside: avoid; border-radius: .2rem }
.labels li:target { outline: 2px solid var(--bar); outline-offset: .25rem }
.labels li > * { overflow-wrap: anywhere }
.labels .holds > :first-child { font-weight: 650 }
.labels .holds > :first-child::before { content: "✓ "; content: "✓ " / "" }
.labels .value { font-variant-numeric: tabular-nums }
.labels svg, .labels .jumps { grid-column: 1 / -1 }
.labels svg { width: 100%; height: .6rem; overflow: visible; background: var(--soft);
  border: 1px solid var(--line) }
.labels rect { fill: var(--bar-other) }
.labels .holds rect { fill: var(--bar) }
.labels path { vector-effect: non-scaling-stroke; stroke: var(--ink); stroke-width: 3px }
.jumps a { display: inline-block; min-width: 1.6rem; padding: .1rem .4rem; margin-left: .25rem;
  text-align: center; border: 1px solid var(--quiet); border-radius: .3rem; text-decoration: none }
.jumps a:hover { background: var(--soft) }
@media (min-width: 70rem) {
  .labelled { display: grid; grid-template-columns: minmax(0, 1fr) 17rem; gap: 2rem }
  .labelled > div { grid-column: 1; grid-row: 1 }
  .labels { grid-column: 2; grid-row: 1; position: sticky; top: 0; align-self: start; margin: 0;
    max-height: 100vh; overflow-y: auto; padding: .6rem }
}
@media print { .labels { position: static; max-height: none; overflow: visible } }
"""


@dataclass(frozen=True)
class Passage:
    """Evidence as a page refers to it.

    rank: 1 for the weightiest of its label. anchor: its id in the page. bar: the id of its label's
    bar; empty where the note has no such label.
    """

    evidence: EvidenceView
    rank: int
    anchor: str
    bar: str


def passages_of(number: int, note: NoteView) -> list[Passage]:
    """All evidence of the page's note of this number, the weightiest of a label first."""
    bars = {each.label: _bar_id(number, at) for at, each in enumerate(_in_order(note.labels))}
    ranks: Counter[str] = Counter()
    passages = []
    for at, evidence in enumerate(sorted(note.evidence, key=lambda each: -each.weight)):
        ranks[evidence.label] += 1
        bar = bars.get(evidence.label, "")
        passages.append(Passage(evidence, ranks[evidence.label], f"note{number}e{at}", bar))
    return passages


def label_panel(number: int, note: NoteView, passages: Sequence[Passage]) -> str:
    """The labels of the page's note of this number, those that hold first; each of them a bar."""
    ordered = _in_order(note.labels)
    holding = sum(bool(each.holds) for each in ordered)
    anchors = [_bar_id(number, at) for at in range(len(ordered))]
    bars = [
        _bar(anchor, label, [each for each in passages if each.bar == anchor])
        for anchor, label in zip(anchors, ordered, strict=True)
    ]
    if any(each.holds is not None for each in ordered):
        groups = _group("Labels that hold", bars[:holding])
        groups += _group("Other labels", bars[holding:]) if bars[holding:] else ""
    else:
        groups = _group("Labels", bars)
    return (
        f'<section class="labels" aria-label="Labels of {escape(note.source)}">\n{groups}</section>'
    )


def _in_order(labels: Sequence[LabelView]) -> list[LabelView]:
    return sorted(labels, key=lambda each: (not each.holds, -each.probability, each.label))


def _bar_id(number: int, at: int) -> str:
    return f"note{number}l{at}"


def _group(title: str, bars: Sequence[str]) -> str:
    items = "".join(bars) or "<li>none</li>"
    return f'<h2>{title}</h2>\n<ul role="list">\n{items}</ul>\n'


def _bar(anchor: str, label: LabelView, passages: Sequence[Passage]) -> str:
    # Few elements: a page of hundreds of notes has thousands of these.
    holds = ' class="holds"' if label.holds else ""
    limit = "" if label.threshold is None else f'<path d="M{label.threshold * 100:.1f} -4V12"/>'
    name = f"<span>{escape(label.label)}</span>"
    if passages:
        name = f'<a href="#{passages[0].anchor}">{escape(label.label)}</a>'
    return (
        f'<li id="{anchor}"{holds}>{name} <span class="value">{_value(label)}</span>'
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{label.probability * 100:.1f}" height="8"/>{limit}</svg>'
        f"{_jumps(label, passages)}</li>\n"
    )


def _value(label: LabelView) -> str:
    """The probability and its threshold, with as many digits as tell them apart."""
    if label.threshold is None:
        return f"{label.probability:.{_DIGITS}f}"
    digits = _DIGITS
    while digits < _MOST_DIGITS and label.probability != label.threshold:
        if f"{label.probability:.{digits}f}" != f"{label.threshold:.{digits}f}":
            break
        digits += 1
    sign = "≥" if label.holds else "&lt;"
    return f"{label.probability:.{digits}f} {sign} {label.threshold:.{digits}f}"


def _jumps(label: LabelView, passages: Sequence[Passage]) -> str:
    if not passages:
        return ""
    links = "".join(
        f'<a href="#{each.anchor}" aria-label="{each.rank}, evidence of {escape(label.label)}">'
        f"{each.rank}</a>"
        for each in passages
    )
    return f'<div class="jumps">evidence{links}</div>'
