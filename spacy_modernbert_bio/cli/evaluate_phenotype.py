"""`modernbert-bio evaluate-phenotype`: labels of whole documents, and what the scores are worth.

Reads each document's text anew, as the pipeline will in use, and judges what it then decides, with
the thresholds that are saved in it. Those must have been fitted on other documents than these, or
the figures flatter. Holds the texts and two arrays of documents x labels.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from spacy.tokens import Doc

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.evaluation import (
    Figures,
    choose_component,
    count_pieces,
    describe_run,
    to_calibration,
    to_rates,
    write_figures,
)
from spacy_modernbert_bio.cli.notes import check_outputs
from spacy_modernbert_bio.cli.options import (
    BootstrapSeed,
    DocumentsAtOnce,
    FiguresAsJson,
    FiguresFile,
    GpuId,
    PipelineName,
    Quiet,
)
from spacy_modernbert_bio.cli.phenotype_figures import report_of, tables_of
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.components.doc_labels import DocLabelPipe
from spacy_modernbert_bio.components.label_gold import gold_matrix
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.evaluation.classification import score_labels
from spacy_modernbert_bio.evaluation.label_probabilities import (
    brier_score,
    label_outcomes,
    roc_auc,
)
from spacy_modernbert_bio.evaluation.redaction import LENGTH_BUCKETS, length_bucket
from spacy_modernbert_bio.files import atomic_file

FACTORY = "modernbert_phenotype"
# Bars of the histogram of a label's probabilities.
_BARS = 20
Floats = NDArray[np.float64]


def evaluate_phenotype(
    model: PipelineName,
    data: Annotated[Path, typer.Argument(help="Documents with doc.cats, a .spacy file.")],
    pipe: Annotated[
        str | None, typer.Option(help=f"Component to score. [default: the {FACTORY} one]")
    ] = None,
    exclude_labels: Annotated[
        list[str] | None,
        typer.Option(help="Label that averages leave out, as ChemProt's false; again for more."),
    ] = None,
    output: FiguresFile = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots here.")] = None,
    seed: BootstrapSeed = 0,
    batch_size: DocumentsAtOnce = 32,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Score labels of documents: F1 with intervals, thresholds, calibration, by length."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown(others=True):
        check_outputs({"--output": output, "--html": html}, [data])
        use_device(gpu_id)
        figures = evaluate_labels(
            model,
            data,
            pipe=pipe,
            # A project gives "" for none.
            excluded=[label for label in exclude_labels or [] if label],
            seed=seed,
            batch_size=batch_size,
            progress=console.progress,
        )
        if output is not None:
            write_figures(figures, output)
        if html is not None:
            with atomic_file(html) as path:
                path.write_text(report_of(figures), encoding="utf-8")
        if as_json:
            console.emit(figures)
            return
        for table in tables_of(figures):
            console.table(table)


def evaluate_labels(
    model: str,
    data: Path,
    *,
    pipe: str | None = None,
    excluded: Collection[str] = (),
    seed: int = 0,
    batch_size: int = 32,
    progress: Callable[..., Iterable[Doc]] = lambda docs, **_: docs,
) -> Figures:
    """All figures as plain data, rates as shares of one, `seconds` of the passes alone.

    excluded: labels that averages leave out. progress: wraps the documents on their way, as
    Console.progress does. Documents that tell of none of the component's labels are not judged.

    Raises ConfigError for a pipeline, component or excluded label that is not there, CorpusError
    for data that cannot be scored.
    """
    nlp = load_pipeline(model)
    name = choose_component(nlp, pipe, FACTORY)
    component = nlp.get_pipe(name)
    if not isinstance(component, DocLabelPipe):
        raise ConfigError(where="--pipe", found=name, wanted=f"a component of the kind {FACTORY}")
    labels, exclusive = component.labels, component.exclusive
    _check_excluded(excluded, labels)
    docs = read_docs(data, nlp.vocab, longest=nlp.max_length)
    gold = gold_matrix(docs, labels, exclusive, str(data))
    judged = np.flatnonzero(~np.isnan(gold).all(axis=1))
    if not len(judged):
        raise CorpusError(
            where=str(data),
            found="no document with a label of this component in doc.cats",
            wanted=f"documents that tell of {', '.join(labels[:3])}",
        )
    gold, texts = gold[judged], [docs[at].text for at in judged]
    started = time.perf_counter()
    found = progress(nlp.pipe(texts, batch_size=batch_size), total=len(texts), label="evaluate")
    read = [_read(doc, labels) for doc in found]
    seconds = time.perf_counter() - started
    decided = _Decided(
        labels,
        exclusive,
        gold,
        np.array([each.probabilities for each in read]),
        np.array([each.holds for each in read]),
    )
    overall = decided.score(list(range(len(texts))), excluded, seed)
    for column, label in enumerate(labels):
        overall["per_label"][label] |= decided.describe(column) | {
            "threshold": None if exclusive else component.thresholds[label],
            "counted": label not in excluded,
        }
    buckets: dict[str, list[int]] = {name: [] for _, name in LENGTH_BUCKETS}
    for at, each in enumerate(read):
        buckets[length_bucket(each.pieces)].append(at)
    words = sum(each.words for each in read)
    outcomes = label_outcomes(gold, decided.probabilities, exclusive=exclusive)
    return {
        **describe_run(model, nlp, name, data, documents=len(texts), words=words, seconds=seconds),
        "exclusive": exclusive,
        "excluded_labels": sorted(excluded),
        "seed": seed,
        **overall,
        "calibration": to_calibration(*outcomes),
        "per_length": {
            bucket: decided.score(some, excluded, seed) for bucket, some in buckets.items() if some
        },
    }


def _check_excluded(excluded: Collection[str], labels: Sequence[str]) -> None:
    """Before the documents are read, which may take long."""
    unknown = [label for label in excluded if label not in labels]
    if unknown or set(excluded) >= set(labels):
        raise ConfigError(
            where="--exclude-labels",
            found=unknown[0] if unknown else "all labels",
            wanted=f"some of {', '.join(labels)}",
        )


@dataclass(frozen=True, eq=False)
class _Decided:
    """What is known, and what was predicted; all arrays are [documents, labels]."""

    labels: Sequence[str]
    exclusive: bool
    gold: Floats
    probabilities: Floats
    holds: NDArray[np.bool_]

    def score(self, some: list[int], excluded: Collection[str], seed: int) -> Figures:
        """Figures of some of the documents."""
        gold, probabilities = self.gold[some], self.probabilities[some]
        scores = score_labels(gold, self.holds[some], self.labels, excluded=excluded, seed=seed)
        return {
            "documents": scores.documents,
            "micro": to_rates(scores.micro) | {"f1_interval_95": list(scores.micro_f1_interval)},
            "macro": asdict(scores.macro) | {"f1_interval_95": list(scores.macro_f1_interval)},
            "weighted": asdict(scores.weighted),
            "example_based": asdict(scores.example_based) if scores.example_based else None,
            "accuracy": scores.accuracy,
            "brier": brier_score(gold, probabilities, exclusive=self.exclusive),
            "per_label": {label: to_rates(each) for label, each in scores.per_label.items()},
        }

    def describe(self, column: int) -> dict[str, Any]:
        """What is known of one label, and how its probabilities lie."""
        gold, probabilities = self.gold[:, column], self.probabilities[:, column]
        known = ~np.isnan(gold)
        bars = np.minimum((probabilities * _BARS).astype(np.int64), _BARS - 1)
        return {
            "documents": int(known.sum()),
            "roc_auc": roc_auc(gold, probabilities),
            "brier": brier_score(gold[:, None], probabilities[:, None]) if known.any() else None,
            "histogram": {
                "holds": np.bincount(bars[gold == 1.0], minlength=_BARS).tolist(),
                "does_not": np.bincount(bars[gold == 0.0], minlength=_BARS).tolist(),
            },
        }


@dataclass(frozen=True)
class _ReadDoc:
    """What a pipeline made of one document; a probability and a decision a label."""

    probabilities: list[float]
    holds: list[bool]
    pieces: int
    words: int


def _read(doc: Doc, labels: Sequence[str]) -> _ReadDoc:
    held = set(doc._.phenotypes)
    return _ReadDoc(
        [doc.cats[label] for label in labels],
        [label in held for label in labels],
        count_pieces(doc),
        len(doc),
    )
