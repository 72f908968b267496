"""`modernbert-bio evaluate`: a pipeline on annotated documents, and what the scores are worth.

Reads each document's text anew, as the pipeline will in use, and compares spans by characters; the
strict F1 is that of `spacy evaluate`. Adds an interval over documents, the calibration of the
confidences and the speed. Scores one component's spans; tags, categories and the rest are left to
`spacy evaluate`.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.tokens import Doc
from spacy.tokens import Span as DocSpan

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.evaluation import (
    calibration_table,
    choose_component,
    describe_run,
    speed_table,
    to_calibration,
    to_rates,
    write_figures,
)
from spacy_modernbert_bio.cli.options import (
    DocumentsAtOnce,
    FiguresAsJson,
    FiguresFile,
    GpuId,
    PipelineName,
    Quiet,
)
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.evaluation.bootstrap import bootstrap_interval
from spacy_modernbert_bio.evaluation.spans import (
    Span,
    count_by_document,
    f1_of_counts,
    score_spans,
)
from spacy_modernbert_bio.evaluation.tables import Table

FACTORY = "modernbert_ner"


def evaluate(
    model: PipelineName,
    data: Annotated[Path, typer.Argument(help="Annotated documents, a .spacy file.")],
    pipe: Annotated[
        str | None, typer.Option(help=f"Component to score. [default: the {FACTORY} one]")
    ] = None,
    output: FiguresFile = None,
    batch_size: DocumentsAtOnce = 32,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Score a pipeline's spans: strict F1 with its interval, calibration, speed."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        use_device(gpu_id)
        metrics = evaluate_pipeline(
            model, data, pipe=pipe, batch_size=batch_size, progress=console.progress
        )
        if output is not None:
            write_figures(metrics, output)
        if as_json:
            console.emit(metrics)
            return
        for table in tables_of(metrics):
            console.table(table)


def evaluate_pipeline(
    model: str,
    data: Path,
    *,
    pipe: str | None = None,
    batch_size: int = 32,
    progress: Callable[..., Iterable[Doc]] = lambda docs, **_: docs,
) -> dict[str, Any]:
    """All figures as plain data, rates as shares of one, `seconds` of the passes alone.

    pipe: name of the component whose spans are scored: `doc.ents`, or `doc.spans[key]` if it has
        a `spans_key`. progress: wraps the documents on their way, as Console.progress does.

    Documents without annotation of this kind, and predictions over tokens whose annotation is
    missing, are not judged, as in spaCy's scorer.
    Raises ConfigError for a pipeline or component that is not there, CorpusError for data that
    cannot be scored.
    """
    nlp = load_pipeline(model)
    name = choose_component(nlp, pipe, FACTORY)
    component = nlp.get_pipe(name)
    key = getattr(component, "spans_key", None) or getattr(component, "key", None)
    docs = read_docs(data, nlp.vocab, longest=nlp.max_length)
    gold_docs = [doc for doc in docs if _is_annotated(doc, key)]
    if not gold_docs:
        raise CorpusError(
            where=str(data),
            found="no document with " + (f"spans of the group {key}" if key else "entities"),
            wanted="annotated documents",
        )
    judged = _Judged()
    texts = [doc.text for doc in gold_docs]
    started = time.perf_counter()
    predicted_docs = progress(
        nlp.pipe(texts, batch_size=batch_size), total=len(texts), label="evaluate"
    )
    for gold, predicted in zip(gold_docs, predicted_docs, strict=True):
        judged.add(gold, predicted, key)
    seconds = time.perf_counter() - started

    scores = score_spans(judged.gold, judged.predicted)
    interval = bootstrap_interval(
        count_by_document(judged.gold, judged.predicted), f1_of_counts, level=0.95
    )
    run = describe_run(
        model, nlp, name, data, documents=len(gold_docs), words=judged.words, seconds=seconds
    )
    return run | {
        "micro": to_rates(scores.micro) | {"f1_interval_95": list(interval)},
        "macro": asdict(scores.macro),
        "per_label": {label: to_rates(score) for label, score in scores.per_label.items()},
        "calibration": to_calibration(judged.confidences, judged.correct),
    }


def tables_of(metrics: dict[str, Any]) -> Iterator[Table]:
    """The figures of `evaluate_pipeline` as a person wants to read them."""
    columns = ("label", "precision", "recall", "F1", "gold", "predicted")
    named = [*metrics["per_label"].items(), ("all", metrics["micro"])]
    low, high = metrics["micro"]["f1_interval_95"]
    yield Table(
        title=f"{metrics['component']} on {metrics['data']}: F1 {metrics['micro']['f1']:.3f} "
        f"({low:.3f} to {high:.3f} in 95 % of resamples of its {metrics['documents']:,} documents)",
        columns=columns,
        rows=[
            (
                label,
                *(score[rate] for rate in ("precision", "recall", "f1")),
                score["tp"] + score["fn"],
                score["tp"] + score["fp"],
            )
            for label, score in named
        ],
    )
    yield from calibration_table(metrics["calibration"], "spans", "correct")
    yield speed_table(metrics)


@dataclass
class _Judged:
    """Spans a document by characters, and a confidence and verdict a predicted span."""

    gold: list[set[Span]] = field(default_factory=list)
    predicted: list[set[Span]] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)
    words: int = 0

    def add(self, gold: Doc, predicted: Doc, key: str | None) -> None:
        wanted = {_offsets(span) for span in _spans(gold, key)}
        spans = [span for span in _spans(predicted, key) if key or _has_gold(gold, span)]
        for span in spans:
            confidence = span._.confidence if span.has_extension("confidence") else None
            if confidence is not None:
                self.confidences.append(float(confidence))
                self.correct.append(_offsets(span) in wanted)
        self.gold.append(wanted)
        self.predicted.append({_offsets(span) for span in spans})
        self.words += len(predicted)


def _is_annotated(doc: Doc, key: str | None) -> bool:
    return key in doc.spans if key else doc.has_annotation("ENT_IOB")


def _spans(doc: Doc, key: str | None) -> Iterable[DocSpan]:
    if key is None:
        return doc.ents
    spans: Iterable[DocSpan] = doc.spans.get(key, ())
    return spans


def _offsets(span: DocSpan) -> Span:
    return span.start_char, span.end_char, span.label_


def _has_gold(gold: Doc, span: DocSpan) -> bool:
    """Whether each gold token under a predicted span says something, be it only "outside"."""
    under = gold.char_span(span.start_char, span.end_char, alignment_mode="expand")
    return under is None or all(token.ent_iob != 0 for token in under)
