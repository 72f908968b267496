import json
from pathlib import Path

import pytest
import spacy
import typer
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.synthetic_notes import synthetic_notes
from spacy_modernbert_bio.corpora.converted import read_report
from spacy_modernbert_bio.corpora.synthetic import writing
from spacy_modernbert_bio.corpora.synthetic.writing import write_notes
from spacy_modernbert_bio.corpora.synthetic_notes import generate_notes
from spacy_modernbert_bio.errors import ConfigError

FEW = ("--train", 4, "--dev", 2, "--test", 2, "--max-words", 200, "--quiet")


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(synthetic_notes)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def docs(path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def test_three_splits_and_their_reports_are_written(tmp_path: Path) -> None:
    result = run(tmp_path, *FEW)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("dev.report.json", "dev.spacy", "test.report.json", "test.spacy"),
        *("train.report.json", "train.spacy"),
    ]
    assert [len(docs(tmp_path / f"{split}.spacy")) for split in ("train", "dev", "test")] == [
        *(4, 2, 2),
    ]
    assert "PATIENT" in result.stdout
    assert "borders on tokens" in result.stdout


def test_spans_are_the_notes_own_in_the_group_phi(tmp_path: Path) -> None:
    assert run(tmp_path, *FEW).exit_code == 0
    for doc, note in zip(
        docs(tmp_path / "train.spacy"),
        generate_notes(4, seed=0, split="train", words=(100, 200)),
        strict=True,
    ):
        assert doc.text == note.text
        assert [span.label_ for span in doc.spans["phi"]] == [span.label for span in note.spans]
        for span, gold in zip(doc.spans["phi"], note.spans, strict=True):
            # A border inside a token moves outwards.
            assert span.start_char <= gold.start < gold.stop <= span.end_char


def test_an_empty_name_is_no_filler(tmp_path: Path) -> None:
    assert run(tmp_path, *FEW, "--fillers", "").exit_code == 0
    assert json.loads((tmp_path / "train.report.json").read_text())["fillers"] == 0


def test_the_report_counts_labels_words_templates_and_borders(tmp_path: Path) -> None:
    result = run(tmp_path, *FEW, "--json")
    printed = json.loads(result.stdout)
    assert list(printed) == ["train", "dev", "test"]
    written = read_report(tmp_path / "train.spacy")
    assert written is not None
    assert printed["train"].items() <= written.items()
    assert written["documents"] == sum(written["templates"].values()) == 4
    assert written["words"] == sum(len(doc.text.split()) for doc in docs(tmp_path / "train.spacy"))
    assert written["borders"]["PATIENT"] == 2 * written["entities"]["PATIENT"]
    assert written["share_of_borders_on_tokens"] > 0.9
    assert written["documents_over_2000_words"] == 0
    assert written["seed"] == 0
    assert written["word_range"] == [100, 200]


def test_jsonl_holds_ids_texts_and_spans(tmp_path: Path) -> None:
    assert run(tmp_path, *FEW, "--jsonl").exit_code == 0
    lines = (tmp_path / "test.jsonl").read_text(encoding="utf8").splitlines()
    notes = generate_notes(2, seed=0, split="test", words=(100, 200))
    for line, note in zip(lines, notes, strict=True):
        spans = [[span.start, span.stop, span.label] for span in note.spans]
        assert json.loads(line) == {"id": note.id, "text": note.text, "spans": spans}
    report = json.loads((tmp_path / "test.report.json").read_text())
    assert report["documents"] == 2
    assert not list(tmp_path.glob("*.spacy"))


def test_a_split_of_no_notes_is_not_written(tmp_path: Path) -> None:
    assert run(tmp_path, *FEW, "--dev", 0).exit_code == 0
    assert not list(tmp_path.glob("dev*"))


def test_the_same_seed_writes_the_same_bytes_and_another_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert run(tmp_path / name, *FEW, "--jsonl", "--seed", seed).exit_code == 0
    first, again, other = ((tmp_path / name / "train.jsonl").read_bytes() for name in "abc")
    assert first == again != other


FILLER = "The graft was perfused with {} units of cold saline and then trimmed."


@pytest.mark.parametrize("name", ["notes.jsonl", "notes.txt"])
def test_fillers_come_from_jsonl_and_text_files(name: str, tmp_path: Path) -> None:
    # As each file's text is of one split, there are enough of them for all three.
    paths = []
    for number in range(12):
        text = FILLER.format("x" * (number + 1) + "y")
        path = tmp_path / f"{number}-{name}"
        path.write_text(json.dumps({"text": text}) if name.endswith("jsonl") else text)
        paths += ["--fillers", path]
    options = (*FEW, "--train", 12, "--min-words", 180, "--jsonl", "--hard", 0)
    assert run(tmp_path / "out", *options, *paths).exit_code == 0
    text = (tmp_path / "out" / "train.jsonl").read_text().replace("\\n", " ")
    assert "units of cold saline" in text
    assert json.loads((tmp_path / "out" / "train.report.json").read_text())["fillers"] == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fillers", "gone.txt"], "gone.txt: found no such file"),
        (["--min-words", 300], "found 300 to 200; wanted 40 or more, up to no fewer"),
        (["--train", 0, "--dev", 0, "--test", 0], "found no notes; wanted at least one"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    options: list[object], message: str, tmp_path: Path
) -> None:
    result = run(tmp_path / "out", *FEW, *options)
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_no_counts_are_refused_where_nothing_would_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"counts=\.\.\.\): found no notes; wanted at least one"):
        write_notes(tmp_path, {"train": 0}, seed=0)


def test_a_run_that_fails_leaves_no_half_written_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Doc:
        raise RuntimeError("the tokenizer failed")

    monkeypatch.setattr(writing, "to_doc", fail)
    with pytest.raises(RuntimeError):
        write_notes(tmp_path, {"train": 2}, seed=0, words=(100, 200))
    assert not list(tmp_path.iterdir())


def test_the_reader_is_told_how_far_the_numbers_carry(tmp_path: Path) -> None:
    result = run(tmp_path, *(each for each in FEW if each != "--quiet"))
    assert "don't stand for another hospital's notes" in " ".join(result.stderr.split())
