"""`modernbert-bio calibrate`: make a trained pipeline's confidences mean what they say."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.components.calibrate import CalibrationReport
from spacy_modernbert_bio.components.token_pipe import TokenClassificationPipe
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table
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
    batch_size: Annotated[int, typer.Option(min=1, help="Documents at once.")] = 32,
    gpu_id: Annotated[int, typer.Option(help="GPU to use; -1 is the CPU.")] = -1,
    quiet: Annotated[bool, typer.Option(help="No progress on stderr.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON on stdout.")] = False,
) -> None:
    """Fit each component's temperature on development data, and save it in the pipeline."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        use_device(gpu_id)
        reports = calibrate_pipeline(
            model,
            data,
            output or model,
            pipes=pipe or [],
            batch_size=batch_size,
            progress=console.progress,
        )
        if as_json:
            console.emit({name: asdict(report) for name, report in reports.items()})
            return
        console.table(_table(reports))
        console.say(f"Wrote {output or model}")


def calibrate_pipeline(
    model: Path,
    data: Path,
    output: Path,
    *,
    pipes: Iterable[str] = (),
    batch_size: int = 32,
    progress: Callable[..., Iterable[Doc]] = lambda docs, **_: docs,
) -> dict[str, CalibrationReport]:
    """Calibrate the named components, or all that can be, and write the pipeline to `output`.

    Documents are read anew by the pipeline, as it will read them in use, and each component sees
    them after all components before it. progress: wraps them, as Console.progress does.

    `output` is written whole or not at all. Raises ConfigError for a folder without a pipeline, a
    component that has no temperature, or data in which nothing is found; CorpusError for a file
    that is no DocBin.
    """
    nlp = load_pipeline(str(model))
    names = _components(nlp, list(pipes))
    gold = read_docs(data, nlp.vocab)
    reports = {}
    for name in names:
        component = nlp.get_pipe(name)
        assert isinstance(component, TokenClassificationPipe)
        before = nlp.pipe_names[: nlp.pipe_names.index(name)]
        with nlp.select_pipes(enable=before):
            docs = nlp.pipe((doc.text for doc in gold), batch_size=batch_size)
            watched = progress(docs, total=len(gold), label=f"calibrate {name}")
            reports[name] = component.calibrate(_pair(watched, gold), batch_size=batch_size)
    with atomic_folder(output) as folder:
        nlp.to_disk(folder)
    return reports


def _components(nlp: Language, wanted: list[str]) -> list[str]:
    able = [name for name, pipe in nlp.pipeline if isinstance(pipe, TokenClassificationPipe)]
    unable = [name for name in wanted if name not in able]
    if unable or not able:
        raise ConfigError(
            where="calibrate",
            found=f"{unable[0]}, which has no temperature" if unable else "no component with one",
            wanted=f"one of {', '.join(able)}" if able else "a pipeline with modernbert_ner",
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
