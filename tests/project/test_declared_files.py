"""The shipped project, read and not run: what it uses is declared, what it declares is there."""

import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from spacy.util import load_config, load_model_from_config
from weasel.cli.document import project_document
from weasel.util import load_project_config

from spacy_modernbert_bio.cli.app import COMMANDS
from spacy_modernbert_bio.cli.convert_splits import read_parts
from spacy_modernbert_bio.cli.fetch_encoder import make_small
from spacy_modernbert_bio.cli.settings import CHECKS, check_settings
from spacy_modernbert_bio.corpora.extract_texts import read_sets
from spacy_modernbert_bio.corpora.splits import PARTS
from spacy_modernbert_bio.pretraining.config_file import read_config
from spacy_modernbert_bio.pretraining.schedule import count_all_steps

PROJECT = Path(__file__).parents[2] / "projects" / "modernbert_bio"
CONFIGS = sorted(PROJECT.glob("configs/**/*.cfg"))
PIPELINES = [path for path in CONFIGS if path.parent.name not in ("corpora", "pretrain")]
TEXTS = [path for path in CONFIGS if path.name.startswith("texts_")]
RUNS = [path for path in CONFIGS if path.parent.name == "pretrain" and path not in TEXTS]
CORPORA = [path for path in CONFIGS if path.parent.name == "corpora"]
# What commands read that is no output of another: files of the repository.
SHIPPED = ("configs/", "assets/")


@pytest.fixture(scope="module")
def project() -> dict:
    return load_project_config(PROJECT)


def commands(project: dict) -> dict[str, dict]:
    return {command["name"]: command for command in project["commands"]}


def words(command: dict) -> list[str]:
    return [word for line in command["script"] for word in shlex.split(line)]


def declared(command: dict, *kinds: str) -> list[str]:
    return [path for kind in kinds for path in command.get(kind, [])]


def test_every_shipped_file_that_a_command_reads_is_a_dependency(project: dict) -> None:
    for command in project["commands"]:
        used = [word for word in words(command) if word.startswith(SHIPPED)]
        for path in used:
            assert (PROJECT / path).exists(), path
            assert path in declared(command, "deps"), f"{command['name']}: {path}"


def test_every_dependency_is_shipped_or_made_by_an_earlier_command(project: dict) -> None:
    by_name = commands(project)
    for workflow in project["workflows"].values():
        made: set[str] = set()
        for name in workflow:
            for path in declared(by_name[name], "deps"):
                assert path in made or (PROJECT / path).exists(), f"{name}: {path}"
            made |= set(declared(by_name[name], "outputs"))


def test_what_one_command_makes_and_another_reads_is_a_dependency(project: dict) -> None:
    made = {path for command in project["commands"] for path in declared(command, "outputs")}
    for command in project["commands"]:
        for word in words(command):
            if word in made:
                assert word in declared(command, "deps", "outputs"), f"{command['name']}: {word}"


def test_no_file_is_the_output_of_two_commands(project: dict) -> None:
    made = [path for command in project["commands"] for path in declared(command, "outputs")]
    assert len(made) == len(set(made))


def test_every_command_is_of_a_workflow_and_each_workflow_begins_with_settings(
    project: dict,
) -> None:
    named = {name for workflow in project["workflows"].values() for name in workflow}
    assert named == commands(project).keys()
    assert {workflow[0] for workflow in project["workflows"].values()} == {"settings"}


def test_settings_is_given_every_variable_and_accepts_the_defaults(
    project: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    given = check_settings(words(commands(project)["settings"])[4:])
    assert given.keys() == project["vars"].keys() == CHECKS.keys()


def test_scripts_are_python_commands_without_a_shell(project: dict) -> None:
    for command in project["commands"]:
        for line in command["script"]:
            start = shlex.split(line.replace("${vars.launch}", str(project["vars"]["launch"])))[:4]
            assert start[:2] == ["python", "-m"]
            assert start[2] in ("spacy", "spacy_modernbert_bio")
            assert start[2] == "spacy" or start[3] in COMMANDS
            assert not set("|><;&*`") & set(line)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_key_has_a_comment_above_it(path: Path) -> None:
    lines = path.read_text().splitlines()
    for above, line in pairwise(lines):
        if re.match(r"[@\w]+ *=", line):
            assert above.startswith("# "), line


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_a_corpus_names_parts_and_lists_that_are_there(path: Path) -> None:
    parts = read_parts(path)
    # A set without published parts may have less than three.
    assert list(parts) == [part for part in PARTS if part in parts]
    assert "test" in parts
    lists = [path.parent / options.get("documents", path.name) for _, options in parts.values()]
    assert all(file.is_file() for file in lists)


def test_no_template_of_presidio_is_on_both_sides() -> None:
    folder = PROJECT / "configs" / "corpora"
    ids = {part: (folder / f"presidio_{part}.list").read_text().split() for part in PARTS[::2]}
    thirds = {
        part: {int(name[1:].split("-")[0]) % 3 for name in names} for part, names in ids.items()
    }
    assert thirds == {"train": {1, 2}, "test": {0}}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_text_config_names_lists_that_are_there(path: Path) -> None:
    for sets in read_sets(path).values():
        for text_set in sets.values():
            assert not text_set.documents or (path.parent / text_set.documents).is_file()


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_pretraining_config_is_whole_and_runs_the_workflows_phases(path: Path) -> None:
    config = read_config(path)
    assert config.run.phases == ("clm", "mlm")
    assert config.run.output == config.corpus.shards.replace("shards", "run")
    assert count_all_steps(config) > 0


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an encoder where the shipped configs look for it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "note.txt").write_text("Ataxia.")
    shape = {"width": 32, "layers": 4, "heads": 2, "vocab_size": 300}
    make_small(folder / "encoder", folder / "note.txt", **shape, seed=0)
    for name in ("encoder_deid", "encoder_phenotype", "encoder_relation"):
        shutil.copytree(folder / "encoder", folder / name)
    return folder


# A process that knows the components from nothing but the names that are installed.
DEBUG = """
import sys
from pathlib import Path
from spacy.cli.debug_config import debug_config
for path in sys.argv[1:]:
    debug_config(Path(path))
    print("passed", path)
"""


def test_spacy_debug_config_passes(run_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEBUG, *map(str, PIPELINES)],
        cwd=run_folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"passed {path}" in done.stdout for path in PIPELINES)


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.parent.name)
def test_a_shipped_config_is_whole_and_leaves_no_hidden_states(
    path: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run_folder)
    config = load_config(path)
    nlp = load_model_from_config(config, auto_fill=False)
    assert nlp.pipe_names[-1] == "doc_cleaner"
    assert config["components"]["doc_cleaner"]["attrs"] == {"tensor": None, "_.trf_data": None}


def test_the_readme_is_what_spacy_project_document_writes(tmp_path: Path) -> None:
    written = tmp_path / "README.md"
    project_document(PROJECT, written)
    assert written.read_text() == (PROJECT / "README.md").read_text()
