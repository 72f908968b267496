"""Haystacks are exact, the probe learns what is there and nothing else, bad input is named."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.analysis.haystacks import (
    ANSWERS,
    NEEDLE,
    PLACES,
    HaystackMaker,
    make_halves,
    split_sentences,
)
from spacy_modernbert_bio.analysis.needle import cls_vectors, fit_probe, probe
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.errors import ConfigError
from tests.conftest import TEXT, make_checkpoint, make_config

FILLERS = [
    *TEXT,
    "No acute distress.\nLungs clear.\n\nThe ward code is a secret. Heart regular? Yes!",
    "Abdomen soft. Skin warm. Follow-up in two weeks.",
]


@pytest.fixture(scope="module")
def checkpoint(tiny_tokenizer):
    return make_checkpoint(make_config(), tiny_tokenizer)


@pytest.fixture
def halves(tiny_tokenizer):
    return make_halves(FILLERS, tiny_tokenizer, classes=3, seed=0, cls_id=1, sep_id=2)


def find(needle: tuple[int, ...], piece_ids: tuple[int, ...]) -> list[int]:
    """All places where the needle's pieces begin."""
    n = len(needle)
    return [i for i in range(len(piece_ids)) if piece_ids[i : i + n] == needle]


def test_sentences_end_at_stops_and_lines_and_do_not_tell_of_the_needle() -> None:
    assert split_sentences(FILLERS[3]) == [
        "No acute distress.",
        "Lungs clear.",
        "Heart regular?",
        "Yes!",
    ]


def test_halves_share_no_sentence_and_lose_none(halves, tiny_tokenizer) -> None:
    train, test = halves
    assert not set(train.fillers) & set(test.fillers)
    sentences = {sentence for text in FILLERS for sentence in split_sentences(text)}
    decoded = {tiny_tokenizer.decode(ids) for ids in (*train.fillers, *test.fillers)}
    assert decoded == {f" {sentence}" for sentence in sentences}
    assert len(test.fillers) - len(train.fillers) in (0, 1)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("length", [45, 46, 200, 512])
def test_document_has_its_length_and_its_needle_once_where_it_was_put(halves, length, place):
    for answer in range(3):
        made = halves[0].make(length, place, answer, random.Random(0))
        ids, needle = made.piece_ids, halves[0].needles[answer]
        assert made.answer == answer
        assert len(ids) == length
        assert (ids[0], ids[-1]) == (1, 2)
        assert not {1, 2} & set(ids[1:-1])
        (start,) = find(needle, ids)
        room = length - 2 - len(needle)
        assert start - 1 == {"begin": 0, "middle": room // 2, "end": room}[place]
        others = (other for other in halves[0].needles if other != needle)
        assert not any(find(other, ids) for other in others)


def test_needle_stands_between_whole_sentences_of_the_texts(halves, tiny_tokenizer) -> None:
    made = halves[0].make(200, "middle", 1, random.Random(3))
    text = tiny_tokenizer.decode(made.piece_ids[1:-1])
    before, after = text.split(NEEDLE.format(ANSWERS[1]))
    sentences = [tiny_tokenizer.decode(ids) for ids in halves[0].fillers]
    assert before.endswith(tuple(sentences))
    assert after.startswith(tuple(sentences))


@given(st.data())
def test_any_filler_makes_exact_documents(data) -> None:
    """Sentences of any lengths, of one piece too, and documents that need all of them often."""
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=5))
    fillers = tuple(tuple([5 + n] * size) for n, size in enumerate(sizes))
    maker = HaystackMaker(((3, 3), (4, 4, 4)), fillers, cls_id=1, sep_id=2)
    length = data.draw(st.integers(maker.shortest, 60))
    place = data.draw(st.sampled_from(PLACES))
    answer = data.draw(st.integers(0, 1))
    ids = maker.make(length, place, answer, random.Random(data.draw(st.integers()))).piece_ids
    assert len(ids) == length
    assert len(find(maker.needles[answer], ids)) == 1
    assert {1, 2} <= set(ids) <= {1, 2, 3 + answer, *range(5, 10)}


def test_representations_hold_no_pieces_of_texts(halves) -> None:
    assert str(halves[0].fillers[0][0]) not in repr(halves[0])


def test_vectors_are_those_of_each_documents_first_piece(checkpoint, halves) -> None:
    documents = [halves[0].make(n, "end", 0, random.Random(n)) for n in (60, 60, 60)]
    found = cls_vectors(checkpoint, documents, max_pieces=130)
    for vector, document in zip(found, documents, strict=True):
        ids = torch.tensor(document.piece_ids)
        with torch.no_grad():
            alone = checkpoint.encoder(ids, SequenceLayout.of([len(ids)]))
        torch.testing.assert_close(vector, alone[0], rtol=1e-4, atol=1e-5)


