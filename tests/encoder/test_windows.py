"""Windows, packing and the budget: each piece is read, and kept exactly once."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.encoder.budget import PieceBudget
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.packing import SPECIALS, PlacedWindow, pack, place_windows, stitch
from spacy_modernbert_bio.encoder.pieces import Pieces
from spacy_modernbert_bio.encoder.windows import Window, plan_windows
from spacy_modernbert_bio.errors import ConfigError

sizes = st.integers(1, 60).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


@given(st.integers(0, 2000), sizes)
def test_each_piece_is_kept_once_from_the_window_furthest_from_its_cut(length, size_and_overlap):
    size, overlap = size_and_overlap
    windows = plan_windows(length, size=size, overlap=overlap)
    kept = [i for window in windows for i in range(window.keep_start, window.keep_stop)]
    assert kept == list(range(length))
    for window in windows:
        assert 0 <= window.start <= window.keep_start < window.keep_stop <= window.stop <= length
        assert window.stop - window.start == min(size, length)

    def room(window, piece):
        left = piece - window.start if window.start else length
        right = window.stop - 1 - piece if window.stop < length else length
        return min(left, right)

    for window in windows:
        for piece in (window.keep_start, window.keep_stop - 1):
            others = [room(w, piece) for w in windows if w.start <= piece < w.stop]
            # On a tie of an even overlap either window will do.
            assert room(window, piece) >= max(others) - 1


@pytest.mark.parametrize(("size", "overlap"), [(10, 10), (10, -1), (0, 0)])
def test_an_overlap_that_leaves_no_progress_is_refused(size, overlap):
    with pytest.raises(ConfigError, match=r"overlap: found -?\d+ with windows of"):
        plan_windows(100, size=size, overlap=overlap)


def as_pieces(ids: list[int]) -> Pieces:
    offsets = np.arange(len(ids))
    return Pieces(np.array(ids, dtype=np.int64), offsets, offsets + 1)


@given(st.lists(st.integers(0, 90), max_size=6), st.integers(3, 40), st.integers(1, 120))
def test_stitching_gives_each_document_its_pieces_back(lengths, context, max_pieces):
    ids = iter(range(10, 10_000))
    documents = [as_pieces([next(ids) for _ in range(length)]) for length in lengths]
    placed = place_windows(lengths, context=context, overlap=(context - SPECIALS) // 2)

    def read(windows):
        batch = pack(documents, windows, cls_id=1, sep_id=2)
        borders = batch.layout.cu_seqlens
        assert batch.piece_ids[borders[:-1].long()].eq(1).all()
        assert batch.piece_ids[borders[1:].long() - 1].eq(2).all()
        assert batch.layout.total <= max(max_pieces, context)
        # The ids themselves stand in for hidden states.
        return stitch(batch.piece_ids[:, None].float(), batch)

    parts = PieceBudget(max_pieces).run(placed, read)
    found = torch.cat(parts).squeeze(1).tolist() if parts else []
    assert found == [float(i) for document in documents for i in document.piece_ids]


def test_windows_agree_with_the_single_pass_away_from_cuts(tiny_checkpoint):
    """Exactly where nothing is cut; at cuts the two global layers see less than the whole."""
    checkpoint = load_checkpoint(tiny_checkpoint)
    document = as_pieces(torch.randint(5, 400, (400,)).tolist())

    def hidden(context):
        placed = place_windows([400], context=context, overlap=min(128, context - 3))
        batch = pack([document], placed, cls_id=1, sep_id=2)
        with torch.no_grad():
            return stitch(checkpoint.encoder(batch.piece_ids, batch.layout), batch)

    whole = hidden(402)
    torch.testing.assert_close(hidden(500), whole, atol=1e-5, rtol=0)
    windowed = hidden(256)
    assert windowed.shape == whole.shape
    cosine = torch.nn.functional.cosine_similarity(windowed, whole)
    assert cosine.mean() > 0.9
    assert cosine.min() > 0.5


def test_positions_and_borders_of_a_layout():
    layout = SequenceLayout.of([2, 3])
    assert layout.cu_seqlens.tolist() == [0, 2, 5]
    assert layout.positions.tolist() == [0, 1, 0, 1, 2]
    assert (layout.total, layout.longest) == (5, 3)


def windows_of(*sizes: int) -> list[PlacedWindow]:
    return [PlacedWindow(i, Window(0, size - 2, 0, size - 2)) for i, size in enumerate(sizes)]


def test_a_row_holds_what_fits_and_at_least_one_window():
    rows = PieceBudget(10).run(
        windows_of(4, 6, 1 + 2, 30, 5), lambda row: [w.row_pieces for w in row]
    )
    assert rows == [[4, 6], [3], [30], [5]]


def test_running_out_of_memory_halves_the_budget_and_loses_nothing(caplog):
    budget = PieceBudget(16)

    def work(row):
        if sum(window.row_pieces for window in row) > 8:
            raise torch.OutOfMemoryError
        return [window.document for window in row]

    rows = budget.run(windows_of(4, 4, 4, 4, 4), work)
    assert [document for row in rows for document in row] == [0, 1, 2, 3, 4]
    assert budget.max_pieces == 8
    assert "max_pieces lowered to 8" in caplog.text


def test_a_window_that_fits_no_memory_is_an_error_with_its_size():
    def work(row):
        raise torch.OutOfMemoryError

    with pytest.raises(ConfigError, match="too little GPU memory for one window of 40 pieces"):
        PieceBudget(100).run(windows_of(40), work)


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="max_pieces: found 0; wanted 1 or more"):
        PieceBudget(0)
