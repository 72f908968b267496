"""Scores as the JSON of commands holds them."""

import json

from spacy_modernbert_bio.evaluation.phi_scores import ScoredNote
from spacy_modernbert_bio.evaluation.redaction import score_redaction, to_figures

GOLD = ((4, 14, "DOCTOR"), (20, 25, "MEDICALRECORD"))


def score(*predicted, gold=GOLD, text="Dr. Anna Smith, MRN 12-34."):
    return score_redaction([ScoredNote(text, gold, predicted)], samples=10)


def test_figures_for_json_have_the_rates():
    figures = to_figures(score((4, 14, "DOCTOR")))
    assert figures["hipaa_strict"] == {
        "tp": 0,
        "fp": 0,
        "fn": 1,
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
    }
    assert figures["overall"]["clean_notes"]["share"] == 0.0
    assert figures["per_label"]["DOCTOR"]["redacted_characters"]["share"] == 1.0
    nothing = to_figures(score(gold=(), text="x"))
    assert nothing["overall"]["clean_notes"] == {
        "part": 0,
        "whole": 0,
        "interval": None,
        "share": None,
    }
    json.dumps(nothing)
