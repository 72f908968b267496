"""`audit`: leaks by exit code, in the terminal, as JSON and on a page; never a text or an id."""

import csv
import json

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from tests.components.phi import trained_deid

SECRET = "Zorblatt"
RECORD = "0485921"
NOTE = f"Mr. {SECRET} seen 3/14/2019, MRN: {RECORD}. Call (617) 555-0198. He is 93 years old."
OTHER = "No PHI. 45 y/o male, well in 2019."
POLICY = """
[policy]
name = ours
base = safe_harbor
notice = of this test
[actions]
DATE = keep
"""


@Language.component("test_audit_fails_at_the_word")
def fail_at_the_word(doc: Doc) -> Doc:
    if "Rumpelstiltskin" in doc.text:
        raise ValueError(doc.text)
    return doc


def run(command: str, *arguments: object):
    environment = {"MODERNBERT_BIO_KEY": "a secret of more than sixteen bytes"}
    return CliRunner().invoke(app, [command, *map(str, arguments)], env=environment)


def write_lines(path, *records: dict):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf8")
    return path


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


@pytest.fixture
def notes(tmp_path):
    records = {"id": RECORD, "text": NOTE}, {"id": "b", "text": OTHER}
    return write_lines(tmp_path / "notes.jsonl", *records)


@pytest.fixture
def released(notes, tmp_path):
    """What deidentify makes of the notes under Safe Harbor."""
    output = tmp_path / "out.jsonl"
    result = run("deidentify", "rules", notes, "--output", output, "--policy", "safe_harbor")
    assert result.exit_code == 0, result.output
    return output


def leave(path, label: str, new: str | None = None) -> None:
    """As if deidentify had missed a label's first span, or had written something else for it."""
    record, *others = lines(path)
    (at,) = (i for i, each in enumerate(record["replacements"]) if each["label"] == label)
    each = record["replacements"][at]
    if new is None:
        del record["replacements"][at]
    else:
        each["new"] = new
    text, end = "", 0
    for each in record["replacements"]:
        text += NOTE[end : each["start"]] + each["new"]
        end = each["stop"]
    record["text"] = text + NOTE[end:]
    write_lines(path, record, *others)


@pytest.mark.parametrize("policy", ["safe_harbor", "limited_data_set", "surrogate"])
def test_notes_without_leaks_give_exit_code_zero(notes, tmp_path, policy) -> None:
    output = tmp_path / "out.jsonl"
    arguments = ("--output", output, "--policy", policy, "--note-is-patient")
    assert run("deidentify", "rules", notes, *arguments).exit_code == 0
    result = run("audit", output, "--originals", notes, "--quiet")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Leaks: 0, in 0 of 2 notes; 0 withheld, 0 not audited\n")
    assert result.stderr == ""


def test_leaks_give_exit_code_three_and_their_places(released, notes) -> None:
    leave(released, "MEDICALRECORD")
    result = run("audit", released, "--originals", notes)
    assert result.exit_code == 3
    first, heads, _, *rows = result.stdout.splitlines()
    assert first == "Leaks: 1, in 1 of 2 notes; 0 withheld, 0 not audited"
    assert heads.split()[2:] == ["exact", "folded", "digits", "split", "rules", "model", "all"]
    counted = {row[:3].strip(): row.split()[-1] for row in rows[:19]}
    assert {number for number, count in counted.items() if count != "0"} == {"8"}
    assert rows[-1].split() == [f"{released}:1", "1"]


def test_a_note_deidentified_by_nobody_leaks_by_rules(released, notes) -> None:
    record, other = lines(released)
    record |= {"text": NOTE, "replacements": []}
    write_lines(released, record, other)
    result = run("audit", released, "--originals", notes, "--json")
    assert result.exit_code == 3
    figures = json.loads(result.stdout)
    assert figures["by_kind"]["rules"] == figures["leaks"] == 5


