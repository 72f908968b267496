"""One score a label from all rows of a document, with the share that each row has in it (torch).

Documents of any length lie one after another in one array; nothing is padded.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

# Deviation of the first weights, as for the classifiers of BERT-like models (Devlin et al. 2019).
_INITIAL_DEVIATION = 0.02


@dataclass(frozen=True, eq=False)
class RowOwners:
    """Whose rows they are.

    owners: the document of each row, `[rows]`. documents: how many there are, some perhaps
    without rows.
    """

    owners: Int[Tensor, "rows"]
    documents: int


class LabelwisePooling(nn.Module):
    """An attention distribution over a document's rows for each label, and a linear score of it.

    weights = softmax over the document's rows of U tanh(W h), Vu et al. 2020, "A Label Attention
    Model for ICD Coding from Clinical Text", equations 3 and 4; logit = v_l · (sum of weights · h)
    + b_l, as Mullenbach et al. 2018, equation 4. A linear score of a weighted mean is the
    weighted mean of linear scores, so the means, [documents, labels, width], are never built.
    Without rows the logit is b_l.
    """

    def __init__(self, width: int, labels: int, *, attention_width: int) -> None:
        super().__init__()
        self.projection = nn.Linear(width, attention_width, bias=False)
        self.queries = nn.Linear(attention_width, labels, bias=False)
        self.values = nn.Linear(width, labels)
        for layer in (self.projection, self.queries, self.values):
            nn.init.normal_(layer.weight, std=_INITIAL_DEVIATION)
        nn.init.zeros_(self.values.bias)

    def forward(
        self, rows: Float[Tensor, "rows width"], of: RowOwners
    ) -> tuple[Float[Tensor, "documents labels"], Float[Tensor, "rows labels"]]:
        """Logits, and the weights of each label, which are 1 in the sum over a document."""
        weights = softmax_by_document(self.queries(torch.tanh(self.projection(rows))), of)
        scores = weights * nn.functional.linear(rows, self.values.weight)
        return sum_by_document(scores, of) + self.values.bias, weights


class MeanPooling(nn.Module):
    """The mean of a document's rows through a layer and a linear score.

    The layer is that of `transformers`' ModernBertForSequenceClassification: linear, GELU, norm.
    A document without rows has the mean 0.
    """

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        dense = nn.Linear(width, width, bias=False)
        self.layer = nn.Sequential(dense, nn.GELU(), nn.LayerNorm(width, bias=False))
        self.values = nn.Linear(width, labels)
        for linear in (dense, self.values):
            nn.init.normal_(linear.weight, std=_INITIAL_DEVIATION)
        nn.init.zeros_(self.values.bias)

    def forward(
        self, rows: Float[Tensor, "rows width"], of: RowOwners
    ) -> Float[Tensor, "documents labels"]:
        """Logits."""
        counts = torch.bincount(of.owners, minlength=of.documents).clamp(min=1)
        means = sum_by_document(rows, of) / counts[:, None]
        logits: Tensor = self.values(self.layer(means))
        return logits


def sum_by_document(
    rows: Float[Tensor, "rows columns"], of: RowOwners
) -> Float[Tensor, "documents columns"]:
    """The sum of each document's rows."""
    return rows.new_zeros(of.documents, rows.shape[1]).index_add(0, of.owners, rows)


def softmax_by_document(
    scores: Float[Tensor, "rows labels"], of: RowOwners
) -> Float[Tensor, "rows labels"]:
    """A softmax over the rows of each document, for each label by itself."""
    lowest = scores.new_full((of.documents, scores.shape[1]), -torch.inf)
    spread = of.owners[:, None].expand_as(scores)
    # The gradient of a softmax doesn't depend on what is subtracted.
    peaks = lowest.scatter_reduce(0, spread, scores.detach(), "amax")
    exponents = torch.exp(scores - peaks.index_select(0, of.owners))
    return exponents / sum_by_document(exponents, of).index_select(0, of.owners)
