import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_modernbert_bio.corpora.check import check_corpus
from spacy_modernbert_bio.corpora.findings import FEW_EXAMPLES, LONGEST_TEXT, CorpusCheck
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

NLP = spacy.blank("en")


def doc_of(text: str, *spans: tuple[int, int, str]) -> Doc:
    """A document whose spans, in tokens, are entities where they can be, and a group."""
    doc = NLP(text)
    found = [Span(doc, start, end, label=label) for start, end, label in spans]
    doc.spans["sc"] = found
    doc.set_ents(spacy.util.filter_spans(found), default="outside")
    return doc


GOOD = [doc_of(f"ataxia number {n}", (0, 1, "Disease")) for n in range(FEW_EXAMPLES)]
DEV = [doc_of("ataxia again", (0, 1, "Disease"))]
REPORTS = {
    split: {"borders": {"Disease": 200}, "borders_not_on_tokens": {}} for split in ("train", "dev")
}


def found(check: CorpusCheck) -> list[tuple[str, str, int, str]]:
    return [(f.severity, f.split, f.count, f.message) for f in check.findings]


def messages(
    train: list[Doc], dev: list[Doc], **options: object
) -> list[tuple[str, str, int, str]]:
    return found(check_corpus(train, dev, **{"reports": REPORTS, **options}))  # type: ignore[arg-type]


def test_good_data_have_nothing_to_say() -> None:
    check = check_corpus(GOOD, DEV, reports=REPORTS)  # type: ignore[arg-type]
    assert check.findings == ()
    assert check.labels == (("Disease", FEW_EXAMPLES, 1),)
    assert not check.has_errors


TRAIN_CASES = [
    (doc_of("fine", (0, 1, "Rare")), "warning", 1, "Rare: fewer than 50 spans to learn from"),
    (doc_of("fine", (0, 1, "Rare")), "warning", 1, "Rare: spans in train, none in dev; its"),
    (doc_of(" \n"), "warning", 1, "documents that are empty or white space alone"),
    (doc_of(""), "warning", 1, "documents that are empty or white space alone"),
    (doc_of("fine"), "info", 1, "documents without a span"),
    (doc_of("left knee", (0, 1, "Disease"), (0, 2, "Disease")), "warning", 1, "spans that overlap"),
    (NLP("fine then"), "warning", 2, "tokens whose annotation is missing: no loss on them"),
    (doc_of("ataxia number 3", (0, 1, "Disease")), "info", 1, "documents whose text came before"),
    (doc_of("a \n b", (0, 2, "Disease")), "error", 1, "spans that begin or end with white space"),
    (doc_of(" \n b", (0, 1, "Disease")), "error", 1, "spans that begin or end with white space"),
]


@pytest.mark.parametrize(("doc", "severity", "count", "message"), TRAIN_CASES)
def test_what_would_spoil_a_training_is_found(
    doc: Doc, severity: str, count: int, message: str
) -> None:
    hits = [row for row in messages([*GOOD, doc], DEV) if row[3].startswith(message)]
    assert [row[:3] for row in hits] == [(severity, "train", count)]


def test_text_that_the_corpus_reader_refuses_is_an_error() -> None:
    long = Doc(NLP.vocab, words=["a" * (LONGEST_TEXT + 1)], ents=["O"])
    assert messages([*GOOD, long], DEV)[0][:3] == ("error", "train", 1)


def test_label_that_train_lacks_is_an_error() -> None:
    check = check_corpus(GOOD, [*DEV, doc_of("p53", (0, 1, "Gene"))])
    assert check.has_errors
    expected = ("error", "dev", 1, "Gene: spans in dev, none in train; it can't be learnt")
    assert found(check)[0] == expected


def test_empty_split_and_split_without_spans_are_errors() -> None:
    assert ("error", "dev", 1, "no documents") in messages(GOOD, [])
    expected = ("error", "train", 1, "documents, but no span in any of them")
    assert expected in messages([doc_of("fine")], DEV)


def test_documents_in_both_splits_are_counted_exactly_and_loosely() -> None:
    dev = [*DEV, doc_of("ataxia number 1", (0, 1, "Disease")), doc_of("Ataxia, number 2.")]
    rows = {row[3]: row[:3] for row in messages(GOOD, dev)}
    same = "documents of dev that are also in train: scores will be too high"
    alike = "documents of dev that differ from one in train in case or punctuation only"
    assert rows[same] == rows[alike] == ("warning", "both", 1)


def test_what_alignment_cost_is_read_from_the_reports() -> None:
    reports = {
        "train": {"borders": {"A": 200, "B": 200}, "borders_not_on_tokens": {"A": 1, "B": 3}},
    }
    rows = {row[3]: row[:3] for row in messages(GOOD, DEV, reports=reports)}
    moved = "gold borders inside a token, moved outwards"
    assert rows[f"A: {moved} (99.50% were on one)"] == ("info", "train", 1)
    assert rows[f"B: {moved} (98.50% were on one)"] == ("warning", "train", 3)
    unknown = "no report of a conversion beside the file: what alignment cost is unknown"
    assert rows[unknown] == ("info", "dev", 0)


def test_a_group_is_checked_in_the_place_of_entities() -> None:
    nested = doc_of("left knee", (0, 1, "Side"), (0, 2, "Part"))
    check = check_corpus([nested], [nested], spans_key="sc", reports=REPORTS)  # type: ignore[arg-type]
    assert check.labels == (("Part", 1, 1), ("Side", 1, 1))
    overlap = "spans that overlap another: one tag a token can't tell them apart"
    assert ("warning", "train", 1, overlap) in found(check)
    assert check_corpus([nested], [nested], spans_key="other").has_errors


def test_lengths_are_the_encoders_pieces(tiny_tokenizer: PieceTokenizer) -> None:
    check = check_corpus(
        GOOD,
        DEV,
        tokenizer=tiny_tokenizer,
        context=4,
        reports=REPORTS,  # type: ignore[arg-type]
    )
    sizes = sorted(len(pieces) for pieces in tiny_tokenizer.encode([doc.text for doc in GOOD]))
    lengths = check.lengths["train"]
    assert (lengths.shortest, lengths.longest) == (sizes[0], sizes[-1])
    over = "documents over the context of 4 pieces: read as overlapping windows"
    assert ("info", "train", FEW_EXAMPLES, over) in found(check)


def test_findings_hold_no_text() -> None:
    secret = doc_of("Roe \n", (0, 2, "Disease"))
    assert "Roe" not in repr(check_corpus([secret, secret], [secret]))
