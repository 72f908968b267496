from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.formats import physionet_deid
from spacy_modernbert_bio.corpora.formats.physionet_deid import read_physionet_deid
from spacy_modernbert_bio.corpora.formats.physionet_tags import label_of_tag, read_gaps
from spacy_modernbert_bio.errors import CorpusError


def records(*notes: str, start: int = 1) -> str:
    return "\n".join(
        f"\nSTART_OF_RECORD=7||||{number}||||\n{note}\n||||END_OF_RECORD\n"
        for number, note in enumerate(notes, start=start)
    )


NOTES = records("Seen by Dr. Ann Roe\non 3/14 at MGH.", "No change.")
TAGGED = records(
    "Seen by Dr. [**First Name8 (NamePattern2) **] [**Last Name (un) 4**]\n"
    "on [**4-2**] at [**Hospital1 18**].",
    "No change.",
)
PHRASES = "7 1 12 19 HCPName Ann Roe\n7 1 23 27 Date 3/14\n"


def read(
    tmp_path: Path, name: str, content: str, report: ConversionReport | None = None
) -> list[Document]:
    if not (tmp_path / "id.text").exists():
        (tmp_path / "id.text").write_text(NOTES)
    (tmp_path / name).write_text(content)
    return list(read_physionet_deid(tmp_path / name, report))


def marked(document: Document) -> list[tuple[str, str]]:
    return [(document.text[span.start : span.stop], span.label) for span in document.spans]


def test_phrases_count_from_the_line_below_the_header(tmp_path: Path) -> None:
    report = ConversionReport()
    one, two = read(tmp_path, "id-phi.phrase", PHRASES, report)
    assert one.text == "Seen by Dr. Ann Roe\non 3/14 at MGH.\n"
    assert marked(one) == [("Ann Roe", "name"), ("3/14", "date")]
    assert (one.id, two.id, two.spans) == ("7-1", "7-2", ())
    assert one.spans[1].where.endswith("id-phi.phrase:2")
    assert report.event_rows() == []


def test_tags_stand_for_what_the_note_has_there(tmp_path: Path) -> None:
    report = ConversionReport()
    one, two = read(tmp_path, "id.res", TAGGED, report)
    assert marked(one) == [("Ann", "name"), ("Roe", "name"), ("3/14", "date"), ("MGH", "location")]
    assert two.spans == ()
    assert report.event_rows() == []


def test_white_space_between_tags_may_differ(tmp_path: Path) -> None:
    wrapped = TAGGED.replace(" at ", "  at\n").replace("(un) 4**]\n", "(un) 4**] \n\n")
    one, _ = read(tmp_path, "id.res", wrapped)
    assert marked(one)[2:] == [("3/14", "date"), ("MGH", "location")]


def test_border_between_tags_that_can_lie_in_two_places_is_noted(tmp_path: Path) -> None:
    report = ConversionReport()
    (tmp_path / "id.text").write_text(records("Pt Ann Q Roe here"))
    (one,) = read(tmp_path, "id.res", records("Pt [**Name**] [**Name**] here"), report)
    assert marked(one) == [("Ann", "name"), ("Q Roe", "name")]
    assert report.notes[physionet_deid.BORDERS_UNSURE].count == 1


def test_unknown_tag_is_read_as_other_and_noted(tmp_path: Path) -> None:
    report = ConversionReport()
    (tmp_path / "id.text").write_text(records("Pt Roe here"))
    (one,) = read(tmp_path, "id.res", records("Pt [**Xyz**] here"), report)
    assert marked(one) == [("Roe", "other")]
    assert report.notes[physionet_deid.NO_TAG_KNOWN].count == 1


@pytest.mark.parametrize(
    ("tag", "label"),
    [
        ("Age over 90 ", "age"),
        ("2198-12-3", "date"),
        ("3-14", "date"),
        ("Month (only) 12", "date"),
        ("Hospital Unit Name 10", "location"),
        ("Wardname 12", "location"),
        ("Street Address(2)", "location"),
        ("E-mail address 12", "other"),
        ("Numeric Identifier 123", "other"),
        ("Medical Record Number 4", "other"),
        ("Telephone/Fax (3) 12", "phone_nb"),
        ("Pager number 7", "phone_nb"),
        ("Known lastname 4", "name"),
        ("Initials (NamePattern4) ", "name"),
        ("Xyz", None),
    ],
)
def test_tag_tells_a_label(tag: str, label: str | None) -> None:
    assert label_of_tag(tag) == label


