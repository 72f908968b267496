"""Adam whose learning rate falls with depth: heads learn fastest, embeddings slowest.

Costs one look at a parameter's name a step. A plain schedule cannot do this: it is asked once a
step and never sees which parameter it is for; the optimizer is asked once a parameter, and thinc's
passes a torch parameter's name in its key. Does not learn the encoder's depth by itself (the
lowest layer asks first), so it is told, and checks after the first step.
"""

import re

from thinc.optimizers import FloatOrSeq, KeyT, Optimizer
from thinc.types import FloatsXd

from spacy_modernbert_bio.errors import ConfigError

# Hugging Face's names, from the root of the encoder's torch module. A head's own torch module must
# not begin its parameters' names with either word.
_LAYER = re.compile(r"layers\.(\d+)\.")
_EMBEDDINGS = "embeddings."


class LayerwiseAdam(Optimizer):
    """thinc's Adam, with the learning rate of layer i of n scaled by decay^(n - i).

    The top layer gets decay^1, the embeddings decay^(n + 1); the final norm and everything that is
    not the encoder, thinc's own layers among it, learn at the full rate. Weight decay (decoupled,
    as AdamW) shrinks with the rate, and spares every array of one dimension: norms and biases.

    Source: Howard & Ruder 2018 (ULMFiT), section 3.2; Clark et al. 2020 (ELECTRA), appendix B;
    the final norm at the full rate as in Bao et al. 2022 (BEiT).
    """

    __slots__ = ("_highest", "layer_decay", "layers")

    def __init__(
        self,
        learn_rate: FloatOrSeq,
        *,
        layers: int,
        layer_decay: float,
        beta1: FloatOrSeq,
        beta2: FloatOrSeq,
        eps: FloatOrSeq,
        L2: FloatOrSeq,  # noqa: N803 -- thinc's name
        grad_clip: FloatOrSeq,
    ) -> None:
        super().__init__(
            learn_rate,
            beta1=beta1,
            beta2=beta2,
            eps=eps,
            L2=L2,
            grad_clip=grad_clip,
            # Averages would cost a copy of the encoder, and thinc never reads a torch module's.
            use_averages=False,
            L2_is_weight_decay=True,
        )
        self.layers = layers
        self.layer_decay = layer_decay
        self._highest = -1

    def __call__(
        self, key: KeyT, weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        """One parameter's step; raises ConfigError for a layer that should not exist."""
        weight_decay = self.L2
        if weights.ndim < 2:
            self.L2 = 0.0
        try:
            updated: tuple[FloatsXd, FloatsXd] = super().__call__(
                key, weights, gradient, lr_scale=lr_scale * self.rate_scale(key[1])
            )
        finally:
            self.L2 = weight_decay
        return updated

    def rate_scale(self, name: str) -> float:
        """The share of the learning rate that the parameter of this name gets."""
        if name.startswith(_EMBEDDINGS):
            return float(self.layer_decay ** (self.layers + 1))
        layer = _LAYER.match(name)
        if layer is None:
            return 1.0
        index = int(layer.group(1))
        self._highest = max(self._highest, index)
        if index >= self.layers:
            raise self._wrong_depth(f"layer {index + 1}")
        return float(self.layer_decay ** (self.layers - index))

    def step_schedules(self) -> None:
        """End of a step: by now each layer that learns has been seen, the top one among them."""
        super().step_schedules()  # type: ignore[no-untyped-call]  # thinc's own has no types
        if 0 <= self._highest < self.layers - 1:
            raise self._wrong_depth(f"{self._highest + 1} layers")

    def _wrong_depth(self, found: str) -> ConfigError:
        return ConfigError(
            where="training.optimizer.layers",
            found=f"an encoder with {found}",
            wanted=f"{self.layers}",
            fix="Set it to num_hidden_layers of the encoder's config.json.",
        )


def make_layerwise_adam(
    learn_rate: FloatOrSeq,
    *,
    layers: int,
    layer_decay: float = 0.9,
    beta1: FloatOrSeq = 0.9,
    beta2: FloatOrSeq = 0.999,
    eps: FloatOrSeq = 1e-8,
    L2: FloatOrSeq = 0.01,  # noqa: N803 -- thinc's name
    grad_clip: FloatOrSeq = 1.0,
) -> LayerwiseAdam:
    """Registered in thinc's optimizers as `spacy_modernbert_bio.LayerwiseAdam.v1`.

    learn_rate: of the heads; a float or a schedule. layers: transformer layers of the encoder.
    layer_decay: from one layer to the one below, in (0, 1]; 1 is plain AdamW.
    beta1, beta2, eps, L2 (weight decay), grad_clip (a parameter's norm): as thinc's Adam.v1.

    Raises ConfigError for impossible values at once, for a wrong `layers` within the first step.
    """
    if layers < 1:
        raise ConfigError(where="training.optimizer.layers", found=str(layers), wanted="1 or more")
    if not 0.0 < layer_decay <= 1.0:
        raise ConfigError(
            where="training.optimizer.layer_decay", found=str(layer_decay), wanted="in (0, 1]"
        )
    return LayerwiseAdam(
        learn_rate,
        layers=layers,
        layer_decay=layer_decay,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        L2=L2,
        grad_clip=grad_clip,
    )
