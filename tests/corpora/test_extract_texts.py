"""A source's texts in one file, without what is scored later; a config that says something odd."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.corpora.extract_texts import SetReport, extract_texts, read_sets
from spacy_modernbert_bio.errors import ConfigError, CorpusError

SCORED = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
CONFIG = """
[notes]
[notes.ward]
format = "jsonl"
source = "ward.jsonl"
[notes.clinic]
format = "text"
source = "clinic"
documents = "clinic.list"
[papers]
[papers.few]
format = "csv"
source = "few.csv"
field = "abstract"
[without]
[without.test]
format = "text"
source = "scored.txt"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    (assets / "clinic").mkdir(parents=True)
    run = " ".join(SCORED.split()[1:]).upper().replace(" ", ", ")
    records = [
        {"id": "a", "text": "Pt seen."},
        {"id": "b", "text": f"Copied: {run}!"},
        {"id": "c", "text": " ".join(SCORED.split()[:12])},
        {"id": "d", "text": " \n"},
    ]
    (assets / "ward.jsonl").write_text("\n".join(map(json.dumps, records)))
    for name in ("x", "y"):
        (assets / "clinic" / f"{name}.txt").write_text(f"Note {name}.")
    (assets / "few.csv").write_text("abstract\nA paper.\n")
    (assets / "scored.txt").write_text(SCORED)
    (tmp_path / "clinic.list").write_text("y\n")
    (tmp_path / "texts.cfg").write_text(CONFIG)
    return tmp_path


def texts(path: Path) -> dict[str, str]:
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return {record["id"]: record["text"] for record in map(json.loads, lines)}


def test_each_source_is_a_file_without_what_is_scored(folder):
    reports = extract_texts(folder / "texts.cfg", folder / "assets", folder / "out")
    twelve = " ".join(SCORED.split()[:12])
    assert texts(folder / "out" / "notes.jsonl.gz") == {
        "ward/a": "Pt seen.",
        "ward/c": twelve,
        "clinic/y": "Note y.",
    }
    assert texts(folder / "out" / "papers.jsonl.gz") == {"few/few-1": "A paper."}
    assert reports["notes.ward"] == SetReport(2, 8 + len(twelve), blank=1, overlapping=1)
    written = json.loads((folder / "out" / "report.json").read_text())
    assert written["notes.ward"]["overlapping"] == 1


MARKED = SCORED.replace("five", "<< five >>").replace("nine ten", "[[ nine ten ]]")


@pytest.mark.parametrize(
    ("form", "name", "content"),
    [
        ("chemprot", "test.txt", json.dumps({"text": MARKED, "label": "INHIBITOR"})),
        ("gad", "test.tsv", f"{SCORED}\t1"),
        ("hoc", "hoc", {"text/7.txt": SCORED, "labels/7.txt": "<"}),
    ],
)
def test_what_classifiers_are_scored_on_is_left_out(folder, form, name, content):
    source = folder / "assets" / name
    for path, text in ({".": content} if isinstance(content, str) else content).items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    config = CONFIG.replace('"text"\nsource = "scored.txt"', f'"{form}"\nsource = "{name}"')
    (folder / "texts.cfg").write_text(config)
    reports = extract_texts(folder / "texts.cfg", folder / "assets", folder / "out")
    assert reports["notes.ward"].overlapping == 1


def test_the_same_texts_give_the_same_bytes(folder):
    made = []
    for name in ("one", "two"):
        extract_texts(folder / "texts.cfg", folder / "assets", folder / name)
        made.append((folder / name / "notes.jsonl.gz").read_bytes())
    assert made[0] == made[1]


def test_a_set_that_cannot_be_read_leaves_what_was_there(folder):
    (folder / "out").mkdir()
    (folder / "out" / "kept").touch()
    (folder / "assets" / "few.csv").write_text("other\nA paper.\n")
    with pytest.raises(CorpusError, match="found no column 'abstract'"):
        extract_texts(folder / "texts.cfg", folder / "assets", folder / "out")
    assert [path.name for path in (folder / "out").iterdir()] == ["kept"]


def test_a_set_with_nothing_left_is_refused(folder):
    (folder / "assets" / "few.csv").write_text("abstract\n")
    with pytest.raises(CorpusError, match=r"papers.few: found no document left to write"):
        extract_texts(folder / "texts.cfg", folder / "assets", folder / "out")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[notes", "found no readable config"),
        ("", "found no set; wanted at least one"),
        ('[notes]\nformat = "text"\n', "notes.format: found the key format; wanted keys of"),
        ('[a]\n[a.b]\nformat = "text"\nsource = "x"\nfrom = 1\n', "a.b: found the key from"),
        ('[a]\n[a.b]\nformat = "doc"\nsource = "x"\n', "a.b: found format 'doc', source 'x'"),
        ('[a]\n[a.b]\nformat = "text"\n', "a.b: found format 'text', source None"),
        ('[without]\n[without.b]\nformat = "text"\nsource = "x"\n', "found no set"),
    ],
)
def test_a_config_that_says_something_unknown_is_refused(tmp_path, content, message):
    path = tmp_path / "texts.cfg"
    path.write_text(content)
    with pytest.raises(ConfigError) as raised:
        read_sets(path)
    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)


def test_a_missing_config_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"found no such file; wanted a .cfg of text sets"):
        read_sets(tmp_path / "texts.cfg")


def test_the_command_shows_what_became_of_each_set(folder):
    arguments = [str(folder / name) for name in ("texts.cfg", "assets", "out")]
    result = CliRunner().invoke(app, ["extract-texts", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    (ward, *_) = json.loads(result.stdout)
    assert ward["set"] == "notes.ward"
    assert ward["overlap with scored text"] == 1
    assert "Pt seen" not in result.output
    (folder / "assets" / "scored.txt").unlink()
    result = CliRunner().invoke(app, ["extract-texts", *arguments])
    assert result.exit_code == 1
    assert "scored.txt: found no such file" in result.stderr
