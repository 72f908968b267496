"""Keep the embeddings and the lowest layers as they are, for a while or for good.

A frozen layer saves its share of the backward pass and of Adam's memory. Acts on the encoder's
torch module within a component's thinc model; a whole component is frozen by spaCy's own
`frozen_components`.
"""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from torch import nn

from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.errors import ConfigError

BeforeUpdate = Callable[[Language, dict[str, Any]], None]


def make_layer_freezing(
    layers: int, component: str = "transformer", until_step: int | None = None
) -> BeforeUpdate:
    """Registered as callback `spacy_modernbert_bio.freeze_layers.v1`, for `training.before_update`.

    layers: how many of the lowest layers; the embeddings below them are frozen with them.
    component: whose encoder. until_step: the first step that trains them again; None is never.

    Parameters that something else has frozen stay frozen when this lets go.
    Raises ConfigError for impossible values: at once, or before the first step for those that
    only the pipeline can tell.
    """
    if layers < 1:
        raise ConfigError(where="freeze_layers.layers", found=str(layers), wanted="1 or more")
    if until_step is not None and until_step < 1:
        raise ConfigError(
            where="freeze_layers.until_step", found=str(until_step), wanted="1 or more, or null"
        )
    frozen: list[nn.Parameter] = []

    def freeze_or_let_go(nlp: Language, progress: dict[str, Any]) -> None:
        if until_step is not None and progress["step"] >= until_step:
            for parameter in frozen:
                parameter.requires_grad_(True)
            frozen.clear()
        elif not frozen:
            frozen.extend(_lowest_parameters(_encoder_of(nlp, component), layers))
            for parameter in frozen:
                parameter.requires_grad_(False)
                # A gradient of zeros that stays behind would let Adam's momentum move the weight.
                parameter.grad = None

    return freeze_or_let_go


def _lowest_parameters(encoder: ModernBertEncoder, layers: int) -> list[nn.Parameter]:
    if layers > len(encoder.layers):
        raise ConfigError(
            where="freeze_layers.layers",
            found=str(layers),
            wanted=f"at most {len(encoder.layers)}, the layers of this encoder",
        )
    return [
        parameter
        for module in (encoder.embeddings, *encoder.layers[:layers])
        for parameter in module.parameters()
        if parameter.requires_grad
    ]


def _encoder_of(nlp: Language, component: str) -> ModernBertEncoder:
    if component not in nlp.pipe_names:
        raise ConfigError(
            where="freeze_layers.component",
            found=component,
            wanted=f"one of {', '.join(nlp.pipe_names) or 'no components'}",
        )
    model = getattr(nlp.get_pipe(component), "model", None)
    # thinc gives the module that a shim wraps no public name.
    shims = [shim for node in model.walk() for shim in node.shims] if model is not None else []
    for shim in shims:
        if isinstance(shim._model, ModernBertEncoder):
            return shim._model
    raise ConfigError(
        where="freeze_layers.component",
        found=f"{component}, which holds no encoder",
        wanted="a component with a ModernBERT encoder of its own",
        fix="A listener holds none: name the component that it listens to.",
    )
