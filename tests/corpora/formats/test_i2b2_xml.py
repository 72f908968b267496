from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats import i2b2_xml
from spacy_modernbert_bio.corpora.formats.i2b2_xml import read_i2b2_xml
from spacy_modernbert_bio.errors import CorpusError

HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n<deIdi2b2>\n'
TEXT = "<TEXT><![CDATA[\nRecord date: 2069\nDr. Ann\nRoe & <sons>\n]]></TEXT>\n"
DATE = '<DATE id="P0" start="14" end="18" text="2069" TYPE="DATE" comment="" />'
NAME = '<NAME id="P1" start="23" end="30" text="Ann Roe" TYPE="DOCTOR" comment="" />'


def note(*tags: str, text: str = TEXT) -> str:
    return "\n".join([HEAD + text + "<TAGS>", *tags, "</TAGS>\n</deIdi2b2>\n"])


def read(tmp_path: Path, xml: str, report: ConversionReport | None = None) -> list[Document]:
    (tmp_path / "110-01.xml").write_bytes(xml.encode())
    return list(read_i2b2_xml(tmp_path / "110-01.xml", report))


def test_offsets_count_the_characters_of_the_text(tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, note(DATE, NAME), report)
    assert document.text == "\nRecord date: 2069\nDr. Ann\nRoe & <sons>\n"
    assert document.spans == (TextSpan(14, 18, "DATE"), TextSpan(23, 30, "DOCTOR"))
    assert document.id == "110-01"
    assert document.spans[1].where.endswith("110-01.xml:10")
    # A line end in an attribute is a blank by XML's own rules, and no repair.
    assert report.event_rows() == []


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, note(DATE, NAME).replace("\n", "\r\n")) == read(
        tmp_path, note(DATE, NAME)
    )


def test_a_folder_is_read_note_by_note(tmp_path: Path) -> None:
    for name in ("2-01", "1-02"):
        (tmp_path / f"{name}.xml").write_text(note(DATE))
    assert [document.id for document in read_i2b2_xml(tmp_path)] == ["1-02", "2-01"]


def test_tags_of_the_other_track_are_passed_over(tmp_path: Path) -> None:
    report = ConversionReport()
    smoker = '<SMOKER id="DOC1" status="never"><SMOKER id="S1" start="1" end="5"/></SMOKER>'
    (document,) = read(tmp_path, note(smoker, DATE), report)
    assert document.spans == (TextSpan(14, 18, "DATE"),)
    assert report.notes[i2b2_xml.NOT_PHI].count == 1


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        (DATE, i2b2_xml.SAME_TAG_TWICE),
        (DATE.replace('"2069"', '" 2069"'), i2b2_xml.BLANKS_DIFFER),
    ],
)
def test_repair_is_made_and_reported_with_its_line(tag: str, kind: str, tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, note(DATE, tag), report)
    assert document.spans == (TextSpan(14, 18, "DATE"),)
    assert report.repairs[kind].places == [f"{tmp_path / '110-01.xml'}:10"]


def test_offsets_that_count_bytes_are_read_so(tmp_path: Path) -> None:
    report = ConversionReport()
    text = "<TEXT>At O\u2019neil, Dr Ann Roe</TEXT>"
    name = '<NAME start="16" end="23" text="Ann Roe" TYPE="DOCTOR" />'
    street = '<LOCATION start="3" end="11" text="O\u2019neil" TYPE="STREET" />'
    (document,) = read(tmp_path, note(street, name, text=text), report)
    assert document.spans == (TextSpan(3, 9, "STREET"), TextSpan(14, 21, "DOCTOR"))
    assert report.repairs[i2b2_xml.IN_BYTES].count == 2


BOMB = '<!DOCTYPE a [<!ENTITY b "Roe"><!ENTITY c "&b;&b;&b;">]>\n<a><TEXT>&c;</TEXT></a>'
FETCH = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>\n<a><TEXT>&b;</TEXT></a>'
REFUSED = {
    BOMB: ":1: found a document type declaration; wanted XML without one",
    FETCH: ":1: found a document type declaration",
    "<a>\n<TEXT>Roe</TEXT>\n": ":3: found XML that cannot be parsed; wanted well-formed XML",
    "<a><TEXT>Roe &roe;</TEXT></a>": ":1: found XML that cannot be parsed",
    "<a><b><TEXT>Roe</TEXT></b></a>": ": found no TEXT below the root element; wanted <TEXT> and",
    "<a><TEXT>Ann</TEXT>\n<TEXT>Roe</TEXT></a>": ":2: found a second TEXT; wanted one a file",
    note(NAME.replace("23", "Roe")): ":9: found a tag whose TYPE is empty, or whose start or end",
    note(NAME.replace("DOCTOR", " ")): ":9: found a tag whose TYPE is empty",
    note(NAME.replace("30", "99")): ":9: found a span from 23 to 99; wanted one that is not empty",
    note(NAME.replace("30", "23")): ":9: found a span from 23 to 23; wanted one",
    note(NAME.replace("23", "1"), text="<TEXT>\u2019Roe</TEXT>"): ":4: found a span from 1 to 30",
    note(NAME.replace("30", "29")): ":9: found a tag whose text of 7 characters is not that from",
}


@pytest.mark.parametrize("xml", REFUSED)
def test_what_is_not_i2b2_xml_is_refused_at_its_line(xml: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, xml)
    assert f"110-01.xml{REFUSED[xml]}" in str(caught.value)
    assert "Roe" not in str(caught.value)


LETTERS = st.characters(
    blacklist_categories=["Cc", "Cs"], blacklist_characters="<>&\"'\ufffe\uffff"
)


@given(data=st.data(), text=st.text(LETTERS, min_size=1, max_size=30))
def test_what_is_written_is_what_is_read(
    data: st.DataObject, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    edges = st.integers(0, len(text))
    drawn = data.draw(st.sets(st.tuples(edges, edges).filter(lambda pair: pair[0] < pair[1])))
    spans = [TextSpan(start, stop, "ID") for start, stop in sorted(drawn)]
    tags = [
        f'<ID start="{s.start}" end="{s.stop}" text="{text[s.start : s.stop]}" TYPE="ID"/>'
        for s in spans
    ]
    xml = note(*tags, text=f"<TEXT>{text}</TEXT>")
    (document,) = read(tmp_path_factory.mktemp("corpus"), xml)
    assert document == Document("110-01", text, tuple(spans), document.where)
