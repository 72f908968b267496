"""The figures of `evaluate-phenotype` for a person: tables for a terminal, and a page."""

from collections.abc import Iterator
from pathlib import Path

from spacy_modernbert_bio.cli.evaluation import Figures, calibration_table, speed_table
from spacy_modernbert_bio.evaluation.tables import Cell, Table
from spacy_modernbert_bio.pages.label_report import LabelRow, Section, label_page

_ABOUT = (
    "An F1 of a few documents moves a lot with other documents: see the intervals, which are of "
    "95 % of resamples of these documents. Thresholds that were fitted on the documents scored "
    "here flatter them.",
    "Micro: all decisions counted together. Macro: mean over labels. Weighted: mean over labels, "
    "each as often as it holds. By document: mean over documents in which a label holds (BLUE).",
)


def tables_of(figures: Figures) -> Iterator[Table]:
    """The figures of `evaluate_labels` as a person wants to read them."""
    yield _label_table(figures)
    yield _average_table(figures)
    yield from _confidence_tables(figures)
    yield _length_table(figures)
    yield speed_table(figures)


def report_of(figures: Figures) -> str:
    """The same as a page, with plots."""
    labels, averages = _label_table(figures), _average_table(figures)
    rows = [
        LabelRow(
            cells,
            score["histogram"]["holds"],
            score["histogram"]["does_not"],
            score["threshold"],
            score["counted"],
        )
        for cells, score in zip(labels.to_cells(), figures["per_label"].values(), strict=True)
    ]
    tables = [averages, *_confidence_tables(figures), _length_table(figures), speed_table(figures)]
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    return label_page(
        f"{figures['component']} on {Path(figures['data']).name}",
        summary=labels.title,
        heads=labels.columns,
        labels=rows,
        reliability=[
            (row["confidence"], row["accuracy"]) for row in figures["calibration"]["bins"]
        ],
        sections=[Section(table.title, table.columns, table.to_cells()) for table in tables],
        about=[
            *_ABOUT,
            f"Pipeline {figures['pipeline']} in {figures['model']}; data {figures['data']}, "
            f"sha256 {figures['data_sha256']}; {versions}.",
        ],
    )


def _label_table(figures: Figures) -> Table:
    low, high = figures["macro"]["f1_interval_95"]
    return Table(
        title=f"{figures['component']} on {figures['data']}: macro F1 {figures['macro']['f1']:.3f} "
        f"({low:.3f} to {high:.3f} in 95 % of resamples of its {figures['documents']:,} documents)",
        columns=(
            "label",
            "threshold",
            "precision",
            "recall",
            "F1",
            "ROC AUC",
            "Brier",
            "documents",
            "hold",
            "predicted",
        ),
        rows=[
            (
                label if score["counted"] else f"{label} (left out)",
                score["threshold"],
                *(score[rate] for rate in ("precision", "recall", "f1", "roc_auc", "brier")),
                score["documents"],
                score["tp"] + score["fn"],
                score["tp"] + score["fp"],
            )
            for label, score in figures["per_label"].items()
        ],
    )


def _average_table(figures: Figures) -> Table:
    names = {"micro": "micro", "macro": "macro", "weighted": "weighted"}
    names |= {"example_based": "by document"} if figures["example_based"] else {}
    return Table(
        title=f"Averages; everything right in {figures['accuracy']:.1%} of documents, "
        f"Brier score {figures['brier']:.4f}",
        columns=("average", "precision", "recall", "F1", "F1, 95 %"),
        rows=[
            (
                name,
                *(figures[key][rate] for rate in ("precision", "recall", "f1")),
                _interval(figures[key]),
            )
            for key, name in names.items()
        ],
    )


def _confidence_tables(figures: Figures) -> Iterator[Table]:
    counted, came_true = ("documents", "right") if figures["exclusive"] else ("labels", "hold")
    return calibration_table(figures["calibration"], counted, came_true)


def _length_table(figures: Figures) -> Table:
    return Table(
        title="By length",
        columns=("pieces", "documents", "micro F1", "95 %", "macro F1", "95 %  ", "Brier"),
        rows=[
            (
                name,
                score["documents"],
                score["micro"]["f1"],
                _interval(score["micro"]),
                score["macro"]["f1"],
                _interval(score["macro"]),
                score["brier"],
            )
            for name, score in figures["per_length"].items()
        ],
    )


def _interval(rates: Figures) -> Cell:
    interval = rates.get("f1_interval_95")
    return None if interval is None else "{:.3f}-{:.3f}".format(*interval)
