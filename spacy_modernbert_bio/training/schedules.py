"""Adam whose learning rate falls with depth, and that can wait for several batches before a step.

Costs one look at a parameter's name a step, and a copy of the gradients while it waits. A plain
schedule cannot do this: it is asked once a step and never sees which parameter it is for; the
optimizer is asked once a parameter, and thinc's passes a torch parameter's name in its key. Does
not learn the encoder's depth by itself (the lowest layer asks first), so it is told, and checks
after the first batch.
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

    With batches_per_step, gradients of that many batches are summed before a step, and schedules
    move on with steps. spaCy's own accumulate_gradient divides one batch by its number of
    documents, and not at all when it has fewer: here each batch keeps its bound in pieces.

    Source: Howard & Ruder 2018 (ULMFiT), section 3.2; Clark et al. 2020 (ELECTRA), appendix B;
    the final norm at the full rate as in Bao et al. 2022 (BEiT).
    """

    __slots__ = (
        "_batches_seen",
        "_highest_layer",
        "_waiting",
        "batches_per_step",
        "layer_decay",
        "layers",
    )

    def __init__(
        self,
        learn_rate: FloatOrSeq,
        *,
        layers: int,
        layer_decay: float,
        batches_per_step: int,
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
            # A copy of the encoder's weights that thinc's shim would never read back.
            use_averages=False,
            L2_is_weight_decay=True,
        )
        self.layers = layers
        self.layer_decay = layer_decay
        self.batches_per_step = batches_per_step
        self._highest_layer = -1
        self._batches_seen = 0
        self._waiting: dict[KeyT, FloatsXd] = {}

    def __call__(
        self, key: KeyT, weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        """One parameter's step, or its wait; raises ConfigError for a layer beyond `layers`."""
        rate_scale = self.rate_scale(key[1])
        if key in self._waiting:
            gradient += self._waiting.pop(key)
        if (self._batches_seen + 1) % self.batches_per_step:
            self._waiting[key] = gradient.copy()
            gradient *= 0
            return weights, gradient
        weight_decay = self.L2
        if weights.ndim < 2:
            self.L2 = 0.0
        try:
            updated: tuple[FloatsXd, FloatsXd] = super().__call__(
                key, weights, gradient, lr_scale=lr_scale * rate_scale
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
        self._highest_layer = max(self._highest_layer, index)
        if index >= self.layers:
            raise self._wrong_depth(f"layer {index + 1}")
        return float(self.layer_decay ** (self.layers - index))

    def step_schedules(self) -> None:
        """End of a batch: by now each layer that learns has been seen, the top one among them."""
        self._batches_seen += 1
        if not self._batches_seen % self.batches_per_step:
            super().step_schedules()  # type: ignore[no-untyped-call]  # thinc's own has no types
        if 0 <= self._highest_layer < self.layers - 1:
            raise self._wrong_depth(f"{self._highest_layer + 1} layers")

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
    batches_per_step: int = 1,
    beta1: FloatOrSeq = 0.9,
    beta2: FloatOrSeq = 0.999,
    eps: FloatOrSeq = 1e-8,
    L2: FloatOrSeq = 0.01,  # noqa: N803 -- thinc's name
    grad_clip: FloatOrSeq = 1.0,
) -> LayerwiseAdam:
    """Registered in thinc's optimizers as `spacy_modernbert_bio.LayerwiseAdam.v1`.

    learn_rate: of the heads; a float or a schedule. layers: transformer layers of the encoder.
    layer_decay: from one layer to the one below, in (0, 1]; 1 is plain AdamW.
    batches_per_step: batches whose gradients are summed into one step. spaCy counts each of them
        as a step of its loop: in max_steps, eval_frequency, patience and the log.
    beta1, beta2, eps, L2 (weight decay), grad_clip (a parameter's norm): as thinc's Adam.v1.

    Raises ConfigError for impossible values at once, for a wrong `layers` within the first step.
    """
    if layers < 1:
        raise ConfigError(where="training.optimizer.layers", found=str(layers), wanted="1 or more")
    if not 0.0 < layer_decay <= 1.0:
        raise ConfigError(
            where="training.optimizer.layer_decay", found=str(layer_decay), wanted="in (0, 1]"
        )
    if batches_per_step < 1:
        raise ConfigError(
            where="training.optimizer.batches_per_step",
            found=str(batches_per_step),
            wanted="1 or more",
        )
    return LayerwiseAdam(
        learn_rate,
        layers=layers,
        layer_decay=layer_decay,
        batches_per_step=batches_per_step,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        L2=L2,
        grad_clip=grad_clip,
    )
