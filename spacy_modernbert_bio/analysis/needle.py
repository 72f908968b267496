"""Needle in a haystack: does the [CLS] vector of a long document know what one sentence says?

A probe of two layers is trained on the frozen encoder's [CLS] vectors of documents that each hold
one telling sentence, and tested on documents of other filler (after R. Touchent's thesis, on the
CLM detour). Costs one pass over 2 x lengths x 3 x documents documents; the probe itself takes
seconds. Tells what a small probe can read, not what the encoder can learn when it is fine-tuned.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from spacy_modernbert_bio.analysis.haystacks import PLACES, Haystack, Place, make_halves
from spacy_modernbert_bio.encoder.checkpoint import Checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.errors import ConfigError

# The probe: units of its hidden layer; full-batch steps of AdamW, their rate and weight decay.
_HIDDEN = 64
_STEPS = 300
_LEARN_RATE = 3e-3
_WEIGHT_DECAY = 1.0


@dataclass(frozen=True)
class Job:
    """The documents of one half, 0 to train and 1 to test, of one length and place."""

    half: int
    length: int
    place: Place


@dataclass(frozen=True)
class NeedleCell:
    """Accuracy on the test documents of `length` pieces with the needle at `place`."""

    length: int
    place: Place
    accuracy: float


@dataclass(frozen=True)
class NeedleResult:
    """What the probe could read.

    cells: by length as given, then by place as in `PLACES`. documents: tested in each cell.
    classes: different needles, equally frequent in each cell.
    """

    cells: tuple[NeedleCell, ...]
    documents: int
    classes: int

    @property
    def chance(self) -> float:
        """The accuracy of guessing."""
        return 1 / self.classes

    @property
    def accuracy(self) -> float:
        """Over all cells, which are of equal size."""
        return sum(cell.accuracy for cell in self.cells) / len(self.cells)


def probe(
    checkpoint: Checkpoint,
    fillers: Sequence[str],
    *,
    lengths: Sequence[int],
    documents: int,
    classes: int = 4,
    seed: int = 0,
    max_pieces: int = 16_384,
    progress: Callable[[Sequence[Job]], Iterable[Job]] = iter,
) -> NeedleResult:
    """Accuracy by length and place of one probe, trained on documents of all of them.

    fillers: texts whose sentences become filler; half of the sentences are for the test alone.
    lengths: of documents, in pieces, special ones included, at most the checkpoint's context.
    documents: for each length and place, to train and again to test; a multiple of `classes`.
    classes: different needles. seed: of fillers and probe; the same seed gives the same result.
    max_pieces: bound of one pass; a document that is longer passes alone.
    progress: is given the jobs, and gives them back one by one.

    The encoder reads on the device that it is on. Raises ConfigError for lengths that cannot be,
    and for too few documents, classes or sentences.
    """
    config = checkpoint.config
    halves = make_halves(
        fillers,
        checkpoint.tokenizer,
        classes=classes,
        seed=seed,
        cls_id=config.cls_token_id,
        sep_id=config.sep_token_id,
    )
    _check_lengths(lengths, shortest=halves[0].shortest, longest=config.max_position_embeddings)
    if documents < classes or documents % classes:
        raise ConfigError(
            where="documents", found=str(documents), wanted=f"a multiple of classes ({classes})"
        )
    answers = torch.arange(documents) % classes
    jobs = [Job(half, n, place) for half in (0, 1) for n in lengths for place in PLACES]
    vectors: list[list[Tensor]] = [[], []]
    for job in progress(jobs):
        haystacks = [
            halves[job.half].make(job.length, job.place, answer, _random(seed, job, number))
            for number, answer in enumerate(answers.tolist())
        ]
        vectors[job.half].append(cls_vectors(checkpoint, haystacks, max_pieces=max_pieces))
    train, test = vectors
    predict = fit_probe(torch.cat(train), answers.repeat(len(train)), classes=classes, seed=seed)
    right = [float((predict(cell) == answers).double().mean()) for cell in test]
    cells = [
        NeedleCell(job.length, job.place, accuracy)
        for job, accuracy in zip((job for job in jobs if job.half), right, strict=True)
    ]
    return NeedleResult(tuple(cells), documents, classes)


def cls_vectors(
    checkpoint: Checkpoint, haystacks: Sequence[Haystack], *, max_pieces: int
) -> Float[Tensor, "docs width"]:
    """The hidden state of each document's first piece after the final norm, on the CPU."""
    encoder, found = checkpoint.encoder, []
    longest = max(len(haystack.piece_ids) for haystack in haystacks)
    at_once = max(1, max_pieces // longest)
    for start in range(0, len(haystacks), at_once):
        row = [haystack.piece_ids for haystack in haystacks[start : start + at_once]]
        layout = SequenceLayout.of([len(ids) for ids in row], encoder.device)
        piece_ids = torch.tensor([each for ids in row for each in ids], device=encoder.device)
        with torch.inference_mode():
            found.append(encoder(piece_ids, layout)[layout.cu_seqlens[:-1].long()].cpu())
    return torch.cat(found)


def fit_probe(
    features: Float[Tensor, "docs width"], answers: Int[Tensor, "docs"], *, classes: int, seed: int
) -> Callable[[Float[Tensor, "others width"]], Int[Tensor, "others"]]:
    """Train a perceptron with one hidden layer; gives what predicts the answers of other features.

    Features are standardised by those given here; the same seed gives the same probe.
    """
    features = features.clone()  # what was made in inference mode cannot be trained on
    mean, deviation = features.mean(0), features.std(0, correction=0)
    deviation = torch.where(deviation > 0, deviation, 1.0)
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(
        nn.Linear(features.shape[1], _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, classes)
    )
    with torch.no_grad():
        for parameter in network.parameters():
            # The usual start, variance 1 / inputs; biases 0. From a generator of its own.
            scale = parameter.shape[1] ** -0.5 if parameter.ndim == 2 else 0.0
            parameter.normal_(0, 1, generator=generator).mul_(scale)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARN_RATE, weight_decay=_WEIGHT_DECAY)
    standardised = (features - mean) / deviation
    for _ in range(_STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(nn.functional.cross_entropy(network(standardised), answers))
        optimizer.step()

    @torch.inference_mode()
    def predict(others: Float[Tensor, "others width"]) -> Int[Tensor, "others"]:
        logits: Tensor = network((others - mean) / deviation)
        return logits.argmax(-1)

    return predict


def _check_lengths(lengths: Sequence[int], *, shortest: int, longest: int) -> None:
    if not lengths or len(set(lengths)) < len(lengths):
        raise ConfigError(
            where="lengths",
            found="a length twice" if lengths else "none",
            wanted="different lengths in pieces",
        )
    for length in lengths:
        if not shortest <= length <= longest:
            raise ConfigError(
                where="lengths",
                found=f"{length:,} pieces",
                wanted=f"{shortest:,}, room for the needle, to {longest:,}, the context",
            )


def _random(seed: int, job: Job, number: int) -> random.Random:
    """A stream of its own for each document, whatever else is made."""
    name = f"{seed} {job.half} {job.length} {job.place} {number}"
    return random.Random(name)  # noqa: S311 - order, no secret
