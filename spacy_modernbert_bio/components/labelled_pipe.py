"""What all trained components share: labels, settings, a sample to be initialised on, saving.

Knows nothing of what the labels are of: tokens (`token_pipe`) or whole documents (`doc_labels`).
"""

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model

from spacy_modernbert_bio.errors import ConfigError

# Documents that the model sees when it is initialised, to find its widths; spaCy's own number.
_SAMPLE_DOCS = 10


class LabelledPipe(TrainablePipe):  # type: ignore[misc]  # Cython, without stubs
    """A trainable component with labels, whose model is as wide as they need.

    learned: what training finds, and `to_disk` saves, as it is before; `labels` are there always.
    settings: those of the config.
    scorer: called by `nlp.evaluate`.

    `cfg` holds both. The settings always are those of the config: one that is changed when a
    pipeline is loaded is obeyed.
    """

    # What the model has a score for, in the words of an error.
    _outputs: ClassVar[str] = "labels"

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Any],
        name: str,
        *,
        learned: dict[str, Any],
        settings: dict[str, Any],
        scorer: Callable[..., dict[str, Any]] | None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self._settings = settings
        self.cfg: dict[str, Any] = {"labels": [], **learned, **settings}

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the model's scores."""
        return tuple(self.cfg["labels"])

    def _width(self) -> int:
        """Scores that the model gives for these labels: one a label."""
        return len(self.labels)

    def add_label(self, label: str) -> int:
        """Add a label: 1 if it is new, 0 if not.

        Raises ConfigError once the model has its width, and for anything but a name.
        """
        if not isinstance(label, str) or not label:
            raise ConfigError(
                where=f"{self.name}.add_label",
                found="an empty name" if label == "" else type(label).__name__,
                wanted="the name of a label",
            )
        if label in self.labels:
            return 0
        head = self.model.get_ref("output_layer")
        if head.has_dim("nO") and self._width() >= head.get_dim("nO"):
            raise ConfigError(
                where=f"{self.name}.add_label",
                found=f"the new label {label} for a model of {head.get_dim('nO')} {self._outputs}",
                wanted=f"one of {', '.join(self.labels)}",
                fix="Add all labels before the component is initialised; then train it anew.",
            )
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        return 1

    def _check_width(self, wanted: str) -> None:
        """Raises ConfigError for a model that was built for other labels."""
        head = self.model.get_ref("output_layer")
        if head.has_dim("nO") and head.get_dim("nO") != self._width():
            raise ConfigError(
                where=f"{self.name}.model: nO",
                found=str(head.get_dim("nO")),
                wanted=wanted,
                fix="Leave nO out of the config: it follows from the labels.",
            )

    def _sample(self, get_examples: Callable[[], Iterable[Example]]) -> list[Doc]:
        """Documents that show the model its widths.

        The listener's array of an empty Doc has no width, so a sample must have tokens.
        """
        filled = (example.predicted for example in get_examples() if len(example.predicted))
        return list(islice(filled, _SAMPLE_DOCS)) or [Doc(self.vocab, words=["word"])]

    def _check_loss(self, loss: float) -> None:
        if not np.isfinite(loss):
            raise ConfigError(
                where=f"{self.name}: the loss",
                found=str(loss),
                wanted="a finite number",
                fix="Training has diverged: lower the learning rate, or warm it up.",
            )

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Any:
        """Read what `to_bytes` gave; settings stay those of the config."""
        super().from_bytes(bytes_data, exclude=exclude)
        self.cfg.update(self._settings)
        return self

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Any:
        """Read what `to_disk` wrote; settings stay those of the config."""
        super().from_disk(path, exclude=exclude)
        self.cfg.update(self._settings)
        return self
