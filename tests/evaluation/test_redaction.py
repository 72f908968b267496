import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from spacy_modernbert_bio.deid.labels import LABELS
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.phi_scores import (
    I2B2_HIPAA_TYPES,
    ScoredNote,
    count_note,
    relaxed_counts,
)
from spacy_modernbert_bio.evaluation.redaction import length_bucket, score_redaction
from spacy_modernbert_bio.evaluation.spans import PRF, Span, score_spans

#       0         1         2
#       01234567890123456789012345
TEXT = "Dr. Anna Smith, MRN 12-34."
GOLD = ((4, 14, "DOCTOR"), (20, 25, "MEDICALRECORD"))


def scores_of(*predicted: Span, gold: tuple[Span, ...] = GOLD, text: str = TEXT):
    return score_redaction([ScoredNote(text, gold, predicted)], samples=10)


def test_a_whole_note_by_hand():
    # The name with its comma, and the first half of the number under another label.
    scores = scores_of((4, 15, "DOCTOR"), (20, 22, "IDNUM"))
    overall = scores.overall
    assert overall.strict.counts == PRF(0, 2, 2)
    assert overall.relaxed.counts == PRF(1, 1, 1)
    # Of HIPAA's there is the MRN, which was found as something else; a DOCTOR is none.
    assert scores.hipaa_strict == scores.hipaa_relaxed == PRF(0, 0, 1)
    # Anna, Smith; 12 as IDNUM; 12 and 34 as MEDICALRECORD.
    assert scores.tokens == PRF(2, 1, 2)
    assert scores.hipaa_tokens == PRF(0, 0, 2)
    # AnnaSmith; the comma and 12 as IDNUM; 12-34.
    assert scores.characters == PRF(9, 3, 5)
    # AnnaSmith and 12 of AnnaSmith12-34; Anna, Smith and 12 of four.
    shares = overall.redacted_characters, overall.redacted_tokens
    assert [(share.part, share.whole) for share in shares] == [(11, 14), (3, 4)]
    # The comma of Dr.,MRN. went too; neither Dr nor MRN did.
    shares = overall.over_characters, overall.over_tokens
    assert [(share.part, share.whole) for share in shares] == [(1, 8), (0, 2)]
    assert overall.clean_notes.value == 0.0
    assert list(scores.per_label) == ["DOCTOR", "IDNUM", "MEDICALRECORD"]
    assert scores.per_label["MEDICALRECORD"].redacted_characters.value == 0.4
    assert scores.per_label["IDNUM"].strict == PRF(0, 1, 0)
    assert scores.per_label["IDNUM"].redacted_characters.value is None


@pytest.mark.parametrize(
    ("end", "right"), [(12, 1), (13, 1), (14, 1), (15, 1), (16, 1), (11, 0), (17, 0)]
)
def test_relaxed_allows_two_characters_at_the_end(end: int, right: int):
    assert relaxed_counts([(4, 14, "DOCTOR")], [(4, end, "DOCTOR")])[0] == right


@pytest.mark.parametrize("span", [(3, 14, "DOCTOR"), (5, 14, "DOCTOR"), (4, 14, "PATIENT")])
def test_relaxed_allows_nothing_else(span: Span):
    assert relaxed_counts([(4, 14, "DOCTOR")], [span]) == (0, 1, 1)


def test_relaxed_span_has_one_partner():
    assert relaxed_counts([(0, 5, "A")], [(0, 4, "A"), (0, 6, "A")]) == (1, 1, 0)
    assert relaxed_counts([(0, 4, "A"), (0, 6, "A")], [(0, 6, "A"), (0, 8, "A")]) == (2, 0, 0)


def test_relaxed_pairs_as_many_as_can_be():
    spans = st.lists(st.tuples(st.just(0), st.integers(1, 9), st.just("A")), max_size=4)

    def most(gold: list[Span], found: list[Span]) -> int:
        if not gold:
            return 0
        best = most(gold[1:], found)
        for at, span in enumerate(found):
            if abs(span[1] - gold[0][1]) <= 2:
                best = max(best, 1 + most(gold[1:], found[:at] + found[at + 1 :]))
        return best

    @given(spans, spans)
    def check(gold: list[Span], found: list[Span]) -> None:
        assert relaxed_counts(gold, found)[0] == most(sorted(set(gold)), sorted(set(found)))

    check()


def test_hipaa_types_are_i2b2s_without_idnum():
    assert set(LABELS) >= I2B2_HIPAA_TYPES
    assert "IDNUM" not in I2B2_HIPAA_TYPES
    spans = tuple((0, 1, label) for label in LABELS)
    assert count_note(ScoredNote("x", spans, ())).hipaa_strict == (0, 0, len(I2B2_HIPAA_TYPES))


