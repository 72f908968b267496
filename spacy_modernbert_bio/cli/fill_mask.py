"""`modernbert-bio fill-mask`: the words that a checkpoint expects behind each mask of a text.

The first example of the model card, on any ModernBERT checkpoint, without transformers. One pass
in float32 on the CPU; nothing is cut: a text that is longer than the context is refused.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import CheckpointName
from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, load_checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.errors import CheckpointError, ConfigError
from spacy_modernbert_bio.evaluation.tables import Table


@dataclass(frozen=True)
class Prediction:
    """A piece in the place of a mask.

    piece_id: its number in the vocabulary. piece: its text, a blank in front included.
    probability: among all pieces of the vocabulary.
    """

    piece_id: int
    piece: str
    probability: float


def fill_mask(
    checkpoint: CheckpointName,
    text: Annotated[str, typer.Argument(help="A text with the mask piece, mostly [MASK].")],
    top: Annotated[int, typer.Option(min=1, help="Predictions for each mask.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Predictions as JSON on stdout.")] = False,
) -> None:
    """Predict the masked words of a text with any ModernBERT checkpoint."""
    console = Console(as_json=as_json)
    with errors_shown():
        masks = predict_masks(load_checkpoint(checkpoint), text, top=top, where=checkpoint)
        if as_json:
            console.emit({"masks": [[vars(each) for each in found] for found in masks]})
            return
        for number, found in enumerate(masks, start=1):
            title = f"mask {number} of {len(masks)}" if len(masks) > 1 else ""
            rows = [(each.piece.strip(), each.probability) for each in found]
            console.table(Table(("piece", "probability"), rows, title=title))


def predict_masks(
    checkpoint: Checkpoint, text: str, *, top: int, where: str
) -> list[list[Prediction]]:
    """The most probable pieces for each mask of the text, best first.

    where: names the checkpoint in errors. Masks are predicted in one pass, each as if the others
    stayed masked. Raises CheckpointError for a checkpoint that cannot predict pieces, ConfigError
    for a text without a mask or longer than the context.
    """
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    if checkpoint.head is None:
        raise CheckpointError(
            where=where,
            found="no prediction head",
            wanted="a checkpoint for masked prediction",
            fix="Give the checkpoint that was pretrained, not a fine-tuned or bare encoder.",
        )
    if tokenizer.mask_id is None:
        raise CheckpointError(
            where=f"{where}: tokenizer.json", found="no mask piece", wanted="[MASK] or <mask>"
        )
    (pieces,) = tokenizer.encode([text])
    row = torch.tensor([config.cls_token_id, *pieces.piece_ids.tolist(), config.sep_token_id])
    if len(row) > config.max_position_embeddings:
        raise ConfigError(
            where="TEXT",
            found=f"{len(row):,} pieces, the two special ones included",
            wanted=f"at most {config.max_position_embeddings:,}, the context of the checkpoint",
        )
    masked = (row == tokenizer.mask_id).nonzero()[:, 0]
    if not len(masked):
        name = tokenizer.id_to_token(tokenizer.mask_id)
        raise ConfigError(where="TEXT", found="no mask", wanted=f"at least one {name}")
    with torch.inference_mode():
        hidden = checkpoint.encoder(row, SequenceLayout.of([len(row)]))
        probabilities = checkpoint.head(hidden[masked]).softmax(-1)
    best = probabilities.topk(min(top, probabilities.shape[-1]))
    return [
        [Prediction(i, tokenizer.decode([i]), p) for i, p in zip(ids, values, strict=True)]
        for ids, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
