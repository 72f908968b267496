"""What NER and de-identification share: a trainable component that finds spans by tagging tokens.

Predicts, learns, keeps its labels and temperature, is saved and calibrated. The numbers are
`word_chain`'s; what is done with the spans found is the component's own. Knows nothing of writing
to Docs.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_get_examples
from spacy.util import load_config_from_str, minibatch
from spacy.vocab import Vocab
from thinc.api import Model

from spacy_modernbert_bio.components.calibrate import CalibrationReport, calibrate_spans
from spacy_modernbert_bio.components.coverage import check_encoded
from spacy_modernbert_bio.components.labelled_pipe import LabelledPipe
from spacy_modernbert_bio.components.tags import (
    MISSING,
    Indices,
    gold_labels,
    gold_tags,
    tag_names,
    word_rows,
)
from spacy_modernbert_bio.components.word_chain import (
    Decoder,
    DocSpans,
    Revision,
    WordScores,
    decode,
    gather,
    spread,
    total_loss,
)
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.crf import Chain
from spacy_modernbert_bio.models.tag_scheme import TagRules, allowed_transitions
from spacy_modernbert_bio.models.token_classifier import TagScores

MODEL_CONFIG = """
[model]
@architectures = "spacy_modernbert_bio.TokenClassifier.v1"
nO = null
dropout = 0.1

[model.tok2vec]
@architectures = "spacy-transformers.TransformerListener.v1"
grad_factor = 1.0
upstream = "*"

