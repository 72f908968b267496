import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score
from spacy.cli.evaluate import evaluate
from spacy.cli.find_threshold import find_threshold
from spacy.scorer import Scorer
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_modernbert_bio.components.scorers import make_phenotype_scorer, score_phenotypes
from spacy_modernbert_bio.errors import ConfigError
from tests.components.labelling import make_labelled, make_labeller

VOCAB = spacy.blank("en").vocab
LABELS = ("A", "B")
PROBABILITIES = st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
VALUES = st.sampled_from([0.0, 1.0])
PREDICTED = st.fixed_dictionaries({"A": PROBABILITIES, "B": PROBABILITIES})
GOLD = st.one_of(
    st.fixed_dictionaries({"A": VALUES, "B": VALUES}), st.fixed_dictionaries({"B": VALUES})
)
DOCUMENTS = st.lists(st.tuples(PREDICTED, GOLD), min_size=1, max_size=8)
EXCLUSIVE = st.lists(
    st.tuples(PREDICTED, st.sampled_from([{"A": 1.0, "B": 0.0}, {"A": 0.0, "B": 1.0}])),
    min_size=1,
    max_size=8,
)


def examples_of(documents):
    examples = []
    for predicted, gold in documents:
        examples.append(Example(Doc(VOCAB, words=["a"]), Doc(VOCAB, words=["a"])))
        # In the labels' order, in which the first of equally likely ones is taken.
        examples[-1].predicted.cats.update({label: predicted[label] for label in LABELS})
        examples[-1].reference.cats.update(gold)
    return examples


@given(DOCUMENTS, PROBABILITIES)
def test_one_threshold_for_all_gives_what_textcat_multilabel_does(documents, threshold):
    examples = examples_of(documents)
    theirs = Scorer.score_cats(
        examples, "cats", labels=LABELS, multi_label=True, threshold=threshold
    )
    ours = make_phenotype_scorer()(
        examples, labels=LABELS, threshold=threshold, thresholds={}, priors=[0.5, 0.5]
    )
    assert ours == theirs


@given(EXCLUSIVE, st.sampled_from([None, "B"]))
def test_exclusive_labels_give_what_textcat_does(documents, positive_label):
    examples = examples_of(documents)
    settings = {"labels": LABELS, "positive_label": positive_label}
    theirs = Scorer.score_cats(examples, "cats", multi_label=False, **settings)
    assert score_phenotypes(examples, exclusive=True, threshold=0.9, **settings) == theirs
    assert theirs["cats_score_desc"] == ("F (B)" if positive_label else "macro F")


@given(
    st.lists(st.tuples(PREDICTED, st.fixed_dictionaries({"A": VALUES, "B": VALUES})), min_size=1),
    PROBABILITIES,
    PROBABILITIES,
)
def test_each_label_has_its_own_threshold_and_curves_know_of_none(documents, first, second):
    ours = score_phenotypes(
        examples_of(documents), labels=LABELS, threshold=0.5, thresholds={"A": first, "B": second}
    )
    gold = np.array([[gold[label] for label in LABELS] for _, gold in documents])
    found = np.array([[predicted[label] for label in LABELS] for predicted, _ in documents])
    holds = found >= [first, second]
    for average in ("micro", "macro"):
        theirs = f1_score(gold, holds, average=average, zero_division=0)
        assert ours[f"cats_{average}_f"] == pytest.approx(theirs)
    for column, label in enumerate(LABELS):
        if len(set(gold[:, column])) == 2:
            theirs = roc_auc_score(gold[:, column], found[:, column])
            assert ours["cats_auc_per_type"][label] == pytest.approx(theirs)
    assert ours["cats_score"] == ours["cats_macro_auc"]


def test_documents_that_tell_of_no_label_are_not_judged():
    for exclusive in (False, True):
        documents = [({"A": 0.9, "B": 0.1}, {"A": 1.0, "B": 0.0})]
        known = score_phenotypes(examples_of(documents), labels=LABELS, exclusive=exclusive)
        documents += [({"A": 0.9, "B": 0.8}, {}), ({"A": 0.9, "B": 0.8}, {"C": 1.0})]
        more = score_phenotypes(examples_of(documents), labels=LABELS, exclusive=exclusive)
        assert more == known
        assert known["cats_micro_f"] == 1.0
    documents.append(({"A": 0.9, "B": 0.1}, {"A": 0.0, "B": 0.0}))
    # No exclusive label is known to hold there.
    assert score_phenotypes(examples_of(documents), labels=LABELS, exclusive=True) == known


def test_gold_that_is_no_decision_is_refused():
    with pytest.raises(ConfigError, match=r"phenotype_scorer.v1: doc.cats\['A'\]: found 0.5"):
        score_phenotypes(examples_of([({"A": 1.0, "B": 0.0}, {"A": 0.5})]), labels=LABELS)


@pytest.fixture(scope="module")
def nlp(tiny_checkpoint):
    nlp = make_labeller(tiny_checkpoint)
    nlp.initialize(lambda: make_labelled(nlp))
    return nlp


@pytest.fixture
def saved(nlp, tmp_path):
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[each.reference for each in make_labelled(nlp)]).to_disk(tmp_path / "dev.spacy")
    return tmp_path / "model", tmp_path / "dev.spacy"


def test_spacy_evaluate_tells_what_the_component_decides(nlp, saved):
    nlp.get_pipe("modernbert_phenotype").cfg["thresholds"] = {"ASTHMA": 0.0, "GOUT": 1.0}
    nlp.to_disk(saved[0])
    scores = evaluate(str(saved[0]), saved[1])
    per_type = scores["cats_f_per_type"]
    assert (per_type["ASTHMA"]["r"], per_type["GOUT"]["r"]) == (1.0, 0.0)
    nlp.get_pipe("modernbert_phenotype").cfg["thresholds"] = {}


def test_spacy_find_threshold_tries_thresholds_of_the_config(nlp, saved, capsys):
    # spaCy's corpus reader leaves out documents without tokens.
    examples = [each for each in make_labelled(nlp) if each.text]
    gold = np.array([list(each.reference.cats.values()) for each in examples])
    found = np.array(
        [[nlp(each.text).cats[label] for label in each.reference.cats] for each in examples]
    )
    best, score, tried = find_threshold(
        str(saved[0]), saved[1], "modernbert_phenotype", "threshold", "cats_macro_f", n_trials=4
    )
    assert tried == {
        threshold: pytest.approx(
            f1_score(gold, found >= threshold, average="macro", zero_division=0)
        )
        for threshold in np.linspace(0, 1, 4)
    }
    assert score == tried[best] == max(tried.values()) > tried[1.0]
    assert "cats_macro" in capsys.readouterr().out