@pytest.mark.parametrize(
    ("new", "kind"),
    [
        (SECRET, "exact"),
        (SECRET.upper(), "folded"),
        (SECRET[:4] + "-\n" + SECRET[4:], "split"),
        (f"Mr. {SECRET}", "exact"),
    ],
)
def test_new_text_that_is_the_original_is_a_leak(released, notes, new, kind) -> None:
    leave(released, "PATIENT", new)
    result = run("audit", released, "--originals", notes, "--json")
    assert result.exit_code == 3
    (place,) = json.loads(result.stdout)["places"]
    (leak,) = place["leaks"]
    found = lines(released)[0]["text"][leak["start"] : leak["stop"]]
    assert (leak["kind"], leak["label"], leak["identifier"]) == (kind, "PATIENT", 1)
    assert found in new


def test_reports_hold_no_text_and_no_id(released, notes, tmp_path) -> None:
    leave(released, "PATIENT")
    leave(released, "MEDICALRECORD")
    report, page = tmp_path / "report.json", tmp_path / "page.html"
    result = run("audit", released, "--originals", notes, "--output", report, "--html", page)
    assert result.exit_code == 3
    assert f"Wrote {report}\nWrote {page}\n" in result.stderr
    figures = json.loads(report.read_text())
    assert [place["where"] for place in figures["places"]] == [f"{released}:1"]
    assert figures["withheld"] == figures["unread"] == 0
    shown = page.read_text(encoding="utf8")
    assert f"<td>{released}:1</td>" in shown
    assert "<b>2 leaks in 1 of 2 notes.</b>" in shown
    everything = report.read_text() + shown + result.output
    assert not any(value in everything for value in (SECRET, RECORD, "555", "3/14"))


def test_json_on_stdout_is_the_report(released, notes, tmp_path) -> None:
    report = tmp_path / "report.json"
    arguments = ("--originals", notes, "--json", "--quiet", "--output", report)
    result = run("audit", released, *arguments)
    assert json.loads(result.stdout) == json.loads(report.read_text())


def test_a_terminal_names_twenty_places_and_json_all(tmp_path) -> None:
    notes = write_lines(tmp_path / "notes.jsonl", *({"id": i, "text": NOTE} for i in range(22)))
    output = tmp_path / "out.jsonl"
    run("deidentify", "rules", notes, "--output", output, "--policy", "safe_harbor")
    records = [each | {"text": NOTE, "replacements": []} for each in lines(output)]
    write_lines(output, *records)
    shown = run("audit", output, "--originals", notes).stdout
    assert "Notes with leaks, the first 20 of 22" in shown
    assert f"{output}:20" in shown
    assert f"{output}:21" not in shown
    assert (
        len(json.loads(run("audit", output, "--originals", notes, "--json").stdout)["places"]) == 22
    )


def test_withheld_notes_are_counted_and_leak_nothing(released, notes) -> None:
    first, second = lines(released)
    write_lines(released, {"id": first["id"], "source": "x", "error": "ValueError"}, second)
    result = run("audit", released, "--originals", notes)
    assert result.exit_code == 0, result.output
    assert "in 0 of 1 notes; 1 withheld, 0 not audited" in result.stdout


def test_a_folder_of_texts_is_audited_by_its_records(tmp_path) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.txt").write_text(NOTE)
    run("deidentify", "rules", folder, "--output", output, "--policy", "safe_harbor")
    result = run("audit", output, "--originals", folder)
    assert result.exit_code == 0, result.output
    assert "of 1 notes" in result.stdout


def test_originals_may_be_columns_of_a_table(tmp_path) -> None:
    table, output = tmp_path / "notes.csv", tmp_path / "out.jsonl"
    with table.open("w", newline="") as stream:
        csv.writer(stream).writerows([["id", "plan", "history"], ["1", NOTE, OTHER]])
    fields = ("--text-field", "plan", "--text-field", "history")
    made = run("deidentify", "rules", table, "--output", output, "--policy", "safe_harbor", *fields)
    assert made.exit_code == 0, made.output
    result = run("audit", output, "--originals", table, *fields)
    assert result.exit_code == 0, result.output
    assert "of 2 notes" in result.stdout


