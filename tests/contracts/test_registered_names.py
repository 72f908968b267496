"""The names that users type: each resolves, refuses the unknown, and keeps its options."""

import configparser
import inspect
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import spacy
from confection import ConfigValidationError
from spacy.language import Language
from spacy.util import registry

ROOT = Path(__file__).parents[2]

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}

# Options and their defaults; changing one of these breaks somebody's config.
OPTIONS = {
    "spacy_modernbert_bio.Encoder.v1": {
        "name": inspect.Parameter.empty,
        "attention": "auto",
        "window": 8192,
        "overlap": 512,
        "precision": "auto",
        "layers_frozen": 0,
        "gradient_checkpointing": False,
        "max_pieces": 16384,
    },
    "spacy_modernbert_bio.TokenClassifier.v1": {
        "tok2vec": inspect.Parameter.empty,
        "nO": None,
        "dropout": 0.1,
    },
    "modernbert_ner": {"spans_key": None, "overwrite": False, "decoder": "viterbi"},
}

# One wrong value for each registered name: what is asked for, and the key that must be named.
WRONG = {
    "architectures": {
        "spacy_modernbert_bio.Encoder.v1": ({"name": "x", "window": "wide"}, "window"),
        "spacy_modernbert_bio.Tok2VecEncoder.v1": (
            {"name": "x", "pooling": {"@layers": "reduce_mean.v1"}, "overlap": "long"},
            "overlap",
        ),
        "spacy_modernbert_bio.TokenClassifier.v1": (
            {"tok2vec": LISTENER, "dropout": "some"},
            "dropout",
        ),
    },
    "batchers": {
        "spacy_modernbert_bio.batch_by_pieces.v1": ({"size": "many", "tokenizer": "x"}, "size")
    },
    "callbacks": {"spacy_modernbert_bio.freeze_layers.v1": ({"layers": "low"}, "layers")},
    "optimizers": {
        "spacy_modernbert_bio.LayerwiseAdam.v1": (
            {"learn_rate": 0.1, "layers": "all"},
            "layers",
        )
    },
}


def entry_points() -> list[EntryPoint]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return [
        EntryPoint(*(part.strip() for part in line.split("=", 1)), group)
        for group, lines in parser["options.entry_points"].items()
        for line in lines.strip().splitlines()
    ]


POINTS = entry_points()


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_a_declared_name_resolves(point):
    found = point.load()
    assert callable(found)
    if point.group == "console_scripts":
        return
    if point.group == "spacy_factories":
        assert Language.has_factory(point.name)
        return
    kind = point.group.removeprefix("spacy_").removeprefix("thinc_")
    assert registry.get(kind, point.name) is found


def test_names_carry_the_package_and_a_version():
    for point in POINTS:
        if point.group in ("console_scripts", "spacy_factories"):
            assert point.name.startswith("modernbert")
        else:
            assert point.name.startswith("spacy_modernbert_bio.")
            assert point.name[-3:-1] == ".v"
    assert len({point.name for point in POINTS}) == len(POINTS)


@pytest.mark.parametrize("name", OPTIONS)
def test_options_and_defaults_stay(name):
    if name == "modernbert_ner":
        config = Language.get_factory_meta(name).default_config
        assert {key: config[key] for key in OPTIONS[name]} == OPTIONS[name]
        assert set(config) == set(OPTIONS[name]) | {"model", "scorer"}
        return
    signature = inspect.signature(registry.get("architectures", name))
    found = {key: parameter.default for key, parameter in signature.parameters.items()}
    assert found == OPTIONS[name]


CASES = [
    (kind, name, values, key)
    for kind, names in WRONG.items()
    for name, (values, key) in names.items()
]


@pytest.mark.parametrize(("kind", "name", "values", "key"), CASES, ids=[case[1] for case in CASES])
def test_a_wrong_type_and_an_unknown_key_are_refused(kind, name, values, key):
    """confection drops all type checks in silence when one annotation cannot be resolved."""
    block = {f"@{kind}": name}
    with pytest.raises(ConfigValidationError, match=key):
        registry.resolve({"it": block | values})
    with pytest.raises(ConfigValidationError, match="no_such_option"):
        registry.resolve({"it": block | values | {"no_such_option": 1}})


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (point.group.removeprefix("spacy_"), point.name)
        for point in POINTS
        if point.group in ("spacy_tokenizers", "spacy_scorers", "spacy_annotation_setters")
    ],
)
def test_builders_without_required_options_refuse_unknown_ones(kind, name):
    with pytest.raises(ConfigValidationError, match="no_such_option"):
        registry.resolve({"it": {f"@{kind}": name, "no_such_option": 1}})


@pytest.mark.parametrize(
    "config", [{"no_such_option": 1}, {"decoder": "beam"}, {"overwrite": "maybe"}]
)
def test_the_component_refuses_unknown_and_wrong_options(config):
    with pytest.raises(ConfigValidationError, match=next(iter(config))):
        spacy.blank("en").add_pipe("modernbert_ner", config=config)
