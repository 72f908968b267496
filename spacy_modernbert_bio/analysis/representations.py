"""What the layers of an encoder make of texts, and how alike two such representations are.

A layer's representation of a text is the mean of its hidden states over the text's pieces. Costs
one pass over the texts, and 8 bytes x texts x width x (layers + 1) of memory. Linear CKA is biased
upwards where texts are fewer than the hidden states are wide.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spacy_modernbert_bio.encoder.budget import PieceBudget
from spacy_modernbert_bio.encoder.checkpoint import Checkpoint
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.encoder.packing import PackedBatch, PlacedWindow, pack
from spacy_modernbert_bio.encoder.pieces import Pieces

Row = Sequence[PlacedWindow]
Progress = Callable[[Sequence[Row]], Iterable[Row]]


def pooled_states(
    checkpoint: Checkpoint,
    documents: Sequence[Pieces],
    windows: Sequence[PlacedWindow],
    *,
    max_pieces: int,
    progress: Progress = iter,
) -> Float[Tensor, "layers texts width"]:
    """Mean hidden states of each document after the embeddings and after each layer, float64.

    Of the residual stream, before the final norm; special pieces are not counted, and pieces that
    windows share are counted once. progress: is given the rows to pass, and gives them back.
    """
    encoder, config = checkpoint.encoder, checkpoint.config
    shape = (config.num_hidden_layers + 1, len(documents), config.hidden_size)
    sums = torch.zeros(shape, dtype=torch.float64)

    def read(row: Row) -> tuple[list[int], Tensor]:
        batch = pack(
            documents,
            row,
            cls_id=config.cls_token_id,
            sep_id=config.sep_token_id,
            device=encoder.device,
        )
        with torch.inference_mode(), _window_sums(encoder, row, batch) as found:
            encoder(batch.piece_ids, batch.layout)
        return [placed.document for placed in row], torch.stack(found).cpu()

    budget, rows = PieceBudget(max_pieces), []
    while windows:
        rows.append(budget.take(windows))
        windows = windows[len(rows[-1]) :]
    with _full_precision(encoder):
        for row in progress(rows):
            for numbers, found in budget.run(row, read):
                sums.index_add_(1, torch.tensor(numbers), found)
    lengths = torch.tensor([len(pieces) for pieces in documents], dtype=torch.float64)
    return sums / lengths[:, None]


@contextmanager
def _window_sums(
    encoder: ModernBertEncoder, row: Row, batch: PackedBatch
) -> Iterator[list[Tensor]]:
    """While open, a pass fills the list: for each layer, `[windows, width]` sums of kept states."""
    kept = [placed.window.keep_stop - placed.window.keep_start for placed in row]
    counts = torch.tensor(kept, device=batch.keep.device)
    owners = torch.repeat_interleave(torch.arange(len(row), device=counts.device), counts)
    found: list[Tensor] = []

    def add(_module: nn.Module, _inputs: tuple[object, ...], hidden: Tensor) -> None:
        sums = torch.zeros(len(row), hidden.shape[-1], dtype=torch.float64, device=hidden.device)
        found.append(sums.index_add_(0, owners, hidden.index_select(0, batch.keep).double()))

    with ExitStack() as hooks:
        for module in (encoder.embeddings, *encoder.layers):
            hooks.callback(module.register_forward_hook(add).remove)
        yield found


@contextmanager
def _full_precision(encoder: ModernBertEncoder) -> Iterator[None]:
    """Bfloat16 keeps three digits, which is about what two seeds differ by in early layers."""
    usual = encoder.precision
    encoder.precision = "fp32"
    try:
        yield
    finally:
        encoder.precision = usual


def linear_cka(x: Float[Tensor, "texts width"], y: Float[Tensor, "texts other"]) -> float:
    """Linear centred kernel alignment of two representations of the same texts, in [0, 1].

    ||Y'X||^2 / (||X'X|| ||Y'Y||), Frobenius norms, columns centred (Kornblith et al. 2019, arXiv
    1905.00414, equation 5 in its feature-space form). In float64 whatever the inputs are: fourth
    powers of small features underflow in single precision. NaN where a representation does not
    vary.
    """
    x, y = _centred(x), _centred(y)
    if not (x.any() and y.any()):
        return math.nan
    across = torch.linalg.vector_norm(y.T @ x) ** 2
    within = torch.linalg.vector_norm(x.T @ x) * torch.linalg.vector_norm(y.T @ y)
    # Cauchy-Schwarz bounds it; rounding does not know that.
    return min(1.0, float(across / within))


def _centred(features: Float[Tensor, "texts width"]) -> Float[Tensor, "texts width"]:
    """Columns of mean 0, scaled to a norm of 1; all 0 where nothing varies but by rounding."""
    features = features.double()
    largest = features.abs().max()
    if not largest:
        return features
    features = features / largest
    centred = features - features.mean(0)
    norm = torch.linalg.vector_norm(centred)
    noise = 1e-14 * torch.linalg.vector_norm(features)
    return centred / norm if norm > noise else torch.zeros_like(centred)
