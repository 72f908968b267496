"""Factory modernbert_ner: named entities with confidences, in doc.ents or a span group."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np
from spacy.attrs import ENT_IOB
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import load_config_from_str
from thinc.api import Model

from spacy_modernbert_bio.components.extensions import install_extensions, store_confidence
from spacy_modernbert_bio.components.token_pipe import DEFAULT_MODEL, TokenClassificationPipe
from spacy_modernbert_bio.components.word_chain import Decoder, DocSpans
from spacy_modernbert_bio.models.token_classifier import TagScores

# A Doc's entity tags in spaCy's numbers: none was ever set; inside; outside; begin.
_UNSET, _INSIDE, _BEGIN = 0, 1, 3

DEFAULT_CONFIG = """
[modernbert_ner]
spans_key = null
overwrite = false
decoder = "viterbi"

[modernbert_ner.scorer]
@scorers = "spacy_modernbert_bio.entity_scorer.v1"
"""


@Language.factory(
    "modernbert_ner",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type", "span._.confidence"],
    default_config={
        **load_config_from_str(DEFAULT_CONFIG)["modernbert_ner"],
        "model": DEFAULT_MODEL,
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_ner(
    nlp: Language,
    name: str,
    model: Model[list[Doc], TagScores],
    spans_key: str | None,
    overwrite: bool,
    decoder: Decoder,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "NerPipe":
    """The component. Registered as factory `modernbert_ner`.

    model: token scores, `spacy_modernbert_bio.TokenClassifier.v1`.
    spans_key: null writes doc.ents; a name writes doc.spans[name], so that several heads stand
        side by side, and learns from the group of that name. Then give `spans_<name>_f` a weight
        in [training.score_weights], and `ents_f` none.
    overwrite: what happens to entities that a Doc has already. false keeps them: a prediction that
        shares a token with one, or with a token that `doc.set_ents` blocked, is left out. true
        removes them. A span group is the component's own, and always replaced.
    decoder: "viterbi" (softmax) or "crf"; see `TokenClassificationPipe`.
    scorer: what `nlp.evaluate` calls; null for none.
    """
    install_extensions()
    return NerPipe(
        nlp.vocab,
        model,
        name,
        spans_key=spans_key,
        overwrite=overwrite,
        decoder=decoder,
        scorer=scorer,
    )


class NerPipe(TokenClassificationPipe):
    """Entities in doc.ents, or in doc.spans[spans_key] with `SpanGroup.attrs["scores"]`."""

    def set_annotations(self, docs: Iterable[Doc], scores: list[DocSpans]) -> None:
        """Write what `predict` gave on the Docs, with each span's confidence."""
        labels = np.array([self.vocab.strings.add(label) for label in self.labels], dtype="uint64")
        for doc, found in zip(docs, scores, strict=True):
            if self.spans_key is None:
                self._set_entities(doc, found, labels)
            else:
                self._set_group(doc, found, labels)

    def _set_group(self, doc: Doc, found: DocSpans, labels: Any) -> None:
        spans = _spans(doc, found, labels)
        scores = found.confidences.astype(np.float32)
        key = cast(str, self.spans_key)
        doc.spans[key] = SpanGroup(doc, name=key, spans=spans, attrs={"scores": scores})
        _store(spans, found)

    def _set_entities(self, doc: Doc, found: DocSpans, labels: Any) -> None:
        iob = doc.to_array([ENT_IOB])
        taken = (iob == _INSIDE) | (iob == _BEGIN)
        if self.cfg["overwrite"] or not taken.any():
            spans = _spans(doc, found, labels)
            doc.set_ents(spans, default="outside")
            _store(spans, found)
            return
        before = np.concatenate([[0], np.cumsum(taken)])
        free = before[found.stops] == before[found.starts]
        found = DocSpans(
            found.starts[free], found.stops[free], found.labels[free], found.confidences[free]
        )
        spans = _spans(doc, found, labels)
        doc.set_ents(spans, default="unmodified")
        # Tokens that nothing was known of have been read now: they are outside, and not missing.
        doc.set_ents(
            [], outside=_runs(doc, doc.to_array([ENT_IOB]) == _UNSET), default="unmodified"
        )
        _store(spans, found)


def _spans(doc: Doc, found: DocSpans, labels: Any) -> list[Span]:
    return [
        Span(doc, start, stop, label=label)
        for start, stop, label in zip(
            found.starts.tolist(), found.stops.tolist(), labels[found.labels].tolist(), strict=True
        )
    ]


def _store(spans: list[Span], found: DocSpans) -> None:
    for span, confidence in zip(spans, found.confidences.tolist(), strict=True):
        store_confidence(span, confidence)


def _runs(doc: Doc, flags: Any) -> list[Span]:
    """Spans over the tokens that are flagged."""
    borders = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [
        Span(doc, start, stop)
        for start, stop in zip(borders[::2].tolist(), borders[1::2].tolist(), strict=True)
    ]
