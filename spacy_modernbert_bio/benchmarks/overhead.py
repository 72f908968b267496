"""What of a pass is not the network: tokenising, aligning, packing, stitching, containers."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from spacy.language import Language

from spacy_modernbert_bio.models.row_layer import shim_of


@dataclass(frozen=True)
class Overhead:
    """share: of the whole pass. microseconds: a spaCy token."""

    share: float
    microseconds: float


def measure_overhead(nlp: Language, texts: Sequence[str], rounds: int = 3) -> Overhead:
    """The transformer's own prediction, less the time inside of the network; medians.

    The network's time is taken by hooks around its forward pass, so nothing is left out.
    """
    pipe: Any = nlp.get_pipe("transformer")
    encoder = shim_of(pipe.model.layers[0]).encoder
    assert encoder is not None, "the pipeline is not initialised"
    docs = [nlp.make_doc(text) for text in texts]
    marks: list[float] = []

    def mark(*_: object) -> None:
        marks.append(time.perf_counter())

    handles = [encoder.register_forward_pre_hook(mark), encoder.register_forward_hook(mark)]
    shares, rest = [], []
    try:
        for _ in range(rounds + 1):  # the first one warms up
            marks.clear()
            start = time.perf_counter()
            pipe.predict(docs)
            whole = time.perf_counter() - start
            inside = sum(marks[1::2]) - sum(marks[::2])
            shares.append(1 - inside / whole)
            rest.append(whole - inside)
    finally:
        for handle in handles:
            handle.remove()
    tokens = sum(map(len, docs))
    return Overhead(median(shares[1:]), 1e6 * median(rest[1:]) / tokens)
