"""`modernbert-bio calibrate`: make a trained pipeline's confidences and decisions mean something.

Spans get a temperature, PHI thresholds for a target recall, labels of documents a threshold each.
Runs the pipeline once a component and a purpose; documents are read anew each time.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.cli.calibration_tables import (
    dial_table,
    macro_f1,
    temperature_table,
    threshold_table,
)
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.notes import check_apart
from spacy_modernbert_bio.cli.options import DocumentsAtOnce, FiguresAsJson, GpuId, Quiet
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.components.calibrate import CalibrationReport
from spacy_modernbert_bio.components.deid import DeidPipe
from spacy_modernbert_bio.components.doc_labels import DocLabelPipe
from spacy_modernbert_bio.components.recall_fit import DialReport
from spacy_modernbert_bio.components.token_pipe import TokenClassificationPipe
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.label_thresholds import ThresholdFit
from spacy_modernbert_bio.files import atomic_folder


def calibrate(
    model: Annotated[Path, typer.Argument(help="Folder of a trained pipeline.")],
    data: Annotated[Path, typer.Argument(help="Development documents, a .spacy file.")],
    output: Annotated[
        Path | None, typer.Option(help="Write the pipeline here. [default: back to MODEL]")
    ] = None,
    pipe: Annotated[
        list[str] | None,
        typer.Option(help="Component to calibrate, again for more. [default: all that can be]"),
    ] = None,
    target_recall: Annotated[
        float | None,
        typer.Option(
            help="Fit thresholds so that this share is found: of PHI (modernbert_deid), and of the "
            "documents in which each label holds (modernbert_phenotype; else for the highest F1)."
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Of the lower bound that has to reach the target recall of PHI.")
    ] = 0.95,
    batch_size: DocumentsAtOnce = 32,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Fit temperatures and thresholds on development data, and save them."""
    console = Console(quiet=quiet, as_json=as_json)
    # Development notes hold PHI, and another library's message may quote them.
    with errors_shown(others=True):
        use_device(gpu_id)
        target = None if target_recall is None else Target(target_recall, confidence)
        fitted = calibrate_pipeline(
            model,
            data,
            output or model,
            pipes=pipe or [],
            target=target,
            batch_size=batch_size,
            progress=console.progress,
        )
        if as_json:
            console.emit(fitted.to_figures())
            return
        if fitted.temperatures:
            console.table(temperature_table(fitted.temperatures))
        for name, report in fitted.dials.items():
            console.table(dial_table(name, report, target_recall or 0.0))
        for name, fits in fitted.thresholds.items():
            console.table(threshold_table(name, fits, target_recall))
        console.say(f"Wrote {output or model}")


@dataclass(frozen=True)
class Target:
    """The share that is to be found, and the confidence of the bound of PHI that reaches it."""

    recall: float
    confidence: float = 0.95


@dataclass(frozen=True)
class Calibrated:
    """What was fitted, each by component.

    temperatures: of spans' confidences. dials: thresholds of PHI. thresholds: of documents' labels.
    """

    temperatures: dict[str, CalibrationReport] = field(default_factory=dict)
    dials: dict[str, DialReport] = field(default_factory=dict)
    thresholds: dict[str, list[ThresholdFit]] = field(default_factory=dict)

    def to_figures(self) -> dict[str, Any]:
        """As plain data, a component each."""
        figures: dict[str, Any] = {
            name: asdict(report) for name, report in self.temperatures.items()
        }
        for name, report in self.dials.items():
            figures[name]["dial"] = asdict(report)
        for name, fits in self.thresholds.items():
            before, after = macro_f1(fits)
            rows = [asdict(fit) for fit in fits]
            figures[name] = {"macro_f1_before": before, "macro_f1": after, "thresholds": rows}
        return figures


def calibrate_pipeline(
    model: Path,
    data: Path,
    output: Path,
    *,
    pipes: Iterable[str] = (),
    target: Target | None = None,
    batch_size: int = 32,
    progress: Callable[..., Iterable[Doc]] = lambda docs, **_: docs,
) -> Calibrated:
    """Calibrate the named components, or all that can be, and write the pipeline to `output`.

    Components that label spans get a temperature, with a target those that find PHI thresholds for
    it as well; without one these stay as they are. Components that label documents get thresholds
    for the highest F1, or for the target; exclusive labels have none.

    Documents are read anew by the pipeline, as it will read them in use, and each component sees
    them after all components before it. progress: wraps them, as Console.progress does.

    `output` is written whole or not at all. Raises ConfigError for a folder without a pipeline, an
    output that is there and no pipeline, a component with nothing to fit, or data in which nothing
    is found or annotated; CorpusError for a file that is no DocBin.
    """
    check_apart("--output", output, [data])
    if output.exists() and not (output / "config.cfg").is_file():
        # Written over, a folder goes as a whole.
        raise ConfigError(
            where="--output",
            found="a file, or a folder without a pipeline",
            wanted="a new folder, or a pipeline's",
        )
    nlp = load_pipeline(str(model))
    names = _components(nlp, list(pipes))
    gold = read_docs(data, nlp.vocab, longest=nlp.max_length)
    takes_target = DeidPipe, DocLabelPipe
    if target is not None and not any(isinstance(nlp.get_pipe(n), takes_target) for n in names):
        raise ConfigError(
            where="--target-recall",
            found=f"only {', '.join(names)}",
            wanted="a modernbert_deid or modernbert_phenotype",
        )
    fitted = Calibrated()

    def read(name: str, purpose: str) -> Iterator[Example]:
        """The documents, through all components before this one."""
        before = nlp.pipe_names[: nlp.pipe_names.index(name)]
        with nlp.select_pipes(enable=before):
            docs = nlp.pipe((doc.text for doc in gold), batch_size=batch_size)
            watched = progress(docs, total=len(gold), label=f"{purpose} {name}")
            yield from _pair(watched, gold)

    for name in names:
        component = nlp.get_pipe(name)
        if isinstance(component, DocLabelPipe):
            fitted.thresholds[name] = component.fit_thresholds(
                read(name, "thresholds of"),
                target_recall=None if target is None else target.recall,
                batch_size=batch_size,
            )
            continue
        assert isinstance(component, TokenClassificationPipe)
        fitted.temperatures[name] = component.calibrate(
            read(name, "calibrate"), batch_size=batch_size
        )
        if target is not None and isinstance(component, DeidPipe):
            fitted.dials[name] = component.fit_thresholds(
                read(name, "thresholds of"),
                target_recall=target.recall,
                confidence=target.confidence,
                batch_size=batch_size,
            )
    with atomic_folder(output) as folder:
        nlp.to_disk(folder)
    return fitted


def _components(nlp: Language, wanted: list[str]) -> list[str]:
    able = [name for name, pipe in nlp.pipeline if _can_be_fitted(pipe)]
    unable = [name for name in wanted if name not in able]
    if unable or not able:
        raise ConfigError(
            where="calibrate",
            found=f"{unable[0]}, which has nothing to fit" if unable else "no component to fit",
            wanted=f"one of {', '.join(able)}"
            if able
            else "a pipeline with modernbert_ner, modernbert_deid, or a modernbert_phenotype whose "
            "labels are not exclusive",
        )
    return wanted or able


def _can_be_fitted(pipe: object) -> bool:
    if isinstance(pipe, DocLabelPipe):
        return not pipe.exclusive
    return isinstance(pipe, TokenClassificationPipe)


def _pair(docs: Iterable[Doc], gold: list[Doc]) -> Iterator[Example]:
    for predicted, reference in zip(docs, gold, strict=True):
        yield Example(predicted, reference)
