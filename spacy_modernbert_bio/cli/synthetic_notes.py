"""`modernbert-bio synthetic-notes`: notes with gold PHI, to train and test de-identification on."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import (
    DevNotes,
    LongestNote,
    Quiet,
    ReportAsJson,
    ShortestNote,
    SplitsFolder,
    TestNotes,
    TrainNotes,
)
from spacy_modernbert_bio.corpora.synthetic.template import Split
from spacy_modernbert_bio.corpora.synthetic.writing import SplitReport, read_fillers, write_notes
from spacy_modernbert_bio.corpora.synthetic_notes import HARD, WORDS
from spacy_modernbert_bio.evaluation.tables import Table

REMARK = (
    "Synthetic notes measure known kinds of PHI in new words of one team's. They don't stand for "
    "another hospital's notes: report real or foreign sets beside them."
)


def synthetic_notes(
    output: SplitsFolder,
    train: TrainNotes = 2000,
    dev: DevNotes = 300,
    test: TestNotes = 300,
    seed: Annotated[int, typer.Option(help="The same seed writes the same notes.")] = 0,
    fillers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Text to build around: .jsonl with a field `text`, or plain text in a file, "
            "folder or archive; an empty name is none. Repeatable. "
            "Sentences that could hold PHI are left out.",
        ),
    ] = None,
    min_words: ShortestNote = WORDS[0],
    max_words: LongestNote = WORDS[1],
    hard: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How often shapes are unusual.")
    ] = HARD,
    as_jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Write JSONL: id, text, spans of start, stop, label.")
    ] = False,
    quiet: Quiet = False,
    as_json: ReportAsJson = False,
) -> None:
    """Write synthetic notes with gold PHI: three splits that share no template and no name."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        reports = write_notes(
            output,
            {"train": train, "dev": dev, "test": test},
            seed=seed,
            fillers=read_fillers([Path(name) for name in fillers or [] if name]),
            words=(min_words, max_words),
            hard=hard,
            as_jsonl=as_jsonl,
            progress=lambda found: console.progress(found, label="notes"),
        )
        if as_json:
            console.emit({split: report.to_dict() for split, report in reports.items()})
            return
        _show(console, reports)
        console.say(f"Wrote {', '.join(reports)} and their reports to {output}")
        console.say(REMARK)


def _show(console: Console, reports: dict[Split, SplitReport]) -> None:
    columns = ("split", "notes", "words", "over 2,000 words", "templates", "borders on tokens")
    rows: list[tuple[str, int, int, int, int, float | None]] = [
        (
            split,
            each.conversion.documents,
            each.words,
            each.long,
            len(each.templates),
            each.conversion.borders_on_tokens,
        )
        for split, each in reports.items()
    ]
    console.table(Table(columns, rows, decimals=5))
    labels = sorted({label for each in reports.values() for label in each.conversion.entities})
    counts: list[tuple[str | int, ...]] = [
        (label, *(each.conversion.entities[label] for each in reports.values())) for label in labels
    ]
    console.table(Table(("label", *reports), counts))
