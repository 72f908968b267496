"""Labels of whole notes in the output of `annotate`: what a pipeline says, and nothing else."""

import json

import pytest
import spacy
from spacy.training import Example
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.annotation import annotate_notes, own_fields
from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.cli.notes import Note
from tests.pages.tree import parse

TEXTS = ["Patient has severe asthma . He feels well .", 'Acute gout & "pain" in the <left> foot .']
OTHERS = {"id", "source", "text", "entities", "coverage"}


def make_pipeline(checkpoint, **settings):
    """An untrained pipeline with three labels and sentence borders."""
    nlp = spacy.blank("en")
    encoder = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(checkpoint),
        "window": 512,
        "overlap": 64,
    }
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("transformer", config={"model": encoder})
    nlp.add_pipe("modernbert_phenotype", config=settings)
    exclusive = settings.get("exclusive", False)
    examples = [
        Example.from_dict(
            nlp.make_doc(text),
            {
                "cats": {
                    "ASTHMA": float(at == 0),
                    "GOUT": float(at == 1),
                    "<b>": float(not exclusive),
                }
            },
        )
        for at, text in enumerate(TEXTS)
    ]
    nlp.initialize(lambda: examples)
    return nlp


@pytest.fixture(scope="module")
def labeller(tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint)
    nlp.get_pipe("modernbert_phenotype").cfg["thresholds"] = {"ASTHMA": 0.0, "GOUT": 1.0}
    return nlp


def records(nlp, *texts):
    notes = [Note(str(at), at, text) for at, text in enumerate(texts)]
    return list(annotate_notes(nlp, notes, batch_size=8))


def test_records_have_labels_thresholds_and_evidence(labeller) -> None:
    for record, text in zip(records(labeller, *TEXTS), TEXTS, strict=True):
        doc = labeller(text)
        assert set(record) == OTHERS | {"cats", "phenotypes", "thresholds", "evidence"}
        assert record["cats"] == pytest.approx(doc.cats, abs=1e-5)
        assert record["phenotypes"] == ["<b>", "ASTHMA"] == list(doc._.phenotypes)
        assert record["thresholds"] == {"<b>": 0.5, "ASTHMA": 0.0, "GOUT": 1.0}
        group = doc.spans["evidence"]
        found = [(each["start"], each["end"], each["label"]) for each in record["evidence"]]
        assert found == [(span.start_char, span.end_char, span.label_) for span in group]
        assert {label for _, _, label in found} == {"<b>", "ASTHMA"}
        weights = [each["weight"] for each in record["evidence"]]
        assert weights == pytest.approx(group.attrs["weights"], abs=1e-4)


def test_exclusive_labels_have_no_thresholds_and_another_key_is_found(tiny_checkpoint) -> None:
    nlp = make_pipeline(tiny_checkpoint, exclusive=True, evidence_key="why")
    (record,) = records(nlp, TEXTS[0])
    assert record["thresholds"] == {}
    assert record["phenotypes"] == [max(record["cats"], key=record["cats"].get)]
    assert [each["label"] for each in record["evidence"]] == record["phenotypes"] * 2


def test_empty_note_has_labels_and_no_evidence(labeller) -> None:
    (record,) = records(labeller, "")
    assert set(record["cats"]) == {"<b>", "ASTHMA", "GOUT"}
    assert record["evidence"] == []


def test_labels_of_other_components_come_without_what_those_do_not_tell() -> None:
    nlp = spacy.blank("en")
    textcat = nlp.add_pipe("textcat")
    textcat.add_label("A")
    textcat.add_label("B")
    nlp.initialize()
    (record,) = records(nlp, "text")
    assert set(record) == OTHERS | {"cats"}
    assert set(record["cats"]) == {"A", "B"}


def test_only_pipelines_with_labels_take_the_names_of_their_fields(labeller) -> None:
    plain = spacy.blank("en")
    assert own_fields(labeller) - own_fields(plain) == {
        "cats",
        "phenotypes",
        "thresholds",
        "evidence",
    }
    note = Note("a", "a", "text", {"cats": {"A": 1}, "evidence": "mine"})
    (record,) = annotate_notes(plain, [note], batch_size=1)
    assert record == {
        "id": "a",
        "source": "a",
        "cats": {"A": 1},
        "evidence": "mine",
        "text": "text",
        "entities": [],
        "coverage": None,
    }


def test_command_writes_lines_and_a_page(labeller, tmp_path) -> None:
    labeller.to_disk(tmp_path / "pipeline")
    notes = tmp_path / "notes.jsonl"
    notes.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    output, html = tmp_path / "out.jsonl", tmp_path / "page.html"
    arguments = [tmp_path / "pipeline", notes, "--output", output, "--html", html]
    result = CliRunner().invoke(app, ["annotate", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    first, second = (json.loads(line) for line in output.read_text().splitlines())
    assert first["phenotypes"] == second["phenotypes"] == ["<b>", "ASTHMA"]
    page = parse(html.read_text())
    for panel, record in zip(page.find("section"), (first, second), strict=True):
        holding, others = panel.find("ul")
        assert sorted(bar.children[0].text() for bar in holding.find("li")) == ["<b>", "ASTHMA"]
        assert [bar.children[0].text() for bar in others.find("li")] == ["GOUT"]
        assert len(panel.find("path")) == 3
        assert sum(len(div.find("a")) for div in panel.find("div", class_="jumps")) == len(
            record["evidence"]
        )
    shown = [node.text(without=frozenset({"a"})) for node in page.find("div", class_="text")]
    assert shown == TEXTS
