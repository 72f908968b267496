"""`modernbert-bio annotate`: entities and labels of notes, as JSON lines or as a page.

Constant memory but for `--html`, whose page holds all notes. The output has a line for each note,
in order; a note that failed has `error` in the place of its text and entities, so that nobody
takes it for a note without entities, and the command's exit code is 1. A file is written when all
notes have been through, or not at all.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from spacy_modernbert_bio.cli.annotation import annotate_notes, own_fields
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.journal import Record, as_line
from spacy_modernbert_bio.cli.notes import check_inputs, check_outputs, read_notes
from spacy_modernbert_bio.cli.options import (
    GpuId,
    JsonLinesOnStdin,
    NotesAtOnce,
    PipelineName,
    Quiet,
)
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.files import atomic_file
from spacy_modernbert_bio.pages.note import note_page
from spacy_modernbert_bio.pages.views import EvidenceView, LabelView, NoteView, SpanView


def annotate(
    model: PipelineName,
    inputs: Annotated[
        list[str],
        typer.Argument(help="Text files, folders of .txt, .jsonl or .jsonl.gz files, - for stdin."),
    ],
    output: Annotated[
        Path | None, typer.Option(help="Write JSON lines here. [default: stdout]")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page here; JSON lines then need --output.")
    ] = None,
    text_field: Annotated[
        str, typer.Option(help="The field of a JSON line with its text.")
    ] = "text",
    as_jsonl: JsonLinesOnStdin = False,
    batch_size: NotesAtOnce = 32,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
) -> None:
    """Find entities and labels of texts: JSON lines for programs, a page for people."""
    console = Console(quiet=quiet)
    failed = 0
    with errors_shown():
        check_inputs(inputs)
        check_outputs({"--output": output, "--html": html}, inputs)
        use_device(gpu_id)
        nlp = load_pipeline(model)
        notes = read_notes(
            inputs, text_field=text_field, reserved=own_fields(nlp), as_jsonl=as_jsonl
        )
        records = annotate_notes(nlp, notes, batch_size=batch_size)
        views = []
        with _writer(output, to_stdout=html is None) as write:
            for record in console.progress(records, label="notes"):
                write(record)
                if "error" in record:
                    failed += 1
                    console.error(f"{record['source']}: {record['error']}")
                if html is not None:
                    views.append(view_of(record))
        if html is not None:
            with atomic_file(html) as path:
                path.write_text(note_page(page_title(nlp), views), encoding="utf-8")
        for written in filter(None, (output, html)):
            console.say(f"Wrote {written}")
    if failed:
        console.error(f"{failed:,} note{'' if failed == 1 else 's'} failed")
        raise typer.Exit(1)


@contextmanager
def _writer(output: Path | None, *, to_stdout: bool) -> Iterator[Callable[[Record], Any]]:
    if output is not None:
        with atomic_file(output) as path, path.open("wb") as stream:
            yield lambda record: stream.write(as_line(record))
    elif to_stdout:
        yield lambda record: sys.stdout.buffer.write(as_line(record))
        sys.stdout.flush()
    else:
        yield lambda _: None


def page_title(nlp: Any) -> str:
    """Which pipeline, in which version, a page of notes was made by."""
    return f"Annotated by {nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"


def view_of(record: Record) -> NoteView:
    """A record of `annotate_notes` as pages show it."""
    if "error" in record:
        return NoteView(record["source"], "", failure=record["error"])
    found = [
        *record["entities"],
        *(each for group in record.get("spans", {}).values() for each in group),
    ]
    spans = [SpanView(e["start"], e["end"], e["label"], e["confidence"]) for e in found]
    evidence = [
        EvidenceView(e["start"], e["end"], e["label"], e["weight"])
        for e in record.get("evidence", ())
    ]
    return NoteView(
        record["source"],
        record["text"],
        spans,
        _coverage_line(record["coverage"]),
        labels=_labels(record),
        evidence=evidence,
    )


def _labels(record: Record) -> list[LabelView]:
    thresholds, holding = record.get("thresholds", {}), record.get("phenotypes")
    return [
        LabelView(
            label,
            probability,
            thresholds.get(label),
            None if holding is None else label in holding,
        )
        for label, probability in record.get("cats", {}).items()
    ]


def _coverage_line(coverage: Record | None) -> str:
    if coverage is None:
        return "The pipeline does not tell how much of the text it read."
    windows = coverage["windows"]
    return (
        f"{coverage['pieces_read']:,} of {coverage['pieces']:,} pieces read, "
        f"in {windows:,} window{'' if windows == 1 else 's'}"
    )
