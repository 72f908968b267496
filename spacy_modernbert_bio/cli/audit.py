"""`modernbert-bio audit`: re-reads de-identified notes for what is left of the originals.

For pipelines by its exit code: 0 no leak; 1 an error, or notes that could not be audited; 3 leaks.
Reports hold counts, labels and places, never a text or an id. Notes that were withheld are counted:
they have no text that could leak. Streams; memory grows with the leaks.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.deidentified_output import Output
from spacy_modernbert_bio.cli.leak_audit import audit_notes, load_reader
from spacy_modernbert_bio.cli.notes import check_inputs, check_outputs
from spacy_modernbert_bio.cli.options import GpuId, PageFile, Quiet, ReportAsJson
from spacy_modernbert_bio.cli.pipelines import use_device
from spacy_modernbert_bio.cli.released_notes import ReleasedNote, read_released, records_file
from spacy_modernbert_bio.deid.leak_report import LeakReport
from spacy_modernbert_bio.deid.leaks import KINDS
from spacy_modernbert_bio.deid.policy import load_policy
from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.files import atomic_file
from spacy_modernbert_bio.pages.leaks import LeakPlace, LeakRow, leak_page

LEAKS_FOUND = 3
# Notes named in a terminal; the JSON names all.
_PLACES_SHOWN = 20
_MEANINGS = {
    "exact": "an original stands in the output as it was",
    "folded": "in another case, with other blanks, dashes or accents, or with hidden characters",
    "digits": "its digits, with other characters or line ends between them",
    "split": "its letters, parted by blanks, hyphens, dots or line ends, or run together",
    "rules": "what a rule for identifiers finds outside of the new text",
    "model": "what the model finds there at a low threshold; many of these are none",
}
_ABOUT = (
    "Originals are looked for in their own note, with given and family names by themselves. Not "
    "looked for: initials, and numbers of up to three digits.",
    "No leak found does not mean that none is there: PHI that nobody detected, and that no rule "
    "and no model knows, is in no original. A sample has to be read by a person.",
)


def audit(
    output: Annotated[
        Path, typer.Argument(help="What deidentify wrote: a .jsonl file, or a folder of texts.")
    ],
    originals: Annotated[
        list[str], typer.Option(help="What deidentify was given; again for more inputs.")
    ],
    text_field: Annotated[
        list[str] | None,
        typer.Option(help="Field or column with text in the originals, as for deidentify."),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="The policy's .cfg file, if it is not a shipped policy.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A pipeline with modernbert_deid, to read the output again.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Probability from which the model's PHI counts.")
    ] = 0.05,
    report: Annotated[
        Path | None, typer.Option("--output", help="Write the report here, as JSON.")
    ] = None,
    html: PageFile = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Notes at once, with a model.")] = 32,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: ReportAsJson = False,
) -> None:
    """Re-read de-identified notes for leaks of their originals; leaks give exit code 3."""
    console = Console(quiet=quiet, as_json=as_json)
    found, counts = LeakReport(), Counter[str]()
    with errors_shown(others=True):
        check_inputs(originals)
        check_outputs({"--output": report, "--html": html}, [output, *originals])
        records = records_file(output)
        chosen = None if policy is None else load_policy(policy)
        use_device(gpu_id)
        nlp = None if model is None else load_reader(model, threshold)
        source = Output(output, tuple(originals), tuple(text_field or ["text"]), ())

        def released() -> Iterator[ReleasedNote]:
            for note in read_released(records, source.read(as_jsonl=False)):
                if note is None:
                    counts["withheld"] += 1
                else:
                    yield note

        audited = audit_notes(released(), policy=chosen, nlp=nlp, batch_size=batch_size)
        for note in console.progress(audited, label="notes"):
            if note.failure:
                counts["unread"] += 1
                console.error(f"{note.where}: {note.failure}")
            else:
                found.add(note.where, note.leaks)
        figures = found.to_dict() | {name: counts[name] for name in ("withheld", "unread")}
        if report is not None:
            with atomic_file(report) as path:
                path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        if html is not None:
            with atomic_file(html) as path:
                path.write_text(_page(found, counts), encoding="utf-8")
        for written in filter(None, (report, html)):
            console.say(f"Wrote {written}")
        if as_json:
            console.emit(figures)
        else:
            _show(console, found, counts)
    if found.leaks:
        raise typer.Exit(LEAKS_FOUND)
    if counts["unread"]:
        raise typer.Exit(1)


def _show(console: Console, found: LeakReport, counts: Counter[str]) -> None:
    rows = [
        (row.number, row.name, *(row.by_kind[kind] for kind in KINDS), row.leaks)
        for row in found.rows()
    ]
    title = (
        f"Leaks: {found.leaks:,}, in {len(found.by_place):,} of {found.notes:,} notes; "
        f"{counts['withheld']:,} withheld, {counts['unread']:,} not audited"
    )
    console.table(Table(("no.", "identifier", *KINDS, "all"), rows, title=title))
    if found.by_place:
        places = [(where, len(leaks)) for where, leaks in found.by_place.items()]
        left = len(places) - _PLACES_SHOWN
        more = f", the first {_PLACES_SHOWN} of {len(places):,}" if left > 0 else ""
        columns = ("note", "leaks")
        console.table(Table(columns, places[:_PLACES_SHOWN], title=f"Notes with leaks{more}"))


def _page(found: LeakReport, counts: Counter[str]) -> str:
    places = [
        LeakPlace(where, Counter(f"{leak.label} ({leak.kind})" for leak in leaks))
        for where, leaks in found.by_place.items()
    ]
    return leak_page(
        "Leak audit of de-identified notes",
        kinds={kind: _MEANINGS[kind] for kind in KINDS},
        rows=[
            LeakRow(
                "" if row.number is None else str(row.number), row.name, [*row.by_kind.values()]
            )
            for row in found.rows()
        ],
        places=places,
        notes=found.notes,
        withheld=counts["withheld"],
        unread=counts["unread"],
        about=_ABOUT,
    )
