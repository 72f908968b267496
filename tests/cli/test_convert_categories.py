"""Texts with labels of the whole, by `convert` and `convert-splits`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
import typer
from spacy.tokens import DocBin
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.convert import convert
from spacy_modernbert_bio.cli.convert_splits import convert_splits

ROWS = "nr,note,codes,patient\n7,Smokes.,smoker;drinker,1\n8,Jane Roe sleeps.,,2\n"
NAMED = ["--text-column", "note", "--labels-column", "codes", "--id-column", "nr"]
LISTED = ["--categories", "smoker", "--categories", "drinker", "--categories", "runner"]


def run(command: Callable[..., None], *arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "notes.csv").write_text(ROWS)
    return tmp_path / "notes.csv"


def cats(path: Path) -> list[dict[str, float]]:
    return [doc.cats for doc in DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)]


def test_rows_of_ones_own_become_documents_with_categories(source: Path, tmp_path: Path) -> None:
    options = [*NAMED, *LISTED, "--separator", ";", "--group-column", "patient"]
    result = run(convert, "rows", source, tmp_path / "a.spacy", *options, "--quiet")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["smoker", "1", "0.50000"] in lines
    assert ["runner", "0", "0.00000"] in lines
    assert ["none", "of", "them", "1", "0.50000"] in lines
    assert "borders" not in result.stdout
    assert "Roe" not in result.output
    assert cats(tmp_path / "a.spacy")[0] == {"smoker": 1.0, "drinker": 1.0, "runner": 0.0}


def test_the_report_as_json_counts_documents_by_category(source: Path, tmp_path: Path) -> None:
    options = [*NAMED, "--separator", ";", "--json", "--quiet"]
    printed = json.loads(run(convert, "rows", source, tmp_path / "a.spacy", *options).stdout)
    assert printed["categories"] == {"drinker": 1, "smoker": 1}
    assert printed["documents_without_category"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "notes.csv:1: found no column text, labels; wanted the columns text, labels"),
        ([*NAMED, *LISTED], "notes.csv:2: found a label in codes that is not in the list of 3"),
        (
            [*NAMED, "--part", "dev"],
            "--part, --seed, --shares: found one of them; wanted them with",
        ),
        ([*NAMED, "--split", "dice"], "split: found 'dice'; wanted one of seeded, phenotype, gad"),
        ([*NAMED, "--notes", "n.csv"], "notes=...): found it, with rows; wanted it with mimic-ph"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    options: list[str], message: str, source: Path, tmp_path: Path
) -> None:
    result = run(convert, "rows", source, tmp_path / "a.spacy", "--quiet", *options)
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert not list(tmp_path.glob("a.*"))


def test_a_part_of_a_split_is_converted(tmp_path: Path) -> None:
    (tmp_path / "n.tsv").write_text("text\tlabels\n" + "".join(f"N {n}.\ta\n" for n in range(60)))
    counts = []
    for part in ("train", "dev", "test"):
        options = ["--split", "seeded", "--part", part, "--seed", 1, "--shares", 0.4, 0.3, 0.3]
        assert (
            run(convert, "rows", tmp_path / "n.tsv", tmp_path / "a.spacy", *options).exit_code == 0
        )
        counts.append(len(cats(tmp_path / "a.spacy")))
    assert sum(counts) == 60
    assert min(counts) > 5


SPLITS = """
[corpus]
format = "rows"
source = "n.csv"
categories = ["a", "b"]
split = "seeded"
seed = 1
shares = [0.5, 0.0, 0.5]

[train]

[test]
"""


def test_sections_take_the_part_of_their_name(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("text,labels\n" + "".join(f"N {n}.,a\n" for n in range(40)))
    (tmp_path / "corpus.cfg").write_text(SPLITS)
    result = run(convert_splits, tmp_path / "corpus.cfg", tmp_path, tmp_path / "out")
    assert result.exit_code == 0
    found = {part: cats(tmp_path / "out" / f"{part}.spacy") for part in ("train", "test")}
    assert len(found["train"]) + len(found["test"]) == 40
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["category", "train", "test"] in lines
    assert ["a", str(len(found["train"])), str(len(found["test"]))] in lines
    assert ["b", "0", "0"] in lines


def test_notes_are_below_the_assets(tmp_path: Path) -> None:
    (tmp_path / "corpus.cfg").write_text(
        '[corpus]\nformat = "mimic-phenotype"\nnotes = "n.csv"\n[train]\nsource = "a.csv"\n'
    )
    result = run(convert_splits, tmp_path / "corpus.cfg", tmp_path / "assets", tmp_path / "out")
    assert result.exit_code == 1
    assert f"{tmp_path}/assets/a.csv: found no such file" in "".join(result.stderr.split("\n"))


def test_a_seed_without_a_split_is_refused(tmp_path: Path) -> None:
    (tmp_path / "corpus.cfg").write_text(SPLITS.replace('split = "seeded"', ""))
    result = run(convert_splits, tmp_path / "corpus.cfg", tmp_path, tmp_path / "out")
    assert result.exit_code == 1
    assert "train: found seed without a split; wanted both" in " ".join(result.stderr.split())