def labelled(count: int, *, signal: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise of four classes with one direction each; the scale of features differs widely."""
    generator = torch.Generator().manual_seed(seed)
    answers = torch.arange(count) % 4
    features = torch.randn(count, 16, generator=generator)
    features[:, :4] += signal * torch.eye(4)[answers]
    return features * torch.logspace(-3, 3, 16) + 100, answers


def test_probe_reads_what_separates_classes() -> None:
    predict = fit_probe(*labelled(200, signal=8, seed=1), classes=4, seed=0)
    features, answers = labelled(400, signal=8, seed=2)
    assert (predict(features) == answers).double().mean() > 0.97


def test_probe_reads_what_no_linear_one_could() -> None:
    """Exclusive or: why it has two layers."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(400, 2, generator=generator)
    answers = ((features[:, 0] > 0) ^ (features[:, 1] > 0)).long()
    predict = fit_probe(features[:200], answers[:200], classes=2, seed=0)
    assert (predict(features[200:]) == answers[200:]).double().mean() > 0.85


def test_probe_is_at_chance_on_noise() -> None:
    predict = fit_probe(*labelled(200, signal=0, seed=1), classes=4, seed=0)
    features, answers = labelled(2000, signal=0, seed=2)
    assert (predict(features) == answers).double().mean() == pytest.approx(0.25, abs=0.04)


def test_feature_that_never_varies_is_no_trouble() -> None:
    features, answers = labelled(40, signal=8, seed=1)
    features[:, 5] = 3.0
    predict = fit_probe(features, answers, classes=4, seed=0)
    assert (predict(features) == answers).all()


def test_result_has_a_cell_for_each_length_and_place(checkpoint) -> None:
    seen = []

    def watch(jobs):
        for job in jobs:
            seen.append((job.half, job.length, job.place))
            yield job

    result = probe(
        checkpoint, FILLERS, lengths=[64, 48], documents=4, classes=2, seed=1, progress=watch
    )
    expected = [(length, place) for length in (64, 48) for place in PLACES]
    assert [(cell.length, cell.place) for cell in result.cells] == expected
    assert seen == [(half, *cell) for half in (0, 1) for cell in expected]
    assert (result.documents, result.classes, result.chance) == (4, 2, 0.5)
    assert {cell.accuracy for cell in result.cells} <= {0, 0.25, 0.5, 0.75, 1}
    mean = sum(cell.accuracy for cell in result.cells) / 6
    assert result.accuracy == pytest.approx(mean)


def test_same_seed_gives_the_same_result_whatever_torch_and_python_drew_before(checkpoint) -> None:
    def run(seed: int):
        torch.rand(seed + 1)
        random.random()
        found = probe(checkpoint, FILLERS, lengths=[48], documents=8, classes=2, seed=seed)
        return [cell.accuracy for cell in found.cells]

    first = run(0)
    assert run(0) == first
    assert any(run(seed) != first for seed in (1, 2, 3))


def test_probe_finds_a_needle_that_reaches_the_first_piece(tiny_tokenizer) -> None:
    """Random weights mix little; beside [CLS], the needle is there to be seen."""
    seeing = make_checkpoint(make_config(local_attention=128), tiny_tokenizer)
    result = probe(seeing, FILLERS, lengths=[48], documents=40, classes=2, seed=0)
    assert max(cell.accuracy for cell in result.cells) > 0.7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lengths": []}, "lengths: found none; wanted different lengths"),
        ({"lengths": [64, 64]}, "lengths: found a length twice; wanted"),
        ({"lengths": [5]}, r"lengths: found 5 pieces; wanted \d\d, room for the needle, to 512"),
        ({"lengths": [513]}, "lengths: found 513 pieces; wanted .* to 512, the context"),
        ({"documents": 0}, r"documents: found 0; wanted a multiple of classes \(4\)"),
        ({"documents": 6}, r"documents: found 6; wanted a multiple of classes \(4\)"),
        ({"classes": 1}, "classes: found 1; wanted a number from 2 to 10"),
        ({"classes": 11}, "classes: found 11; wanted a number from 2 to 10"),
        ({"fillers": TEXT[:1]}, "texts: found 1 different sentences .*; wanted at least 8"),
    ],
)
def test_what_cannot_be_probed_is_refused(checkpoint, changes, message) -> None:
    options = {"fillers": FILLERS, "lengths": [64], "documents": 8, "classes": 4, **changes}
    with pytest.raises(ConfigError, match=message):
        probe(checkpoint, **options)
