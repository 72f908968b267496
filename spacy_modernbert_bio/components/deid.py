"""Factory modernbert_deid: finds PHI by a trained model, with a dial from precision to recall.

Writes `doc._.phi` (characters) and `doc.spans["phi"]` (tokens) and unites them with what other
components found; `doc._.deidentified` then applies the policy. Fails closed: what could not be read
is noted on the Doc, and such a note is refused or withheld, never passed through.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config_from_str, minibatch
from spacy_transformers.layers.listener import TransformerListener
from spacy_transformers.layers.transformer_model import TransformerModel
from thinc.api import Model

from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.components.known_patient import take_context
from spacy_modernbert_bio.components.phi_record import (
    SPANS_KEY,
    OnError,
    add_failure,
    add_phi,
    find_phi,
)
from spacy_modernbert_bio.components.recall_dial import RecallDial, check_thresholds
from spacy_modernbert_bio.components.recall_fit import DialReport, fit_dial
from spacy_modernbert_bio.components.tags import Indices, word_rows
from spacy_modernbert_bio.components.token_pipe import DEFAULT_MODEL, TokenClassificationPipe
from spacy_modernbert_bio.components.word_chain import Decoder, DocSpans, Revision
from spacy_modernbert_bio.deid.labels import category_of
from spacy_modernbert_bio.deid.policy import load_policy
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.models.crf import Chain
from spacy_modernbert_bio.models.token_classifier import TagScores

DEFAULT_CONFIG = """
[modernbert_deid]
spans_key = "phi"
decoder = "crf"
policy = null
on_error = "raise"

