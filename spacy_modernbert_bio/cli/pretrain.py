"""`modernbert-bio pretrain`: continued pretraining as a config describes it, or what is left of it.

The same command starts a run and goes on with one. Under `accelerate launch` every process runs it,
and the main one speaks.
"""

from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import Quiet
from spacy_modernbert_bio.cli.overrides import Overrides, read_overrides
from spacy_modernbert_bio.pretraining.config_file import read_config
from spacy_modernbert_bio.pretraining.metrics import StepRecord, ValidationRecord
from spacy_modernbert_bio.pretraining.phases import run_phases
from spacy_modernbert_bio.pretraining.schedule import count_all_steps

# 128 + SIGTERM, as a shell reports it: schedulers know it.
STOPPED = 143


def pretrain(
    config: Annotated[Path, typer.Argument(help="The run, as a .cfg file.")],
    overrides: Overrides = None,
    until: Annotated[
        str | None, typer.Option(help="End after this phase; the same command without it goes on.")
    ] = None,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Records as JSON on stdout.")] = False,
) -> None:
    """Pretrain an encoder as a config describes, from its start or from where it was stopped."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        settings = read_config(config, read_overrides(overrides or []))
        with console.counting(count_all_steps(settings), "steps") as count:

            def observe(record: StepRecord | ValidationRecord) -> None:
                count(record.step)
                _tell(record, console)

            outcome = run_phases(settings, until=until, observe=observe)
    output = Path(settings.run.output)
    if outcome.stopped:
        console.say(f"Stopped after step {outcome.step}, with a checkpoint; run it again to go on.")
        raise typer.Exit(STOPPED)
    for name in outcome.finished:
        console.say(f"{name}: {output / name}")


def _tell(record: StepRecord | ValidationRecord, console: Console) -> None:
    if console.as_json:
        console.emit(record.to_dict())
    else:
        console.say(_line(record))


def _line(record: StepRecord | ValidationRecord) -> str:
    """A record as one line for people, its figures below each other."""
    place = f"{record.phase:>6} step {record.step:>7,}"
    if isinstance(record, ValidationRecord):
        return (
            f"{place}  held-out {record.objective} loss {record.loss:.4f} "
            f"(unigram entropy {record.unigram_entropy:.4f})"
        )
    used = "" if record.utilisation is None else f"  {record.utilisation:.0%} of peak"
    return (
        f"{place}  loss {record.loss:.4f}  rate {record.learning_rate:.2e}  "
        f"norm {record.gradient_norm:.3f}  {record.pieces_per_second:,.0f} tokens/s{used}"
    )
