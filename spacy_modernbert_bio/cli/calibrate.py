"""`modernbert-bio calibrate`: make a trained pipeline's confidences mean what they say."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.notes import check_apart
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.components.calibrate import CalibrationReport
from spacy_modernbert_bio.components.deid import DeidPipe
from spacy_modernbert_bio.components.recall_fit import DialReport
from spacy_modernbert_bio.components.token_pipe import TokenClassificationPipe
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.recall_threshold import RecallThreshold
from spacy_modernbert_bio.evaluation.tables import Cell, Table
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
        typer.Option(help="Of PHI: fit modernbert_deid's thresholds so that this share is found."),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Of the lower bound that has to reach the target recall.")
    ] = 0.95,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents at once.")] = 32,
    gpu_id: Annotated[int, typer.Option(help="GPU to use; -1 is the CPU.")] = -1,
    quiet: Annotated[bool, typer.Option(help="No progress on stderr.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON on stdout.")] = False,
) -> None:
    """Fit temperatures, and thresholds for a target recall, on development data; save them."""
    console = Console(quiet=quiet, as_json=as_json)
    # Development notes hold PHI, and another library's message may quote them.
    with errors_shown(others=True):
        use_device(gpu_id)
        target = None if target_recall is None else Target(target_recall, confidence)
        reports, dials = calibrate_pipeline(
            model,
            data,
            output or model,
            pipes=pipe or [],
            target=target,
            batch_size=batch_size,
            progress=console.progress,
        )
        if as_json:
            dialled = {name: {"dial": asdict(report)} for name, report in dials.items()}
            console.emit(
                {name: asdict(report) | dialled.get(name, {}) for name, report in reports.items()}
            )
            return
        console.table(_table(reports))
        for name, report in dials.items():
            console.table(_dial_table(name, report, target_recall or 0.0))
        console.say(f"Wrote {output or model}")


@dataclass(frozen=True)
class Target:
    """The share of PHI that is to be found, and the confidence of the bound that reaches it."""

    recall: float
    confidence: float = 0.95


def calibrate_pipeline(
    model: Path,
    data: Path,
    output: Path,
    *,
    pipes: Iterable[str] = (),
    target: Target | None = None,
    batch_size: int = 32,
    progress: Callable[..., Iterable[Doc]] = lambda docs, **_: docs,
) -> tuple[dict[str, CalibrationReport], dict[str, DialReport]]:
    """Calibrate the named components, or all that can be, and write the pipeline to `output`.

    With a target, components that find PHI get thresholds for it as well; the second dict is of
    these. Without one their thresholds stay as they are.

    Documents are read anew by the pipeline, as it will read them in use, and each component sees
    them after all components before it. progress: wraps them, as Console.progress does.

    `output` is written whole or not at all. Raises ConfigError for a folder without a pipeline, an
    output that is there and no pipeline, a component that has no temperature, or data in which
    nothing is found; CorpusError for a file that is no DocBin.
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
    gold = read_docs(data, nlp.vocab)
    if target is not None and not any(isinstance(nlp.get_pipe(n), DeidPipe) for n in names):
        raise ConfigError(
            where="--target-recall", found=f"only {', '.join(names)}", wanted="a modernbert_deid"
        )
    reports, dials = {}, {}

    def read(name: str, purpose: str) -> Iterator[Example]:
        """The documents, through all components before this one."""
        before = nlp.pipe_names[: nlp.pipe_names.index(name)]
        with nlp.select_pipes(enable=before):
            docs = nlp.pipe((doc.text for doc in gold), batch_size=batch_size)
            watched = progress(docs, total=len(gold), label=f"{purpose} {name}")
            yield from _pair(watched, gold)

    for name in names:
        component = nlp.get_pipe(name)
        assert isinstance(component, TokenClassificationPipe)
        reports[name] = component.calibrate(read(name, "calibrate"), batch_size=batch_size)
        if target is not None and isinstance(component, DeidPipe):
            dials[name] = component.fit_thresholds(
                read(name, "thresholds of"),
                target_recall=target.recall,
                confidence=target.confidence,
                batch_size=batch_size,
            )
    with atomic_folder(output) as folder:
        nlp.to_disk(folder)
    return reports, dials


def _components(nlp: Language, wanted: list[str]) -> list[str]:
    able = [name for name, pipe in nlp.pipeline if isinstance(pipe, TokenClassificationPipe)]
    unable = [name for name in wanted if name not in able]
    if unable or not able:
        raise ConfigError(
            where="calibrate",
            found=f"{unable[0]}, which has no temperature" if unable else "no component with one",
            wanted=f"one of {', '.join(able)}"
            if able
            else "a pipeline with modernbert_ner or modernbert_deid",
        )
    return wanted or able


def _pair(docs: Iterable[Doc], gold: list[Doc]) -> Iterator[Example]:
    for predicted, reference in zip(docs, gold, strict=True):
        yield Example(predicted, reference)


def _table(reports: dict[str, CalibrationReport]) -> Table:
    return Table(
        columns=("component", "temperature", "spans", "correct", "error before", "error after"),
        rows=[
            (
                name,
                report.temperature,
                report.spans,
                report.correct,
                report.error_before,
                report.error_after,
            )
            for name, report in reports.items()
        ],
        title="Expected calibration error of the predicted spans, on the data it was fitted on",
    )


def _dial_table(name: str, report: DialReport, target_recall: float) -> Table:
    rows: list[list[Cell]] = [
        [
            row.group,
            report.thresholds[row.group],
            row.fitted.spans,
            row.recall_before,
            row.fitted.recall,
            row.fitted.lower_bound,
            _reached(row.fitted, target_recall),
        ]
        for row in report.rows
    ]
    # Without gold spans of their own, for words of others that seem to be of them.
    others = report.thresholds.keys() - {row.group for row in report.rows}
    rows += [[group, report.thresholds[group], 0, *[None] * 4] for group in sorted(others)]
    return Table(
        ("group", "threshold", "spans", "recall before", "recall", "at least", "reached"),
        rows,
        title=f"{name}: thresholds, on the data they were fitted on; of other words "
        f"{report.words_before:.2%} were taken for PHI, now {report.words_after:.2%}",
        decimals=4,
    )


def _reached(fitted: RecallThreshold, target_recall: float) -> str:
    if fitted.reached:
        return "yes"
    return "no: too few spans" if fitted.recall >= target_recall else "no: some have no chance"
