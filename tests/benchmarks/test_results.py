"""Figures of runs are averaged as numpy does it, and only those that belong together."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.benchmarks.results import collect
from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.errors import ConfigError, CorpusError

VALUES = (0.71, 0.78, 0.74)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{seed}.json" for seed in range(len(VALUES))]
    for path, value in zip(paths, VALUES, strict=True):
        run = {"data_sha256": "a", "brier": 1, "micro": {"f1": value, "name": "x", "ok": True}}
        path.write_text(json.dumps(run))
    return paths


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["average", *map(str, arguments)])


def test_mean_and_deviation_are_numpys(files: list[Path]) -> None:
    brier, f1 = collect(files, ["brier", "micro.f1"])
    assert (brier.figure, brier.values, brier.deviation) == ("brier", (1.0, 1.0, 1.0), 0.0)
    assert f1.values == VALUES
    assert f1.mean == pytest.approx(np.mean(VALUES))
    assert f1.deviation == pytest.approx(np.std(VALUES, ddof=1))


@pytest.mark.parametrize(
    ("figure", "found"),
    [
        ("macro", "no number"),
        ("micro.f1.value", "no number"),
        ("micro.name", "no number"),
        ("micro.ok", "no number"),
        ("micro", "keys f1, name, ok"),
    ],
)
def test_what_is_no_number_is_named(files: list[Path], figure: str, found: str) -> None:
    with pytest.raises(ConfigError, match=rf"0.json: {figure}: found {found}; wanted the key of"):
        collect(files, [figure])


def test_one_run_has_no_spread(files: list[Path]) -> None:
    with pytest.raises(ConfigError, match="FILES: found one file; wanted a file each of two runs"):
        collect(files[:1], ["brier"])
    with pytest.raises(ConfigError, match="FILES: found a file twice; wanted"):
        collect([files[0], files[0].parent / "." / files[0].name], ["brier"])


def test_runs_on_other_data_are_not_averaged(files: list[Path]) -> None:
    files[2].write_text(json.dumps({"data_sha256": "b", "brier": 1}))
    with pytest.raises(ConfigError, match=r"2.json: data_sha256: found other data than in .*0\.js"):
        collect(files, ["brier"])


@pytest.mark.parametrize("text", ["[1]", "{"])
def test_a_file_without_figures_is_named(files: list[Path], text: str) -> None:
    files[1].write_text(text)
    with pytest.raises(ConfigError, match=r"1.json: found no JSON object; wanted figures, as --ou"):
        collect(files, ["brier"])
    files[1].unlink()
    with pytest.raises(CorpusError, match=r"1.json: found no such file"):
        collect(files, ["brier"])


def test_the_command_prints_a_row_a_figure(files: list[Path]) -> None:
    shown = run(*files, "--figure", "micro.f1", "--figure", "brier")
    assert shown.exit_code == 0, shown.output
    assert "3 runs" in shown.stdout
    row = next(line for line in shown.stdout.splitlines() if line.startswith("micro.f1"))
    assert row.split() == ["micro.f1", "0.743", "0.035", "0.710", "0.780"]
    figures = json.loads(run(*files, "--figure", "micro.f1", "--json").stdout)
    assert figures["micro.f1"]["values"] == list(VALUES)


def test_the_command_names_a_missing_figure(files: list[Path]) -> None:
    shown = run(*files, "--figure", "macro.f1")
    assert shown.exit_code == 1
    assert "macro.f1: found no number" in shown.stderr
