"""`tokenize`, `pretrain`, `pretrain-report`: from a config on disk to checkpoint and page."""

import json
import signal
from pathlib import Path

import pytest
from confection import Config
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.pretraining.phases import Outcome
from tests.pretraining.runs import WORDS, make_texts

CONFIG = """
[paths]
folder = "."
[run]
start = "start"
output = "${paths.folder}/run"
phases = ["clm","mlm"]
[corpus]
shards = "${paths.folder}/shards"
heldout = 0.2
[corpus.sources]
[corpus.sources.notes]
path = "${paths.folder}/notes.jsonl"
weight = 1.0
[batch]
rows = 2
row_tokens = 48
rows_at_once = 2
[phases]
[phases.clm]
objective = "clm"
length = "3 steps"
[phases.mlm]
objective = "mlm"
length = "2 steps"
masked = 0.3
[record]
log_every = 1
validation_rows = 2
tensorboard = false
peak_tflops = 1.0
"""


@pytest.fixture
def folder(tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lines = [json.dumps({"text": text}) for text in make_texts(40, 0)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    content = Config().from_str(CONFIG, interpolate=False)
    content["run"]["start"] = str(tiny_checkpoint)
    content.to_disk(tmp_path / "run.cfg", interpolate=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    # What was read is nobody's business but the reader's.
    assert f"{WORDS[0]} {WORDS[1]}" not in result.output
    return result


def test_from_texts_to_page(folder):
    result = run("tokenize", "run.cfg")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "Token shards"
    assert "Shards in ./shards: as private as the texts." in result.stderr

    result = run("pretrain", "run.cfg", "--until", "clm")
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert any("clm step       3  loss " in line and "tokens/s" in line for line in lines)
    assert any("held-out mlm loss" in line and "unigram entropy" in line for line in lines)
    assert lines[-1] == "clm: run/clm"

    result = run("pretrain", "run.cfg", "--quiet", "--json")
    assert result.exit_code == 0, result.output
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [r["step"] for r in records if r["kind"] == "step"] == [4, 5]
    assert result.stderr == ""

    result = run("pretrain-report", "run", "--output", "page.html", "--json")
    assert result.exit_code == 0, result.output
    assert [row["after"] for row in json.loads(result.stdout)] == [
        "start",
        "end of clm",
        "end of mlm",
    ]
    assert "<svg" in (folder / "page.html").read_text()
    assert run("pretrain-report", "run").exit_code == 0
    assert (folder / "run" / "report.html").is_file()


def test_values_of_the_command_line_take_the_place_of_the_configs(folder):
    words = ["--paths.folder", folder / "other", "--corpus.sources.notes.path", "notes.jsonl"]
    assert run("tokenize", "run.cfg", *words).exit_code == 0
    assert (folder / "other" / "shards" / "manifest.json").is_file()
    result = run("pretrain", "run.cfg", *words, "--phases.clm.length", "1 steps", "--until", "clm")
    assert result.exit_code == 0, result.output
    record = json.loads((folder / "other" / "run" / "run.json").read_text())
    assert record["phases"][0]["steps"] == 1


def test_a_stop_signal_gives_the_code_that_schedulers_know(folder, monkeypatch):
    run("tokenize", "run.cfg")

    def stopped(_config, *, until, observe):
        return Outcome((), 2, stopped=True)

    monkeypatch.setattr("spacy_modernbert_bio.cli.pretrain.run_phases", stopped)
    result = run("pretrain", "run.cfg")
    assert result.exit_code == 128 + signal.SIGTERM
    assert "Stopped after step 2, with a checkpoint; run it again to go on." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pretrain", "gone.cfg"], "gone.cfg: found no such file"),
        (["tokenize", "gone.cfg"], "gone.cfg: found no such file"),
        (["pretrain", "run.cfg"], "shards: found no manifest.json"),
        (["pretrain", "run.cfg", "--run.sead", "3"], "run.sead"),
        (["pretrain", "run.cfg", "--seed", "3"], "found '--seed'; wanted --section.key value"),
        (["pretrain-report", "run"], "run.json: found no readable record of a run"),
        (["tokenize", "run.cfg", "--corpus.sources.notes.path", "x.txt"], "found no such path"),
    ],
)
def test_what_cannot_be_run_is_one_line(folder, arguments, message):
    result = run(*arguments)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert {path.name for path in folder.iterdir()} == {"notes.jsonl", "run.cfg"}
