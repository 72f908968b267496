"""Notes with their entities highlighted, as one page.

A colour a label, its name and confidence behind each span; the legend counts, and switches labels
off. Spans may overlap: each then keeps an underline of its own. The page holds the whole text of
its notes, and grows with it: it is for reading some, not for keeping thousands.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from spacy_modernbert_bio.pages.html import escape, page

# Degrees between the hues of neighbouring labels: the golden angle never comes back to one.
_HUE_STEP = 137.508
_STYLE = """
.legend { display: flex; flex-wrap: wrap; gap: .4rem; margin-bottom: 1rem }
.legend label { border-radius: .4rem; padding: .1rem .6rem; cursor: pointer }
.notes { display: grid; grid-template-columns: minmax(9rem, 15rem) minmax(0, 1fr); gap: 2rem }
nav { position: sticky; top: 1rem; align-self: start; max-height: calc(100vh - 2rem);
  overflow-y: auto; font-size: .875rem }
nav a { display: flex; justify-content: space-between; gap: .5rem; padding: .2rem .5rem;
  border-radius: .3rem; text-decoration: none; overflow-wrap: anywhere }
nav a:hover { background: var(--soft) }
nav span { color: var(--quiet) }
nav a > * { flex: none }
details { border-top: 1px solid var(--line); padding: .5rem 0; scroll-margin-top: 1rem }
summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere }
.about { color: var(--quiet); font-size: .875rem }
.failed { color: light-dark(#b3261e, #ff9c94) }
.text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2.1; margin: .5rem 0 }
mark, .legend label { color: inherit; background: light-dark(oklch(90% .075 var(--hue)),
  oklch(38% .085 var(--hue))) }
mark { padding: .2rem 0 }
mark.begins { padding-left: .25rem; border-radius: .25rem 0 0 .25rem }
mark.ends { padding-right: .25rem; border-radius: 0 .25rem .25rem 0 }
mark.begins.ends { border-radius: .25rem }
mark small { white-space: nowrap; font-size: .7rem; font-weight: 600; margin-left: .35rem;
  color: light-dark(oklch(42% .12 var(--hue)), oklch(86% .09 var(--hue))) }
@media (max-width: 50rem) { .notes { display: block } nav { position: static; max-height: 12rem } }
"""


@dataclass(frozen=True)
class SpanView:
    """A highlighted part of a text.

    start, stop: characters of the text. confidence: a probability; None where none is known.
    """

    start: int
    stop: int
    label: str
    confidence: float | None = None


@dataclass(frozen=True)
class NoteView:
    """What is shown of a note.

    source: where it came from. spans: in any order; they may overlap. coverage: a line on how much
    was read. failure: why there is nothing to show; empty for a note that was read.
    """

    source: str
    text: str
    spans: Sequence[SpanView] = ()
    coverage: str = ""
    failure: str = ""


def note_page(title: str, notes: Sequence[NoteView]) -> str:
    """A page with all notes, a list of them and a legend of their labels."""
    counts = Counter(span.label for note in notes for span in note.spans)
    numbers = {label: number for number, label in enumerate(sorted(counts))}
    legend = "".join(
        f'<label class="c{number}"><input type="checkbox" id="show{number}" checked> '
        f"{escape(label)} <b>{counts[label]:,}</b></label>"
        for label, number in numbers.items()
    )
    index = "".join(
        f'<a href="#note{number}">{escape(note.source)}'
        + (
            '<b class="failed">failed</b></a>'
            if note.failure
            else f"<span>{len(note.spans):,}</span></a>"
        )
        for number, note in enumerate(notes)
    )
    shown = "\n".join(_note(number, note, numbers) for number, note in enumerate(notes))
    failed = sum(bool(note.failure) for note in notes)
    body = (
        f'<p class="about">{len(notes):,} note{"" if len(notes) == 1 else "s"} '
        f"({failed:,} failed), "
        f"{counts.total():,} highlighted</p>\n"
        f'<div class="legend">{legend}</div>\n<div class="notes">\n<nav>{index}</nav>\n'
        f"<main>\n{shown}\n</main>\n</div>"
    )
    return page(title, body, style=_STYLE + "".join(map(_label_style, numbers.values())))


def _label_style(number: int) -> str:
    off = f"body:has(#show{number}:not(:checked))"
    return (
        f".c{number} {{ --hue: {number * _HUE_STEP % 360:.0f} }}\n"
        f"{off} mark.c{number} {{ background: none; padding: 0 }}\n"
        f"{off} small.c{number} {{ display: none }}\n"
        f"{off} mark.u{number} {{ --line{number}: transparent }}\n"
    )


def _note(number: int, note: NoteView, numbers: dict[str, int]) -> str:
    if note.failure:
        content = f'<p class="about failed">Not read: {escape(note.failure)}</p>'
    else:
        content = (
            f'<div class="text">{_highlight(note, numbers)}</div>'
            f'<p class="about">{escape(note.coverage)}</p>'
        )
    return (
        f'<details open id="note{number}"><summary>{escape(note.source)}</summary>'
        f"{content}</details>"
    )


def _highlight(note: NoteView, numbers: dict[str, int]) -> str:
    """The text, cut at every border of a span, each part marked by the spans over it."""
    spans = sorted(note.spans, key=lambda span: (span.start, -span.stop, span.label))
    borders = sorted({0, len(note.text)} | {at for s in spans for at in (s.start, s.stop)})
    parts: list[str] = []
    over: list[SpanView] = []
    waiting = iter([*spans, None])
    following = next(waiting)
    for start, stop in pairwise(borders):
        over = [span for span in over if span.stop > start]
        while following is not None and following.start == start:
            over.append(following)
            following = next(waiting)
        text = escape(note.text[start:stop])
        parts.append(_mark(text, over, start, stop, numbers) if over else text)
    return "".join(parts)


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
        hue = f"{number * _HUE_STEP % 360:.0f}"
        shadows.append(f"0 {3 * depth}px 0 var(--line{number}, oklch(62% .15 {hue}))")
    return f' style="box-shadow: {", ".join(shadows)}"' if shadows else ""


def _name(span: SpanView, digits: int = 2) -> str:
    return span.label if span.confidence is None else f"{span.label} {span.confidence:.{digits}f}"
