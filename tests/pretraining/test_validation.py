"""Held-out losses: the model's own, over fixed text, weighted by the sources' shares."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.pretraining.config import RunConfig
from spacy_modernbert_bio.pretraining.model import build_model
from spacy_modernbert_bio.pretraining.objectives import ClmObjective
from spacy_modernbert_bio.pretraining.processes import Processes
from spacy_modernbert_bio.pretraining.shards import ShardReader, write_shard
from spacy_modernbert_bio.pretraining.validation import Validation

MIX = {"papers": 0.75, "notes": 0.25}


@pytest.fixture
def readers(tmp_path):
    random = np.random.default_rng(0)
    found = {}
    for name, lengths in (("papers", (30, 50, 7)), ("notes", (20, 20))):
        documents = [random.integers(5, 60, length).astype("<u2") for length in lengths]
        file = write_shard(tmp_path, name, "heldout-00000", documents)
        found[name] = ShardReader(tmp_path, name, (file,), "<u2")
    return found


def make(readers, rows=8, **options):
    options = {"row_tokens": 48, "rows_at_once": 2} | options
    return Validation(readers, MIX, (ClmObjective(),), rows=rows, **options)


def test_the_loss_is_the_mean_by_source_weighted_by_the_mix(readers, tiny_checkpoint):
    run = RunConfig(start="x", output="y", phases=("clm",))
    checkpoint = load_checkpoint(tiny_checkpoint)
    model = build_model(checkpoint, run)
    ((name, (loss, losses)),) = make(readers).run(model, Processes()).items()
    wanted = {}
    for source, reader in readers.items():
        rows = []
        for start in range(0, reader.pieces, 48):
            stretch = reader.read(start, min(start + 48, reader.pieces))
            ids = torch.from_numpy(stretch.piece_ids)
            # Each sequence by itself: the plainest way to say that none sees another.
            for part in torch.split(ids, list(stretch.lengths)):
                if len(part) > 1:
                    layout = SequenceLayout.of([len(part)])
                    with torch.no_grad():
                        states = checkpoint.encoder(part, layout, causal=True)
                        logits = checkpoint.head(states)
                    rows.append(cross_entropy(logits[:-1], part[1:], reduction="none"))
        wanted[source] = float(torch.cat(rows).mean())
    assert name == "clm"
    assert losses == pytest.approx(wanted, abs=1e-5)
    assert loss == pytest.approx(0.75 * wanted["papers"] + 0.25 * wanted["notes"], abs=1e-5)
    assert model.training


def test_the_unigram_entropy_is_that_of_the_predicted_pieces(readers):
    entropies = {}
    for source, reader in readers.items():
        stretches = [
            reader.read(start, min(start + 48, reader.pieces))
            for start in range(0, reader.pieces, 48)
        ]
        labels = [
            piece
            for stretch in stretches
            for part in np.split(stretch.piece_ids, np.cumsum(stretch.lengths)[:-1])
            for piece in part[1:]
        ]
        shares = np.unique(labels, return_counts=True)[1] / len(labels)
        entropies[source] = -sum(share * math.log(share) for share in shares)
    wanted = 0.75 * entropies["papers"] + 0.25 * entropies["notes"]
    assert make(readers).unigram_entropy == pytest.approx(wanted)


@pytest.mark.parametrize("rows_at_once", [1, 3, 8])
def test_how_many_rows_are_read_at_once_changes_nothing(readers, tiny_checkpoint, rows_at_once):
    run = RunConfig(start="x", output="y", phases=("clm",))
    model = build_model(load_checkpoint(tiny_checkpoint), run)
    one, other = (
        make(readers, rows_at_once=size).run(model, Processes()) for size in (2, rows_at_once)
    )
    assert other["clm"][0] == pytest.approx(one["clm"][0], abs=1e-5)


def test_each_source_is_measured_by_at_least_one_row(readers, tiny_checkpoint):
    run = RunConfig(start="x", output="y", phases=("clm",))
    model = build_model(load_checkpoint(tiny_checkpoint), run)
    _, losses = make(readers, rows=1).run(model, Processes())["clm"]
    assert losses.keys() == MIX.keys()
