"""Options and their defaults. Changing one breaks somebody's config: make it a new version."""

import inspect

import pytest
from spacy.language import Language

from tests.contracts.names import BUILDERS, FACTORIES

REQUIRED = inspect.Parameter.empty
ENCODER = {
    "attention": "auto",
    "window": 8192,
    "overlap": 512,
    "precision": "auto",
    "layers_frozen": 0,
    "gradient_checkpointing": False,
    "max_pieces": 16384,
}
OPTIONS = {
    "spacy_modernbert_bio.Encoder.v1": {"name": REQUIRED, **ENCODER},
    "spacy_modernbert_bio.Tok2VecEncoder.v1": {
        "name": REQUIRED,
        "pooling": REQUIRED,
        "grad_factor": 1.0,
        **ENCODER,
    },
    "spacy_modernbert_bio.TokenClassifier.v1": {"tok2vec": REQUIRED, "nO": None, "dropout": 0.1},
    "spacy_modernbert_bio.PieceListener.v1": {"grad_factor": 1.0, "upstream": "*"},
    "spacy_modernbert_bio.PieceEncoder.v1": {"name": REQUIRED, "grad_factor": 1.0, **ENCODER},
    "spacy_modernbert_bio.DocClassifier.v1": {
        "tok2vec": REQUIRED,
        "nO": None,
        "pooling": "labelwise",
        "attention_width": 128,
        "dropout": 0.1,
    },
    "spacy_modernbert_bio.ClinicalTokenizer.v1": {},
    "spacy_modernbert_bio.entity_scorer.v1": {},
    "spacy_modernbert_bio.phenotype_scorer.v1": {},
    "spacy_modernbert_bio.phi_scorer.v1": {},
    "spacy_modernbert_bio.batch_by_pieces.v1": {"size": REQUIRED, "tokenizer": REQUIRED},
    "spacy_modernbert_bio.freeze_layers.v1": {
        "layers": REQUIRED,
        "component": "transformer",
        "until_step": None,
    },
    "spacy_modernbert_bio.LayerwiseAdam.v1": {
        "learn_rate": REQUIRED,
        "layers": REQUIRED,
        "layer_decay": 0.9,
        "batches_per_step": 1,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-8,
        "L2": 0.01,
        "grad_clip": 1.0,
    },
    "spacy_modernbert_bio.coverage_setter.v1": {},
}


@pytest.mark.parametrize("point", BUILDERS, ids=lambda point: point.name)
def test_a_builders_options_stay(point):
    parameters = inspect.signature(point.load()).parameters
    assert {name: option.default for name, option in parameters.items()} == OPTIONS[point.name]


TAGGER = {
    "@architectures": "spacy_modernbert_bio.TokenClassifier.v1",
    "nO": None,
    "dropout": 0.1,
    "tok2vec": {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "upstream": "*",
        "pooling": {"@layers": "reduce_mean.v1"},
    },
}
PHI = {
    "spans_key": "phi",
    "policy": None,
    "on_error": "raise",
    "scorer": {"@scorers": "spacy_modernbert_bio.phi_scorer.v1"},
}
COMPONENTS = {
    "modernbert_ner": {
        "spans_key": None,
        "overwrite": False,
        "decoder": "viterbi",
        "scorer": {"@scorers": "spacy_modernbert_bio.entity_scorer.v1"},
        "model": TAGGER,
    },
    "modernbert_phenotype": {
        "exclusive": False,
        "threshold": 0.5,
        "class_weights": None,
        "evidence_key": "evidence",
        "evidence_per_label": 3,
        "evidence_tokens": 48,
        "scorer": {"@scorers": "spacy_modernbert_bio.phenotype_scorer.v1"},
        "model": {
            "@architectures": "spacy_modernbert_bio.DocClassifier.v1",
            "nO": None,
            "pooling": "labelwise",
            "attention_width": 128,
            "dropout": 0.1,
            "tok2vec": {
                "@architectures": "spacy_modernbert_bio.PieceListener.v1",
                "grad_factor": 1.0,
                "upstream": "*",
            },
        },
    },
    "modernbert_deid": {**PHI, "decoder": "crf", "model": TAGGER},
    "phi_rules": {**PHI, "rules": ["dates", "contacts", "identifiers", "people_places"]},
    "phi_audit": {"policy": None, "on_leak": "mark"},
}


@pytest.mark.parametrize("point", FACTORIES, ids=lambda point: point.name)
def test_a_components_options_stay(point):
    assert Language.get_factory_meta(point.name).default_config == COMPONENTS[point.name]
