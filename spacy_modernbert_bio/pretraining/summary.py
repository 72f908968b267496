"""A run's figures as tables and charts, for its page and its model card alike."""

from collections.abc import Sequence

from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.pages.chart import Series, line_chart
from spacy_modernbert_bio.pretraining.metrics import StepRecord, ValidationRecord
from spacy_modernbert_bio.pretraining.run_record import RunRecord

Row = tuple[str | int | float | None, ...]
_OBJECTIVES = {"clm": "CLM", "mlm": "MLM"}


def losses_table(validations: Sequence[ValidationRecord], record: RunRecord) -> Table:
    """Held-out losses of both objectives at the start and at the end of each finished phase."""
    places = {0: "start"} | {p.step: f"end of {p.name}" for p in record.phases if p.finished}
    rows: list[Row] = []
    for step, name in places.items():
        at = {v.objective: v for v in validations if v.step == step}
        if at:
            losses = [at[key].loss if key in at else None for key in _OBJECTIVES]
            entropy = next(iter(at.values())).unigram_entropy
            rows.append((name, step, *losses, entropy))
    columns = ("after", "step", "CLM loss", "MLM loss (15 % masked)", "unigram entropy")
    return Table(columns, rows, title="Held-out losses, nats a token", decimals=4)


def sources_table(record: RunRecord) -> Table:
    """What was trained on, by source."""
    keys = ("share", "documents", "pieces", "heldout_documents", "heldout_pieces", "duplicates")
    columns = ("source", "share", "documents", "tokens", "held out", "held-out tokens")
    rows: list[Row] = [(name, *(of[key] for key in keys)) for name, of in record.sources.items()]
    return Table((*columns, "duplicates dropped"), rows, title="Data", decimals=2)


def recipe_table(record: RunRecord) -> Table:
    """What each phase did."""
    rows = []
    for phase in record.phases:
        settings = record.config["phases"][phase.name]
        masked = settings["masked"]
        fall = f"1-sqrt to {settings['floor']:g} of it"
        rows.append(
            (
                phase.name,
                _OBJECTIVES[phase.objective] + (f", {masked:.0%} masked" if masked else ""),
                phase.steps,
                phase.pieces,
                f"{settings['learning_rate']:g}",
                settings["warmup"],
                "constant" if settings["schedule"] == "constant" else fall,
                settings["freeze"] or "none",
                "complete" if phase.finished else "not complete",
            )
        )
    columns = ("phase", "objective", "steps", "tokens", "learning rate", "warm-up")
    return Table((*columns, "then", "frozen layers", "state"), rows, title="Recipe")


def training_chart(steps: Sequence[StepRecord]) -> str:
    """Training loss by phase, as SVG."""
    phases = dict.fromkeys(step.phase for step in steps)
    series = [Series(name, [(s.step, s.loss) for s in steps if s.phase == name]) for name in phases]
    return line_chart(series, title="Training loss", x_label="step", y_label="nats a token")


def heldout_chart(validations: Sequence[ValidationRecord]) -> str:
    """Held-out losses beside the unigram entropy, as SVG."""
    series = [
        Series(name, [(v.step, v.loss) for v in validations if v.objective == objective])
        for objective, name in _OBJECTIVES.items()
    ]
    entropy = sorted({(v.step, v.unigram_entropy) for v in validations})
    series.append(Series("unigram entropy", entropy, dashed=True))
    return line_chart(series, title="Held-out loss", x_label="step", y_label="nats a token")


def source_chart(steps: Sequence[StepRecord]) -> str:
    """Training loss of each source, as SVG."""
    names = dict.fromkeys(name for step in steps for name in step.losses)
    series = [
        Series(name, [(s.step, s.losses[name]) for s in steps if name in s.losses])
        for name in names
    ]
    return line_chart(
        series, title="Training loss by source", x_label="step", y_label="nats a token"
    )


def value_chart(steps: Sequence[StepRecord], key: str, title: str, unit: str) -> str:
    """One figure of the steps over the run, as SVG."""
    series = [Series(title, [(s.step, getattr(s, key)) for s in steps])]
    return line_chart(series, title=title, x_label="step", y_label=unit)
