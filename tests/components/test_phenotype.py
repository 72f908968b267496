"""modernbert_phenotype: learns, labels, tells where from, and is what textcat is to spaCy."""

import numpy as np
import pytest
import spacy
from spacy.tokens import DocBin, Span
from spacy.training import Example

from spacy_modernbert_bio.errors import ConfigError, CoverageError
from tests.components.labelling import (
    FILLER,
    LABELS,
    SENTENCES,
    make_labelled,
    make_labeller,
    train,
)
from tests.components.labelling import make_note as note

NAME = "modernbert_phenotype"


@pytest.fixture(scope="module")
def nlp(tiny_checkpoint):
    made = make_labeller(tiny_checkpoint)
    train(made, make_labelled(made))
    return made


@pytest.fixture(scope="module")
def exclusive(tiny_checkpoint):
    made = make_labeller(tiny_checkpoint, exclusive=True)
    train(made, make_labelled(made, exclusive=True))
    return made


def test_labels_are_learnt_and_every_one_is_in_cats(nlp):
    for held in ([], ["GOUT"], ["ASTHMA", "MIGRAINE"], list(LABELS)):
        doc = nlp(note(held, before=3))
        assert sorted(doc.cats) == sorted(LABELS)
        assert doc._.phenotypes == held
        assert [label for label in LABELS if doc.cats[label] >= 0.5] == held


def test_exclusive_labels_sum_to_one_and_the_likeliest_holds(exclusive):
    doc = exclusive(note(["GOUT"], before=4))
    assert sum(doc.cats.values()) == pytest.approx(1.0)
    assert doc._.phenotypes == ["GOUT"]


def test_evidence_is_labelled_weighed_and_in_its_sentence(nlp):
    text = note(["GOUT"], before=30, after=30)
    doc = nlp(text)
    group = doc.spans["evidence"]
    assert {span.label_ for span in group} == {"GOUT"}
    assert len(group) == len(group.attrs["weights"]) <= 3
    assert group.attrs["weights"] == sorted(group.attrs["weights"], reverse=True)
    start = text.index(SENTENCES["GOUT"].strip())
    assert group[0].start_char <= start
    assert group[0].end_char >= start + len("Acute gout")
    assert group.attrs["weights"][0] > 0.3


def test_with_sentence_borders_evidence_is_sentences(nlp, tiny_checkpoint):
    made = make_labeller(tiny_checkpoint)
    made.add_pipe("sentencizer", before="transformer")
    train(made, make_labelled(made))
    doc = made(note(["ASTHMA"], before=5))
    assert doc.spans["evidence"][0].text == SENTENCES["ASTHMA"].strip()


def test_no_evidence_where_none_is_asked_for_or_none_can_be(tiny_checkpoint):
    model = {"@architectures": "spacy_modernbert_bio.DocClassifier.v1", "pooling": "mean"}
    for settings in ({"evidence_per_label": 0}, {"model": model}):
        made = make_labeller(tiny_checkpoint, threshold=0.0, **settings)
        made.initialize(lambda made=made: make_labelled(made))
        doc = made(note(["GOUT"]))
        assert doc._.phenotypes == list(LABELS)
        assert list(doc.spans["evidence"]) == []


def test_order_and_company_change_no_probability(nlp):
    texts = [note(["GOUT"], before=40), "", "gout", note(list(LABELS)), " \n"]
    alone = [list(nlp(text).cats.values()) for text in texts]
    for order in (texts, texts[::-1]):
        batch = {doc.text: list(doc.cats.values()) for doc in nlp.pipe(order, batch_size=8)}
        for text, wanted in zip(texts, alone, strict=True):
            np.testing.assert_allclose(batch[text], wanted, atol=1e-5)


def test_an_empty_document_has_the_shares_of_the_training_documents(nlp):
    # Each label holds in 4 of 9, and half a document is added.
    wanted = dict.fromkeys(LABELS, pytest.approx(4.5 / 10))
    assert nlp("").cats == wanted
    assert next(iter(nlp.pipe(["", "gout"]))).cats == wanted
    assert nlp("")._.phenotypes == []
    assert list(nlp("").spans["evidence"]) == []


