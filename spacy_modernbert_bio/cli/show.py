"""`modernbert-bio show`: notes with their entities marked, in the terminal and on a page.

For a person who wants to look; `annotate` is for programs. Prints the text of the notes: not for
logs. Where spans overlap, in groups, the terminal marks the first of them, the page all. Labels of
a note stand below its text, with the passages that they were read from.
"""

from typing import Annotated

import rich.console
import typer
from rich.text import Text

from spacy_modernbert_bio.cli.annotate import page_title, view_of
from spacy_modernbert_bio.cli.annotation import annotate_notes, own_fields
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.notes import check_apart, check_inputs, read_notes
from spacy_modernbert_bio.cli.options import GpuId, PageFile, PipelineName, Quiet
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.files import atomic_file
from spacy_modernbert_bio.pages.note import note_page
from spacy_modernbert_bio.pages.views import LabelView, NoteView, SpanView

# Background colours that both dark and light terminals show, one a label in order of appearance.
_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")


def show(
    model: PipelineName,
    inputs: Annotated[list[str], typer.Argument(help="As for annotate: files, folders, -.")],
    html: PageFile = None,
    remark: Annotated[str, typer.Option(help="A line to print at the end.")] = "",
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
) -> None:
    """Show notes with their entities marked and their labels, for a person to read."""
    console = Console(quiet=quiet)
    failed = 0
    with errors_shown():
        check_inputs(inputs)
        if html is not None:
            check_apart("--html", html, inputs)
        use_device(gpu_id)
        nlp = load_pipeline(model)
        notes = read_notes(inputs, text_field="text", reserved=own_fields(nlp))
        views = [view_of(record) for record in annotate_notes(nlp, notes, batch_size=32)]
        terminal = rich.console.Console(highlight=False)
        for view in views:
            failed += bool(view.failure)
            # Lines stay as the note has them; the terminal folds what is too long for it.
            terminal.print(rendered(view), soft_wrap=True)
        if html is not None:
            with atomic_file(html) as path:
                path.write_text(note_page(page_title(nlp), views), encoding="utf-8")
            console.say(f"Wrote {html}")
    if remark:
        console.say(remark)
    if failed:
        console.error(f"{failed:,} note{'' if failed == 1 else 's'} failed")
        raise typer.Exit(1)


def rendered(view: NoteView) -> Text:
    """A note's name, its text with `[entity|label confidence]`, its labels, how much was read."""
    lines = Text.assemble((view.source, "bold"), "\n")
    if view.failure:
        return lines.append(view.failure, "red")
    colours: dict[str, str] = {}
    position = 0
    for span in sorted(view.spans, key=lambda span: (span.start, -span.stop)):
        if span.start < position:
            continue
        colour = colours.setdefault(span.label, _COLOURS[len(colours) % len(_COLOURS)])
        lines.append(view.text[position : span.start])
        lines.append("[").append(view.text[span.start : span.stop], f"bold {colour}")
        lines.append(f"|{_tag(span)}", f"dim {colour}").append("]")
        position = span.stop
    lines.append(view.text[position:].rstrip() + "\n")
    _append_labels(lines, view)
    return lines.append(view.coverage, "dim")


def _append_labels(lines: Text, view: NoteView) -> None:
    holding = [each for each in view.labels if each.holds]
    others = [each for each in view.labels if not each.holds]
    if holding:
        lines.append("holds: ", "bold").append(_labels(holding) + "\n")
    for passage in view.evidence:
        words = " ".join(view.text[passage.start : passage.stop].split())
        lines.append(f"  {passage.label}, {passage.weight:.0%} of what speaks for it: ", "dim")
        lines.append(words + "\n")
    if others:
        lines.append("other labels: ", "bold").append(_labels(others) + "\n")


def _labels(labels: list[LabelView]) -> str:
    ordered = sorted(labels, key=lambda label: (-label.probability, label.label))
    return ", ".join(f"{each.label} {each.probability:.2f}" for each in ordered)


def _tag(span: SpanView) -> str:
    return span.label if span.confidence is None else f"{span.label} {span.confidence:.2f}"
