"""A trainable component that labels whole documents: predicts, learns, is calibrated and saved.

Knows nothing of writing to Docs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_get_examples
from spacy.util import minibatch
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.types import Floats2d, Ragged

from spacy_modernbert_bio.components.coverage import check_encoded
from spacy_modernbert_bio.components.label_gold import count_labels, gold_matrix, labels_in
from spacy_modernbert_bio.components.label_loss import (
    ClassWeights,
    label_loss,
    label_weights,
    probabilities,
)
from spacy_modernbert_bio.components.labelled_pipe import LabelledPipe
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.label_thresholds import ThresholdFit, fit_thresholds
from spacy_modernbert_bio.models.doc_classifier import DocScores, scorer_in


@dataclass(frozen=True, eq=False)
class LabelScores:
    """What is predicted of a batch.

    probabilities: [documents, labels]. weights: for each document what its rows of hidden
    states have in each label's evidence, [rows, labels], or None. align: for each document the rows
    of each token.
    """

    probabilities: NDArray[np.float64]
    weights: list[Any] | None
    align: list[Ragged]


class DocLabelPipe(LabelledPipe):
    """A trainable component that labels whole documents.

    exclusive: exactly one label holds of a document (softmax), or any number (a sigmoid each).
    threshold: the probability from which a label is taken to hold, where none was fitted.
    class_weights: see `label_weights`.
    scorer: called by `nlp.evaluate`.

    `cfg` holds what is learned and saved (`labels`, `priors`, `thresholds`, `class_weights` as
    numbers) and the settings, which always are those of the config.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], DocScores],
        name: str,
        *,
        exclusive: bool,
        threshold: float,
        class_weights: ClassWeights,
        scorer: Callable[..., dict[str, Any]] | None,
        **settings: Any,
    ) -> None:
        if not 0.0 <= threshold <= 1.0:
            raise ConfigError(
                where=f"{name}: threshold", found=f"{threshold:g}", wanted="a number in [0, 1]"
            )
        super().__init__(
            vocab,
            model,
            name,
            learned={"priors": [], "thresholds": {}, "weights": [], "positive_label": None},
            settings={"exclusive": exclusive, "threshold": threshold, **settings},
            scorer=scorer,
        )
        self._class_weights = class_weights

    @property
    def label_data(self) -> list[str]:
        """What `initialize(labels=...)` takes to get these labels; for `spacy init labels`."""
        return list(self.labels)

    @property
    def exclusive(self) -> bool:
        """Whether exactly one label holds of a document."""
        return bool(self.cfg["exclusive"])

    @property
    def thresholds(self) -> dict[str, float]:
        """The probability from which each label is taken to hold; exclusive labels have none."""
        fitted = self.cfg["thresholds"]
        return {label: fitted.get(label, self.cfg["threshold"]) for label in self.labels}

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,  # noqa: ARG002  spaCy hands it to every component
        labels: Iterable[str] | None = None,
        positive_label: str | None = None,
    ) -> None:
        """Settle the labels, their shares in the training documents, and the model's widths.

        labels: in the order given; else those of doc.cats, sorted.
        positive_label: of two exclusive labels the one whose F1 is `cats_score`, as in `textcat`.
        Warns in the log of labels without an example, and of labels it is not to learn.
        Raises ConfigError when there are too few labels, when no document tells of one, or when
        the model was built for another number.
        """
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        for label in labels_in(get_examples()) if labels is None else labels:
            self.add_label(label)
        self._check_labels(positive_label)
        counts = count_labels(get_examples(), self.labels, self.exclusive, self.name)
        priors = counts.priors(self.exclusive)
        weights = label_weights(self._class_weights, self.labels, counts, self.exclusive)
        self.cfg |= {
            "positive_label": positive_label,
            "priors": priors.tolist(),
            "weights": weights,
            "thresholds": {},
        }
        docs = self._sample(get_examples)
        widths: Any = self.model.ops.alloc2f(len(docs), len(self.labels))
        self.model.initialize(X=docs, Y=widths)
        weighted = priors * np.array(weights)
        odds = weighted if self.exclusive else weighted / (1.0 - priors)
        scorer_in(self.model).set_priors(torch.tensor(np.log(odds), dtype=torch.float32))

    def _check_labels(self, positive_label: str | None) -> None:
        least = 2 if self.exclusive else 1
        if len(self.labels) < least:
            raise ConfigError(
                where=f"{self.name}.initialize",
                found=", ".join(self.labels) or "no labels",
                wanted=f"{least} or more in doc.cats, or labels",
                fix="Give [initialize.components] labels, or annotated training documents.",
            )
        if positive_label is not None and (
            positive_label not in self.labels or len(self.labels) != 2 or not self.exclusive
        ):
            raise ConfigError(
                where=f"{self.name}.initialize: positive_label",
                found=f"{positive_label} with {', '.join(self.labels)}",
                wanted="one of two exclusive labels",
            )
        self._check_width(f"{len(self.labels)}, one a label")

    def predict(self, docs: Iterable[Doc]) -> LabelScores:
        """The labels' probabilities, and where they were read. Changes no Doc.

        A document without tokens has the labels' shares in the training documents.
        Raises CoverageError for a document that the transformer has not read.
        """
        docs = list(docs)
        priors = np.array(self.cfg["priors"])
        if not any(map(len, docs)):
            nothing = np.broadcast_to(priors, (len(docs), len(self.labels)))
            return LabelScores(nothing, None, [])
        check_encoded(docs, self.model, self.name)
        scores = self.model.predict(docs)
        found = probabilities(self._to_numpy(scores.logits), self.exclusive)
        found[[not len(doc) for doc in docs]] = priors
        weights = None if scores.weights is None else [*map(self._to_numpy, scores.weights)]
        return LabelScores(found, weights, scores.align)

    def get_loss(self, examples: Iterable[Example], scores: DocScores) -> tuple[float, Floats2d]:
        """The mean loss over annotated labels, and its gradient, [documents, labels].

        Raises ConfigError when the loss is no number, and for values that are neither 0 nor 1.
        """
        golds = [example.reference for example in examples]
        gold = gold_matrix(golds, self.labels, self.exclusive, self.name)
        logits = self._to_numpy(scores.logits)
        loss, gradient = label_loss(logits, gold, self.cfg["weights"], self.exclusive)
        self._check_loss(loss)
        return loss, self.model.ops.asarray2f(cast(Floats2d, gradient), dtype="float32")

    def fit_thresholds(
        self,
        examples: Iterable[Example],
        *,
        target_recall: float | None = None,
        batch_size: int = 64,
    ) -> list[ThresholdFit]:
        """Fit and keep a threshold for each label; one row a label, in their order.

        examples: development data, unseen in training, whose predicted Docs all earlier components
            have been through; may be a generator, and is read once.
        target_recall: the highest threshold that reaches this share of the documents in which
            the label holds; without one, the threshold of the highest F1.
        A label without an example keeps the config's threshold. Probabilities do not change.
        Raises ConfigError for exclusive labels, which need none, and without annotation.
        """
        if self.exclusive:
            raise ConfigError(
                where=f"{self.name}: thresholds",
                found="exclusive labels",
                wanted="labels of which several can hold",
                fix="Of exclusive labels the likeliest holds; there is nothing to fit.",
            )
        predicted, gold = [], []
        for batch in minibatch(examples, batch_size):  # type: ignore[no-untyped-call]
            predicted.append(self.predict([each.predicted for each in batch]).probabilities)
            references = [each.reference for each in batch]
            gold.append(gold_matrix(references, self.labels, self.exclusive, self.name))
        fits = fit_thresholds(
            np.concatenate(predicted) if predicted else np.zeros((0, len(self.labels))),
            np.concatenate(gold) if gold else np.zeros((0, len(self.labels))),
            self.labels,
            default=self.cfg["threshold"],
            target_recall=target_recall,
        )
        self.cfg["thresholds"] = {fit.label: fit.threshold for fit in fits}
        return fits

    def _to_numpy(self, array: Any) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.model.ops.to_numpy(array)  # type: ignore[no-untyped-call]
        return found.astype(np.float64)
