from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats import brat
from spacy_modernbert_bio.corpora.formats.brat import Discontinuous, read_brat
from spacy_modernbert_bio.errors import CorpusError

TEXT = "Jane Roe has pain in\nleft and right knee."


def read(
    folder: Path,
    annotations: str,
    report: ConversionReport | None = None,
    *,
    text: str = TEXT,
    discontinuous: Discontinuous = "cover",
) -> Document:
    (folder / "a.txt").write_bytes(text.encode())
    (folder / "a.ann").write_bytes(annotations.encode())
    (document,) = read_brat(folder, report, discontinuous=discontinuous)
    return document


def test_nested_and_overlapping_spans_are_all_kept(tmp_path: Path) -> None:
    lines = "T1\tPart 13 25\tpain in left\nT2\tPart 21 25\tleft\nT3\tSign 13 25\tpain in left\n"
    document = read(tmp_path, lines)
    assert document.spans == (
        TextSpan(13, 25, "Part"),
        TextSpan(21, 25, "Part"),
        TextSpan(13, 25, "Sign"),
    )
    assert (document.id, document.text) == ("a", TEXT)
    assert document.spans[1].where.endswith("a.ann:2")


OTHER_LINES = """T1\tName 0 8\tJane Roe
R1\tAt Arg1:T1 Arg2:T1
E1\tSeen:T1
A1\tSure T1
N1\tRef T1 X:1\tJane Roe
#1\tAnnotatorNotes T1\tJane Roe
*\tEquiv T1 T1
"""


def test_lines_that_mark_no_text_are_passed_over_and_counted(tmp_path: Path) -> None:
    report = ConversionReport()
    assert len(read(tmp_path, OTHER_LINES, report).spans) == 1
    assert report.notes[brat.NOT_A_SPAN].count == 6


def test_discontinuous_span_is_covered_or_taken_apart(tmp_path: Path) -> None:
    line = "T1\tPart 21 25;30 35\tleft right\n"
    report = ConversionReport()
    assert read(tmp_path, line, report).spans == (TextSpan(21, 35, "Part"),)
    assert report.repairs[brat.COVERED].places[0].endswith("a.ann:1")
    report = ConversionReport()
    document = read(tmp_path, line, report, discontinuous="fragments")
    assert document.spans == (TextSpan(21, 25, "Part"), TextSpan(30, 35, "Part"))
    assert report.repairs[brat.IN_FRAGMENTS].count == 1


@pytest.mark.parametrize("line", ["30 35;21 25\tright left", "21 35;26 29\tleft and right and"])
def test_fragments_may_stand_in_any_order_and_overlap(line: str, tmp_path: Path) -> None:
    assert read(tmp_path, f"T1\tPart {line}\n").spans == (TextSpan(21, 35, "Part"),)


def test_span_across_a_line_end_is_written_with_a_blank(tmp_path: Path) -> None:
    assert read(tmp_path, "T1\tPart 18 25\tin left\n").spans == (TextSpan(18, 25, "Part"),)


def test_offsets_count_windows_line_ends_as_they_stand(tmp_path: Path) -> None:
    text = TEXT.replace("\n", "\r\n")
    document = read(tmp_path, "T1\tPart 22 26\tleft\n", text=text)
    assert document.text == text
    assert document.text[22:26] == "left"


def test_offsets_that_count_windows_line_ends_as_one_are_read_so(tmp_path: Path) -> None:
    report = ConversionReport()
    document = read(tmp_path, "T1\tPart 21 25\tleft\n", report, text=TEXT.replace("\n", "\r\n"))
    assert document.text == TEXT
    assert report.repairs[brat.LINE_ENDS].places[0].endswith("a.txt")


REPAIRED = {
    brat.SAME_LINE_TWICE: "T1\tName 0 8\tJane Roe\nT2\tName 0 8\tJane Roe\n",
    brat.BLANKS_DIFFER: "T1\tName 0 8\tJane  Roe\n",
}


@pytest.mark.parametrize("kind", REPAIRED)
def test_repair_is_made_and_reported(kind: str, tmp_path: Path) -> None:
    report = ConversionReport()
    assert read(tmp_path, REPAIRED[kind], report).spans == (TextSpan(0, 8, "Name"),)
    assert report.repairs[kind].count == 1


def test_empty_annotation_file_is_a_document_in_which_nothing_was_marked(tmp_path: Path) -> None:
    report = ConversionReport()
    assert read(tmp_path, "", report).spans == ()
    assert report.event_rows() == []


def test_text_without_annotations_is_noted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    report = ConversionReport()
    assert [document.text for document in read_brat(tmp_path, report)] == [TEXT]
    assert report.notes[brat.WITHOUT_ANNOTATIONS].count == 1


@pytest.mark.parametrize("half", ["a.txt", "a.ann"])
def test_one_pair_is_named_by_either_half(half: str, tmp_path: Path) -> None:
    expected = read(tmp_path, "T1\tName 0 8\tJane Roe\n")
    (tmp_path / "b.txt").write_text("another")
    assert list(read_brat(tmp_path / half)) == [expected]


def test_annotations_without_their_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ann").touch()
    with pytest.raises(CorpusError, match=r"a.ann: found an .ann file without its text; wanted a"):
        list(read_brat(tmp_path))


def test_file_that_is_neither_half_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").touch()
    with pytest.raises(CorpusError, match=r"found a file that ends in '.xml'; wanted .txt or .ann"):
        list(read_brat(tmp_path / "a.xml"))


REFUSED = {
    "T1\tName 0 99\tJane Roe": "found a span from 0 to 99; wanted one that is not empty and",
    "T1\tName 4 4\t": "found a span from 4 to 4; wanted one that is not empty",
    "T1\tName 9 8\tJane Roe": "found a span from 9 to 8",
    "T1\tName 0 8\tJane Doe": "found a span whose text of 8 characters is not the document's",
    "T1\tName 0 8": "found a line of 2 columns that is no annotation; wanted `T1 <tab> type start",
    "T1\tName 0\tRoe": "found a line of 3 columns that is no annotation",
    "T1 Name 0 8 Jane Roe": "found a line of 1 columns that is no annotation",
    "X1\tName 0 8\tJane Roe": "found a line of 3 columns that is no annotation",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_not_standoff_is_refused_at_its_line(line: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, f"\n{line}\n")
    assert f"a.ann:2: {REFUSED[line]}" in str(caught.value)
    assert "Roe" not in str(caught.value)
    assert "Jane" not in str(caught.value)


def test_wrong_offsets_are_refused_with_windows_line_ends_too(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not the document's"):
        read(tmp_path, "T1\tPart 0 4\tleft\n", text=TEXT.replace("\n", "\r\n"))


@given(data=st.data(), text=st.text(st.characters(blacklist_categories=["Cs"]), min_size=1))
def test_what_is_written_is_what_is_read(
    data: st.DataObject, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = text.replace("\x00", "0").replace("\ufeff", "0")
    edges = st.integers(0, len(text))
    drawn = data.draw(st.sets(st.tuples(edges, edges).filter(lambda pair: pair[0] < pair[1])))
    spans = [TextSpan(start, stop, "X") for start, stop in sorted(drawn)]
    marked = [text[s.start : s.stop].replace("\n", " ").replace("\r", " ") for s in spans]
    lines = [
        f"T{n}\tX {s.start} {s.stop}\t{mention}\n"
        for n, (s, mention) in enumerate(zip(spans, marked, strict=True))
    ]
    document = read(tmp_path_factory.mktemp("corpus"), "".join(lines), text=text)
    assert document == Document("a", text, tuple(spans), document.where)
