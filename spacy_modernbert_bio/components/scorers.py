"""Scores of spans as spaCy itself counts them, for entities or a span group."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.scorer import Scorer, get_ner_prf
from spacy.training import Example


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
