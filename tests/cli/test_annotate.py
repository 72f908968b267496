"""Notes in, one record each out: in order, whole or said to have failed, and nothing told."""

import gzip
import json
import logging

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, fix_random_seed
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.annotation import annotate_notes
from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.cli.notes import Note

NOTE = "Patient has severe asthma and mild gout ."
GOLD = [(19, 25, "DISEASE"), (35, 39, "DISEASE")]
SECRET = "Rumpelstiltskin"


@Language.component("test_quotes_the_text")
def quote_the_text(doc: Doc) -> Doc:
    if SECRET in doc.text:
        raise ValueError(doc.text)
    return doc


@pytest.fixture(scope="module")
def trained(tiny_checkpoint, tmp_path_factory):
    """A pipeline that knows two diseases by heart."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    encoder = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(tiny_checkpoint),
        "window": 512,
        "overlap": 64,
    }
    setter = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}
    nlp.add_pipe("transformer", config={"model": encoder, "set_extra_annotations": setter})
    nlp.add_pipe("modernbert_ner")
    example = Example.from_dict(nlp.make_doc(NOTE), {"entities": GOLD})
    nlp.initialize(lambda: [example])
    optimizer = Adam(0.003)
    for _ in range(40):
        nlp.update([example], sgd=optimizer)
    folder = tmp_path_factory.mktemp("pipelines") / "trained"
    nlp.to_disk(folder)
    return folder


@pytest.fixture
def rules(tmp_path):
    """A pipeline of rules, with a component that quotes the text when it fails."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "DISEASE", "pattern": "gout"}])
    nlp.add_pipe("test_quotes_the_text")
    nlp.to_disk(tmp_path / "rules")
    return tmp_path / "rules"


def annotate(*arguments: object, stdin: bytes | str | None = None):
    return CliRunner().invoke(app, ["annotate", *map(str, arguments)], input=stdin)


def records(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def write_jsonl(path, *lines: object):
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_entities_have_borders_labels_and_confidences(trained, tmp_path) -> None:
    path = tmp_path / "note.txt"
    path.write_text(NOTE)
    result = annotate(trained, path)
    assert result.exit_code == 0, result.output
    (record,) = records(result)
    assert record["id"] == record["source"] == str(path)
    assert record["text"] == NOTE
    assert [(e["start"], e["end"], e["label"]) for e in record["entities"]] == GOLD
    assert [e["text"] for e in record["entities"]] == ["asthma", "gout"]
    doc = spacy.load(trained)(NOTE)
    confidences = [span._.confidence for span in doc.ents]
    assert [e["confidence"] for e in record["entities"]] == pytest.approx(confidences, rel=1e-5)
    coverage = doc._.modernbert_coverage
    assert record["coverage"] == {
        "pieces": coverage.pieces,
        "pieces_read": coverage.pieces,
        "windows": 1,
        "tokens_without_piece": [],
    }


def test_inputs_keep_their_order_and_their_fields(rules, tmp_path) -> None:
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.txt").write_text("b")
    (folder / "inner" / "a.txt").write_text("a\r\ngout")
    (folder / "other.md").write_text("no note")
    lines = write_jsonl(
        tmp_path / "notes.jsonl.gz",
        {"note": "one gout", "id": 7, "patient": {"age": 3}},
        {"note": "two"},
    )
    result = annotate(rules, lines, folder, "-", "--text-field", "note", stdin="gout here")
    assert result.exit_code == 0, result.output
    found = records(result)
    assert [each["text"] for each in found] == ["one gout", "two", "b", "a\r\ngout", "gout here"]
    assert [each["source"] for each in found] == [
        f"{lines}:1",
        f"{lines}:2",
        str(folder / "b.txt"),
        str(folder / "inner" / "a.txt"),
        "stdin",
    ]
    assert [each["id"] for each in found[:2]] == [7, f"{lines}:2"]
    assert found[0]["patient"] == {"age": 3}
    assert found[0]["coverage"] is None
    assert [len(each["entities"]) for each in found] == [1, 0, 0, 1, 1]
    assert found[0]["entities"][0]["confidence"] is None


def test_stdin_may_hold_json_lines(rules) -> None:
    result = annotate(rules, "-", "--jsonl", stdin='{"text": "gout"}\n\n{"text": "flu"}\n')
    assert [(each["source"], each["text"]) for each in records(result)] == [
        ("stdin:1", "gout"),
        ("stdin:3", "flu"),
    ]


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_note_that_fails_takes_no_other_with_it_and_is_not_quoted(
    rules, tmp_path, batch_size, caplog
) -> None:
    texts = ["gout", "flu", f"{SECRET} has gout", "cough", "gout"]
    path = write_jsonl(tmp_path / "notes.jsonl", *({"text": text} for text in texts))
    output = tmp_path / "out" / "found.jsonl"
    with caplog.at_level(logging.DEBUG):
        result = annotate(rules, path, "--output", output, "--batch-size", batch_size)
    assert result.exit_code == 1
    assert f"error: {path}:3: ValueError in the component test_quotes_the_text\n" in result.stderr
    assert "1 note failed" in result.stderr
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert [each.get("text") for each in found] == ["gout", "flu", None, "cough", "gout"]
    assert found[2] == {
        "id": f"{path}:3",
        "source": f"{path}:3",
        "error": "ValueError in the component test_quotes_the_text",
    }
    assert SECRET not in result.output + caplog.text + output.read_text() + repr(result.exception)


def test_note_that_is_too_long_says_so(rules, tmp_path, monkeypatch) -> None:
    load = spacy.load

    def load_short(name):
        nlp = load(name)
        nlp.max_length = 20
        return nlp

    monkeypatch.setattr("spacy.load", load_short)
    path = write_jsonl(tmp_path / "notes.jsonl", {"text": "short"}, {"text": "x" * 21})
    result = annotate(rules, path)
    first, second = records(result)
    assert "error" not in first
    assert "found 21 characters; wanted at most 20, which is nlp.max_length" in second["error"]


def test_failure_of_a_whole_batch_is_the_failing_notes_own(trained, monkeypatch) -> None:
    nlp = spacy.load(trained)
    ner = nlp.get_pipe("modernbert_ner")
    predict = ner.predict

    def fail_on_the_secret(docs):
        docs = list(docs)
        if any(SECRET in doc.text for doc in docs):
            raise RuntimeError(docs[0].text)
        return predict(docs)

    monkeypatch.setattr(ner, "predict", fail_on_the_secret)
    notes = [Note(str(i), i, text) for i, text in enumerate([NOTE, SECRET, NOTE])]
    first, second, third = annotate_notes(nlp, notes, batch_size=8)
    assert [len(each["entities"]) for each in (first, third)] == [2, 2]
    assert second["error"] == "RuntimeError in the component modernbert_ner"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f'{{"text": "{SECRET}', "found a line that is no JSON object; wanted JSON lines."),
        (f'["{SECRET}"]', "found a line that is no JSON object; wanted JSON lines."),
        (f'{{"txt": "{SECRET}"}}', "found no text in the field text; wanted a string."),
        ('{"text": 3}', "found no text in the field text; wanted a string."),
        (f'{{"text": "{SECRET}", "entities": []}}', "found a field entities; wanted no field"),
        (b"\xff\xfe" + SECRET.encode(), "found a line that is no JSON object; wanted JSON lines."),
    ],
)
def test_line_that_holds_no_note_is_named_and_not_quoted(rules, tmp_path, line, told) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes((line if isinstance(line, bytes) else line.encode()) + b'\n{"text": "flu"}\n')
    result = annotate(rules, path)
    assert result.exit_code == 1
    assert f"error: {path}:1: {told}" in result.stderr
    failed, fine = records(result)
    assert failed["error"].startswith(told)
    assert fine["text"] == "flu"
    assert SECRET not in result.output


