"""A project's variables: shown as they are, refused where they cannot be."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.settings import settings


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(settings)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_values_in_use_are_printed_with_a_word_on_misspelt_names(tmp_path: Path) -> None:
    result = run(f"assets={tmp_path}", "encoder=almanach/ModernBERT-bio-base", "seed=3")
    assert result.exit_code == 0
    assert "almanach/ModernBERT-bio-base" in result.stdout
    assert "A --vars.NAME that is not in this list has no effect." in result.stderr


def test_quiet_checks_and_says_nothing(tmp_path: Path) -> None:
    assert run("seed=3", "--quiet").output == ""


def test_json_is_the_variables() -> None:
    assert json.loads(run("seed=3", "learn_rate=5e-5", "--json").stdout) == {
        "seed": "3",
        "learn_rate": "5e-5",
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("corpus=configs/corpora/gone.cfg", "vars.corpus: found 'configs/corpora/gone.cfg'"),
        ("assets=/no/such/folder", "vars.assets: found '/no/such/folder'; wanted a folder"),
        ("encoder=smal", "vars.encoder: found 'smal'; wanted `small`, a folder that is there"),
        ("revision= ", "vars.revision: found ' '; wanted a branch"),
        ("decoder=beam", "vars.decoder: found 'beam'; wanted viterbi or crf"),
        ("learn_rate=2", "vars.learn_rate: found '2'; wanted a number between 0 and 1"),
        ("learn_rate=fast", "vars.learn_rate: found 'fast'; wanted a number between 0 and 1"),
        ("layer_decay=0", "vars.layer_decay: found '0'; wanted a number in (0, 1]"),
        ("dropout=1", "vars.dropout: found '1'; wanted a number in [0, 1)"),
        ("steps=0", "vars.steps: found '0'; wanted a whole number from 1"),
        ("gpu_id=-2", "vars.gpu_id: found '-2'; wanted a whole number from -1"),
        ("fillers=gone.txt", "vars.fillers: found 'gone.txt'; wanted a file or folder that is"),
        ("name=My Model", "vars.name: found 'My Model'; wanted lower-case letters"),
        ("version=one", "vars.version: found 'one'; wanted a version as 1.0.0"),
        ("sed=1", "vars.sed: found no setting of that name; wanted NAME=VALUE, with a name of"),
        ("seed", "vars.seed: found no value; wanted NAME=VALUE"),
    ],
)
def test_an_impossible_value_is_one_line_that_names_it(value: str, message: str) -> None:
    # A good one before it: every value is looked at.
    result = run("seed=1", value)
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("name", "bound"),
    [("warmup_steps", "steps"), ("eval_frequency", "steps"), ("min_words", "max_words")],
)
def test_what_would_never_happen_within_the_run_is_refused(name: str, bound: str) -> None:
    result = run(f"{bound}=10", f"{name}=11")
    assert result.exit_code == 1
    assert f"vars.{name}: found 11; wanted at most vars.{bound} (10)" in result.stderr
