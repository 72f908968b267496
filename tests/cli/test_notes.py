"""Records that cannot be notes are refused by name, without their text."""

import json

import pytest

from spacy_modernbert_bio.cli.notes import _record
from spacy_modernbert_bio.errors import CorpusError

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
