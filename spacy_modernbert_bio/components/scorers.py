"""Scores for `nlp.evaluate`: as spaCy itself counts spans and labels, and what matters of PHI."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from spacy.scorer import Scorer, get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.components.label_gold import gold_matrix
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


def make_phenotype_scorer() -> Callable[..., dict[str, Any]]:
    """Registered as scorer `spacy_modernbert_bio.phenotype_scorer.v1`."""
    return score_phenotypes


def score_phenotypes(
    examples: Iterable[Example],
    *,
    labels: Sequence[str],
    exclusive: bool = False,
    threshold: float = 0.5,
    thresholds: Mapping[str, float] | None = None,
    positive_label: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Scores of doc.cats as spaCy's own textcat and textcat_multilabel have them, `cats_score` etc.

    labels: those that are scored. exclusive: the likeliest label holds. thresholds: the probability
        from which each of the others holds; threshold: the same, of labels without one of their
        own. positive_label: see spaCy's `Scorer.score_cats`. The component's cfg gives them all.

    Documents that tell of none of the labels are left out; spaCy's scorer would count a prediction
    on them as wrong where labels are exclusive.
    Raises ConfigError for gold values that are neither 0 nor 1, and for two exclusive labels that
    hold.
    """
    examples = list(examples)
    references = [each.reference for each in examples]
    gold = gold_matrix(references, labels, exclusive, "phenotype_scorer.v1")
    known = ~np.isnan(gold)
    # Docs with nothing but categories: what is decided can't be told from one threshold for all.
    probable, decided = [], []
    for each, row, tells in zip(examples, gold, known, strict=True):
        if not tells.any():
            continue
        wanted = {label: row[at] for at, label in enumerate(labels) if tells[at]}
        found = {label: each.predicted.cats.get(label, 0.0) for label in labels}
        limits = {label: (thresholds or {}).get(label, threshold) for label in labels}
        holds = {label: float(found[label] >= limits[label]) for label in labels}
        probable.append(_with_cats(each, found, wanted))
        decided.append(_with_cats(each, holds, wanted))

    def score(some: list[Example]) -> dict[str, Any]:
        return Scorer.score_cats(
            some, "cats", labels=labels, multi_label=not exclusive, positive_label=positive_label
        )

    scores = score(probable)
    if not exclusive:
        # Areas under curves, and the score that is their mean, are of probabilities.
        of_curves = ("cats_score", "cats_score_desc", "cats_macro_auc", "cats_auc_per_type")
        scores |= {name: each for name, each in score(decided).items() if name not in of_curves}
    return scores


def _with_cats(example: Example, found: dict[str, float], wanted: dict[str, float]) -> Example:
    predicted, reference = Doc(example.predicted.vocab), Doc(example.reference.vocab)
    predicted.cats, reference.cats = found, wanted
    return Example(predicted, reference)


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
