"""Which layers do not move in a phase: "0-7" to parameters without gradient.

The intervention of the recipe's authors: what the detour changes in early layers is needed for its
gain (thesis, chapter "CLM detour"). A frozen layer still passes gradients to those below it.
"""

import re

from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.errors import ConfigError

EMBEDDINGS = "embeddings"
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def parse_layers(text: str, *, layers: int, where: str) -> tuple[frozenset[int], bool]:
    """The layers of "0-7", "0-3,9" or "embeddings,0-7", and whether the embeddings are among them.

    Raises ConfigError at `where` for anything else, and for a layer that is not there.
    """
    chosen: set[int] = set()
    embeddings = False
    for part in (part.strip() for part in text.split(",") if part.strip()):
        if part == EMBEDDINGS:
            embeddings = True
            continue
        match = _RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < layers:
            raise ConfigError(
                where=where,
                found=repr(part),
                wanted=f'layers from 0 to {layers - 1}, as "0-7", or "{EMBEDDINGS}"',
            )
        chosen.update(range(first, last + 1))
    return frozenset(chosen), embeddings


def freeze(encoder: ModernBertEncoder, text: str, *, where: str) -> None:
    """Take the gradient from the layers that `text` names, and give it to all others.

    "embeddings" also holds a decoder that is tied to them.
    """
    layers, embeddings = parse_layers(text, layers=len(encoder.layers), where=where)
    encoder.embeddings.requires_grad_(not embeddings)
    for number, layer in enumerate(encoder.layers):
        layer.requires_grad_(number not in layers)
