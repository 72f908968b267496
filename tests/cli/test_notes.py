"""What cannot be a note, or be written beside notes, is refused by name, without its text."""

import json

import pytest

from spacy_modernbert_bio.cli.notes import STDIN, _record, check_apart, check_outputs
from spacy_modernbert_bio.errors import ConfigError, CorpusError

SECRET = "Zebrowski"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"{{{SECRET}", r"notes\.jsonl:3: found a line that is no JSON object"),
        (json.dumps([SECRET]), r"notes\.jsonl:3: found a line that is no JSON object"),
        (json.dumps({"note": SECRET}), r"found no text in the field text; .* --text-field"),
        (json.dumps({"text": SECRET, "entities": 1}), r"found a field entities"),
    ],
)
def test_a_record_that_is_no_note_is_refused(line: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        _record(line.encode(), "notes.jsonl:3", "text", frozenset({"entities"}))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("notes.jsonl", "an input"),
        ("folder/../notes.jsonl", "an input"),
        ("folder", "an input"),
        ("folder/inner/a.txt", "an input"),
        ("link.txt", "an input"),
        (".", "a folder that holds an input"),
        ("folder/new.jsonl", ""),
        ("new.txt", ""),
    ],
)
def test_what_is_read_is_not_written_over(tmp_path, name: str, found: str) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "a.txt").write_text("flu")
    (tmp_path / "link.txt").symlink_to(tmp_path / "folder" / "inner" / "a.txt")
    inputs = [STDIN, tmp_path / "notes.jsonl", tmp_path / "folder"]
    if not found:
        check_apart("--output", tmp_path / name, inputs)
        return
    with pytest.raises(ConfigError, match=f"--output: found {found}; wanted another path"):
        check_apart("--output", tmp_path / name, inputs)


def test_two_outputs_are_not_written_to_one_place(tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    outputs = {
        "--output": tmp_path / "notes.out",
        "--vault": None,
        "--html": tmp_path / "folder" / ".." / "notes.out",
    }
    with pytest.raises(ConfigError, match="--html: found the path of --output; wanted another"):
        check_outputs(outputs, [STDIN])
    check_outputs(outputs | {"--html": tmp_path / "page.html"}, [STDIN])