LABEL_OR_NONE = st.sampled_from([None, None, "A", "B"])
TAG_ROWS = st.lists(
    st.lists(st.tuples(LABEL_OR_NONE, LABEL_OR_NONE), min_size=1, max_size=8),
    min_size=1,
    max_size=5,
)


def tags_of(labels: list[str | None]) -> list[str]:
    before = [None, *labels]
    return [
        "O" if label is None else f"{'I' if label == last else 'B'}-{label}"
        for last, label in zip(before, labels, strict=False)
    ]


def spans_of(labels: list[str | None]) -> tuple[Span, ...]:
    """Of a note whose tokens are "ab" between single blanks."""
    spans: list[Span] = []
    for place, tag in enumerate(tags_of(labels)):
        if tag[0] == "B":
            spans.append((3 * place, 3 * place + 2, tag[2:]))
        elif tag[0] == "I":
            spans[-1] = (spans[-1][0], 3 * place + 2, tag[2:])
    return tuple(spans)


@settings(max_examples=50)
@given(TAG_ROWS)
# seqeval warns where a rate has no denominator.
@pytest.mark.filterwarnings("ignore")
def test_strict_scores_are_seqevals(rows):
    gold = [[label for label, _ in row] for row in rows]
    found = [[label for _, label in row] for row in rows]
    notes = [
        ScoredNote(" ".join(["ab"] * len(wanted)), spans_of(wanted), spans_of(got))
        for wanted, got in zip(gold, found, strict=True)
    ]
    ours = score_redaction(notes, samples=1).overall.strict.counts
    tags = list(map(tags_of, gold)), list(map(tags_of, found))
    for rate, theirs in (
        (ours.precision, precision_score),
        (ours.recall, recall_score),
        (ours.f1, f1_score),
    ):
        assert rate == pytest.approx(theirs(*tags, mode="strict", scheme=IOB2, zero_division=0))
    scores = score_spans([note.gold for note in notes], [note.predicted for note in notes])
    assert scores.micro == ours


def test_white_space_in_a_span_is_not_missed():
    scores = scores_of((0, 3, "A"), (4, 7, "A"), gold=((0, 7, "A"),), text="Ann\nRoe")
    assert scores.overall.redacted_characters.value == 1.0
    assert scores.overall.clean_notes.value == 1.0


def test_labels_do_not_matter_to_what_is_gone():
    scores = scores_of((0, 26, "ZIP"))
    assert scores.overall.redacted_characters.value == scores.overall.clean_notes.value == 1.0
    assert scores.overall.over_characters.value == scores.overall.over_tokens.value == 1.0
    assert scores.characters.tp == 0


def test_note_is_clean_when_marks_alone_are_left():
    clean = scores_of((0, 3, "A"), (4, 5, "A"), gold=((0, 6, "A"),), text="Ann R.")
    assert clean.overall.clean_notes.value == 1.0
    assert clean.overall.redacted_characters.value == 0.8
    assert scores_of((0, 2, "A"), gold=((0, 3, "A"),), text="Ann").overall.clean_notes.value == 0


def test_token_is_redacted_whole_and_over_redacted_by_a_touch():
    scores = scores_of((1, 4, "A"), gold=((0, 3, "A"),), text="Ann saw")
    assert scores.overall.redacted_tokens.value == 0.0
    scores = scores_of((0, 5, "A"), gold=((0, 3, "A"),), text="Ann saw")
    assert scores.overall.over_tokens.value == 1.0
    assert scores.overall.over_characters.value == pytest.approx(1 / 3)


def test_phi_inside_of_a_word_is_a_token_of_its_own():
    scores = scores_of((2, 7, "A"), gold=((2, 7, "A"),), text="DrSmith")
    assert (scores.tokens, scores.overall.redacted_tokens.value) == (PRF(1, 0, 0), 1.0)
    assert scores.overall.over_tokens.value == 0.0


def test_note_without_phi_is_not_a_note_with_nothing_missed():
    notes = [ScoredNote("Pain", (), ()), ScoredNote("Roe", ((0, 3, "A"),), ())]
    scores = score_redaction(notes, samples=10)
    assert (scores.overall.clean_notes.part, scores.overall.clean_notes.whole) == (0, 1)
    nothing = score_redaction(notes[:1], samples=10).overall
    assert nothing.clean_notes.value is None
    assert nothing.redacted_characters.interval is None
    assert nothing.strict.recall is None
    assert nothing.over_characters.value == 0.0


