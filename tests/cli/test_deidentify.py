"""modernbert-bio deidentify: notes in, notes without PHI out, or none at all."""

import csv
import stat
from datetime import datetime, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.vault import read_vault
from tests.cli.deidentifying import CLEAN, KEY, NOTE, SECRET, lines, run, write_lines


@Language.component("test_fails_at_the_word")
def fail_at_the_word(doc: Doc) -> Doc:
    if "Rumpelstiltskin" in doc.text:
        raise ValueError(doc.text)
    return doc


@pytest.fixture
def notes(tmp_path):
    return write_lines(
        tmp_path / "notes.jsonl",
        {"id": "a", "text": NOTE, "ward": "B", "who": f"Anna {SECRET}"},
        {"id": "b", "text": "No PHI."},
    )


def test_json_lines_hold_the_new_text_and_nothing_of_the_old(tmp_path, notes):
    output = tmp_path / "out.jsonl"
    result = run("rules", notes, "--output", output, "--policy", "safe_harbor", "--keep", "ward")
    assert result.exit_code == 0, result.output
    first, second = lines(output)
    assert first["text"] == CLEAN
    assert (first["id"], first["ward"]) == ("a", "B")
    assert "who" not in first
    assert "Safe Harbor" in first["notice"]
    assert first["audit"]["replacements"] == 3
    name = first["replacements"][0]
    assert NOTE[name["start"] : name["stop"]] == SECRET
    assert second["text"] == "No PHI."
    assert SECRET not in output.read_text() + result.output
    assert not list(tmp_path.glob("*.part"))


def test_a_folder_of_texts_becomes_a_folder_of_texts(tmp_path):
    (tmp_path / "in" / "ward").mkdir(parents=True)
    (tmp_path / "in" / "ward" / "one.txt").write_bytes(f"{NOTE}\r\nEnd.".encode())
    (tmp_path / "in" / "two.txt").write_text("No PHI.")
    result = run("rules", tmp_path / "in", "--output", tmp_path / "out", "--policy", "safe_harbor")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "ward" / "one.txt").read_bytes() == f"{CLEAN}\r\nEnd.".encode()
    assert (tmp_path / "out" / "two.txt").read_text() == "No PHI."
    assert len(lines(tmp_path / "out" / "notes.jsonl")) == 2


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_tables_columns_are_replaced_and_others_stay_behind(tmp_path, ending):
    rows = [
        {"subject": "7", "zip": "02139", "note": NOTE, "comment": f"Call Dr. {SECRET}"},
        {"subject": "8", "zip": "10001", "note": 'He said "fine",\nand left.', "comment": ""},
    ]
    source, output = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
    if ending == ".csv":
        with source.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), source)
    result = run(
        *("rules", source, "--output", output, "--policy", "safe_harbor", "--keep", "subject"),
        *("--text-field", "note", "--text-field", "comment"),
    )
    assert result.exit_code == 0, result.output
    if ending == ".csv":
        with output.open(newline="") as stream:
            written = list(csv.DictReader(stream))
    else:
        written = pq.read_table(output).to_pylist()
    assert written == [
        {"subject": "7", "note": CLEAN, "comment": "Call Dr. [DOCTOR]"},
        {"subject": "8", "note": 'He said "fine",\nand left.', "comment": ""},
    ]


