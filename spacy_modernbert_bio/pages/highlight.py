"""A note's text with its entities and its evidence marked, whatever these do to each other.

Entities are marks in their labels' colours; where they overlap, each keeps an underline of its own.
Evidence is a tint and a line beneath, of one colour and as strong as its weight, and begins with
the names of its labels. The text is cut where anything begins or ends: every character stands once.
"""

from collections.abc import Sequence
from itertools import pairwise

from spacy_modernbert_bio.pages.html import escape
from spacy_modernbert_bio.pages.label_panel import Passage
from spacy_modernbert_bio.pages.views import NoteView, SpanView

# Degrees between the hues of neighbouring labels: the golden angle never comes back to one.
HUE_STEP = 137.508
# A tag outlines its passage as a sibling: `:has(:target)` costs a second a jump in a large page.
EVIDENCE_STYLE = """
:root { --lit: light-dark(#e0a100, #b98a1d) }
.evidence { padding: .25rem 0; box-decoration-break: clone; -webkit-box-decoration-break: clone;
  background: color-mix(in srgb, var(--lit) calc(10% + 45% * var(--strength)), transparent);
  border-bottom: calc(1px + 4px * var(--strength)) solid var(--lit) }
.tag { scroll-margin-top: 30vh; margin: 0 .3rem 0 .1rem; padding: .05rem .35rem; font-size: .7rem;
  font-weight: 600; white-space: nowrap; text-decoration: none; user-select: none;
  border: 1px solid var(--ink); border-radius: .3rem; background: var(--paper) }
.tag:hover { background: var(--soft) }
.tag:target { color: var(--paper); background: var(--ink) }
.tag:target + .evidence, .tag:target + .tag + .evidence,
  .tag:target + .tag + .tag + .evidence { outline: 2px solid var(--ink); outline-offset: 1px }
.legend .lit { background: color-mix(in srgb, var(--lit) 35%, transparent) }
body:has(#showevidence:not(:checked)) .evidence { background: none; border: 0; outline: 0 }
body:has(#showevidence:not(:checked)) :is(.tag, .jumps) { display: none }
@media print {
  .evidence, mark, .legend label { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
"""


def highlight(note: NoteView, numbers: dict[str, int], passages: Sequence[Passage] = ()) -> str:
    """The text, cut at every border of a span or a passage, each part marked by what is over it.

    numbers: of the labels of all spans, for their colours.
    """
    spans = sorted(note.spans, key=lambda span: (span.start, -span.stop, span.label))
    turns = {at for each in passages for at in (each.evidence.start, each.evidence.stop)}
    borders = sorted({0, len(note.text)} | turns | {at for s in spans for at in (s.start, s.stop)})
    parts: list[str] = []
    over: list[SpanView] = []
    lit: list[Passage] = []
    waiting = iter([*spans, None])
    following = next(waiting)
    for start, stop in pairwise(borders):
        over = [span for span in over if span.stop > start]
        while following is not None and following.start == start:
            over.append(following)
            following = next(waiting)
        if start in turns:
            parts += ["</span>"] if lit else []
            lit = [each for each in passages if each.evidence.start <= start < each.evidence.stop]
            parts += [_open_evidence(lit, start)] if lit else []
        text = escape(note.text[start:stop])
        parts.append(_mark(text, over, start, stop, numbers) if over else text)
    return "".join([*parts, "</span>"] if lit else parts)


def _open_evidence(lit: Sequence[Passage], start: int) -> str:
    """The names of the passages that begin here, and the start of a part with evidence."""
    strength = max(each.evidence.weight for each in lit)
    title = escape(" · ".join(map(_title, lit)))
    tags = "".join(_tag(each) for each in lit if each.evidence.start == start)
    # Attention is spread thin over long notes: the root keeps small shares apart from nothing.
    shown = f"--strength: {min(max(strength, 0.0), 1.0) ** 0.5:.2f}"
    return f'{tags}<span class="evidence" style="{shown}" title="{title}">'


def _tag(passage: Passage) -> str:
    name = f"{escape(passage.evidence.label)} {passage.rank}"
    back = f' href="#{passage.bar}"' if passage.bar else ""
    return f'<a class="tag" id="{passage.anchor}"{back}>{name}</a>'


def _title(passage: Passage) -> str:
    evidence = passage.evidence
    return f"{evidence.label}, evidence {passage.rank}: {evidence.weight:.0%} of what speaks for it"


def _mark(text: str, over: list[SpanView], start: int, stop: int, numbers: dict[str, int]) -> str:
    """One part: the colour of the innermost span, a line for each one around it."""
    *around, inner = over
    number = numbers[inner.label]
    classes = [f"c{number}", *(f"u{numbers[span.label]}" for span in around)]
    if any(span.start == start for span in over):
        classes.append("begins")
    ending = [span for span in reversed(over) if span.stop == stop]
    if ending:
        classes.append("ends")
    names = "".join(
        f'<small class="c{numbers[span.label]}">{escape(_name(span))}</small>' for span in ending
    )
    title = escape(" · ".join(_name(span, digits=3) for span in over))
    style = _underlines(around, numbers)
    return f'<mark class="{" ".join(classes)}"{style} title="{title}">{text}{names}</mark>'


def _underlines(around: list[SpanView], numbers: dict[str, int]) -> str:
    """Underlines of the spans around a part, the outermost lowest."""
    shadows = []
    for depth, span in enumerate(reversed(around), start=1):
        number = numbers[span.label]
        hue = f"{number * HUE_STEP % 360:.0f}"
        shadows.append(f"0 {3 * depth}px 0 var(--line{number}, oklch(62% .15 {hue}))")
    return f' style="box-shadow: {", ".join(shadows)}"' if shadows else ""


def _name(span: SpanView, digits: int = 2) -> str:
    return span.label if span.confidence is None else f"{span.label} {span.confidence:.{digits}f}"
