"""A whole run: the detour, then the decay; what is carried over and what restarts.

Each phase begins from the training checkpoint that the one before ended with: weights, prediction
head and optimizer state go on, the schedule starts again. So a change of phase and a resumed run
are one path. Each phase's end is exported as a Hugging Face folder, `<output>/<phase>`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.checkpoints import (
    MODEL,
    Progress,
    TrainingState,
    check_settings,
    find_latest,
    load_state,
    read_settings,
)
from spacy_modernbert_bio.pretraining.config import PretrainConfig
from spacy_modernbert_bio.pretraining.export import export_phase, write_record
from spacy_modernbert_bio.pretraining.loop import Observer, Phase, PhaseLoop, Run
from spacy_modernbert_bio.pretraining.metrics import RunLog
from spacy_modernbert_bio.pretraining.preparation import (
    first_state,
    load_start,
    plan_phases,
    prepare_run,
)
from spacy_modernbert_bio.pretraining.processes import Processes
from spacy_modernbert_bio.pretraining.stopping import StopRequest


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    finished: the phases that are complete. step: optimizer steps done in the run. stopped: whether
    it was asked to stop before its end; the same call then goes on.
    """

    finished: tuple[str, ...]
    step: int
    stopped: bool


def run_phases(
    config: PretrainConfig, *, until: str | None = None, observe: Observer = lambda _: None
) -> Outcome:
    """Run a config's phases, from its start or from where its output folder is.

    until: name of the phase after which to end; the same call without it goes on.
    observe: called with every record that is written, in the main process.

    Raises ConfigError, CorpusError, CheckpointError, ResumeError and TrainingError for what its
    parts refuse; checkpoints that are there stay as they are.
    """
    if until is not None and until not in config.run.phases:
        raise ConfigError(
            where="until", found=repr(until), wanted=f"one of {', '.join(config.run.phases)}"
        )
    processes = Processes()
    latest = find_latest(Path(config.run.output))
    start = load_checkpoint(latest / MODEL) if latest else load_start(config)
    phases = plan_phases(config, start)
    with StopRequest() as stop:
        run = prepare_run(config, start, processes, observe, stop)
        state = _go_on(run, latest) if latest else first_state(config, start, phases[0])
        if not processes.is_main:
            return _run_from(run, phases, state, until)
        curves = config.record.tensorboard
        with RunLog(run.output, last_step=state.progress.step, tensorboard=curves) as log:
            return _run_from(replace(run, log=log), phases, state, until)


def _go_on(run: Run, latest: Path) -> TrainingState:
    """The state of a run's latest checkpoint, if its settings are those of the config."""
    names = run.config.run.phases
    progress, settings = read_settings(latest)
    if progress.phase not in names:
        raise ConfigError(
            where="run.phases",
            found=f"{', '.join(names)}",
            wanted=f"{progress.phase!r} among them, which {latest} is in",
        )
    begun = names[: names.index(progress.phase) + 1]
    check_settings(settings, run.settings, begun, where=str(latest))
    return load_state(latest)


def _run_from(run: Run, phases: list[Phase], state: TrainingState, until: str | None) -> Outcome:
    names = [phase.name for phase in phases]
    finished = names[: names.index(state.progress.phase)]
    if run.processes.is_main:
        write_record(run, phases, len(finished), state.checkpoint)
    for phase in phases[len(finished) :]:
        if state.progress.phase != phase.name:
            place = Progress(phase.name, 0, state.progress.step)
            state = TrainingState(state.checkpoint, state.moments, place)
        if state.progress.phase_step < phase.steps:
            state = _run_phase(run, phase, state)
        if state.progress.phase_step < phase.steps:
            return Outcome(tuple(finished), state.progress.step, stopped=True)
        finished.append(phase.name)
        if run.processes.is_main:
            export_phase(run, phases, len(finished), state.checkpoint)
        run.processes.wait()
        if phase.name == until:
            break
    return Outcome(tuple(finished), state.progress.step, stopped=False)


def _run_phase(run: Run, phase: Phase, state: TrainingState) -> TrainingState:
    loop = PhaseLoop(run, phase, state)
    if state.progress.step == 0:
        loop.validate()
    after = loop.train()
    run.processes.release()
    return after
