"""Judged is a reader that follows the rules of the made notes, and one that reads too little."""

import json

import pytest
import spacy
import typer
from spacy.language import Language
from spacy.tokens import DocBin, Span, SpanGroup
from spacy.training import Example
from typer.testing import CliRunner

from spacy_modernbert_bio.benchmarks.long_context import judge_notes
from spacy_modernbert_bio.cli.benchmark_long_context import figures_of, long_context, tables_of
from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.synthetic_findings import (
    CONDITIONS,
    FINDINGS,
    FindingsOptions,
    generate_findings,
)
from spacy_modernbert_bio.corpora.to_doc import to_doc
from spacy_modernbert_bio.errors import CorpusError
from tests.components.labelling import make_labeller
from tests.corpora.test_synthetic_findings import FILLERS

RELATIVE = ("mother", "brother", "father", "aunt")
RETRACTED = ("Addendum", "Correction", "On review")


@Language.factory("findings_reader")
class Reader:
    """Knows what each planted sentence does; shows the sentences that state what it found."""

    def __init__(self, nlp, name):
        self.cfg = {"evidence_key": "evidence"}
        install_extensions()

    def __call__(self, doc):
        sentences = [s for s in doc.text.replace(". ", ".\n").split("\n") if s]
        held, spans = [], []
        for condition in CONDITIONS:
            own = [s for s in sentences if condition.lower() in s]
            stating = [s for s in own if not any(word in s for word in (*RELATIVE, *RETRACTED))]
            if stating and not any(word in s for s in own for word in RETRACTED):
                held.append(condition)
                start = doc.text.index(stating[0])
                span = doc.char_span(start, start + len(stating[0]), alignment_mode="expand")
                spans.append(Span(doc, span.start, span.end, condition))
        doc._.phenotypes = held
        doc.spans["evidence"] = SpanGroup(doc, name="evidence", spans=spans)
        return doc


@pytest.fixture(scope="module")
def reader(tiny_checkpoint):
    nlp = make_labeller(tiny_checkpoint, heads=())
    nlp.add_pipe("findings_reader")
    nlp.initialize()
    return nlp


@pytest.fixture(scope="module")
def notes():
    nlp, report = spacy.blank("en"), ConversionReport()
    options = FindingsOptions((150, 400))
    made = generate_findings(40, seed=1, split="test", fillers=FILLERS, options=options)
    return [to_doc(note, nlp, report, spans_key=FINDINGS) for note in made]


def test_one_who_reads_the_whole_note_is_right_everywhere(reader, notes):
    verdicts = judge_notes(reader, notes, component="findings_reader", window=64)
    assert all(verdict.right for verdict in verdicts)
    positives = [verdict for verdict in verdicts if verdict.is_true_positive]
    assert {verdict.kind for verdict in positives} == {"stated"}
    assert all((v.rank, v.falls, v.falls_elsewhere) == (1, True, False) for v in positives)
    assert {v.rank for v in verdicts if not v.is_true_positive} == {None}
    late = [v for v in positives if v.position > 0.5]
    assert late
    assert not any(v.right_in_window for v in late)
    assert all(0.0 <= v.position <= 1.0 for v in verdicts)


def test_figures_are_counted_by_length_part_and_evidence(reader, notes):
    figures = figures_of(judge_notes(reader, notes, component="findings_reader", window=64), 64)
    row = figures["by_length"][0]
    assert sum(total for _, total in row["whole"]) == len(notes)
    assert all(right == total for right, total in row["whole"])
    assert sum(right for right, _ in row["in_window"]) < len(notes)
    positives = figures["evidence"]["first_1"][1]
    assert figures["evidence"]["first_3"] == [positives, positives]
    assert figures["falls_without_another"] == [0, positives]
    positions, evidence = tables_of(figures)
    assert positions.rows[0][-1] == 1.0
    assert positions.rows[2][2:] == (None,) * 6
    assert [row[2] for row in evidence.rows] == [1.0, 1.0, 1.0, 0.0]


def test_a_note_of_another_kind_is_refused(reader):
    with pytest.raises(CorpusError, match=r"found a note without the sentence that decides"):
        judge_notes(reader, [spacy.blank("en")("A note.")], component="findings_reader")


def run(*arguments):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(long_context)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_writes_every_verdict(tiny_checkpoint, notes, tmp_path):
    nlp = make_labeller(tiny_checkpoint)
    nlp.initialize(lambda: [Example(nlp.make_doc(note.text), note) for note in notes])
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=notes[:6]).to_disk(tmp_path / "notes.spacy")
    output = tmp_path / "figures.json"
    result = run(tmp_path / "model", tmp_path / "notes.spacy", "--output", output, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    written = json.loads(output.read_text())
    assert len(written.pop("notes")) == 6
    assert written == figures


def test_a_pipeline_without_the_component_is_refused(reader, tmp_path):
    nlp = spacy.blank("en")
    nlp.to_disk(tmp_path / "model")
    result = run(tmp_path / "model", tmp_path / "none.spacy")
    assert result.exit_code == 1
    assert "0 components of the kind modernbert_phenotype" in " ".join(result.stderr.split())
