"""What `calibrate` has fitted, as tables for a person."""

from collections.abc import Mapping, Sequence

from spacy_modernbert_bio.components.calibrate import CalibrationReport
from spacy_modernbert_bio.components.recall_fit import DialReport
from spacy_modernbert_bio.evaluation.label_thresholds import ThresholdFit
from spacy_modernbert_bio.evaluation.recall_threshold import RecallThreshold
from spacy_modernbert_bio.evaluation.tables import Cell, Table


def temperature_table(reports: Mapping[str, CalibrationReport]) -> Table:
    """Temperatures of components, with the calibration error before and after."""
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


def dial_table(name: str, report: DialReport, target_recall: float) -> Table:
    """Thresholds of a component that finds PHI, with the recall before and after."""
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


def threshold_table(name: str, fits: Sequence[ThresholdFit], target_recall: float | None) -> Table:
    """Thresholds of documents' labels, with F1 at the config's threshold and at these."""
    before, after = macro_f1(fits)
    aim = "the highest F1" if target_recall is None else f"a recall of {target_recall:g}"
    return Table(
        ("label", "threshold", "hold", "F1 before", "F1", "precision", "recall"),
        [
            (
                fit.label,
                fit.threshold,
                fit.positives,
                *(
                    (fit.f1_before, fit.f1, fit.precision, fit.recall)
                    if fit.positives
                    else [None] * 4
                ),
            )
            for fit in fits
        ],
        title=f"{name}: thresholds for {aim}, on the data they were fitted on; macro F1 "
        f"{before:.3f}, now {after:.3f}",
    )


def macro_f1(fits: Sequence[ThresholdFit]) -> tuple[float, float]:
    """The mean F1 over labels, before and after; a label without documents counts as 0."""
    count = max(1, len(fits))
    return sum(fit.f1_before for fit in fits) / count, sum(fit.f1 for fit in fits) / count
