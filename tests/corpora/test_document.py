import pytest

from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.errors import CorpusError


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (2, 2), (3, 2), (5, 9)])
def test_span_that_is_empty_or_leaves_the_text_is_refused(start: int, stop: int) -> None:
    message = rf"a.ann:4: found a span from {start} to {stop}; wanted one that is not empty and"
    with pytest.raises(CorpusError, match=message):
        Document("1", "Jane Roe", (TextSpan(start, stop, "NAME", where="a.ann:4"),))


def test_repr_holds_no_text() -> None:
    assert "Roe" not in repr(Document("1", "Jane Roe", (TextSpan(0, 4, "NAME"),)))


def test_spans_are_equal_wherever_they_were_read() -> None:
    assert TextSpan(0, 4, "NAME", where="a:1") == TextSpan(0, 4, "NAME", where="b:2")


@pytest.mark.parametrize(
    ("categories", "label_set"), [(("a", "a"), ()), (("c",), ("a", "b")), (("a", "a"), ("a",))]
)
def test_categories_are_of_the_label_set_and_stand_once(
    categories: tuple[str, ...], label_set: tuple[str, ...]
) -> None:
    with pytest.raises(
        CorpusError, match=r"a.csv:7: found a category twice, or one that is not of"
    ):
        Document("1", "x", where="a.csv:7", categories=categories, label_set=label_set)
