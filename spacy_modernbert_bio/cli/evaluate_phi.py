"""`modernbert-bio evaluate-phi`: how well PHI is found, as the field measures it and users need it.

Reads each note anew, as the pipeline will in use. Figures of one corpus tell of that corpus: give
each its own run, and a corpus of another origin than the training's.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from spacy.tokens import Doc

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.deidentification import load_searching
from spacy_modernbert_bio.cli.evaluation import count_pieces, write_figures
from spacy_modernbert_bio.cli.notes import check_apart
from spacy_modernbert_bio.cli.options import FiguresAsJson, FiguresFile, GpuId, NotesAtOnce, Quiet
from spacy_modernbert_bio.cli.pipelines import use_device
from spacy_modernbert_bio.components.phi_record import SPANS_KEY, find_phi
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.evaluation.perturbations import PERTURBATIONS, perturb
from spacy_modernbert_bio.evaluation.phi_scores import ScoredNote
from spacy_modernbert_bio.evaluation.redaction import (
    RedactionScores,
    RedactionSummary,
    Share,
    score_redaction,
    to_figures,
)
from spacy_modernbert_bio.evaluation.tables import Cell, Table
from spacy_modernbert_bio.files import checksum

Gold = tuple[str, tuple[tuple[int, int, str], ...]]
Progress = Callable[..., Iterable[Doc]]


def evaluate_phi(
    model: Annotated[
        str, typer.Argument(help='Pipeline: a folder, a package, or "rules" for rules alone.')
    ],
    data: Annotated[
        Path, typer.Argument(help='Annotated notes, a .spacy file with doc.spans["phi"].')
    ],
    perturbed: Annotated[
        bool, typer.Option("--perturbed", help="Also with damage: line breaks, case, OCR noise.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of bootstrap and damage.")] = 0,
    output: FiguresFile = None,
    batch_size: NotesAtOnce = 32,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Score how well PHI is found: i2b2's measures, what is left, what goes with it, by length."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown(others=True):
        if output is not None:
            check_apart("--output", output, [data])
        use_device(gpu_id)
        nlp = load_searching(model)
        gold = read_gold(data, nlp)
        started = time.perf_counter()
        scores = _score(nlp, gold, batch_size, seed, console.progress)
        seconds = time.perf_counter() - started
        damaged = {
            kind: _score(nlp, _damage(gold, kind, seed), batch_size, seed, console.progress, kind)
            for kind in (PERTURBATIONS if perturbed else ())
        }
        figures = _figures(model, data, scores, damaged, seconds, seed)
        if output is not None:
            write_figures(figures, output)
        if as_json:
            console.emit(figures)
            return
        for table in tables_of(scores, damaged):
            console.table(table)


def read_gold(data: Path, nlp: Language) -> list[Gold]:
    """Texts and gold spans of the annotated notes of a file.

    Raises CorpusError for a file that is none, or has no annotated note.
    """
    found = read_docs(data, nlp.vocab, longest=nlp.max_length)
    docs = [doc for doc in found if SPANS_KEY in doc.spans]
    if not docs:
        raise CorpusError(
            where=str(data),
            found=f"no note with spans of the group {SPANS_KEY}",
            wanted="annotated notes",
            fix=f"Convert with --spans-key {SPANS_KEY}.",
        )
    return [
        (doc.text, tuple((s.start_char, s.end_char, s.label_) for s in doc.spans[SPANS_KEY]))
        for doc in docs
    ]


def _damage(gold: Iterable[Gold], kind: str, seed: int) -> list[Gold]:
    damaged = (perturb(text, spans, kind, seed=seed) for text, spans in gold)
    return [(note.text, note.spans) for note in damaged]


def _score(
    nlp: Language,
    gold: list[Gold],
    batch_size: int,
    seed: int,
    progress: Progress,
    label: str = "evaluate",
) -> RedactionScores:
    found = nlp.pipe((text for text, _ in gold), batch_size=batch_size)
    notes = (
        ScoredNote(
            text,
            spans,
            tuple((span.start, span.stop, span.label) for span in find_phi(doc)),
            count_pieces(doc),
        )
        for (text, spans), doc in zip(
            gold, progress(found, total=len(gold), label=label), strict=True
        )
    )
    return score_redaction(notes, seed=seed)


def _figures(
    model: str,
    data: Path,
    scores: RedactionScores,
    damaged: dict[str, RedactionScores],
    seconds: float,
    seed: int,
) -> dict[str, Any]:
    return {
        "model": model,
        "data": str(data),
        "data_sha256": checksum(data),
        "seed": seed,
        "seconds": seconds,
        **to_figures(scores),
        "perturbed": {kind: to_figures(each.overall) for kind, each in damaged.items()},
    }


def tables_of(scores: RedactionScores, damaged: dict[str, RedactionScores]) -> Iterator[Table]:
    """The figures as a person wants to read them."""
    yield Table(
        ("measure", "precision", "recall", "F1"),
        [
            (name, counts.precision, counts.recall, counts.f1)
            for name, counts in (
                ("i2b2 strict", scores.overall.strict.counts),
                ("i2b2 relaxed", scores.overall.relaxed.counts),
                ("HIPAA strict", scores.hipaa_strict),
                ("HIPAA relaxed", scores.hipaa_relaxed),
                ("tokens", scores.tokens),
                ("HIPAA tokens", scores.hipaa_tokens),
                ("characters", scores.characters),
            )
        ],
        title="With labels, as the 2014 i2b2/UTHealth task counts",
    )
    columns = ("notes", "number", "PHI hidden", "95 %", "notes clean", "95 %  ", "other text gone")
    rows: list[list[Cell]] = [_row("all", scores.overall)]
    rows += [_row(f"{name} pieces", each) for name, each in scores.per_length.items()]
    rows += [_row(kind, each.overall) for kind, each in damaged.items()]
    yield Table(columns, rows, title="Without labels: characters hidden, notes with nothing left")
    yield Table(
        ("label", "gold", "strict F1", "PHI hidden"),
        [
            (label, each.strict.tp + each.strict.fn, each.strict.f1, each.redacted_characters.value)
            for label, each in scores.per_label.items()
        ],
    )


def _row(name: str, summary: RedactionSummary) -> list[Cell]:
    return [
        name,
        summary.notes,
        summary.redacted_characters.value,
        _interval(summary.redacted_characters),
        summary.clean_notes.value,
        _interval(summary.clean_notes),
        summary.over_characters.value,
    ]


def _interval(share: Share) -> str | None:
    return None if share.interval is None else "{:.3f}-{:.3f}".format(*share.interval)
