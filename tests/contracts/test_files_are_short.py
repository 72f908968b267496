"""No file grows past what a reader keeps in mind."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 300


@pytest.mark.parametrize("folder", ["spacy_modernbert_bio", "tests"])
def test_files_are_short(folder):
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf8").splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
