"""What others may hold on to: commands, their options, attributes, errors, rooms."""

import inspect
from pathlib import Path

import pytest
from spacy.tokens import Doc, Span

import spacy_modernbert_bio
from spacy_modernbert_bio import errors
from spacy_modernbert_bio.cli.app import COMMANDS, load_command
from spacy_modernbert_bio.components.extensions import install_extensions
from tests.contracts.names import POINTS

ROOT = Path(spacy_modernbert_bio.__file__).parent

# To take one of these away, or to rename it, breaks somebody's script; add freely.
COMMAND_LINES = {
    "deidentify": "MODEL INPUTS --output --policy --key-file --text-field --known --keep "
    "--note-is-patient --vault --jsonl --batch-size --gpu-id --quiet",
    "audit": "OUTPUT --originals --text-field --policy --model --threshold --output --html "
    "--batch-size --gpu-id --quiet --json",
    "evaluate-phi": "MODEL DATA --perturbed --seed --output --batch-size --gpu-id --quiet --json",
    "evaluate-phenotype": "MODEL DATA --pipe --exclude-labels --output --html --seed --batch-size "
    "--gpu-id --quiet --json",
    "synthetic-notes": "OUTPUT --train --dev --test --seed --fillers --min-words --max-words "
    "--hard --jsonl --quiet --json",
    "synthetic-findings": "OUTPUT --fillers --train --dev --test --seed --min-words --max-words "
    "--quiet --json",
    "annotate": "MODEL INPUTS --output --html --text-field --jsonl --batch-size --gpu-id --quiet",
    "show": "MODEL INPUTS --html --remark --gpu-id --quiet",
    "fill-mask": "CHECKPOINT TEXT --top --json",
    "convert": "SOURCE_FORMAT SOURCE OUTPUT --inside --documents --split --part --seed --shares "
    "--label --map-labels --text-column --labels-column --id-column --group-column --separator "
    "--categories --notes --sentences-per-document --discontinuous --keep-duplicates --spans-key "
    "--quiet --json",
    "convert-splits": "CONFIG ASSETS OUTPUT --quiet --json",
    "debug-data": "TRAIN DEV --encoder --spans-key --categories --exclusive --quiet --json",
    "evaluate": "MODEL DATA --pipe --output --batch-size --gpu-id --quiet --json",
    "average": "FILES --figure --json",
    "calibrate": "MODEL DATA --output --pipe --target-recall --confidence --batch-size --gpu-id "
    "--quiet --json",
    "compare": "A B --texts --control --html --gpu-id --quiet --json",
    "needle": "CHECKPOINT --texts --lengths --documents --classes --seed --gpu-id --quiet --json",
    "fetch-encoder": "NAME OUTPUT --revision --corpus --vocab-size --width --layers --heads "
    "--seed --quiet --json",
    "settings": "VALUES --quiet --json",
    "extract-texts": "CONFIG ASSETS OUTPUT --quiet --json",
    "tokenize": "CONFIG OVERRIDES --quiet --json",
    "pretrain": "CONFIG OVERRIDES --until --quiet --json",
    "pretrain-report": "RUN --output --quiet --json",
    "benchmark": "speed training deid deid-speed labelling long-context",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_keeps_its_arguments_and_options(name):
    command = load_command(name)
    arguments = [p.name.upper() for p in command.params if p.param_type_name == "argument"]
    options = [name for p in command.params for name in p.opts if name.startswith("--")]
    kept = COMMAND_LINES[name].split()
    assert arguments == [word for word in kept if word.isupper()]
    assert {*options, *getattr(command, "commands", ())} >= {w for w in kept if not w.isupper()}


def test_no_command_goes_away():
    assert COMMANDS.keys() >= COMMAND_LINES.keys()


def test_attributes_are_those_of_the_readme():
    install_extensions()
    names = ("modernbert_coverage", "phi", "patient", "deidentified", "phi_leaks", "phenotypes")
    for name in names:
        assert Doc.has_extension(name)
    assert Span.has_extension("confidence")


def test_errors_are_one_tree_that_callers_may_catch_as_value_errors():
    ours = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, ValueError)
    }
    assert ours == {
        "ModernBertBioError",
        "CheckpointError",
        "CorpusError",
        "ConfigError",
        "CoverageError",
        "PolicyError",
        "ResumeError",
        "TrainingError",
    }


def test_importing_the_package_gives_its_version_and_nothing_else():
    public = {name for name in vars(spacy_modernbert_bio) if not name.startswith("_")}
    rooms = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert public <= rooms
    assert spacy_modernbert_bio.__version__


def test_the_readme_names_all_that_is_registered():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf8")
    assert not {point.name for point in POINTS if f"`{point.name}`" not in readme} - {
        "modernbert-bio"
    }
