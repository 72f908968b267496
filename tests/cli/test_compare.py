"""`compare`: figures in the terminal, as JSON and on a page; errors as one line; never a text."""

import json
import math
import re

import pytest
from typer.testing import CliRunner

from spacy_modernbert_bio.analysis.drift import Drift, LayerDrift
from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.cli.compare import drift_page, drift_table
from spacy_modernbert_bio.encoder.checkpoint import save_checkpoint
from tests.conftest import TEXT, make_checkpoint, make_config

SECRET = "Zebrowski"
DRIFT = Drift(
    (
        LayerDrift("embeddings", "embeddings", 0.5, 0.25, 0.0, math.nan),
        LayerDrift("0", "global", 0.125, math.nan, 0.5, math.nan),
    ),
    texts=7,
    width=4,
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tiny_tokenizer) -> list:
    root = tmp_path_factory.mktemp("compared")
    for seed in range(3):
        checkpoint = make_checkpoint(make_config(), tiny_tokenizer, seed=seed)
        save_checkpoint(checkpoint, root / f"seed{seed}")
    return [root / f"seed{seed}" for seed in range(3)]


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "heldout.jsonl"
    path.write_text(
        "".join(json.dumps({"text": f"{each} Signed {SECRET}."}) + "\n" for each in TEXT)
    )
    return path


def run(*arguments: object):
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def test_table_has_a_row_a_layer(folders, texts) -> None:
    result = run(*folders[:2], "--texts", texts)
    assert result.exit_code == 0, result.output
    title, heads, _, *rows = result.stdout.splitlines()
    assert title == "Drift on 3 texts"
    assert re.split(r"  +", heads) == ["layer", "attention", "weight change", "divergence"]
    assert [row.split()[0] for row in rows] == ["embeddings", "0", "1", "2", "3"]
    assert SECRET not in result.output


def test_few_texts_are_warned_of(folders, texts) -> None:
    assert "3 texts are few for hidden states 32 wide" in run(*folders[:2], "--texts", texts).stderr


def test_json_has_the_control_and_the_ratio_to_it(folders, texts) -> None:
    result = run(*folders[:2], "--control", folders[2], "--texts", texts, "--json", "--quiet")
    assert result.exit_code == 0, result.output
    assert not result.stderr
    printed = json.loads(result.stdout)
    assert printed["texts"] == 3
    assert [layer["name"] for layer in printed["layers"]] == ["embeddings", "0", "1", "2", "3"]
    for layer in printed["layers"]:
        assert layer["ratio"] == pytest.approx(layer["divergence"] / layer["control"])


def test_page_shows_curves_and_table_and_no_text(folders, texts, tmp_path) -> None:
    html = tmp_path / "page.html"
    result = run(*folders[:2], "--control", folders[2], "--texts", texts, "--html", html)
    assert result.exit_code == 0, result.output
    assert f"Wrote {html}" in result.stderr
    page = html.read_text(encoding="utf-8")
    assert page.count("<figure") == 2
    assert page.count("<tr>") == 6
    assert all(str(folder) in page for folder in folders)
    assert SECRET not in page + result.output
    assert "<script" not in page


def test_text_file_has_a_text_a_line_and_a_folder_one_a_file(folders, tmp_path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number, text in enumerate(TEXT):
        (folder / f"{number}.txt").write_text(f"{text}\nSecond line.\n")
    (tmp_path / "lines.txt").write_text("\n".join(TEXT[:2]))
    for source, count in ((folder, 3), (tmp_path / "lines.txt", 2)):
        printed = run(*folders[:2], "--texts", source, "--json", "--quiet").stdout
        assert json.loads(printed)["texts"] == count


def test_figures_that_do_not_exist_are_dashes_and_gaps(folders) -> None:
    table = drift_table(DRIFT)
    assert table.columns[-2:] == ["control", "ratio"]
    assert table.to_cells() == [
        ["embeddings", "–", "0.5000", "0.2500", "0.0000", "–"],
        ["0", "global", "0.1250", "–", "0.5000", "–"],
    ]
    assert "nan" not in drift_page(DRIFT, "<a>", "b", "c")
    assert "<a>" not in drift_page(DRIFT, "<a>", "b", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gpu-id", 99], "--gpu-id: found no GPU 99 here; wanted a CUDA device, or -1"),
        (["--control", "SAME"], "control: found the very weights of B; wanted"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_exit_code_one(
    folders, texts, arguments, message
) -> None:
    arguments = [folders[1] if each == "SAME" else each for each in arguments]
    result = run(*folders[:2], "--texts", texts, *arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert SECRET not in result.output


def test_missing_texts_are_named_and_no_page_is_left(folders, tmp_path) -> None:
    html = tmp_path / "page.html"
    result = run(*folders[:2], "--texts", tmp_path / "gone.jsonl", "--html", html)
    assert result.exit_code == 1
    assert "gone.jsonl" in result.stderr
    assert not html.exists()
