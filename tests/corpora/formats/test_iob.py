from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats import iob
from spacy_modernbert_bio.corpora.formats.iob import read_iob
from spacy_modernbert_bio.errors import CorpusError


def read(
    folder: Path,
    text: str,
    report: ConversionReport | None = None,
    sentences_per_document: int | None = None,
) -> list[Document]:
    (folder / "corpus.tsv").write_bytes(text.encode())
    return list(
        read_iob(folder / "corpus.tsv", report, sentences_per_document=sentences_per_document)
    )


def marked(document: Document) -> list[tuple[str, str]]:
    return [(document.text[span.start : span.stop], span.label) for span in document.spans]


def test_text_is_the_tokens_joined_by_blanks(tmp_path: Path) -> None:
    text = "the\tO\nleft\tB-Part\nknee\tI-Part\n\nhurts\tO\n"
    (document,) = read(tmp_path, text)
    assert document.text == "the left knee hurts"
    assert document.spans == (TextSpan(4, 13, "Part"),)
    assert document.spans[0].where.endswith("corpus.tsv:2")
    assert document.id == "corpus-1"


BREAKS = ["-DOCSTART-\tO", "-DOCSTART- -X- O O", "###MEDLINE:95369245", "# newdoc id = 95369245"]


@pytest.mark.parametrize("line", BREAKS)
def test_documents_begin_at_their_break(line: str, tmp_path: Path) -> None:
    report = ConversionReport()
    text = f"{line}\n\none\tB-X\n\ntwo\tI-X\n\n{line}\n\nthree\tO\n"
    documents = read(tmp_path, text, report)
    assert [document.text for document in documents] == ["one two", "three"]
    assert report.notes == {}
    named = "95369245" in line
    assert documents[0].id == ("95369245" if named else "corpus-1")


def test_file_without_breaks_is_grouped_and_the_report_says_so(tmp_path: Path) -> None:
    sentences = "".join(f"s{number}\tO\n\n" for number in range(25))
    report = ConversionReport()
    documents = read(tmp_path, sentences, report)
    assert [len(document.text.split()) for document in documents] == [10, 10, 5]
    kind = "file without document breaks, its sentences grouped by 10"
    assert report.notes[kind].places[0].endswith("corpus.tsv")
    assert [len(d.text.split()) for d in read(tmp_path, sentences, None, 20)] == [20, 5]
    assert len(read(tmp_path, sentences, None, 0)) == 1


def test_files_of_a_folder_without_breaks_are_documents(tmp_path: Path) -> None:
    sentences = "".join(f"s{number}\tO\n\n" for number in range(25))
    report = ConversionReport()
    assert next(iter(read(tmp_path, sentences))).id == "corpus-1"
    (document,) = read_iob(tmp_path, report)
    assert (document.id, len(document.text.split())) == ("corpus", 25)
    assert report.notes[iob.NO_BREAKS_WHOLE].count == 1


def test_a_span_ends_with_its_sentence(tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, "left\tB-X\n\nknee\tI-X\n", report)
    assert marked(document) == [("left", "X"), ("knee", "X")]


SCHEMES = {
    "IOB2": "a\tB-X\nb\tI-X\nc\tB-X\nd\tO\n",
    "BIOES": "a\tB-X\nb\tE-X\nc\tS-X\nd\tO\n",
    "BILOU": "a\tB-X\nb\tL-X\nc\tU-X\nd\tO\n",
    "columns": "a NN 1 B-X\nb NN 2 I-X\nc NN 3 B-X\nd NN 4 O\n",
    "windows": "a\tB-X\r\nb\tI-X\r\nc\tB-X\r\nd\tO\r\n",
    "comments": "# sent_id = 7\n# text = a b c d\na\tB-X\nb\tI-X\nc\tB-X\nd\tO\n",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes_agree_without_a_repair(scheme: str, tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, SCHEMES[scheme], report)
    assert marked(document) == [("a b", "X"), ("c", "X")]
    assert report.repairs == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\tO\nb\tI-X\nc\tI-X\n", 2),
        ("a\tB-Y\nb\tI-X\nc\tI-X\n", 2),
        ("a\tS-X\nb\tI-X\nc\tI-X\n", 2),
        ("a\tO\nb\tI-X\nc\tE-X\n", 2),
    ],
)
def test_inside_without_a_beginning_begins_a_span_and_is_reported(
    text: str, line: int, tmp_path: Path
) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, text, report)
    assert marked(document)[-1] == ("b c", "X")
    assert report.repairs[iob.OPENED_INSIDE].count == 1
    assert report.repairs[iob.OPENED_INSIDE].places[0].endswith(f"corpus.tsv:{line}")


def test_label_may_hold_a_dash_and_a_token_a_hash(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "#\tB-Multi-tissue_structure\n#1\tO\n")
    assert marked(document) == [("#", "Multi-tissue_structure")]


REFUSED = {
    "Jane O\nRoe\n": ":2: found one column; wanted a token and its tag",
    "Jane\tO\nRoe\tNN\tO\n": ":2: found 3 columns; wanted 2, as in the file's first line with a",
    "Jane\tO\n\tO\n": ":2: found an empty token; wanted a token and its tag",
    "Jane\tO\nRoe\tRoe\n": ":2: found a last column that is no tag; wanted O, or one of B- I- E-",
    "Jane\tO\nRoe\tB-\n": ":2: found a last column that is no tag",
    "Jane\tO\nRoe\tB\n": ":2: found a last column that is no tag",
    "Jane\tO\nRoe\tX-Y\n": ":2: found a last column that is no tag",
    "Jane\tO\nRoe\t-Y\n": ":2: found a last column that is no tag",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_iob_is_refused_at_its_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, text)
    assert f"corpus.tsv{REFUSED[text]}" in str(caught.value)
    assert "Roe" not in str(caught.value)


PREFIXES = st.sampled_from(["B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y", "E-Y", "S-Y", "O"])


@given(tags=st.lists(PREFIXES, min_size=1, max_size=12))
def test_spans_are_seqevals(tags: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    # seqeval's default mode reads as conlleval does, and so makes the same repairs.
    text = "".join(f"t{number:02}\t{tag}\n" for number, tag in enumerate(tags))
    (document,) = read(tmp_path_factory.mktemp("corpus"), text)
    found = [(span.label, span.start // 4, span.stop // 4) for span in document.spans]
    assert found == [tuple(entity) for entity in get_entities(tags)]