[model.tok2vec.pooling]
@layers = "reduce_mean.v1"
"""
# What the factories have for `model` where a config says nothing.
DEFAULT_MODEL = load_config_from_str(MODEL_CONFIG)["model"]


class TokenClassificationPipe(LabelledPipe):
    """A trainable component that finds spans by tagging tokens.

    decoder: "viterbi" trains each token's tag by itself (softmax, cross-entropy); "crf" trains
        whole tag sequences, with scores for transitions. Both decode the best allowed sequence.
    spans_key: the span group that holds gold spans; entities where it is None.
    scorer: called by `nlp.evaluate`.

    `cfg` holds `labels` and `temperature`, which are learned and saved, and the settings, which
    always are those of the config: a setting changed when a pipeline is loaded is obeyed.
    """

    _outputs: ClassVar[str] = "tags"

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], TagScores],
        name: str,
        *,
        decoder: Decoder,
        spans_key: str | None,
        scorer: Callable[..., dict[str, Any]] | None,
        **settings: Any,
    ) -> None:
        super().__init__(
            vocab,
            model,
            name,
            learned={"temperature": 1.0},
            settings={"decoder": decoder, "spans_key": spans_key, **settings},
            scorer=scorer,
        )

    @property
    def label_data(self) -> tuple[str, ...]:
        """What `initialize(labels=...)` takes to get these labels; for `spacy init labels`."""
        return self.labels

    @property
    def spans_key(self) -> str | None:
        """The span group that is read as gold and written; None for entities."""
        key: str | None = self.cfg["spans_key"]
        return key

    def _width(self) -> int:
        """Tags of these labels: O, and two for each."""
        return len(tag_names(self.labels))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,  # noqa: ARG002  spaCy hands it to every component
        labels: Iterable[str] | None = None,
    ) -> None:
        """Settle the labels and the model's widths.

        labels: in the order given, as `label_data` or `spacy init labels` wrote them; else those
            of the gold spans, sorted.
        Raises ConfigError when there are none, or when the model was built for another number.
        """
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        for label in gold_labels(get_examples(), self.spans_key) if labels is None else labels:
            self.add_label(label)
        if not self.labels:
            raise ConfigError(
                where=f"{self.name}.initialize",
                found="no labels",
                wanted=f"gold spans in {_place(self.spans_key)}, or labels",
                fix="Give [initialize.components] labels, or annotated training documents.",
            )
        tags = self._width()
        self._check_width(f"{tags}, O and two tags for each of {len(self.labels)} labels")
        docs = self._sample(get_examples)
        widths: Any = [self.model.ops.alloc2f(len(doc), tags) for doc in docs]
        self.model.initialize(X=docs, Y=widths)

    def predict(self, docs: Iterable[Doc]) -> list[DocSpans]:
        """The spans of each document. Changes no Doc.

        Raises CoverageError for a document that the transformer has not read.
        """
        docs = list(docs)
        check_encoded(docs, self.model, self.name)
        rows = [word_rows(doc) for doc in docs]
        if not any(map(len, rows)):
            nothing = np.zeros(0, dtype=np.int64)
            return [DocSpans(nothing, nothing, nothing, np.zeros(0)) for _ in docs]
        words = gather(self.model.predict(docs), rows, self.model.ops)
        return decode(self._chain(words), rows, self._rules(), self._revision())

    def get_loss(self, examples: Iterable[Example], scores: TagScores) -> tuple[float, TagScores]:
        """The mean loss over annotated tokens, and its gradients. Changes nothing.

        Tokens without annotation do not count: the softmax leaves them out, the CRF sums over
        all tags that they might have. Raises ConfigError when the loss is no number, or when gold
        spans overlap or have unknown labels.
        """
        examples = list(examples)
        rows = [word_rows(example.predicted) for example in examples]
        gold = self._gold(examples, rows)
        words = gather(scores, rows, self.model.ops)
        leaves = [leaf.requires_grad_() for leaf in words.tensors()]
        # A batch without annotation has a loss of 0 and gradients of 0.
        counted = max(1, int((gold != MISSING).sum()))
        loss = total_loss(words, gold, self._rules(), self.cfg["decoder"]) / counted
        self._check_loss(loss.item())
        gradients = words.with_tensors(torch.autograd.grad(loss, leaves, materialize_grads=True))
        sizes = [len(example.predicted) for example in examples]
        return loss.item(), spread(gradients, rows, sizes, self.model.ops)

    def _chain(self, words: WordScores) -> Chain:
        """Their chain, whose probabilities are calibrated ones."""
        return words.chain(self._rules()).tempered(self.cfg["temperature"])

    def _revision(self) -> Revision | None:
        """What becomes of the best path's spans; nothing here, more in a component that adds."""
        return None

    def _rules(self) -> TagRules:
        return allowed_transitions(tag_names(self.labels))

    def calibrate(self, examples: Iterable[Example], *, batch_size: int = 64) -> CalibrationReport:
        """Fit and keep the temperature at which confidences tell how often spans are right.

        examples: development data, unseen in training, whose predicted Docs all earlier components
            have been through; may be a generator, and is read once.
        Predictions do not change, only their confidences. Raises ConfigError as `calibrate_spans`.
        """
        report = calibrate_spans(self._scored(examples, batch_size), self._rules())
        self.cfg["temperature"] = report.temperature
        return report

    def _scored(
        self, examples: Iterable[Example], batch_size: int
    ) -> Iterator[tuple[WordScores, Indices]]:
        """Scores and gold tags of the words, a batch at a time."""
        for batch in minibatch(examples, batch_size):  # type: ignore[no-untyped-call]
            rows = [word_rows(example.predicted) for example in batch]
            if any(map(len, rows)):
                scores = self.model.predict([example.predicted for example in batch])
                yield gather(scores, rows, self.model.ops), self._gold(batch, rows)

    def _gold(self, examples: list[Example], rows: list[Indices]) -> Indices:
        """Gold tags of all words of a batch."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        tags = [gold_tags(example, numbers, self.spans_key) for example in examples]
        return np.concatenate([own[kept] for own, kept in zip(tags, rows, strict=True)])


def _place(spans_key: str | None) -> str:
    return "doc.ents" if spans_key is None else f"doc.spans[{spans_key!r}]"
