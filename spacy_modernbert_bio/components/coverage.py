"""How much of a document the encoder read, written on the document.

What acts on privacy relies on it: a document that was not read whole must not be passed on as if
it had been. Survives `doc_cleaner` and serialisation, and holds counts only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import srsly
from spacy.tokens import Doc
from spacy_transformers.data_classes import FullTransformerBatch
from spacy_transformers.layers import TransformerListener
from thinc.api import Model

from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.errors import CoverageError
from spacy_modernbert_bio.models.containers import PackedTransformerData

_KEY = "__modernbert_coverage__"


@dataclass(frozen=True)
class Coverage:
    """What was read of one document; `doc._.modernbert_coverage`.

    pieces: pieces of the whole text. pieces_read: those that have a vector. windows: passes that
    it took. tokens_without_piece: numbers of the tokens that have no piece of their own and took
    the nearest one's vector (a combining mark that Unicode normalisation joined to its letter).
    """

    pieces: int
    pieces_read: int
    windows: int
    tokens_without_piece: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Whether every piece was read."""
        return self.pieces_read == self.pieces


def make_coverage_setter() -> Callable[[Sequence[Doc], FullTransformerBatch], None]:
    """Registered as annotation setter `spacy_modernbert_bio.coverage_setter.v1`.

    For `set_extra_annotations` of the stock `transformer` pipe.
    """
    install_extensions()
    return set_coverage


def set_coverage(docs: Sequence[Doc], batch: FullTransformerBatch) -> None:
    """Write the coverage of each document of a batch.

    Raises CoverageError when the transformer is another library's, which doesn't tell.
    """
    for doc, data in zip(docs, batch.doc_data, strict=True):
        if len(doc) and not isinstance(data, PackedTransformerData):
            raise CoverageError(
                where="components.transformer.set_extra_annotations",
                found="an encoder that does not tell what it read",
                wanted="the architecture spacy_modernbert_bio.Encoder.v1",
            )
        doc._.modernbert_coverage = _coverage_of(data) if len(doc) else Coverage(0, 0, 0, ())


def check_encoded(docs: Iterable[Doc], model: Model[Any, Any], where: str) -> None:
    """Refuse documents with tokens that no transformer has read.

    model: of the component that asks. Where it listens to a transformer that did not run, the
    listener would hand it zeros, and it would predict from nothing. Raises CoverageError.
    """
    if not any(isinstance(node, TransformerListener) for node in model.walk()):
        return
    for doc in docs:
        if len(doc) and doc._.trf_data is None:
            raise CoverageError(
                where=where,
                found="a document that no transformer has read",
                wanted="the transformer that this component listens to, before it",
                fix="Is it disabled? Or was doc._.trf_data removed before this component?",
            )


def _coverage_of(data: PackedTransformerData) -> Coverage:
    rows = data.model_output.last_hidden_state.shape[1]
    windows = len(data.cls_rows)
    return Coverage(data.pieces, int(rows) - windows, windows, data.borrowed)


@srsly.msgpack_encoders("modernbert_coverage")  # type: ignore[untyped-decorator]
def _encode(value: Any, chain: Callable[[Any], Any] | None = None) -> Any:
    if isinstance(value, Coverage):
        return {_KEY: asdict(value)}
    return value if chain is None else chain(value)


@srsly.msgpack_decoders("modernbert_coverage")  # type: ignore[untyped-decorator]
def _decode(value: Any, chain: Callable[[Any], Any] | None = None) -> Any:
    if _KEY in value:
        fields = value[_KEY]
        tokens = tuple(fields["tokens_without_piece"])
        return Coverage(**(fields | {"tokens_without_piece": tokens}))
    return value if chain is None else chain(value)