@pytest.mark.parametrize(
    ("pieces", "bucket"),
    [
        (0, "to 512"),
        (512, "to 512"),
        (513, "to 2,048"),
        (8192, "to 8,192"),
        (8193, "over 8,192"),
    ],
)
def test_length_bucket(pieces: int, bucket: str):
    assert length_bucket(pieces) == bucket


def test_each_length_has_its_own_figures():
    notes = [
        ScoredNote("Roe", ((0, 3, "A"),), ((0, 3, "A"),), pieces=5),
        ScoredNote("Roe", ((0, 3, "A"),), (), pieces=9000),
    ]
    scores = score_redaction(notes, samples=10)
    assert list(scores.per_length) == ["to 512", "over 8,192"]
    shares = [summary.clean_notes.value for summary in scores.per_length.values()]
    assert shares == [1.0, 0.0]
    assert scores.overall.notes == 2


def test_intervals_come_from_notes_and_hold_the_figure():
    hit = ScoredNote("Roe x", ((0, 3, "A"),), ((0, 3, "A"),))
    miss = ScoredNote("Roe x", ((0, 3, "A"),), ((4, 5, "A"),))
    overall = score_redaction([hit] * 80 + [miss] * 20, samples=2000).overall
    low, high = overall.clean_notes.interval
    # The binomial interval of 80 of 100 notes.
    assert (low, high) == pytest.approx((0.72, 0.88), abs=0.015)
    for interval in (overall.strict.precision, overall.strict.recall, overall.strict.f1):
        assert interval == pytest.approx((0.72, 0.88), abs=0.015)
    assert overall.over_tokens.interval == pytest.approx((0.12, 0.28), abs=0.015)
    again = score_redaction([hit] * 80 + [miss] * 20, samples=2000).overall
    assert again == overall


EDGES = st.integers(0, 12)
SPANS = st.lists(
    st.tuples(EDGES, EDGES, st.sampled_from("AB")).filter(lambda span: span[0] < span[1]),
    max_size=4,
).map(tuple)


@given(st.text("a1 .\n", min_size=12, max_size=12), SPANS, SPANS)
def test_characters_are_those_of_a_count_one_by_one(text: str, gold, found):
    counts = count_note(ScoredNote(text, gold, found))
    inside = [{label for a, b, label in gold if a <= at < b} for at in range(12)]
    covered = [{label for a, b, label in found if a <= at < b} for at in range(12)]
    shown = [at for at in range(12) if not text[at].isspace()]
    phi = [at for at in shown if inside[at]]
    other = [at for at in shown if not inside[at]]
    assert counts.redacted_characters == (sum(bool(covered[at]) for at in phi), len(phi))
    assert counts.over_characters == (sum(bool(covered[at]) for at in other), len(other))
    assert counts.characters == (
        sum(len(inside[at] & covered[at]) for at in shown),
        sum(len(covered[at] - inside[at]) for at in shown),
        sum(len(inside[at] - covered[at]) for at in shown),
    )
    if gold:
        left = any(inside[at] and not covered[at] for at in range(12) if text[at].isalnum())
        assert counts.clean == (int(not left), 1)


def test_a_note_of_120_000_characters_takes_a_moment():
    text = "Dr. Smith saw her. " * 6300
    spans = tuple((19 * at + 4, 19 * at + 9, "DOCTOR") for at in range(6300))
    counts = count_note(ScoredNote(text, spans, spans))
    assert counts.redacted_tokens == (6300, 6300)
    assert counts.over_tokens == (0, 3 * 6300)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: score_redaction([]), "found no document; wanted at least one"),
        (
            lambda: ScoredNote("Roe", ((0, 4, "A"),), ()),
            r"gold=\.\.\.\): found a span from 0 to 4; wanted one that is not empty and lies in",
        ),
        (
            lambda: ScoredNote("Roe", (), ((2, 2, "A"),)),
            r"predicted=\.\.\.\): found a span from 2 to 2; wanted one that is not empty",
        ),
        (lambda: ScoredNote("Roe", (), (), pieces=-1), "found -1; wanted 0 or more"),
        (
            lambda: score_redaction([ScoredNote("Roe", (), ())], samples=0),
            "found 0; wanted 1 or more",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused(build, message: str):
    with pytest.raises(ConfigError, match=message):
        build()


def test_a_note_is_not_in_its_repr():
    assert "Roe" not in repr(ScoredNote("Roe", (), ()))
    assert np.isfinite(scores_of().overall.over_characters.value)
