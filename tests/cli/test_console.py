"""Results on stdout, the rest on stderr, and errors of one line."""

import json
import re
import sys

import pytest
import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.files import atomic_file, read_text

TABLE = Table(("label", "f1"), [("[DRUG]", 0.98765), ("x" * 200, None)])


@pytest.fixture
def watched(monkeypatch) -> None:
    """As if somebody sat in front of stdout and stderr."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


def test_table_in_a_pipe_is_whole(capsys) -> None:
    Console().table(TABLE)
    assert capsys.readouterr().out == TABLE.to_text() + "\n"


def test_table_on_a_terminal_takes_brackets_for_text(watched, capsys) -> None:
    Console().table(TABLE)
    shown = capsys.readouterr().out
    assert "[DRUG]" in shown
    assert "0.988" in shown


def test_table_as_json_keeps_all_digits(capsys) -> None:
    Console(as_json=True).table(TABLE)
    assert json.loads(capsys.readouterr().out)[0] == {"label": "[DRUG]", "f1": 0.98765}


def test_emitted_results_are_json_on_stdout(capsys) -> None:
    Console(as_json=True).emit({"text": "naïve"})
    assert capsys.readouterr().out == '{"text": "naïve"}\n'


def test_quiet_keeps_errors_only(capsys) -> None:
    console = Console(quiet=True)
    console.say("said")
    console.error("failed [x]")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "error: failed [x]\n")


def test_said_lines_go_to_stderr_as_they_are(capsys) -> None:
    Console().say("a [b] " + "c" * 200)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "a [b] " + "c" * 200 + "\n")


def test_progress_gives_every_item_and_nothing_to_a_pipe(capsys) -> None:
    assert list(Console().progress(range(3), label="notes")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_results_written_during_progress_reach_stdout(watched, capsys) -> None:
    for _ in Console().progress(["item"], label="notes"):
        sys.stdout.write("result\n")
    shown = capsys.readouterr()
    assert shown.out == "result\n"
    assert "notes" in shown.err
    assert "result" not in shown.err


def test_our_errors_become_one_line_and_an_exit_code(capsys) -> None:
    with pytest.raises(typer.Exit) as ended, errors_shown():
        raise ConfigError(where="a.cfg", found="[x]", wanted="y" * 100)
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == f"error: a.cfg: found [x]; wanted {'y' * 100}.\n"


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(KeyError), errors_shown():
        raise KeyError


def test_other_errors_that_may_quote_notes_are_told_by_kind_and_place(tmp_path, capsys) -> None:
    with pytest.raises(typer.Exit) as ended, errors_shown(others=True):
        read_text(3)
    assert ended.value.exit_code == 1
    assert re.fullmatch(r"error: AttributeError in files\.py:\d+\n", capsys.readouterr().err)
    with pytest.raises(typer.Exit), errors_shown(others=True), atomic_file(tmp_path / "note"):
        (tmp_path / "Zorblatt").read_text()
    message = r"error: FileNotFoundError \(No such file or directory\) in [a-z_/]+\.py:\d+\n"
    assert re.fullmatch(message, capsys.readouterr().err)


def test_an_exit_is_no_error(capsys) -> None:
    with pytest.raises(typer.Exit) as ended, errors_shown(others=True):
        raise typer.Exit(3)
    assert ended.value.exit_code == 3
    assert capsys.readouterr().err == ""


def test_counting_shows_how_much_is_done_where_somebody_watches(watched, capsys) -> None:
    with Console().counting(8, "steps") as count:
        count(8)
    assert "steps" in (shown := capsys.readouterr().err)
    assert "8/8" in shown


def test_counting_says_nothing_to_a_pipe(capsys) -> None:
    with Console().counting(8, "steps") as count:
        count(8)
    assert capsys.readouterr() == ("", "")
