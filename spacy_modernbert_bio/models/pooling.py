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
        # Scores that differ from the first step on, at any width (LeCun et al. 1998, "Efficient
        # BackProp", 4.6): with all but even attention, the encoder learns to spread what decides
        # over all rows instead, and no passage is evidence then.
        for layer in (self.projection, self.queries):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        nn.init.normal_(self.values.weight, std=_INITIAL_DEVIATION)
        nn.init.zeros_(self.values.bias)

    def forward(
        self, rows: Float[Tensor, "rows width"], of: RowOwners
    ) -> tuple[Float[Tensor, "documents labels"], Float[Tensor, "rows labels"]]:
        """Logits, and what each row has in them: see `evidence_shares`."""
        weights = self.attend(rows, of)
        scores = nn.functional.linear(rows, self.values.weight)
        logits = sum_by_document(weights * scores, of) + self.values.bias
        return logits, evidence_shares(weights.detach(), scores.detach(), of)

    def attend(
        self, rows: Float[Tensor, "rows width"], of: RowOwners
    ) -> Float[Tensor, "rows labels"]:
        """The attention of each label, which is 1 in the sum over a document."""
        return softmax_by_document(self.queries(torch.tanh(self.projection(rows))), of)


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


def evidence_shares(
    weights: Float[Tensor, "rows labels"], scores: Float[Tensor, "rows labels"], of: RowOwners
) -> Float[Tensor, "rows labels"]:
    """Each row's share of what raises a label's logit above the score of the document's mean row.

    The logit is the sum of attention times score. Attention alone would not do: a row may have
    little of it and decide, by its score (Kobayashi et al. 2020, "Attention is Not Only a Weight").
    1 in the sum over a document, or 0 where all rows say the same.
    """
    counts = torch.bincount(of.owners, minlength=of.documents).clamp(min=1)
    means = sum_by_document(scores, of) / counts[:, None]
    raised = (weights * (scores - means.index_select(0, of.owners))).clamp(min=0.0)
    totals = sum_by_document(raised, of).index_select(0, of.owners)
    return raised / totals.clamp(min=torch.finfo(totals.dtype).tiny)


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
