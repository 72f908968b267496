"""Architecture TokenClassifier.v1: a score for every tag at every token, and for every transition.

A linear layer on token vectors, and three arrays of transition scores that start at 0. Whether
transitions learn is the training component's choice: a softmax leaves them at 0, a CRF gives them
gradients. They are an output beside the token scores, so that a loss over both is an ordinary
loss: gradients go back through the model, and computing a loss changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, chain, torch2xp, xp2torch
from thinc.types import Floats1d, Floats2d
from torch import Tensor, nn

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.torch_layer import SafeTorchShim, torch_layer

# Deviation of the first weights, as for the classifiers of BERT-like models (Devlin et al. 2019).
_INITIAL_DEVIATION = 0.02
# Adam moves each parameter by about the learning rate a step: at the 5e-5 that suits an encoder,
# transitions would stand still. They are stored divided by this, and so move this much faster.
_TRANSITION_SPEED = 20.0


@dataclass(frozen=True, eq=False)
class TagScores:
    """What the classifier says of a batch, or the gradients of that.

    emissions: one [tokens, tags] a document. transitions: [tags, tags], from row to column.
    start, stop: [tags], of a document's first and last tag.
    """

    emissions: list[Floats2d]
    transitions: Floats2d
    start: Floats1d
    stop: Floats1d


def build_token_classifier(
    tok2vec: Model[list[Doc], list[Floats2d]],
    nO: int | None = None,
    dropout: float = 0.1,
) -> Model[list[Doc], TagScores]:
    """Registered as architecture `spacy_modernbert_bio.TokenClassifier.v1`.

    tok2vec: token vectors; any listener or network of spaCy's.
    nO: tags, by default as many as the component's labels ask for.
    dropout: share of each token vector's numbers that are left out in training, in [0, 1).
        `training.dropout` is another setting: it reaches the layers of `tok2vec` only.
    Raises ConfigError for a dropout outside its range.
    """
    if not 0.0 <= dropout < 1.0:
        raise ConfigError(
            where="TokenClassifier.v1: dropout", found=str(dropout), wanted="0 or more, below 1"
        )
    width = tok2vec.get_dim("nO") if tok2vec.has_dim("nO") else None
    head = torch_layer(
        partial(TagScorer, dropout=dropout),
        convert_inputs=_to_torch,
        convert_outputs=_from_torch,
        dims={"nI": width, "nO": nO},
        name="tag_scorer",
    )
    model: Model[list[Doc], TagScores] = chain(tok2vec, cast(Model[list[Floats2d], Any], head))
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", head)
    return model


class TagScorer(nn.Module):
    """Dropout, a linear layer, and transition scores.

    Takes [tokens, nI]; gives emissions [tokens, nO], transitions [nO, nO], start and stop [nO].
    """

    def __init__(self, nI: int, nO: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(nI, nO)
        nn.init.normal_(self.linear.weight, std=_INITIAL_DEVIATION)
        nn.init.zeros_(self.linear.bias)
        self.transitions = nn.Parameter(torch.zeros(nO, nO))
        self.start = nn.Parameter(torch.zeros(nO))
        self.stop = nn.Parameter(torch.zeros(nO))

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scores of all tokens of a batch, and of what may follow what."""
        edges = (self.transitions, self.start, self.stop)
        transitions, start, stop = (_TRANSITION_SPEED * scores for scores in edges)
        return self.linear(self.dropout(vectors)), transitions, start, stop


def _to_torch(
    model: Model[Any, Any], vectors: list[Floats2d], is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], list[Floats2d]]]:
    """One array for all documents in, one gradient a document back."""
    lengths = [len(rows) for rows in vectors]
    device = cast(SafeTorchShim, model.shims[0]).device
    # Listeners give an empty Doc an array without a width.
    filled = [rows for rows in vectors if len(rows)] or [model.ops.alloc2f(0, model.get_dim("nI"))]
    joined = xp2torch(model.ops.xp.concatenate(filled), requires_grad=is_train, device=device)

    def to_documents(gradients: ArgsKwargs) -> list[Floats2d]:
        return _split(cast(Floats2d, torch2xp(gradients.args[0])), lengths)

    return ArgsKwargs((joined,), {}), to_documents


def _from_torch(
    model: Model[Any, Any],
    in_and_out: tuple[list[Floats2d], tuple[Tensor, ...]],
    is_train: bool,
) -> tuple[TagScores, Callable[[TagScores], ArgsKwargs]]:
    vectors, outputs = in_and_out
    emissions, transitions, start, stop = (
        cast(Any, torch2xp(output.detach().float())) for output in outputs
    )
    lengths = [len(rows) for rows in vectors]

    def to_torch(gradients: TagScores) -> ArgsKwargs:
        joined = model.ops.xp.concatenate(gradients.emissions)
        arrays = (joined, gradients.transitions, gradients.start, gradients.stop)
        device = outputs[0].device
        return ArgsKwargs(
            (outputs,), {"grad_tensors": [xp2torch(array, device=device) for array in arrays]}
        )

    return TagScores(_split(emissions, lengths), transitions, start, stop), to_torch


def _split(rows: Floats2d, lengths: list[int]) -> list[Floats2d]:
    """Rows of all documents to one array a document."""
    stops = np.cumsum(lengths)
    return [rows[stop - length : stop] for length, stop in zip(lengths, stops, strict=True)]