def test_what_ones_own_policy_keeps_is_no_leak(notes, tmp_path) -> None:
    policy, output = tmp_path / "ours.cfg", tmp_path / "out.jsonl"
    policy.write_text(POLICY)
    made = run("deidentify", "rules", notes, "--output", output, "--policy", policy)
    assert made.exit_code == 0, made.output
    assert "3/14/2019" in lines(output)[0]["text"]
    result = run("audit", output, "--originals", notes, "--policy", policy)
    assert result.exit_code == 0, result.output
    refused = run("audit", output, "--originals", notes)
    assert refused.exit_code == 1
    assert (
        f"{output}:1: found a note made with another policy; wanted one of safe_harbor, "
        "limited_data_set, surrogate. Name the policy's .cfg file with --policy." in refused.stderr
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny model that knows some names by heart, and fails at a word."""
    nlp = trained_deid()
    nlp.add_pipe("test_audit_fails_at_the_word")
    folder = tmp_path_factory.mktemp("pipelines") / "deid"
    nlp.to_disk(folder)
    return folder


@pytest.mark.parametrize("threshold", [0.5, 1])
def test_a_model_finds_what_no_rule_knows(model, tmp_path, threshold) -> None:
    text = "With Smith near Boston today ."
    notes = write_lines(tmp_path / "notes.jsonl", {"id": 1, "text": text})
    output = tmp_path / "out.jsonl"
    run("deidentify", "rules", notes, "--output", output, "--policy", "safe_harbor")
    arguments = ("--originals", notes, "--model", model, "--threshold", threshold, "--json")
    before = run("audit", output, "--originals", notes, "--json")
    result = run("audit", output, *arguments)
    assert result.exit_code == 3, result.output
    by_kind = json.loads(result.stdout)["by_kind"]
    assert by_kind["rules"] == json.loads(before.stdout)["by_kind"]["rules"]
    assert by_kind["model"] == 2 - by_kind["rules"]


def test_a_lower_threshold_finds_more(model, released, notes) -> None:
    def leaks(threshold: float) -> int:
        arguments = ("--model", model, "--threshold", threshold, "--json")
        return json.loads(run("audit", released, "--originals", notes, *arguments).stdout)["leaks"]

    assert leaks(1e-9) > leaks(1)


def test_a_note_at_which_the_model_fails_is_named_and_not_passed(model, tmp_path) -> None:
    text = "Rumpelstiltskin is well."
    notes = write_lines(tmp_path / "notes.jsonl", {"text": text}, {"text": "No complaints"})
    output = tmp_path / "out.jsonl"
    run("deidentify", "rules", notes, "--output", output, "--policy", "safe_harbor")
    arguments = ("--model", model, "--threshold", 1)
    result = run("audit", output, "--originals", notes, *arguments)
    assert result.exit_code == 1
    assert f"{output}:1: ValueError in the component" in result.stderr
    assert "in 0 of 1 notes; 0 withheld, 1 not audited" in result.stdout
    assert "Rumpel" not in result.output


def test_a_pipeline_without_a_model_is_refused(released, notes, tmp_path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("phi_rules")
    nlp.to_disk(tmp_path / "rules")
    result = run("audit", released, "--originals", notes, "--model", tmp_path / "rules")
    assert result.exit_code == 1
    assert "found a pipeline of phi_rules; wanted one with modernbert_deid" in result.stderr


def test_an_impossible_threshold_is_refused(model, released, notes) -> None:
    result = run("audit", released, "--originals", notes, "--model", model, "--threshold", 0)
    assert result.exit_code == 1
    assert "found 0.0; wanted a probability above 0" in result.stderr


@pytest.mark.parametrize("option", ["--output", "--html"])
def test_a_report_is_not_written_over_what_is_audited(notes, released, option) -> None:
    for path in (notes, released):
        before = path.read_bytes()
        result = run("audit", released, "--originals", notes, option, path)
        assert result.exit_code == 1
        assert f"{option}: found an input; wanted another path" in result.stderr
        assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["out.csv", "gone.jsonl", "empty"])
def test_what_deidentify_did_not_write_is_refused(notes, tmp_path, name) -> None:
    (tmp_path / "out.csv").write_text("text\n")
    (tmp_path / "empty").mkdir()
    result = run("audit", tmp_path / name, "--originals", notes)
    assert result.exit_code == 1
    assert (
        "found no JSON lines; wanted a .jsonl file, or a folder, that deidentify" in result.stderr
    )
    assert run("audit", notes, "--originals", tmp_path / "gone.txt").exit_code == 1