[modernbert_deid.scorer]
@scorers = "spacy_modernbert_bio.phi_scorer.v1"
"""


@Language.factory(
    "modernbert_deid",
    assigns=["doc.spans", "doc._.phi", "doc._.deidentified"],
    default_config={
        **load_config_from_str(DEFAULT_CONFIG)["modernbert_deid"],
        "model": DEFAULT_MODEL,
    },
    default_score_weights={
        "spans_phi_f": 0.5,
        "phi_recall": 0.5,
        "phi_clean_notes": 0.0,
        "phi_over_redaction": 0.0,
        "spans_phi_p": 0.0,
        "spans_phi_r": 0.0,
        "spans_phi_per_type": None,
    },
)
def make_deid(
    nlp: Language,
    name: str,
    model: Model[list[Doc], TagScores],
    spans_key: str,
    decoder: Decoder,
    policy: str | None,
    on_error: OnError,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "DeidPipe":
    """The component. Registered as factory `modernbert_deid`.

    model: token scores, `spacy_modernbert_bio.TokenClassifier.v1`.
    spans_key: the span group that gold spans are read from and spans are shown in.
    decoder: "crf" or "viterbi" (softmax); see `TokenClassificationPipe`.
    policy: of `doc._.deidentified`: "safe_harbor", "limited_data_set", "surrogate" or a .cfg file.
    on_error: what `doc._.deidentified` is of a note that was not read whole: an error, or a note
        that says that it is withheld. Nothing lets such a note pass.
    scorer: what `nlp.evaluate` calls; null for none.

    Raises PolicyError for a policy that cannot be loaded.
    """
    install_extensions()
    if policy is not None:
        load_policy(policy)
    return DeidPipe(
        nlp.vocab,
        model,
        name,
        decoder=decoder,
        spans_key=spans_key,
        scorer=scorer,
        policy=policy,
        on_error=on_error,
    )


class DeidPipe(TokenClassificationPipe):
    """PHI in `doc._.phi` and `doc.spans`; `cfg["thresholds"]` is the recall dial, by category.

    The thresholds are learned and saved as the temperature is, and may be changed at run time with
    `set_thresholds`.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.cfg["thresholds"] = {}

    def set_thresholds(self, thresholds: dict[str, float]) -> None:
        """Turn the dial: non-O probability from which a word is PHI, by category ("NAME").

        Categories that are not named add nothing. Raises ConfigError for what is no category or
        no probability above 0.
        """
        self.cfg["thresholds"] = check_thresholds(thresholds, where=f"{self.name}.thresholds")

    def add_label(self, label: str) -> int:
        """Add a label, one of `deid.labels.LABELS`. Raises PolicyError for any other."""
        category_of(label)
        return super().add_label(label)

    def __call__(self, doc: Doc) -> Doc:
        """Find a Doc's PHI; see `pipe`."""
        return next(iter(self.pipe([doc])))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Find PHI in batches. A Doc that makes the model fail is marked, and goes on marked.

        With `on_error = "raise"` the error goes to spaCy's error handler instead, as ever.
        """
        for batch in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]
            try:
                self.set_annotations(batch, self.predict(batch))
            except Exception as error:
                if self.cfg["on_error"] == "withhold":
                    self._mark(batch)
                else:
                    self.get_error_handler()(self.name, self, batch, error)
                    continue
            yield from batch

    def _mark(self, docs: list[Doc]) -> None:
        """Read Docs of a batch that failed one by one, and mark those that fail alone."""
        for doc in docs:
            try:
                self.set_annotations([doc], self.predict([doc]))
            except Exception as error:
                add_failure(doc, error, by=self.name, **self._doc_settings())

    def set_annotations(self, docs: Iterable[Doc], scores: list[DocSpans]) -> None:
        """Write what `predict` gave on the Docs, united with what is there."""
        for doc, found in zip(docs, scores, strict=True):
            take_context(doc)
            spans = [
                PhiSpan(
                    doc[start].idx,
                    doc[stop - 1].idx + len(doc[stop - 1]),
                    self.labels[label],
                    ("model",),
                    round(score, 6),
                )
                for start, stop, label, score in zip(
                    found.starts.tolist(),
                    found.stops.tolist(),
                    found.labels.tolist(),
                    found.confidences.tolist(),
                    strict=True,
                )
            ]
            key = self.spans_key or SPANS_KEY
            add_phi(doc, spans, by=self.name, spans_key=key, **self._doc_settings())

    def _doc_settings(self) -> dict[str, str]:
        """What a Doc has to know of this component."""
        settings = {"policy": self.cfg["policy"] or "", "on_error": self.cfg["on_error"]}
        # An encoder elsewhere reads the text, and has to tell how much of it; so has another
        # library's, which `replace_listeners` has put in here. Ours reads all of it.
        others = (TransformerListener, TransformerModel)
        must_tell = any(isinstance(node, others) for node in self.model.walk())
        return settings | ({"needs_coverage": self.name} if must_tell else {})

    def fit_thresholds(
        self,
        examples: Iterable[Example],
        *,
        target_recall: float,
        confidence: float = 0.95,
        batch_size: int = 64,
    ) -> DialReport:
        """Fit and keep thresholds at which each category's gold spans reach a target recall.

        examples: development data, as `calibrate` takes it. target_recall: share of gold spans all
        of whose words are found. confidence: of the lower bound that has to reach the target.
        Call it after `calibrate`: it works with calibrated probabilities. What components before
        this one have found in `doc._.phi` counts as found: with rules before it, the model has to
        find the rest.
        Raises ConfigError as `fit_dial`.
        """
        batches = self._with_known(examples, batch_size)
        report = fit_dial(batches, self.labels, target_recall=target_recall, confidence=confidence)
        self.set_thresholds(dict(report.thresholds))
        return report

    def _with_known(
        self, examples: Iterable[Example], batch_size: int
    ) -> Iterator[tuple[Chain, Indices, NDArray[np.bool_]]]:
        """Chains, gold tags, and which words are in PHI that other components have found."""
        for batch in minibatch(examples, batch_size):  # type: ignore[no-untyped-call]
            known = [_known_words(example.predicted) for example in batch]
            for words, gold in self._scored(batch, batch_size):
                yield self._chain(words), gold, np.concatenate(known)

    def _revision(self) -> Revision | None:
        thresholds: dict[str, float] = self.cfg["thresholds"]
        return RecallDial(self.labels, thresholds) if thresholds else None


def _known_words(doc: Doc) -> NDArray[np.bool_]:
    """Of each word, whether all of it is in PHI that is known already."""
    covered = np.zeros(len(doc.text) + 1, dtype=np.bool_)
    for span in find_phi(doc):
        covered[span.start : span.stop] = True
    tokens = [doc[row] for row in word_rows(doc).tolist()]
    return np.array(
        [covered[token.idx : token.idx + len(token)].all() for token in tokens], dtype=np.bool_
    )
