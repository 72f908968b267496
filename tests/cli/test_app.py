"""The list of commands: complete, true to the functions, and quick to print."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import spacy_modernbert_bio
from spacy_modernbert_bio import cli
from spacy_modernbert_bio.cli.app import COMMANDS, app

HEAVY = ("spacy", "thinc", "torch", "transformers", "sklearn")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_line_is_the_first_of_the_docstring(name: str) -> None:
    place, help_line = COMMANDS[name]
    module, _, attribute = place.partition(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        target = target.registered_callback.callback
    assert inspect.getdoc(target).splitlines()[0] == help_line


def test_every_file_of_a_command_is_in_the_list() -> None:
    room = Path(cli.__file__).parent
    heads = [path.read_text(encoding="utf-8").split("\n", 1)[0] for path in room.glob("*.py")]
    commands = [
        found for head in heads for found in re.findall('^"""`modernbert-bio ([^ `]+)', head)
    ]
    # A command with two forms has a file for each.
    assert sorted(set(commands)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage: " in result.stdout


def test_words_in_brackets_stay_in_the_help() -> None:
    shown = CliRunner().invoke(app, ["annotate", "--help"]).stdout
    assert "[default: stdout]" in shown


def test_no_arguments_print_the_help() -> None:
    result = CliRunner().invoke(app, [])
    assert all(name in result.output for name in COMMANDS)


def test_version_is_the_packages() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.stdout == f"modernbert-bio {spacy_modernbert_bio.__version__}\n"


def test_misspelt_command_gets_a_hint() -> None:
    result = CliRunner().invoke(app, ["anotate"])
    assert result.exit_code == 2
    assert "Did you mean 'annotate'?" in result.output


def imported(argument: str) -> set[str]:
    """The heavy packages that a fresh interpreter has after a command."""
    code = (
        "import sys\nfrom spacy_modernbert_bio.cli.app import app\n"
        f"try: app([{argument!r}, '--help'])\nexcept SystemExit: pass\n"
        "print('\\n' + ' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) & set(HEAVY)


@pytest.mark.parametrize("argument", ["--help", "settings"])
def test_what_needs_nothing_heavy_imports_nothing_heavy(argument: str) -> None:
    assert imported(argument) == set()


def test_the_import_test_can_fail() -> None:
    assert {"spacy", "torch"} <= imported("extract-texts")


def test_python_dash_m_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spacy_modernbert_bio", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("modernbert-bio ")
    (script,) = entry_points(group="console_scripts", name="modernbert-bio")
    assert script.load() is app


def test_unexpected_error_shows_no_values_of_variables() -> None:
    code = """
from spacy_modernbert_bio.cli.app import COMMANDS, app, _add_stand_in
def fail():
    note = "".join(["Secret", "name"])
    return {}[len(note)]
COMMANDS["fail"] = ("__main__:fail", "")
_add_stand_in("fail", "")
app(["fail"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "KeyError: 10" in done.stderr
    assert "Secretname" not in done.stderr + done.stdout
