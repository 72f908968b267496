"""Pieces of the whole text, their trimmed offsets, and their alignment with tokens."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.encoder.alignment import align
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import CheckpointError
from tests.oracles import overlapping_pieces
from tests.strategies import notes, token_borders


@pytest.fixture(scope="module")
def rust(real_tokenizer):
    """The tokenizers library itself, for the offsets as they come."""
    return real_tokenizer._tokenizer


@settings(max_examples=300)
@given(notes)
def test_pieces_are_those_of_the_whole_text(real_tokenizer, rust, text):
    (pieces,) = real_tokenizer.encode([text])
    assert pieces.piece_ids.tolist() == rust.encode(text, add_special_tokens=False).ids


@settings(max_examples=300)
@given(notes)
def test_offsets_lose_their_blanks_and_nothing_else(real_tokenizer, rust, text):
    (pieces,) = real_tokenizer.encode([text])
    raw = rust.encode(text, add_special_tokens=False).offsets
    lowest = highest = 0
    for start, stop, (raw_start, raw_stop) in zip(pieces.starts, pieces.stops, raw, strict=True):
        inside = text[raw_start:raw_stop]
        if inside.strip():
            raw_start += len(inside) - len(inside.lstrip())
            raw_stop -= len(inside) - len(inside.rstrip())
        lowest, highest = max(lowest, raw_start), max(highest, raw_stop)
        assert (start, stop) == (lowest, highest)


@settings(max_examples=400)
@given(notes.flatmap(lambda text: st.tuples(st.just(text), token_borders(text))))
def test_alignment_equals_overlap_by_characters(real_tokenizer, text_and_tokens):
    text, tokens = text_and_tokens
    (pieces,) = real_tokenizer.encode([text])
    spans = np.array(tokens, dtype=np.int64).reshape(-1, 2)
    found = align(pieces, spans[:, 0], spans[:, 1])
    rows = np.split(found.piece_index, np.cumsum(found.lengths)[:-1]) if len(tokens) else []
    for number, ((start, stop), row) in enumerate(zip(tokens, rows, strict=True)):
        own = overlapping_pieces(pieces, start, stop)
        if own:
            assert row.tolist() == own
            assert not found.borrowed[number]
            continue
        assert found.borrowed[number]
        (borrowed,) = row.tolist()
        gaps = [
            max(int(pieces.starts[i]) - stop, start - int(pieces.stops[i]), 0)
            for i in range(len(pieces))
        ]
        assert gaps[borrowed] == min(gaps)


def test_a_token_does_not_take_its_neighbours_piece(real_tokenizer):
    """The piece of a word begins at the blank before it; stock alignment gives it to both words."""
    (pieces,) = real_tokenizer.encode(["pt c/o"])
    names = [real_tokenizer.id_to_token(number) for number in pieces.piece_ids.tolist()]
    assert names == ["pt", "Ġc", "/", "o"]
    found = align(pieces, np.array([0, 3]), np.array([2, 6]))
    assert found.lengths.tolist() == [1, 3]


def test_a_combining_mark_borrows_the_letters_piece(real_tokenizer):
    (pieces,) = real_tokenizer.encode(["caf" + "e\u0301" + " au"])
    found = align(pieces, np.array([4]), np.array([5]))
    assert found.borrowed.tolist() == [True]


def test_white_space_tokens_have_pieces_of_their_own(real_tokenizer):
    text = "BP   120\n\nHR 80"
    (pieces,) = real_tokenizer.encode([text])
    found = align(pieces, np.array([3, 8]), np.array([5, 10]))
    assert not found.borrowed.any()


def test_a_token_of_10000_characters_gets_all_its_pieces(real_tokenizer):
    text = "ab1" * 3333 + "!"
    (pieces,) = real_tokenizer.encode([text])
    found = align(pieces, np.array([0]), np.array([len(text)]))
    assert found.lengths.tolist() == [len(pieces)]


def test_lone_surrogates_keep_the_offsets_of_their_neighbours(real_tokenizer):
    (pieces,) = real_tokenizer.encode(["bad \ud800 byte"])
    last = real_tokenizer.id_to_token(int(pieces.piece_ids[-1]))
    assert (last, pieces.starts[-1], pieces.stops[-1]) == ("Ġbyte", 6, 10)


def test_an_empty_text_has_no_pieces(real_tokenizer):
    (pieces,) = real_tokenizer.encode([""])
    assert len(pieces) == 0
    found = align(pieces, np.array([], dtype=int), np.array([], dtype=int))
    assert (len(found.piece_index), len(found.lengths)) == (0, 0)


def test_tokens_without_any_piece_align_to_nothing(real_tokenizer):
    (pieces,) = real_tokenizer.encode([""])
    found = align(pieces, np.array([0]), np.array([1]))
    assert (found.lengths.tolist(), found.borrowed.tolist()) == ([0], [True])


def test_a_tokenizer_that_truncates_and_pads_is_told_not_to(tiny_tokenizer):
    copy = PieceTokenizer.from_bytes(tiny_tokenizer.to_bytes())
    copy._tokenizer.enable_truncation(5)
    copy._tokenizer.enable_padding(length=8)
    again = PieceTokenizer.from_bytes(copy.to_bytes())
    (pieces,) = again.encode(["a much longer text than five pieces"])
    assert pieces.stops[-1] == 35


def test_a_tokenizer_survives_its_bytes(real_tokenizer):
    again = PieceTokenizer.from_bytes(real_tokenizer.to_bytes())
    assert again.vocab_size == real_tokenizer.vocab_size == 50368
    assert again.mask_id == 50284
    assert {"[UNK]", "[CLS]", "[SEP]"} < set(again.special_names())


def test_a_missing_tokenizer_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: found no such file"):
        PieceTokenizer.from_file(tmp_path / "tokenizer.json")


def test_a_file_that_is_no_tokenizer_is_named(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(CheckpointError, match=r"found not a tokenizer\.json"):
        PieceTokenizer.from_file(path)
