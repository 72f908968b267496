import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.crf import (
    chain_log_likelihood,
    log_partition,
    make_chain,
    marginals,
    posterior,
    viterbi,
)
from spacy_modernbert_bio.models.tag_scheme import allowed_transitions

BIO = ["O", "B-X", "I-X", "B-Y", "I-Y"]


def random_scores(tokens, tags, seed=0, scale=1.0, requires_grad=False):
    """Emissions, transitions, start and stop; float64."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(tokens, tags), (tags, tags), (tags,), (tags,)]
    return [
        (scale * torch.randn(shape, generator=generator, dtype=torch.float64)).requires_grad_(
            requires_grad
        )
        for shape in shapes
    ]


def constrained(scores, rules):
    emissions, transitions, start, stop = scores
    flags = (rules.follows, rules.starts, rules.stops)
    forbidden = [
        score.masked_fill(~torch.from_numpy(allowed), -torch.inf)
        for score, allowed in zip((transitions, start, stop), flags, strict=True)
    ]
    return [emissions, *forbidden]


def all_paths(scores, lengths):
    """The oracle: every path of every document with its score. One dict a document."""
    emissions, transitions, start, stop = (score.detach().numpy() for score in scores)
    offset = 0
    for length in lengths:
        rows = emissions[offset : offset + length]
        paths = {}
        for path in itertools.product(range(len(start)), repeat=length):
            score = start[path[0]] + stop[path[-1]] if path else 0.0
            score += sum(rows[at, tag] for at, tag in enumerate(path))
            score += sum(transitions[pair] for pair in itertools.pairwise(path))
            paths[path] = score
        yield paths
        offset += length


def probabilities(paths):
    total = np.logaddexp.reduce(list(paths.values()))
    return {path: math.exp(score - total) for path, score in paths.items()}


small_batches = st.tuples(
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(0, 2**20),
    st.sampled_from([0.1, 1.0, 20.0]),
)


@given(small_batches)
@settings(deadline=None, max_examples=60)
def test_all_sums_and_the_best_path_equal_those_over_every_path(batch):
    lengths, tags, seed, scale = batch
    scores = random_scores(sum(lengths), tags, seed, scale)
    chain = make_chain(*scores, lengths)
    log_z, best, believed = log_partition(chain), viterbi(chain), marginals(chain)
    offset = 0
    for document, paths in enumerate(all_paths(scores, lengths)):
        length = lengths[document]
        here = slice(offset, offset + length)
        assert log_z[document] == pytest.approx(np.logaddexp.reduce(list(paths.values())))
        assert tuple(best[here]) == max(paths, key=paths.get)
        expected = np.zeros((length, tags))
        for path, probability in probabilities(paths).items():
            expected[np.arange(length), list(path)] += probability
        np.testing.assert_allclose(believed[here], expected, atol=1e-9)
        offset += length


@given(small_batches, st.data())
@settings(deadline=None, max_examples=40)
def test_likelihood_is_the_probability_of_the_allowed_paths(batch, data):
    lengths, tags, seed, scale = batch
    scores = random_scores(sum(lengths), tags, seed, scale)
    allowed = torch.from_numpy(np.random.default_rng(seed).random((sum(lengths), tags)) < 0.5)
    allowed[:, data.draw(st.integers(0, tags - 1))] = True
    likelihood = chain_log_likelihood(make_chain(*scores, lengths), allowed)
    offset = 0
    for document, paths in enumerate(all_paths(scores, lengths)):
        inside = [
            score
            for path, score in paths.items()
            if all(allowed[offset + at, tag] for at, tag in enumerate(path))
        ]
        expected = np.logaddexp.reduce(inside) - np.logaddexp.reduce(list(paths.values()))
        assert likelihood[document] == pytest.approx(expected, abs=1e-9)
        offset += lengths[document]


def spans_of(path, tags):
    """Spans that a strict path of BIO or BILOU tags spells: (start, stop, label)."""
    spans, start = set(), None
    for at, tag in enumerate([*(tags[index] for index in path), "O"]):
        if start is not None and tag[0] not in "IL":
            spans.add((start, at, tags[path[start]][2:]))
            start = None
        if tag[0] in "BU":
            start = at
    return spans


def spelling(length, label, tags):
    if any(tag.startswith("U-") for tag in tags):
        marks = "U" if length == 1 else "B" + "I" * (length - 2) + "L"
    else:
        marks = "B" + "I" * (length - 1)
    return [tags.index(f"{mark}-{label}") for mark in marks]


@pytest.mark.parametrize("tags", [BIO, ["O", "B-X", "I-X", "L-X", "U-X"]], ids=["BIO", "BILOU"])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_a_spans_probability_is_that_of_all_paths_which_spell_it(tags, scale):
    lengths = [4, 1, 0, 3]
    rules = allowed_transitions(tags)
    scores = constrained(random_scores(sum(lengths), len(tags), seed=3, scale=scale), rules)
    expected, starts, stops, path = [], [], [], []
    offset = 0
    for length, paths in zip(lengths, all_paths(scores, lengths), strict=True):
        valid = {path: score for path, score in paths.items() if score > -np.inf}
        for start, stop in itertools.combinations(range(length + 1), 2):
            for label in sorted({tag[2:] for tag in tags[1:]}):
                expected.append(
                    sum(
                        probability
                        for path_, probability in probabilities(valid).items()
                        if (start, stop, label) in spans_of(path_, tags)
                    )
                )
                starts.append(offset + start)
                stops.append(offset + stop)
                path += spelling(stop - start, label, tags)
        offset += length
    found = posterior(make_chain(*scores, lengths)).span_probabilities(
        np.array(starts), np.array(stops), np.array(path), rules.continues
    )
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert max(expected) > 0.05


def test_a_batch_without_spans_has_no_probabilities():
    empty = np.zeros(0, dtype=np.int64)
    chain = make_chain(*random_scores(3, 5), [3])
    rules = allowed_transitions(BIO)
    assert posterior(chain).span_probabilities(empty, empty, empty, rules.continues).size == 0


def test_gradients_equal_finite_differences():
    lengths = [3, 0, 1, 2]
    scores = random_scores(6, 3, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *s: log_partition(make_chain(*s, lengths)), scores)


def test_gradients_through_forbidden_transitions_equal_finite_differences():
    rules, lengths = allowed_transitions(BIO), [3, 2]
    scores = random_scores(5, 5, requires_grad=True)
    allowed = torch.ones(5, 5, dtype=torch.bool)
    allowed[1] = torch.tensor([False, True, False, False, False])

    def likelihood(*free):
        return chain_log_likelihood(make_chain(*constrained(free, rules), lengths), allowed)

    assert torch.autograd.gradcheck(likelihood, scores)


def test_no_gradient_is_nan_when_all_ways_into_a_tag_are_forbidden():
    scores = random_scores(3, 3, requires_grad=True)
    allowed = torch.tensor([[True, False, False]] * 3)
    with torch.no_grad():
        scores[0][:, 2] = -torch.inf
        scores[1][:, 2] = -torch.inf
        scores[2][2] = -torch.inf
    chain_log_likelihood(make_chain(*scores, [3]), allowed).sum().backward()
    assert all(torch.isfinite(score.grad).all() for score in scores)


def test_half_precision_is_summed_in_double_precision():
    scores = random_scores(40, 3)
    halved = [score.bfloat16() for score in scores]
    exact = log_partition(make_chain(*(score.double() for score in halved), [40]))
    assert log_partition(make_chain(*halved, [40])).equal(exact)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_a_document_does_not_see_its_neighbours(lengths, seed):
    emissions, *rest = random_scores(sum(lengths), 4, seed)
    batch = make_chain(emissions, *rest, lengths)
    alone = [make_chain(rows, *rest, [len(rows)]) for rows in emissions.split(lengths)]
    np.testing.assert_array_equal(viterbi(batch), np.concatenate([viterbi(one) for one in alone]))
    np.testing.assert_allclose(marginals(batch), np.concatenate([marginals(one) for one in alone]))
    torch.testing.assert_close(log_partition(batch), torch.cat([log_partition(c) for c in alone]))


def test_uniform_scores_of_a_long_document_sum_exactly():
    length, tags = 50_000, 3
    chain = make_chain(*random_scores(length, tags, scale=0.0), [length])
    assert log_partition(chain).item() == pytest.approx(length * math.log(tags), rel=1e-11)
    np.testing.assert_allclose(marginals(chain), 1 / tags)
    assert not viterbi(chain).any()


def test_scores_far_apart_leave_probabilities_that_are_numbers():
    rules = allowed_transitions(BIO)
    scores = constrained(random_scores(50, 5, scale=1000.0), rules)
    chain = make_chain(*scores, [50])
    believed = marginals(chain)
    np.testing.assert_allclose(believed.sum(axis=1), 1.0)
    assert believed[np.arange(50), viterbi(chain)].min() > 0


def test_temperature_keeps_the_path_and_flattens_the_odds():
    chain = make_chain(*random_scores(20, 4, scale=3.0), [20])
    hot, cold = chain.tempered(5.0), chain.tempered(0.2)
    for other in (hot, cold):
        np.testing.assert_array_equal(viterbi(other), viterbi(chain))
    assert marginals(hot).max(1).mean() < marginals(chain).max(1).mean()
    assert marginals(cold).max(1).mean() > marginals(chain).max(1).mean()


@pytest.mark.parametrize("run", [viterbi, posterior, log_partition])
@pytest.mark.parametrize("value", [-math.inf, math.nan])
def test_a_document_without_a_path_is_refused(run, value):
    scores = random_scores(3, 2)
    scores[0][1] = value
    with pytest.raises(ConfigError, match=r"without a tag path of finite score.*has diverged"):
        run(make_chain(*scores, [1, 2]))


def test_bio_tags_follow_strictly():
    follows = allowed_transitions(["O", "B-X", "I-X", "B-Y", "I-Y"]).follows
    assert follows.astype(int).tolist() == [
        [1, 1, 0, 1, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 0, 1, 1],
        [1, 1, 0, 1, 1],
    ]


def test_bilou_tags_follow_strictly():
    rules = allowed_transitions(["O", "B-X", "I-X", "L-X", "U-X"])
    assert rules.follows.astype(int).tolist() == [
        [1, 1, 0, 0, 1],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 1, 0],
        [1, 1, 0, 0, 1],
        [1, 1, 0, 0, 1],
    ]
    assert rules.starts.tolist() == [True, True, False, False, True]
    assert rules.stops.tolist() == [True, False, False, True, True]
    assert not rules.continues.any()


def test_a_label_is_told_from_another_that_begins_alike():
    rules = allowed_transitions(["O", "B-X", "I-X", "B-X-ray", "I-X-ray"])
    assert not rules.follows[1, 4]
    assert not rules.continues[3, 2]
