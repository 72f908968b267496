"""`needle`: a table by length and place, the same as JSON; errors as one line; never a text."""

import json

import pytest
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.cli.needle import parse_lengths
from spacy_modernbert_bio.errors import ConfigError
from tests.conftest import TEXT

SECRET = "Zebrowski"
SMALL = ["--lengths", "64,48", "--documents", 4, "--classes", 2]


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "filler.txt"
    path.write_text("\n".join([*TEXT, f"Seen by {SECRET}. Lungs clear. Skin warm. Heart regular."]))
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, ["needle", *map(str, arguments)])


def test_table_has_a_row_a_length_and_a_column_a_place(tiny_checkpoint, texts) -> None:
    result = run(tiny_checkpoint, "--texts", texts, *SMALL)
    assert result.exit_code == 0, result.output
    title, heads, _, *rows = result.stdout.splitlines()
    assert "4 test documents a cell" in title
    assert heads.split() == ["pieces", "begin", "middle", "end", "chance"]
    assert [row.split()[0] for row in rows] == ["64", "48"]
    assert {row.split()[-1] for row in rows} == {"0.500"}
    assert "guessing gives 50.0%" in result.stderr
    assert SECRET not in result.output


def test_json_has_every_cell_and_chance(tiny_checkpoint, texts) -> None:
    result = run(tiny_checkpoint, "--texts", texts, *SMALL, "--json", "--quiet", "--seed", 3)
    assert result.exit_code == 0, result.output
    assert not result.stderr
    printed = json.loads(result.stdout)
    assert [(cell["length"], cell["place"]) for cell in printed["cells"]] == [
        (length, place) for length in (64, 48) for place in ("begin", "middle", "end")
    ]
    assert (printed["chance"], printed["classes"], printed["documents"]) == (0.5, 2, 4)
    assert printed["seed"] == 3
    again = run(tiny_checkpoint, "--texts", texts, *SMALL, "--json", "--quiet", "--seed", 3)
    assert again.stdout == result.stdout


def test_length_beyond_the_context_is_refused(tiny_checkpoint, texts) -> None:
    result = run(tiny_checkpoint, "--texts", texts)
    assert result.exit_code == 1
    assert "lengths: found 2,048 pieces; wanted" in result.stderr
    assert SECRET not in result.output


@pytest.mark.parametrize("lengths", ["", "512,", "5k", "-512", "512;1024", "512.0"])
def test_lengths_that_are_no_numbers_are_refused(lengths) -> None:
    with pytest.raises(ConfigError, match=r"--lengths: found .*; wanted numbers of pieces as"):
        parse_lengths(lengths)


def test_lengths_are_parted_by_commas() -> None:
    assert parse_lengths("512, 2048,8192") == [512, 2048, 8192]