def test_what_is_known_of_the_patient_is_found_and_the_same_in_all_his_notes(tmp_path):
    notes = write_lines(
        tmp_path / "notes.jsonl",
        {"id": 1, "mrn": "7", "name": f"Bob {SECRET}", "text": f"bob came. {SECRET} left 3/14/19."},
        {"id": 2, "mrn": "7", "name": f"Bob {SECRET}", "text": f"{SECRET.upper()},BOB 3/16/19"},
        {"id": 3, "mrn": "8", "name": f"Bob {SECRET}", "text": f"{SECRET} left 3/14/19."},
    )
    command = ("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "surrogate")
    known = ("--known", "id=mrn", "--known", "names=name")
    result = run(*command, *known, MODERNBERT_BIO_KEY=KEY)
    assert result.exit_code == 0, result.output
    one, two, other = (record["text"] for record in lines(tmp_path / "out.jsonl"))
    family = one.split(" left")[0].split(". ")[1]
    assert two.startswith(family.upper())
    assert not other.startswith(family)
    assert SECRET.lower() not in (one + two + other).lower()


def test_a_patients_id_may_be_a_number(tmp_path):
    records = ({"id": n, "text": NOTE, "subject": 7} for n in "ab")
    notes = write_lines(tmp_path / "notes.jsonl", *records)
    command = ("rules", notes, "--output", tmp_path / "o.jsonl", "--policy", "surrogate")
    result = run(*command, "--known", "id=subject", MODERNBERT_BIO_KEY=KEY)
    assert result.exit_code == 0, result.output
    first, second = lines(tmp_path / "o.jsonl")
    assert first["text"] == second["text"]


def test_a_keyed_policy_without_a_key_or_a_patient_gives_no_text(tmp_path, notes):
    command = ("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "surrogate")
    result = run(*command)
    assert result.exit_code == 1
    assert "environment variable MODERNBERT_BIO_KEY: found no key" in result.output
    assert not (tmp_path / "out.jsonl").exists()
    result = run(*command, MODERNBERT_BIO_KEY=KEY)
    assert result.exit_code == 1
    assert all("text" not in record for record in lines(tmp_path / "out.jsonl"))
    result = run(*command, "--note-is-patient", MODERNBERT_BIO_KEY=KEY)
    assert result.exit_code == 0, result.output


def test_a_note_that_fails_is_withheld_and_the_exit_code_says_so(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("test_fails_at_the_word")
    nlp.add_pipe("phi_rules", config={"policy": "safe_harbor"})
    nlp.to_disk(tmp_path / "model")
    notes = write_lines(
        tmp_path / "notes.jsonl", {"id": 1, "text": NOTE}, {"id": 2, "text": "Rumpelstiltskin"}
    )
    result = run(tmp_path / "model", notes, "--output", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    good, bad = lines(tmp_path / "out.jsonl")
    assert good["text"] == CLEAN
    assert "text" not in bad
    assert "ValueError in the component test_fails_at_the_word" in bad["error"]
    assert "notes.jsonl:2" in result.output
    assert "1 note withheld" in result.output
    assert "Rumpelstiltskin" not in (tmp_path / "out.jsonl").read_text() + result.output


def test_a_cell_that_fails_says_that_it_is_withheld(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("test_fails_at_the_word")
    nlp.add_pipe("phi_rules", config={"policy": "safe_harbor"})
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "in.csv").write_text(f"text\n{NOTE!r}\nRumpelstiltskin\n".replace("'", '"'))
    result = run(tmp_path / "model", tmp_path / "in.csv", "--output", tmp_path / "out.csv")
    assert result.exit_code == 1
    assert (tmp_path / "out.csv").read_text().splitlines()[-1] == "[NOTE WITHHELD]"


def test_a_vault_is_the_way_back_and_its_owners_alone(tmp_path, notes):
    vault, key_file = tmp_path / "way.vault", tmp_path / "key"
    key_file.write_text(KEY)
    command = ("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "safe_harbor")
    result = run(*command, "--vault", vault, "--key-file", key_file)
    assert result.exit_code == 0, result.output
    assert SECRET.encode() not in vault.read_bytes()
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600
    first = read_vault(vault, Key(KEY.encode()))[0]
    assert (first.note, first.original, first.new) == ("a", SECRET, "[PATIENT]")


def test_a_pipeline_on_stdin_and_its_own_policy(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("phi_rules", config={"policy": "safe_harbor"})
    nlp.to_disk(tmp_path / "model")
    arguments = ["deidentify", str(tmp_path / "model"), "-", "--output", str(tmp_path / "o.jsonl")]
    result = CliRunner().invoke(app, arguments, input=NOTE)
    assert result.exit_code == 0, result.output
    assert lines(tmp_path / "o.jsonl")[0]["text"] == CLEAN


def test_a_parquets_days_and_numbers_go_along(tmp_path):
    day, price = datetime(2020, 1, 2, tzinfo=timezone.utc), Decimal("1.50")
    table = pa.Table.from_pylist([{"id": day, "text": NOTE, "price": price}])
    pq.write_table(table, tmp_path / "in.parquet")
    command = ("rules", tmp_path / "in.parquet", "--policy", "safe_harbor", "--keep", "price")
    result = run(*command, "--output", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    (record,) = lines(tmp_path / "out.jsonl")
    assert (record["id"], record["price"]) == ("2020-01-02 00:00:00+00:00", "1.50")
    result = run(*command, "--keep", "id", "--output", tmp_path / "out.parquet")
    assert result.exit_code == 0, result.output
    written = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert written == [{"id": day, "text": CLEAN, "price": price}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "out.jsonl"], "--policy: found none, and none in the pipeline"),
        (["--output", "out.pdf"], "--output: found a name with .pdf"),
        (["--output", "out"], "--output: found a folder; wanted a .jsonl file"),
        (["--output", "out.csv"], "--output: found a table; wanted a .jsonl file"),
        (["--output", "notes.jsonl"], "--output: found an input; wanted another path"),
        (["--output", "out.jsonl", "--keep", "text"], "--keep: found text; wanted none of"),
        (["--output", "out.jsonl", "--keep", "id"], "--keep: found id; wanted none of"),
        (
            ["--output", "o.jsonl", "--text-field", "a", "--text-field", "b"],
            "--text-field: found 2 of them; wanted one, or tables as inputs",
        ),
        (["--output", "../{here}/notes.jsonl"], "--output: found an input; wanted another path"),
        (["--output", "o.jsonl", "--vault", "./notes.jsonl"], "--vault: found an input; wanted"),
        (
            ["--output", "o.jsonl", "--vault", "../{here}/o.jsonl"],
            "--vault: found a place that the output takes; wanted one outside of it",
        ),
        (
            ["--output", "o.jsonl", "--policy", "safe_harbor", "--known", "shoe=size"],
            "--known: found 'shoe=size'; wanted FIELD=NAME",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_is_written(
    tmp_path, notes, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    arguments = [each.format(here=tmp_path.name) for each in arguments]
    result = run("rules", "notes.jsonl", *arguments)
    assert result.exit_code == 1
    assert message in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.jsonl"]


def test_a_pipeline_that_finds_no_phi_is_refused(tmp_path, notes):
    spacy.blank("en").to_disk(tmp_path / "blank")
    result = run(tmp_path / "blank", notes, "--output", tmp_path / "o.jsonl")
    assert result.exit_code == 1
    assert "wanted one with modernbert_deid or phi_rules" in result.output


def test_folders_that_would_be_lost_or_mixed_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.txt").write_text(NOTE)
    command = ("rules", tmp_path / "a", "--policy", "safe_harbor", "--output")
    result = run(*command, tmp_path / "b")
    assert "found a folder that is there" in result.output
    result = run("rules", tmp_path / "a", tmp_path / "b", *command[2:], tmp_path / "c")
    assert "found two texts of one name" in result.output
    (tmp_path / "notes.jsonl").write_text("as of an earlier run")
    result = run(*command, tmp_path)
    assert "--output: found a folder that holds an input" in result.output
    result = run(*command, tmp_path / "a" / "out")
    assert "--output: found a folder inside of an input" in result.output
    result = run(*command, tmp_path / "c", "--vault", tmp_path / "c" / "way.vault")
    assert "--vault: found a place that the output takes" in result.output
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b", "notes.jsonl"]


def test_a_vault_is_not_for_two_texts_of_one_id(tmp_path):
    (tmp_path / "in.csv").write_text("id,a,b\n1,x,y\n")
    result = run(
        *("rules", tmp_path / "in.csv", "--output", tmp_path / "o.csv", "--policy", "safe_harbor"),
        *("--text-field", "a", "--text-field", "b", "--vault", tmp_path / "way.vault"),
    )
    assert result.exit_code == 1
    assert "--vault: found several columns with text; wanted one" in result.output
    assert [each.name for each in tmp_path.iterdir()] == ["in.csv"]
