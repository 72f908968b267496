"""modernbert-bio deidentify goes on where it was stopped, and with nothing else."""

import pytest
import spacy
from typer.testing import CliRunner

from spacy_modernbert_bio.cli import deidentification
from spacy_modernbert_bio.cli.app import app
from tests.cli.deidentifying import KEY, NOTE, SECRET, lines, run, write_lines


@pytest.fixture
def notes(tmp_path):
    return write_lines(
        tmp_path / "notes.jsonl",
        {"id": "a", "text": NOTE, "ward": "B", "who": f"Anna {SECRET}"},
        {"id": "b", "text": "No PHI."},
    )


def test_a_run_that_was_stopped_goes_on_and_reads_nothing_twice(tmp_path, monkeypatch):
    notes = write_lines(
        tmp_path / "notes.jsonl", *({"id": n, "text": f"{NOTE} {n}"} for n in range(9))
    )
    command = ("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "safe_harbor")
    whole = tmp_path / "whole.jsonl"
    assert run("rules", notes, "--output", whole, "--policy", "safe_harbor").exit_code == 0
    read, seen = deidentification.deidentify_doc, []

    def stop_at_the_sixth(doc, *rest, **options):
        seen.append(doc.text)
        if len(seen) == 6:
            raise KeyboardInterrupt
        return read(doc, *rest, **options)

    monkeypatch.setattr(deidentification, "deidentify_doc", stop_at_the_sixth)
    assert run(*command, "--batch-size", 2).exit_code != 0
    assert not (tmp_path / "out.jsonl").exists()
    part = tmp_path / "out.jsonl.part"
    assert len(part.read_bytes().splitlines()) == 1 + 4
    part.write_bytes(part.read_bytes() + b'{"id": half a li')
    seen.clear()
    monkeypatch.setattr(
        deidentification, "deidentify_doc", lambda d, *r, **o: seen.append(d) or read(d, *r, **o)
    )
    result = run(*command, "--batch-size", 2)
    assert result.exit_code == 0, result.output
    assert len(seen) == 5
    assert (tmp_path / "out.jsonl").read_bytes() == whole.read_bytes()


def test_what_another_run_has_left_is_not_gone_on_with(tmp_path, notes):
    (tmp_path / "out.jsonl.part").write_bytes(b'{"run": "another"}\n')
    command = ("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "safe_harbor")
    result = run(*command)
    assert result.exit_code == 1
    assert "found what another run has left" in result.output


def test_what_another_program_has_left_is_not_touched(tmp_path, notes):
    part = tmp_path / "out.jsonl.part"
    for content in (b"half of a download", b"half of\n a download"):
        part.write_bytes(content)
        result = run("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "safe_harbor")
        assert result.exit_code == 1
        assert "found what another run has left" in result.output
        assert part.read_bytes() == content


def test_a_run_whose_first_line_was_cut_off_begins_anew(tmp_path, notes):
    part = tmp_path / "out.jsonl.part"
    command = ("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "safe_harbor")
    part.write_bytes(b'{"run": ')
    result = run(*command)
    assert result.exit_code == 0, result.output
    assert len(lines(tmp_path / "out.jsonl")) == 2


def test_a_run_on_a_pipeline_that_was_trained_anew_is_another(tmp_path, notes, monkeypatch):
    nlp = spacy.blank("en")
    nlp.add_pipe("phi_rules", config={"policy": "safe_harbor"})
    nlp.to_disk(tmp_path / "model")
    command = (tmp_path / "model", notes, "--output", tmp_path / "out.jsonl")

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("spacy_modernbert_bio.cli.deidentified_output.Output.write", stop)
        assert run(*command).exit_code != 0
    nlp.to_disk(tmp_path / "model")
    result = run(*command)
    assert result.exit_code == 1
    assert "found what another run has left" in result.output


def test_a_stopped_run_cannot_go_on_with_a_vault(tmp_path, notes, monkeypatch):
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    command = ("rules", notes, "--output", tmp_path / "out.jsonl", "--policy", "safe_harbor")
    command = (*command, "--key-file", key_file, "--vault", tmp_path / "way.vault")

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("spacy_modernbert_bio.cli.deidentify.write_vault", stop)
        assert run(*command).exit_code != 0
    result = run(*command)
    assert result.exit_code == 1
    assert "found a run that was stopped, and --vault" in result.output


def test_a_stopped_run_on_stdin_cannot_go_on(tmp_path, monkeypatch):
    arguments = ["rules", "-", "--output", str(tmp_path / "o.jsonl"), "--policy", "safe_harbor"]
    arguments = ["deidentify", *arguments, "--jsonl"]

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("spacy_modernbert_bio.cli.deidentified_output.Output.write", stop)
        assert CliRunner().invoke(app, arguments, input='{"text": "One."}\n').exit_code != 0
    # Other notes, of which the first would be taken for read.
    result = CliRunner().invoke(app, arguments, input='{"text": "Two."}\n')
    assert result.exit_code == 1
    assert "found a run that was stopped, and stdin" in result.output
