"""A run's page: its figures, its curves and its settings, from `metrics.jsonl` and `run.json`.

Works while the run is going on. One HTML file, readable offline; holds no text of the corpus.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.files import atomic_file
from spacy_modernbert_bio.pages.html import escape, page
from spacy_modernbert_bio.pretraining import summary
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.run_record import RunRecord

_STYLE = """
table { border-collapse: collapse; margin: 0 0 1.5rem; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: left }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
figure { margin: 0 0 1.5rem; max-width: 48rem }
"""


def write_report(run: Path, output: Path) -> None:
    """Write the page of a run's folder. Raises CorpusError where there is no run."""
    record = RunRecord.read(run)
    steps, validations = read_metrics(run / METRICS)
    tables = [
        summary.losses_table(validations, record),
        summary.recipe_table(record),
        summary.sources_table(record),
        _speed_table(record, steps),
        Table(("key", "value"), list(_flat(record.config)), title="Settings"),
    ]
    charts = [
        summary.heldout_chart(validations),
        summary.training_chart(steps),
        summary.source_chart(steps),
        summary.value_chart(steps, "learning_rate", "Learning rate", "rate"),
        summary.value_chart(steps, "gradient_norm", "Gradient norm before clipping", "norm"),
        summary.value_chart(steps, "pieces_per_second", "Speed", "tokens a second"),
    ]
    done = [phase.name for phase in record.phases if phase.finished]
    state = f"<p>Complete: {escape(', '.join(done) or 'no phase yet')}.</p>"
    body = state + _html(tables[0]) + "".join(charts[:3]) + "".join(map(_html, tables[1:4]))
    body += "".join(charts[3:]) + _html(tables[4])
    with atomic_file(output) as path:
        path.write_text(page("Pretraining run", body, style=_STYLE), encoding="utf8")


def _speed_table(record: RunRecord, steps: list[Any]) -> Table:
    seconds = sum(step.seconds for step in steps)
    rows = [
        ("parameters", record.parameters),
        ("started from", record.start),
        ("device", f"{record.processes} x {record.device}, {record.precision}"),
        ("seconds in steps", seconds),
        ("tokens a second", steps[-1].pieces / seconds if steps else None),
        ("model FLOP utilisation, last", steps[-1].utilisation if steps else None),
    ]
    return Table(("figure", "value"), [*rows, *record.versions.items()], title="Run", decimals=2)


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _html(table: Table) -> str:
    heads = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.to_cells()
    )
    return f"<table><caption>{escape(table.title)}</caption><tr>{heads}</tr>{rows}</table>"
