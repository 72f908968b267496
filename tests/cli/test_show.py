"""Notes for a person to read, on a terminal and on a page."""

from pathlib import Path

import pytest
import spacy
import typer
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.show import rendered, show
from spacy_modernbert_bio.pages.views import EvidenceView, LabelView, NoteView, SpanView


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(show)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "DISEASE", "pattern": "gout"}])
    nlp.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline"


def test_entities_are_marked_where_they_stand(pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Known gout.\nNo [bold]markup[/bold] is read.\n")
    page = tmp_path / "note.html"
    result = run(pipeline, tmp_path / "note.txt", "--html", page, "--remark", "Mind.", "--quiet")
    assert result.exit_code == 0
    assert "Known [gout|DISEASE].\nNo [bold]markup[/bold] is read.\n" in result.stdout
    assert "<title>Annotated by en_pipeline 0.0.0</title>" in page.read_text()
    assert "gout" in page.read_text()
    assert result.stderr == ""


def test_no_note_is_written_over(pipeline: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Known gout.")
    result = run(pipeline, note, "--html", note)
    assert result.exit_code == 1
    assert "--html: found an input; wanted another path" in result.stderr
    assert note.read_text() == "Known gout."


def test_a_remark_comes_last(pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Known gout.")
    result = run(pipeline, tmp_path / "note.txt", "--remark", "An invented note.")
    assert result.stderr.splitlines()[-1] == "An invented note."


def test_confidences_are_told_and_of_overlapping_spans_the_first_is_marked() -> None:
    spans = [SpanView(3, 8, "B", 0.5), SpanView(0, 5, "A", 0.987), SpanView(6, 8, "B")]
    assert rendered(NoteView("n", "a b c d.", spans, "all read")).plain == (
        "n\n[a b c|A 0.99] [d.|B]\nall read"
    )


def test_labels_stand_below_the_text_with_those_that_hold_first() -> None:
    labels = [LabelView("A", 0.2, 0.5, holds=False), LabelView("B", 0.3, 0.25, holds=True)]
    view = NoteView("n", "text", (), "all read", labels=[*labels, LabelView("C", 0.4)])
    assert rendered(view).plain == "n\ntext\nholds: B 0.30\nother labels: C 0.40, A 0.20\nall read"


def test_evidence_stands_below_the_labels_that_hold_a_line_a_passage() -> None:
    labels = [LabelView("A", 0.9, 0.5, holds=True), LabelView("B", 0.1, 0.5, holds=False)]
    evidence = [EvidenceView(0, 13, "A", 0.805), EvidenceView(14, 19, "A", 0.1)]
    view = NoteView("n", "Severe\n gout. Also.", (), "all read", "", labels, evidence)
    assert rendered(view).plain.splitlines()[3:] == [
        "holds: A 0.90",
        "  A, 80% of what speaks for it: Severe gout.",
        "  A, 10% of what speaks for it: Also.",
        "other labels: B 0.10",
        "all read",
    ]


def test_a_note_that_failed_says_so_and_so_does_the_exit_code(
    pipeline: Path, tmp_path: Path
) -> None:
    (tmp_path / "good.txt").write_text("Known gout.")
    (tmp_path / "empty.txt").write_text("")
    result = run(pipeline, tmp_path / "empty.txt", tmp_path / "good.txt")
    assert result.exit_code == 1
    assert "an empty file" in result.stdout
    assert "[gout|DISEASE]" in result.stdout
    assert "1 note failed" in result.stderr