def test_a_document_longer_than_the_window_is_read_to_its_last_line(nlp):
    doc = nlp(FILLER * 300 + SENTENCES["MIGRAINE"])
    assert len(doc._.trf_data.cls_rows) > 5
    assert doc.spans["evidence"][0].end > len(doc) - 60 or "MIGRAINE" not in doc._.phenotypes
    assert doc.cats["MIGRAINE"] > nlp(FILLER * 300).cats["MIGRAINE"]


def test_thresholds_are_fitted_saved_and_used(nlp, tmp_path):
    examples = make_labelled(nlp)
    with nlp.select_pipes(enable="transformer"):
        seen = [Example(nlp(each.text), each.reference) for each in examples]
    fits = nlp.get_pipe(NAME).fit_thresholds(seen, target_recall=1.0)
    assert [fit.label for fit in fits] == list(LABELS)
    limits = nlp.get_pipe(NAME).thresholds
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path)
    assert again.get_pipe(NAME).thresholds == limits
    doc = again(note(["GOUT"]))
    assert doc._.phenotypes == [label for label in LABELS if doc.cats[label] >= limits[label]]
    nlp.get_pipe(NAME).cfg["thresholds"] = {}


def test_exclusive_labels_have_no_thresholds_to_fit(exclusive):
    with pytest.raises(ConfigError, match=r"thresholds: found exclusive labels"):
        exclusive.get_pipe(NAME).fit_thresholds([])


