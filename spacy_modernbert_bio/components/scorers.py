"""Scores for `nlp.evaluate`: spans as spaCy itself counts them, and what matters of PHI."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.scorer import Scorer, get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.components.phi_record import find_phi, searched_by
from spacy_modernbert_bio.evaluation.phi_scores import ScoredNote, count_note


def make_entity_scorer() -> Callable[..., dict[str, Any]]:
    """Registered as scorer `spacy_modernbert_bio.entity_scorer.v1`."""
    return score_entities


def score_entities(
    examples: Iterable[Example], *, spans_key: str | None = None, **_: Any
) -> dict[str, Any]:
    """Strict precision, recall and F1, over all labels and a label.

    spans_key: the group to score, under `spans_<key>_p` and so on, as spaCy's spancat names them;
        without one entities, under `ents_p` and so on. The component's cfg gives it.

    Documents without annotation of that kind are left out. So are predicted entities on tokens
    whose annotation is missing: this is the scorer of spaCy's own `ner`.
    """
    if spans_key is None:
        return dict(get_ner_prf(examples))
    key = spans_key
    return Scorer.score_spans(
        examples,
        f"spans_{key}",
        getter=lambda doc, _attribute: doc.spans.get(key, []),
        has_annotation=lambda doc: key in doc.spans,
        allow_overlap=True,
    )


def make_phi_scorer() -> Callable[..., dict[str, Any]]:
    """Registered as scorer `spacy_modernbert_bio.phi_scorer.v1`."""
    return score_phi


def score_phi(examples: Iterable[Example], *, spans_key: str = "phi", **_: Any) -> dict[str, Any]:
    """Strict scores under `spans_<key>_f` and so on, and how well PHI is hidden, label-blind.

    phi_recall: share of PHI's letters and digits that a span of any label covers.
    phi_clean_notes: share of notes with PHI of which nothing is left.
    phi_over_redaction: share of the other text that is covered.
    Documents without annotation are left out. See `scored_note` for what is read.
    """
    known = [each for each in examples if spans_key in each.reference.spans]
    scores = score_entities(known, spans_key=spans_key)
    notes = [count_note(scored_note(each, spans_key)) for each in known]
    for name, part in (
        ("phi_recall", "redacted_characters"),
        ("phi_clean_notes", "clean"),
        ("phi_over_redaction", "over_characters"),
    ):
        counts = [getattr(note, part) for note in notes]
        whole = sum(total for _, total in counts)
        scores[name] = sum(some for some, _ in counts) / whole if whole else None
    return scores


def scored_note(example: Example, spans_key: str, pieces: int = 0) -> ScoredNote:
    """A note with its gold and predicted spans, in characters.

    Predicted are those of `doc._.phi`, exact also inside tokens; without them, of `doc.spans`.
    """
    predicted = example.predicted
    exact = [(span.start, span.stop, span.label) for span in find_phi(predicted)]
    found = exact if searched_by(predicted) else _characters(predicted, spans_key)
    gold = _characters(example.reference, spans_key)
    return ScoredNote(example.reference.text, tuple(gold), tuple(found), pieces)


def _characters(doc: Doc, spans_key: str) -> list[tuple[int, int, str]]:
    return [(s.start_char, s.end_char, s.label_) for s in doc.spans.get(spans_key, ())]
