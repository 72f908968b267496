"""`modernbert-bio synthetic-findings`: notes to see how much of a long note a classifier uses."""

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
from spacy_modernbert_bio.corpora.synthetic.writing import read_fillers, write_splits
from spacy_modernbert_bio.corpora.synthetic_findings import (
    CONDITIONS,
    FINDINGS,
    FindingsOptions,
    generate_findings,
)
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table


def synthetic_findings(
    output: SplitsFolder,
    fillers: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="Text to build around: .jsonl with a field `text`, or plain text in a file, "
            "folder or archive. Repeatable.",
        ),
    ],
    train: TrainNotes = 1500,
    dev: DevNotes = 150,
    test: TestNotes = 300,
    seed: Annotated[int, typer.Option(help="The same seed makes the same notes.")] = 0,
    min_words: ShortestNote = 300,
    max_words: LongestNote = 12_000,
    quiet: Quiet = False,
    as_json: ReportAsJson = False,
) -> None:
    """Make notes in which one sentence, anywhere, decides whether a condition is present."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        wanted: dict[Split, int] = {"train": train, "dev": dev, "test": test}
        if not any(wanted.values()):
            raise ConfigError(where="--train, --dev, --test", found="0", wanted="1 or more of one")
        options = FindingsOptions((min_words, max_words))
        texts = read_fillers(fillers)
        splits = {
            split: generate_findings(count, seed=seed, split=split, fillers=texts, options=options)
            for split, count in wanted.items()
            if count
        }
        head = {"seed": seed, "fillers": len(texts), "word_range": [min_words, max_words]}
        reports = write_splits(
            output,
            splits,
            head,
            spans_key=FINDINGS,
            progress=lambda found: console.progress(found, label="notes"),
        )
        if as_json:
            console.emit({split: report.to_dict() for split, report in reports.items()})
            return
        rows = [
            (
                split,
                report.conversion.documents,
                report.words,
                *(report.conversion.categories[condition] for condition in CONDITIONS),
            )
            for split, report in reports.items()
        ]
        console.table(Table(("split", "notes", "words", *CONDITIONS), rows))
        console.say(f"Wrote {', '.join(reports)} and their reports to {output}")
