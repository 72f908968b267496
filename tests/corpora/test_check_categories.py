import pytest
import spacy
from spacy.tokens import Doc

from spacy_modernbert_bio.corpora.check_categories import check_categories
from spacy_modernbert_bio.corpora.findings import FEW_EXAMPLES
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

NLP = spacy.blank("en")


def doc_of(text: str, **cats: float) -> Doc:
    doc = NLP(text)
    doc.cats = cats
    return doc


HAS = [doc_of(f"gout, number {n}", GOUT=1, ASTHMA=0) for n in range(FEW_EXAMPLES)]
HAS_NOT = [doc_of(f"asthma, number {n}", GOUT=0, ASTHMA=1) for n in range(FEW_EXAMPLES)]
GOOD = [*HAS, *HAS_NOT]
DEV = [doc_of("gout again", GOUT=1, ASTHMA=0), doc_of("asthma again", GOUT=0, ASTHMA=1)]


def test_good_data_have_nothing_to_say() -> None:
    check = check_categories(GOOD, DEV, exclusive=True)
    assert check.findings == ()
    assert check.labels == (("ASTHMA", FEW_EXAMPLES, 1), ("GOUT", FEW_EXAMPLES, 1))


TRAIN_CASES = [
    (doc_of("nobody looked"), "warning", 1, "documents without labels: not learnt"),
    (doc_of("one open", GOUT=1), "info", 1, "documents that leave some labels open"),
    (doc_of("half", GOUT=0.5, ASTHMA=1), "error", 1, "values of doc.cats that are neither"),
    (doc_of("both", GOUT=1, ASTHMA=1), "error", 1, "documents in which several exclusive"),
    (doc_of("none", GOUT=0, ASTHMA=0), "warning", 1, "documents in which no label holds"),
    (doc_of(" ", GOUT=1, ASTHMA=0), "warning", 1, "documents that are empty or white space"),
    (doc_of("gout again", GOUT=1, ASTHMA=0), "warning", 1, "documents of dev that are also"),
    (doc_of("rare", GOUT=0, ASTHMA=0, RARE=1), "warning", 1, "RARE: holds in fewer than"),
    (doc_of("rare", GOUT=0, ASTHMA=0, RARE=1), "warning", 1, "RARE: holds in all documents"),
    (doc_of("rare", GOUT=0, ASTHMA=0, RARE=0), "warning", 1, "RARE: holds in no document of train"),
]


@pytest.mark.parametrize(("doc", "severity", "count", "message"), TRAIN_CASES)
def test_what_would_spoil_a_training_is_found(
    doc: Doc, severity: str, count: int, message: str
) -> None:
    found = check_categories([*GOOD, doc], DEV, exclusive=True).findings
    hits = [each for each in found if each.message.startswith(message)]
    assert [(each.severity, each.count) for each in hits] == [(severity, count)]


@pytest.mark.parametrize("text", ["both", "none"])
def test_of_labels_that_are_not_exclusive_any_number_may_hold(text: str) -> None:
    value = float(text == "both")
    doc = doc_of(text, GOUT=value, ASTHMA=value)
    assert check_categories([*GOOD, doc], DEV).findings == ()


@pytest.mark.parametrize(
    ("train", "dev", "split", "message"),
    [
        (GOOD, [doc_of("new", GOUT=1, ASTHMA=1, NEW=1)], "dev", "NEW: in doc.cats of dev, of no"),
        ([], DEV, "train", "no documents"),
        ([NLP("nothing known")], DEV, "train", "documents, but no label in doc.cats of any"),
    ],
)
def test_what_cannot_be_learnt_is_an_error(
    train: list[Doc], dev: list[Doc], split: str, message: str
) -> None:
    check = check_categories(train, dev)
    assert check.has_errors
    assert any(each.split == split and each.message.startswith(message) for each in check.findings)


def test_a_label_that_holds_in_no_document_of_dev_cannot_be_scored() -> None:
    (finding,) = check_categories(GOOD, DEV[:1]).findings
    assert finding.message.startswith("ASTHMA: holds in no document of dev")


def test_documents_longer_than_the_context_are_counted(tiny_tokenizer: PieceTokenizer) -> None:
    check = check_categories(GOOD, DEV, tokenizer=tiny_tokenizer, context=5)
    assert check.lengths["train"].documents == len(GOOD)
    assert check.lengths["dev"].over_context
    assert any("over the context of 5 pieces" in each.message for each in check.findings)