@pytest.mark.parametrize("name", ["id.res", "id-phi.phrase"])
def test_a_folder_may_have_one_annotation(name: str, tmp_path: Path) -> None:
    one, _ = read(tmp_path, name, TAGGED if name == "id.res" else PHRASES)
    assert next(read_physionet_deid(tmp_path)) == one


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("7 1 12 19 HCPName Ann Roe\n", physionet_deid.SAME_LINE_TWICE),
        ("7 1 16 22 PTName Roe on\n", physionet_deid.BLANKS_DIFFER),
    ],
)
def test_repair_is_made_and_reported_with_its_line(line: str, kind: str, tmp_path: Path) -> None:
    report = ConversionReport()
    read(tmp_path, "id-phi.phrase", PHRASES + "\n" + line, report)
    assert report.repairs[kind].places == [f"{tmp_path / 'id-phi.phrase'}:4"]


def test_a_folder_with_both_annotations_is_refused(tmp_path: Path) -> None:
    read(tmp_path, "id.res", TAGGED)
    read(tmp_path, "id-phi.phrase", PHRASES)
    message = r"found 1 id.text and 2 annotations of it; wanted one id.text, and one of id-phi"
    with pytest.raises(CorpusError, match=message):
        list(read_physionet_deid(tmp_path))


HEADER = "START_OF_RECORD=7||||1||||\n"
OUT_OF_PLACE = "found a line or a record out of place; wanted START_OF_RECORD=patient||||note||||"
BAD_LINE = "found a line of another form, of a note that is not there, or of an unknown type"
REFUSED = [
    ("id.text", "Roe\n" + NOTES, f"id.text:1: {OUT_OF_PLACE}"),
    ("id.text", HEADER + NOTES, f"id.text:3: {OUT_OF_PLACE}"),
    ("id.text", "||||END_OF_RECORD\n", f"id.text:1: {OUT_OF_PLACE}"),
    ("id.text", HEADER + "Roe\n", "id.text:1: found a record without an end; wanted ||||END_OF"),
    ("id.text", NOTES + NOTES, "id.text:12: found a record for the second time; wanted it once"),
    ("id-phi.phrase", "7 1 12 Roe\n", f"id-phi.phrase:1: {BAD_LINE}; wanted `patient note"),
    ("id-phi.phrase", "7 3 0 4 Date Seen\n", f"id-phi.phrase:1: {BAD_LINE}"),
    ("id-phi.phrase", "7 1 0 4 Roe Seen\n", f"id-phi.phrase:1: {BAD_LINE}"),
    (
        "id-phi.phrase",
        "7 1 13 20 PTName Ann Roe\n",
        "id-phi.phrase:1: found a phrase of 7 characters that is not what stands from 13 to 20",
    ),
    ("id-phi.phrase", "7 1 900 907 PTName Ann Roe\n", "not what stands from 900 to 907"),
    (
        "id.res",
        records("No change.", start=2),
        "id.res: found 0 records that id.text does not have, and 1 of its records missing",
    ),
    (
        "id.res",
        TAGGED.replace("Seen", "Met"),
        "id.res:2: found a record that differs from that at",
    ),
]


@pytest.mark.parametrize(("name", "content", "message"), REFUSED)
def test_what_is_not_the_format_is_refused_at_its_line(
    name: str, content: str, message: str, tmp_path: Path
) -> None:
    if name == "id.text":
        (tmp_path / "id.text").write_text(content)
        name, content = "id-phi.phrase", PHRASES
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, name, content)
    assert message in str(caught.value)
    assert "Roe" not in str(caught.value)


@pytest.mark.parametrize(
    ("tagged", "plain"),
    [
        ("a [**N**] b", "a b"),
        ("a [**N**]", "a "),
        ("[**N**] b [**N**]", "x c y"),
        ("a [**N**] b [**N**] c", "a x c b c"),
        ("a [**N**] b", "c x b"),
        ("a", "b"),
    ],
)
def test_notes_that_differ_otherwise_have_no_gaps(tagged: str, plain: str) -> None:
    assert read_gaps(tagged, plain) is None


WORDS = st.text("ab. \n", max_size=8)
VALUES = st.text("xyz", min_size=1, max_size=4)


@given(first=WORDS, rest=st.lists(st.tuples(VALUES, WORDS.filter(str.strip)), max_size=5))
def test_what_was_taken_out_is_found_again(first: str, rest: list[tuple[str, str]]) -> None:
    plain = first + "".join(value + between for value, between in rest)
    tagged = first + "".join(f"[**Name**]{between}" for _, between in rest)
    gaps = read_gaps(tagged, plain)
    assert gaps is not None
    # Values and the rest share no letter, so that a place with the whole value exists; the first
    # place that fits may still be shorter where the rest repeats itself.
    assert len(gaps.gaps) == len(rest) or not gaps.unique
    if gaps.unique:
        assert [plain[gap.start : gap.stop] for gap in gaps.gaps] == [value for value, _ in rest]


def test_many_tags_are_no_trap() -> None:
    gaps = read_gaps("[**N**] " * 400 + "end", "ab " * 800 + "end")
    assert gaps is not None
    assert not gaps.unique
    assert read_gaps("[**N**] " * 400 + "end", "ab " * 300 + "end") is None
