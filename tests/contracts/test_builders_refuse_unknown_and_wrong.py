"""A misspelt key or a value of the wrong type in a config is refused, by name, before training."""

import inspect
import typing

import pytest
import spacy
from confection import ConfigValidationError
from spacy.language import Language
from spacy.util import registry

from tests.contracts.names import BUILDERS, FACTORIES, registry_of

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}
# What the required options of each builder may be, none of which is looked at before the types are.
REQUIRED = {
    "name": "somewhere",
    "pooling": {"@layers": "reduce_mean.v1"},
    "tok2vec": LISTENER,
    "size": 100,
    "tokenizer": "somewhere",
    "layers": 2,
    "learn_rate": 0.1,
}
# What a user may have typed by mistake: a word; and where words are taken, two of them.
WRONG = "twelve"
WRONG_WORD = ["twelve", "thirteen"]
# thinc's type for a number or a schedule takes everything; its optimizer refuses, by its own names.
SCHEDULES = {name: name for name in ("learn_rate", "eps", "L2", "grad_clip")}
SCHEDULES |= {"beta1": "b1", "beta2": "b2"}
OPTIONS = [
    (point, option) for point in BUILDERS for option in inspect.signature(point.load()).parameters
]


def block(point, **changes) -> dict:
    """The builder's part of a config, with what it requires."""
    parameters = inspect.signature(point.load()).parameters
    required = {name: REQUIRED[name] for name in parameters if name in REQUIRED}
    return {"it": {f"@{registry_of(point)}": point.name, **required, **changes}}


@pytest.mark.parametrize("point", BUILDERS, ids=lambda point: point.name)
def test_an_unknown_option_is_refused(point):
    with pytest.raises(ConfigValidationError, match="no_such_option"):
        registry.resolve(block(point, no_such_option=1))


@pytest.mark.parametrize(
    ("point", "option"), OPTIONS, ids=[f"{point.name}-{option}" for point, option in OPTIONS]
)
def test_a_value_of_the_wrong_type_is_refused(point, option):
    default = inspect.signature(point.load()).parameters[option].default
    takes_words = isinstance(block(point)["it"].get(option, default), str)
    refused = ValueError if option in SCHEDULES else ConfigValidationError
    with pytest.raises(refused, match=SCHEDULES.get(option, option)):
        registry.resolve(block(point, **{option: WRONG_WORD if takes_words else WRONG}))


@pytest.mark.parametrize("point", BUILDERS, ids=lambda point: point.name)
def test_a_missing_option_is_refused(point):
    parameters = inspect.signature(point.load()).parameters.values()
    for missing in (option.name for option in parameters if option.default is option.empty):
        values = block(point)
        del values["it"][missing]
        with pytest.raises(ConfigValidationError, match=missing):
            registry.resolve(values)


@pytest.mark.parametrize("point", [*BUILDERS, *FACTORIES], ids=lambda point: point.name)
def test_every_option_has_a_type_that_resolves(point):
    """What `typing` cannot resolve, confection does not check; see the next test."""
    builder = point.load()
    hints = typing.get_type_hints(builder)
    assert hints.keys() >= set(inspect.signature(builder).parameters) | {"return"}
    assert typing.Any not in hints.values()


def test_confection_drops_all_checks_where_one_type_does_not_resolve():
    """Why the test above is there. When this fails, confection has learnt better."""

    def builder(size: "int", other: "NoSuchType" = None):  # noqa: F821
        return size

    registry.misc("test.unresolved_type.v1", func=builder)
    found = registry.resolve({"it": {"@misc": "test.unresolved_type.v1", "size": WRONG}})
    assert found["it"] == WRONG


WRONG_OF_COMPONENTS = {
    "no_such_option": 1,
    "spans_key": WRONG_WORD,
    "overwrite": "maybe",
    "decoder": "beam",
    "scorer": 3,
    "model": 3,
    "policy": WRONG_WORD,
    "on_error": "skip",
    "on_leak": "ignore",
    "rules": ["horoscopes"],
    "exclusive": "maybe",
    "threshold": WRONG,
    "class_weights": 3,
    "evidence_key": WRONG_WORD,
    "evidence_per_label": WRONG,
    "evidence_tokens": WRONG,
}
COMPONENT_OPTIONS = [
    (point.name, option)
    for point in FACTORIES
    for option in (
        *Language.get_factory_meta(point.load() and point.name).default_config,
        "no_such_option",
    )
]


@pytest.mark.parametrize(("name", "option"), COMPONENT_OPTIONS)
def test_a_component_refuses_unknown_and_wrong_options(name, option):
    with pytest.raises(ConfigValidationError, match=option):
        spacy.blank("en").add_pipe(name, config={option: WRONG_OF_COMPONENTS[option]})