def test_saved_and_loaded_it_labels_the_same(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    copied = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    text = note(["GOUT"])
    for again in (loaded, copied):
        assert again(text).cats == pytest.approx(nlp(text).cats, abs=1e-6)
        assert again("").cats == nlp("").cats
    changed = spacy.load(tmp_path, config={f"components.{NAME}.threshold": 0.0})
    assert changed(text)._.phenotypes == list(LABELS)


def test_annotations_go_through_a_docbin(nlp):
    doc = nlp(note(["GOUT"]))
    again = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (read,) = DocBin().from_bytes(again).get_docs(nlp.vocab)
    assert read.cats == pytest.approx(doc.cats)
    assert list(read._.phenotypes) == ["GOUT"]
    assert [span.text for span in read.spans["evidence"]] == [
        span.text for span in doc.spans["evidence"]
    ]
    assert read.spans["evidence"].attrs["weights"] == pytest.approx(
        doc.spans["evidence"].attrs["weights"]
    )


def test_listeners_can_be_replaced_by_an_encoder_of_its_own(nlp, tmp_path):
    nlp.to_disk(tmp_path / "shared")
    single = spacy.load(tmp_path / "shared")
    single.replace_listeners("transformer", NAME, ["model.tok2vec"])
    single.remove_pipe("transformer")
    single.to_disk(tmp_path / "single")
    again = spacy.load(tmp_path / "single")
    doc, shared = (each(note(["GOUT"], before=40)) for each in (again, nlp))
    assert doc.cats == pytest.approx(shared.cats, abs=1e-5)
    assert [span.text for span in doc.spans["evidence"]] == [
        span.text for span in shared.spans["evidence"]
    ]


def test_two_heads_leave_each_others_labels_alone(tiny_checkpoint):
    made = make_labeller(tiny_checkpoint, heads=("first", "second"), threshold=0.0)
    made.get_pipe("first").add_label("ASTHMA")
    made.get_pipe("second").add_label("GOUT")
    examples = make_labelled(made)
    config = made.config["initialize"]["components"]
    config["first"], config["second"] = {"labels": ["ASTHMA"]}, {"labels": ["GOUT"]}
    made.initialize(lambda: examples)
    made.get_pipe("second").cfg["threshold"] = 0.0
    doc = made(note(["GOUT"]))
    assert sorted(doc.cats) == ["ASTHMA", "GOUT"]
    assert doc._.phenotypes == ["ASTHMA", "GOUT"]
    both = [span.label_ for span in doc.spans["evidence"]]
    assert set(both) == {"ASTHMA", "GOUT"}
    for name in ("first", "second"):
        doc = made.get_pipe(name)(doc)
    assert sorted(span.label_ for span in doc.spans["evidence"]) == sorted(both)
    assert len(doc.spans["evidence"].attrs["weights"]) == len(both)


def test_a_pipeline_whose_transformer_did_not_run_is_refused(nlp):
    message = r"found a document that no transformer has read"
    with nlp.select_pipes(disable="transformer"), pytest.raises(CoverageError, match=message):
        nlp("gout")


def test_missing_labels_are_not_learnt(tiny_checkpoint):
    made = make_labeller(tiny_checkpoint)
    examples = make_labelled(made)
    made.initialize(lambda: examples)
    unknown = [Example(made.make_doc(each.text), made.make_doc(each.text)) for each in examples]
    pipe = made.get_pipe(NAME)
    docs = [made.get_pipe("transformer")(each.predicted) for each in unknown]
    loss, gradient = pipe.get_loss(unknown, pipe.model.predict(docs))
    assert loss == 0.0
    assert not gradient.any()


def test_a_diverged_model_is_an_error(tiny_checkpoint):
    made = make_labeller(tiny_checkpoint)
    examples = make_labelled(made)
    made.initialize(lambda: examples)
    pipe = made.get_pipe(NAME)
    scores = pipe.model.predict([made.get_pipe("transformer")(e.predicted) for e in examples])
    scores.logits[:] = np.nan
    with pytest.raises(ConfigError, match=r"the loss: found nan; .* lower the learning rate"):
        pipe.get_loss(examples, scores)


def test_a_label_after_initialisation_is_refused(nlp):
    pipe = nlp.get_pipe(NAME)
    assert pipe.add_label("GOUT") == 0
    with pytest.raises(ConfigError, match=r"the new label NEW for a model of 3 labels; wanted one"):
        pipe.add_label("NEW")


@pytest.mark.parametrize(("label", "found"), [("", "an empty name"), (3, "int")])
def test_a_label_is_a_name(nlp, label, found):
    with pytest.raises(ConfigError, match=rf"add_label: found {found}"):
        nlp.get_pipe(NAME).add_label(label)


@pytest.mark.parametrize(
    ("settings", "initialize", "message"),
    [
        ({}, {"labels": []}, r"initialize: found no labels; wanted 1 or more"),
        ({"exclusive": True}, {"labels": ["A"]}, r"initialize: found A; wanted 2 or more"),
        ({}, {"positive_label": "GOUT"}, r"positive_label: found GOUT with ASTHMA, GOUT, MIG"),
        ({"exclusive": True}, {"labels": ["A", "B"], "positive_label": "C"}, r"found C with A, B"),
        ({"model": {"nO": 5}}, {}, r"model: nO: found 5; wanted 3, one a label"),
    ],
)
def test_what_cannot_be_initialised_is_refused(tiny_checkpoint, settings, initialize, message):
    if "model" in settings:
        name = {"@architectures": "spacy_modernbert_bio.DocClassifier.v1"}
        settings = {"model": name | settings["model"]}
    made = make_labeller(tiny_checkpoint, **settings)
    made.config["initialize"]["components"][NAME] = initialize
    examples = make_labelled(made, exclusive=bool(settings.get("exclusive")))
    with pytest.raises(ConfigError, match=message):
        made.initialize(lambda: examples)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": 1.5}, r"threshold: found 1\.5; wanted a number in \[0, 1\]"),
        ({"evidence_per_label": -1}, r"evidence_per_label: found -1; wanted 0 or more"),
        ({"evidence_tokens": 0}, r"evidence_tokens: found 0; wanted 1 or more"),
    ],
)
def test_settings_outside_their_range_are_refused(tiny_checkpoint, settings, message):
    with pytest.raises(ConfigError, match=message):
        make_labeller(tiny_checkpoint, **settings)


def test_spacy_finds_its_labels_for_a_config(nlp):
    assert nlp.get_pipe(NAME).label_data == list(LABELS)


def test_a_binary_task_names_its_positive_label(tiny_checkpoint):
    made = make_labeller(tiny_checkpoint, exclusive=True)
    made.config["initialize"]["components"][NAME] = {"positive_label": "GOUT"}
    examples = make_labelled(made, ["ASTHMA", "GOUT"], exclusive=True)
    made.initialize(lambda: examples)
    assert made.get_pipe(NAME).cfg["positive_label"] == "GOUT"
    assert made.evaluate(examples)["cats_score_desc"] == "F (GOUT)"


def test_evidence_of_another_component_stays(nlp):
    doc = nlp(note(["GOUT"]))
    doc.spans["evidence"].append(Span(doc, 0, 1, "OTHER"))
    doc.spans["evidence"].attrs["weights"].append(0.5)
    labels = [span.label_ for span in nlp.get_pipe(NAME)(doc).spans["evidence"]]
    assert labels[0] == "OTHER"
    assert "GOUT" in labels
