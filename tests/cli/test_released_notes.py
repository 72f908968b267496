"""Notes beside their originals: in whatever order, and nothing that does not belong together."""

import json
from itertools import count, islice

import pytest

from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.cli.released_notes import read_released
from spacy_modernbert_bio.errors import CorpusError

SECRET = "Zebrowski"
REPLACEMENT = {
    "start": 4,
    "stop": 13,
    "new": "[PATIENT]",
    "label": "PATIENT",
    "action": "redact",
    "sources": ["model"],
}
RECORD = {
    "id": SECRET,
    "text": "Ms. [PATIENT] left",
    "policy": "safe_harbor",
    "replacements": [REPLACEMENT],
}
ORIGINAL = Note("in.jsonl:1", SECRET, f"Ms. {SECRET} left")


def write(path, *records: object):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def plain(number: object, text: str = "text") -> dict:
    return {"id": number, "text": text, "policy": "safe_harbor", "replacements": []}


def test_a_note_comes_with_its_original_and_its_offsets(tmp_path) -> None:
    (note,) = read_released(write(tmp_path / "out.jsonl", RECORD), [ORIGINAL])
    assert note.where == f"{tmp_path / 'out.jsonl'}:1"
    assert note.original == ORIGINAL.text
    assert note.offsets.to_new(4, 13) == (4, 13)
    assert SECRET not in repr(note)


def test_notes_meet_by_id_in_whatever_order(tmp_path) -> None:
    path = write(tmp_path / "out.jsonl", *(plain(i, f"text {i}") for i in (3, 1, "1", 2)))
    originals = [Note(f"in:{i}", i, f"text {i}") for i in (1, 2, 3, "1")]
    texts = {(note.original, note.text) for note in read_released(path, originals)}
    assert texts == {(f"text {i}", f"text {i}") for i in (1, 2, 3)}


def test_notes_of_one_id_meet_in_their_order(tmp_path) -> None:
    path = write(tmp_path / "out.jsonl", plain(1, "first"), plain(1, "second"))
    originals = [Note("in:1", 1, "first"), Note("in:2", 1, "second")]
    assert [note.text for note in read_released(path, originals)] == ["first", "second"]


def test_a_withheld_note_is_none_whatever_its_original_is(tmp_path) -> None:
    path = write(tmp_path / "out.jsonl", {"id": 1, "error": "ValueError"})
    assert [*read_released(path, [Note("in:1", 1, failure="no text")])] == [None]


def test_notes_are_read_as_they_are_needed(tmp_path) -> None:
    numbers = count()
    path = write(tmp_path / "out.jsonl", *map(plain, range(100)))
    stream = read_released(path, (Note(f"in:{i}", i, "text") for i in numbers))
    assert len([*islice(stream, 5)]) == 5
    assert next(numbers) == 5


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"{SECRET}", "no record of a de-identified note"),
        ([SECRET], "no record of a de-identified note"),
        ({"text": SECRET}, "no record of a de-identified note"),
        ({"id": SECRET, "text": SECRET}, "no record of a de-identified note"),
        (RECORD | {"replacements": [SECRET]}, "no record of a de-identified note"),
        (RECORD | {"replacements": [REPLACEMENT | {"label": SECRET}]}, "no record of a"),
        (RECORD | {"replacements": [REPLACEMENT | {"start": True}]}, "no record of a"),
        (RECORD | {"replacements": [REPLACEMENT | {"start": 99}]}, "a text that the replacements"),
        (RECORD | {"text": f"Ms. {SECRET} left"}, "a text that the replacements do not make of"),
        (RECORD | {"id": "another"}, "a note that the output does not have"),
    ],
)
def test_what_does_not_belong_together_is_named_and_not_quoted(tmp_path, line, found) -> None:
    path = write(tmp_path / "out.jsonl", line)
    with pytest.raises(CorpusError, match=rf"jsonl:1: found {found}.*; wanted ") as caught:
        list(read_released(path, [ORIGINAL]))
    assert SECRET not in str(caught.value)


def test_a_line_that_is_no_json_is_named_and_not_quoted(tmp_path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"\xff" + SECRET.encode())
    with pytest.raises(CorpusError, match=r"out.jsonl:1: found no record") as caught:
        list(read_released(path, [ORIGINAL]))
    assert SECRET not in str(caught.value)


def test_a_note_without_an_original_is_named_by_its_line(tmp_path) -> None:
    path = write(tmp_path / "out.jsonl", plain(1), plain(2))
    with pytest.raises(CorpusError, match=r"out.jsonl:2: found a note that the originals do not"):
        list(read_released(path, [Note("in:1", 1, "text")]))


def test_an_original_that_cannot_be_read_is_no_note_to_audit_against(tmp_path) -> None:
    path = write(tmp_path / "out.jsonl", plain(1))
    with pytest.raises(CorpusError, match="in:1: found a note that cannot be read; wanted the"):
        list(read_released(path, [Note("in:1", 1, failure="no text")]))
