"""Factory modernbert_phenotype: labels of whole documents in doc.cats, and what tells of them.

To configs, scorers and commands it is what spaCy's `textcat_multilabel` (or `textcat`) is.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import load_config_from_str
from thinc.api import Model

from spacy_modernbert_bio.components.doc_labels import DocLabelPipe, LabelScores
from spacy_modernbert_bio.components.evidence import select_evidence, token_weights
from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.components.label_loss import ClassWeights
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.doc_classifier import DocScores

DEFAULT_CONFIG = """
[modernbert_phenotype]
exclusive = false
threshold = 0.5
class_weights = null
evidence_key = "evidence"
evidence_per_label = 3
evidence_tokens = 48

[modernbert_phenotype.model]
@architectures = "spacy_modernbert_bio.DocClassifier.v1"
nO = null
pooling = "labelwise"
attention_width = 128
dropout = 0.1

[modernbert_phenotype.model.tok2vec]
@architectures = "spacy_modernbert_bio.PieceListener.v1"
grad_factor = 1.0
upstream = "*"

[modernbert_phenotype.scorer]
@scorers = "spacy_modernbert_bio.phenotype_scorer.v1"
"""


@Language.factory(
    "modernbert_phenotype",
    assigns=["doc.cats", "doc.spans", "doc._.phenotypes"],
    default_config=load_config_from_str(DEFAULT_CONFIG)["modernbert_phenotype"],
    default_score_weights={
        "cats_macro_f": 1.0,
        "cats_micro_f": 0.0,
        "cats_macro_auc": 0.0,
        "cats_score": None,
        "cats_score_desc": None,
        "cats_macro_p": None,
        "cats_macro_r": None,
        "cats_micro_p": None,
        "cats_micro_r": None,
        "cats_f_per_type": None,
        "cats_auc_per_type": None,
    },
)
def make_phenotype(
    nlp: Language,
    name: str,
    model: Model[list[Doc], DocScores],
    exclusive: bool,
    threshold: float,
    class_weights: ClassWeights | dict[str, float],
    evidence_key: str,
    evidence_per_label: int,
    evidence_tokens: int,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "PhenotypePipe":
    """The component. Registered as factory `modernbert_phenotype`.

    model: logits and evidence, `spacy_modernbert_bio.DocClassifier.v1`.
    exclusive: true when exactly one label holds of a document.
    threshold: the probability from which a label is listed in `doc._.phenotypes`, where
        `fit_thresholds` fitted none; exclusive labels have none, the likeliest is listed.
    class_weights: null; "balanced" for rare labels; or numbers for some labels. Probabilities then
        are too high for the weighted labels: fit thresholds.
    evidence_key: the group of doc.spans that gets the evidence of the listed labels.
    evidence_per_label: passages a label, at most; 0 writes none.
    evidence_tokens: a longer sentence gives its best window of so many tokens, and a document
        without sentence borders all its evidence so.
    scorer: what `nlp.evaluate` calls; null for none.
    Raises ConfigError for a number outside its range.
    """
    install_extensions()
    for setting, value, least in (
        ("evidence_per_label", evidence_per_label, 0),
        ("evidence_tokens", evidence_tokens, 1),
    ):
        if value < least:
            raise ConfigError(
                where=f"{name}: {setting}", found=str(value), wanted=f"{least} or more"
            )
    return PhenotypePipe(
        nlp.vocab,
        model,
        name,
        exclusive=exclusive,
        threshold=threshold,
        class_weights=class_weights,
        evidence_key=evidence_key,
        evidence_per_label=evidence_per_label,
        evidence_tokens=evidence_tokens,
        scorer=scorer,
    )


class PhenotypePipe(DocLabelPipe):
    """Probabilities in doc.cats, labels that hold in doc._.phenotypes, evidence in a span group.

    Evidence is labelled spans with the share of what speaks for the label in
    `SpanGroup.attrs["weights"]`; by labels, the weightiest of each first. Where several components
    label one Doc, each replaces what it knows of its own labels, and leaves the others'.
    """

    def set_annotations(self, docs: Iterable[Doc], scores: LabelScores) -> None:
        """Write what `predict` gave on the Docs: every label's probability, and the rest."""
        for number, doc in enumerate(docs):
            row = scores.probabilities[number]
            doc.cats.update(zip(self.labels, row.tolist(), strict=True))
            holding = self._holding(row)
            kept = [label for label in doc._.phenotypes if label not in self.labels]
            doc._.phenotypes = [*kept, *(self.labels[each] for each in holding)]
            self._set_evidence(doc, holding, number, scores)

    def _holding(self, row: Any) -> list[int]:
        """Numbers of the labels that hold."""
        if self.exclusive:
            return [int(row.argmax())]
        limits = np.array(list(self.thresholds.values()))
        holding: list[int] = np.flatnonzero(row >= limits).tolist()
        return holding

    def _set_evidence(self, doc: Doc, holding: list[int], number: int, scores: LabelScores) -> None:
        key, count = self.cfg["evidence_key"], self.cfg["evidence_per_label"]
        before = doc.spans.get(key, SpanGroup(doc, name=key))
        kept = [
            (span, weight)
            for span, weight in zip(before, before.attrs.get("weights", ()), strict=False)
            if span.label_ not in self.labels
        ]
        if count and scores.weights is not None and len(doc) and holding:
            chosen = scores.weights[number][:, holding]
            mass = token_weights(chosen, scores.align[number])
            for column, label in enumerate(holding):
                passages = select_evidence(
                    doc, mass[:, column], count=count, limit=self.cfg["evidence_tokens"]
                )
                kept += [
                    (Span(doc, each.start, each.stop, label=self.labels[label]), each.weight)
                    for each in passages
                ]
        doc.spans[key] = SpanGroup(
            doc,
            name=key,
            spans=[span for span, _ in kept],
            attrs={"weights": [weight for _, weight in kept]},
        )
