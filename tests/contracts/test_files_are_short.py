"""No file grows past what a reader keeps in mind."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


# Tests are lists of short, separate sentences, and may be longer than what they test.
@pytest.mark.parametrize(("folder", "lines"), [("spacy_modernbert_bio", 300), ("tests", 450)])
def test_files_are_short(folder, lines):
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > lines
    }
    assert not long
