"""Notes with their entities highlighted, and with labels and evidence of those, as one page.

A colour a label, its name and confidence behind each span; the legend counts, and switches labels
off. The labels of a whole note stand beside its text, or above it where there is no room. The page
holds the whole text of its notes, and grows with it: it is for reading some, not for keeping
thousands.
"""

from collections import Counter
from collections.abc import Sequence

from spacy_modernbert_bio.pages.highlight import EVIDENCE_STYLE, HUE_STEP, highlight
from spacy_modernbert_bio.pages.html import escape, page
from spacy_modernbert_bio.pages.label_panel import PANEL_STYLE, label_panel, passages_of
from spacy_modernbert_bio.pages.views import NoteView

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
# Beside a text there is no room for a list of notes on paper; switches do nothing there.
_PRINT_STYLE = """
@media print {
  body { max-width: none; padding: 0 }
  nav, .legend input { display: none }
  .notes { display: block }
  .text { line-height: 1.9 }
}
"""
_LABELS_EXPLAINED = (
    '<p class="about">A label has its probability and, where there is one, the threshold from '
    "which it holds: the mark in its bar. Evidence is where most of what raises a label's score "
    "was read, the stronger the more of it: it tells what the model used, and proves nothing.</p>\n"
)


def note_page(title: str, notes: Sequence[NoteView]) -> str:
    """A page with all notes, a list of them and a legend of their labels."""
    counts = Counter(span.label for note in notes for span in note.spans)
    numbers = {label: number for number, label in enumerate(sorted(counts))}
    legend = "".join(
        f'<label class="c{number}"><input type="checkbox" id="show{number}" checked> '
        f"{escape(label)} <b>{counts[label]:,}</b></label>"
        for label, number in numbers.items()
    )
    labelled = any(note.labels or note.evidence for note in notes)
    passages = sum(len(note.evidence) for note in notes)
    if passages:
        legend += (
            '<label class="lit"><input type="checkbox" id="showevidence" checked> '
            f"evidence <b>{passages:,}</b></label>"
        )
    index = "".join(
        f'<a href="#note{number}">{escape(note.source)}{_count(note)}</a>'
        for number, note in enumerate(notes)
    )
    shown = "\n".join(_note(number, note, numbers) for number, note in enumerate(notes))
    body = (
        f'<p class="about">{_summary(notes)}</p>\n'
        f"{_LABELS_EXPLAINED if labelled else ''}"
        f'<div class="legend">{legend}</div>\n<div class="notes">\n<nav>{index}</nav>\n'
        f"<main>\n{shown}\n</main>\n</div>"
    )
    styles = [_STYLE, *map(_label_style, numbers.values())]
    styles += [PANEL_STYLE, EVIDENCE_STYLE, _PRINT_STYLE] if labelled else []
    return page(title, body, style="".join(styles))


def _summary(notes: Sequence[NoteView]) -> str:
    """How many notes, and how much was found in them, of what their pipeline looks for."""
    failed = sum(bool(note.failure) for note in notes)
    spans = sum(len(note.spans) for note in notes)
    decided = [label.holds for note in notes for label in note.labels if label.holds is not None]
    found = [f"{spans:,} highlighted"] if spans or not decided else []
    if decided:
        found.append(f"{sum(decided):,} label{' holds' if sum(decided) == 1 else 's hold'}")
    plural = "" if len(notes) == 1 else "s"
    return f"{len(notes):,} note{plural} ({failed:,} failed), {', '.join(found)}"


def _count(note: NoteView) -> str:
    """What the list of notes tells of one: how much is highlighted, or how many labels hold."""
    if note.failure:
        return '<b class="failed">failed</b>'
    if any(label.holds is not None for label in note.labels):
        holding = sum(bool(label.holds) for label in note.labels)
        return f"<span>{holding:,} label{'' if holding == 1 else 's'}</span>"
    return f"<span>{len(note.spans):,}</span>"


def _label_style(number: int) -> str:
    off = f"body:has(#show{number}:not(:checked))"
    return (
        f".c{number} {{ --hue: {number * HUE_STEP % 360:.0f} }}\n"
        f"{off} mark.c{number} {{ background: none; padding: 0 }}\n"
        f"{off} small.c{number} {{ display: none }}\n"
        f"{off} mark.u{number} {{ --line{number}: transparent }}\n"
    )


def _note(number: int, note: NoteView, numbers: dict[str, int]) -> str:
    return (
        f'<details open id="note{number}"><summary>{escape(note.source)}</summary>'
        f"{_content(number, note, numbers)}</details>"
    )


def _content(number: int, note: NoteView, numbers: dict[str, int]) -> str:
    if note.failure:
        return f'<p class="about failed">Not read: {escape(note.failure)}</p>'
    passages = passages_of(number, note)
    content = (
        f'<div class="text">{highlight(note, numbers, passages)}</div>'
        f'<p class="about">{escape(note.coverage)}</p>'
    )
    if not note.labels:
        return content
    panel = label_panel(number, note, passages)
    return f'<div class="labelled">\n{panel}<div>{content}</div></div>'
