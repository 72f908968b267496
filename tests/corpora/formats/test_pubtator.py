from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats import pubtator
from spacy_modernbert_bio.corpora.formats.pubtator import read_pubtator
from spacy_modernbert_bio.errors import CorpusError

TWO = """
7|t|Ataxia in boys|girls.
7|a|Two had ataxia.
7\t0\t6\tAtaxia\tDisease\tD001259
7\t30\t36\tataxia\tDisease
7\tCID\tD015738\tD003693

8|t|No abstract.
8|a|
"""


def read(tmp_path: Path, text: str, report: ConversionReport | None = None) -> list[Document]:
    (tmp_path / "corpus.txt").write_bytes(text.encode())
    return list(read_pubtator(tmp_path / "corpus.txt", report))


def test_offsets_count_title_separator_and_abstract(tmp_path: Path) -> None:
    report = ConversionReport()
    first, second = read(tmp_path, TWO, report)
    assert first.text == "Ataxia in boys|girls. Two had ataxia."
    assert first.spans == (TextSpan(0, 6, "Disease"), TextSpan(30, 36, "Disease"))
    assert (first.id, second.id, second.text) == ("7", "8", "No abstract. ")
    assert first.where.endswith("corpus.txt:2")
    assert first.spans[1].where.endswith("corpus.txt:5")
    assert [row[:3] for row in report.event_rows()] == [("note", pubtator.RELATION, 1)]


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, TWO.replace("\n", "\r\n")) == read(tmp_path, TWO)


def test_records_need_no_blank_line_between_them(tmp_path: Path) -> None:
    assert [d.id for d in read(tmp_path, TWO.replace("\n\n", "\n"))] == ["7", "8"]


def test_odd_characters_stay_inside_their_line(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "7|t|a\u2028b\x0bc\rd\n7|a|e\n7\t8\t9\te\tX\n")
    assert document.text == "a\u2028b\x0bc\rd e"
    assert document.spans == (TextSpan(8, 9, "X"),)


REPAIRED = {
    pubtator.SAME_LINE_TWICE: "7\t0\t6\tAtaxia\tDisease\tD1\n7\t0\t6\tAtaxia\tDisease\tD2\n",
    # NCBI-disease has one of these.
    pubtator.BLANKS_DIFFER: "7\t0\t6\tAtaxia  \tDisease\n",
}


@pytest.mark.parametrize("kind", REPAIRED)
def test_repair_is_made_and_reported_with_its_line(kind: str, tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, "7|t|Ataxia.\n7|a|\n" + REPAIRED[kind], report)
    assert document.spans == (TextSpan(0, 6, "Disease"),)
    assert report.repairs[kind].count == 1
    assert "corpus.txt:" in report.repairs[kind].places[0]


def test_composite_mention_is_kept_whole_and_noted(tmp_path: Path) -> None:
    report = ConversionReport()
    line = "7\t0\t20\toral and anal cancer\tDisease\tD1|D2\toral cancer|anal cancer\n"
    (document,) = read(tmp_path, "7|t|oral and anal cancer\n7|a|\n" + line, report)
    assert document.spans == (TextSpan(0, 20, "Disease"),)
    assert report.notes[pubtator.COMPOSITE].count == 1


def test_record_without_abstract_line_is_a_repair(tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, "7|t|Ataxia.\n7\t0\t6\tAtaxia\tDisease\n", report)
    assert document.text == "Ataxia. "
    assert report.repairs[pubtator.NO_ABSTRACT].count == 1


HEAD = "7|t|Jane Roe.\n7|a|Ataxia.\n"
REFUSED = {
    "Roe\n" + HEAD: ":1: found a line before any title; wanted `ID|t|title`",
    HEAD + "7|a|Roe\n": ":3: found an abstract out of place; wanted one, right after the title",
    HEAD + "8\t0\t4\tJane\tX\n": ":3: found a line of another document; wanted a line of the doc",
    "7|t|Jane Roe.\n8|a|Roe\n": ":2: found a line of another document",
    HEAD + "7 Jane Roe\n": ":3: found a line of another document",
    HEAD
    + "7\tRoe\n": ":3: found 2 columns that are no annotation and no relation; wanted `ID <tab>",
    HEAD + "7\t0\tx\tRoe\tX\n": ":3: found 5 columns that are no annotation",
    HEAD + "7\t-1\t4\tRoe\tX\n": ":3: found 5 columns that are no annotation",
    HEAD + "7\t0\t4\tJane\t \n": ":3: found an annotation without a type; wanted a type",
    HEAD
    + "7\t0\t3\tJane\tX\n": ":3: found a mention of 4 characters that is not the text from 0 to",
    HEAD + "7\t0\t99\tJane\tX\n": ":3: found a span from 0 to 99; wanted one that is not empty",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_pubtator_is_refused_at_its_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, text)
    assert f"corpus.txt{REFUSED[text]}" in str(caught.value)
    assert "Roe" not in str(caught.value)
    assert "Jane" not in str(caught.value)


WORDS = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=30)


@given(data=st.data(), title=WORDS, abstract=WORDS)
def test_what_is_written_is_what_is_read(
    data: st.DataObject, title: str, abstract: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = f"{title} {abstract}"
    edges = st.integers(0, len(text))
    drawn = data.draw(st.sets(st.tuples(edges, edges).filter(lambda pair: pair[0] < pair[1])))
    spans = [TextSpan(start, stop, "X") for start, stop in sorted(drawn)]
    lines = [f"7|t|{title}", f"7|a|{abstract}"]
    lines += [f"7\t{s.start}\t{s.stop}\t{text[s.start : s.stop]}\tX" for s in spans]
    (document,) = read(tmp_path_factory.mktemp("corpus"), "\n".join(lines) + "\n")
    assert document == Document("7", text, tuple(spans), document.where)