def test_files_that_cannot_be_read_are_named(rules, tmp_path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"text": "flu"}\n' * 1000)[:-20])
    result = annotate(rules, tmp_path / "latin.txt", tmp_path / "cut.jsonl.gz")
    assert result.exit_code == 1
    assert "latin.txt: found bytes that are not UTF-8, at byte 3; wanted" in result.stderr
    assert "cut.jsonl.gz: the rest of the file cannot be read (EOFError)" in result.stderr
    assert annotate(rules, "-", stdin="").exit_code == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.txt", "nothing.txt: found no such file or folder; wanted texts, JSON lines"),
        (".", "found no .txt file; wanted a folder of .txt files"),
    ],
)
def test_input_that_is_not_there_ends_the_command_before_it_starts(tmp_path, name, told) -> None:
    output = tmp_path / "out.jsonl"
    result = annotate("no_model", tmp_path / name, "--output", output)
    assert result.exit_code == 1
    assert told in result.stderr
    assert not output.exists()


@pytest.mark.parametrize("option", ["--output", "--html"])
def test_no_input_is_written_over(rules, tmp_path, option) -> None:
    path = write_jsonl(tmp_path / "notes.jsonl", {"text": "gout"})
    result = annotate(rules, path, option, path)
    assert result.exit_code == 1
    assert f"{option}: found an input; wanted another path" in result.stderr
    assert path.read_text() == '{"text": "gout"}\n'


def test_output_is_whole_or_not_there(rules, tmp_path, monkeypatch) -> None:
    def interrupt(*_, **__):
        yield {"source": "a", "text": "a", "entities": []}
        raise KeyboardInterrupt

    monkeypatch.setattr("spacy_modernbert_bio.cli.annotate.annotate_notes", interrupt)
    path = write_jsonl(tmp_path / "notes.jsonl", {"text": "a"})
    (tmp_path / "out").mkdir()
    assert annotate(rules, path, "--output", tmp_path / "out" / "found.jsonl").exit_code != 0
    assert list((tmp_path / "out").iterdir()) == []


def test_text_outside_of_utf8_is_written_as_escapes(tmp_path) -> None:
    nlp = spacy.blank("en")
    nlp.to_disk(tmp_path / "blank")
    path = tmp_path / "notes.jsonl"
    path.write_text('{"text": "naïve", "tag": "\\ud800"}\n', encoding="utf-8")
    result = annotate(tmp_path / "blank", path)
    assert result.exit_code == 0, result.output
    assert records(result)[0]["tag"] == "\ud800"


def test_page_shows_what_the_lines_hold(trained, rules, tmp_path) -> None:
    path = write_jsonl(tmp_path / "notes.jsonl", {"text": NOTE}, {"text": f"<i>{SECRET}"})
    page = tmp_path / "page.html"
    result = annotate(trained, path, "--html", page)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    shown = page.read_text()
    assert "asthma<small" in shown
    assert "pieces read, in 1 window<" in shown
    assert f"&lt;i&gt;{SECRET}" in shown
    output = tmp_path / "lines.jsonl"
    assert annotate(rules, path, "--html", page, "--output", output).exit_code == 1
    assert len(output.read_text().splitlines()) == 2
    assert "Not read: ValueError in the component test_quotes_the_text" in page.read_text()
    assert "does not tell how much" in page.read_text()
    assert SECRET not in page.read_text()
