"""What a written name consists of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.names import read_name
from tests.strategies import notes


def kinds(written: str) -> str:
    """The kinds of all parts that are not between others, each with what is written."""
    parts = [part for part in read_name(written).parts if part.kind != "between"]
    return " ".join(f"{part.kind}:{part.written}" for part in parts)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("John Smith", "given:John family:Smith"),
        ("SMITH,JOHN", "family:SMITH given:JOHN"),
        ("Smith, John Q.", "family:Smith given:John initial:Q"),
        ("Mr. Smith", "title:Mr family:Smith"),
        ("dr smith", "title:dr family:smith"),
        ("j.s.", "initial:j initial:s"),
        ("JS", "initial:JS"),
        ("JT Smith", "initial:JT family:Smith"),
        ("John\n Smith", "given:John family:Smith"),
        ("John and Mary Smith", "given:John connector:and given:Mary family:Smith"),
        ("Smith's", "family:Smith possessive:s"),
        ("Smith’s", "family:Smith possessive:s"),
        ("Smith-Jones", "family:Smith family:Jones"),
        ("O'Neil", "particle:O given:Neil"),
        ("d'Angelo", "particle:d family:Angelo"),
        ("Smi\u200bth", "family:Smi\u200bth"),
        ("John Smith Jr.", "given:John family:Smith suffix:Jr"),
        ("John Smith III", "given:John family:Smith suffix:III"),
        ("John Smith 3rd", "given:John family:Smith suffix:3 suffix:rd"),
        ("John Smith, MD, PhD", "given:John family:Smith credential:MD credential:PhD"),
        ("John Smith, Ph.D.", "given:John family:Smith credential:Ph initial:D"),
        ("John Smith, DO", "given:John family:Smith credential:DO"),
        ("Jan van der Berg", "family:Jan particle:van particle:der family:Berg"),
        ("van der Berg, Jan", "particle:van particle:der family:Berg family:Jan"),
        ("VAN DYKE, JOHN", "particle:VAN family:DYKE given:JOHN"),
        ("Dr. Van Dyke", "title:Dr particle:Van family:Dyke"),
        ("von Neumann", "particle:von family:Neumann"),
        ("John Smith 4711", "given:John family:Smith number:4711"),
    ],
)
def test_a_name_is_read_in_its_parts(written: str, read: str) -> None:
    assert kinds(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        # What else may stand in a name, where it is or may be the name itself.
        ("Dr", "initial:Dr"),
        ("Jr", "initial:Jr"),
        ("MD", "initial:MD"),
        ("Nguyen, Do", "family:Nguyen family:Do"),
        ("Minh Do", "family:Minh family:Do"),
        ("Van Nguyen", "family:Van family:Nguyen"),
        ("Van Nguyen, MD", "family:Van family:Nguyen credential:MD"),
        ("Du Wei", "family:Du family:Wei"),
        ("Dr. Du Wei", "title:Dr family:Du family:Wei"),
        ("Van", "family:Van"),
        ("John Van", "given:John family:Van"),
        ("Ng", "family:Ng"),
        ("And", "family:And"),
        ("王", "family:王"),
        ("Lee", "given:Lee"),
    ],
)
def test_what_may_be_a_name_is_read_as_one(written: str, read: str) -> None:
    assert kinds(written) == read


@given(st.text(st.characters()) | notes)
def test_the_parts_are_all_that_is_written(written: str) -> None:
    assert "".join(part.written for part in read_name(written).parts) == written


@given(st.lists(st.sampled_from(["Van", "DE", "smith", "Do", "MD", ",", " ", "'", "O", "JS", "s"])))
def test_case_does_not_tell_what_a_part_is(pieces: list[str]) -> None:
    written = "".join(pieces)
    read = [
        [part.kind for part in read_name(each).parts]
        for each in (written, written.upper(), written.lower())
    ]
    assert read[0] == read[1] == read[2]


def test_given_names_family_names_and_initials_are_told_apart() -> None:
    name = read_name("Dr. John Q. van Smith-Zebrowski, MD")
    assert name.given == ("John",)
    assert name.family == ("Smith", "Zebrowski")
    assert name.initials == ("Q",)
    assert "Zebrowski" not in repr(name) + repr(name.parts)
