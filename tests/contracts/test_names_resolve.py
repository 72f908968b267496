"""The names that users type: each resolves, and each is declared where spaCy looks for it."""

import pytest
import spacy
from spacy.language import Language
from spacy.util import registry

from tests.contracts.names import BUILDERS, FACTORIES, POINTS, registry_of

PACKAGE = "spacy_modernbert_bio"
# Promised by DESIGN §4 to users' configs.
PROMISED = {
    "modernbert-bio",
    "modernbert_deid",
    "modernbert_ner",
    "modernbert_phenotype",
    "phi_audit",
    "phi_rules",
    f"{PACKAGE}.ClinicalTokenizer.v1",
    f"{PACKAGE}.DocClassifier.v1",
    f"{PACKAGE}.Encoder.v1",
    f"{PACKAGE}.TokenClassifier.v1",
}


@pytest.mark.parametrize("point", BUILDERS, ids=lambda point: point.name)
def test_a_declared_name_resolves_in_its_registry(point):
    found = point.load()
    assert callable(found)
    assert registry.get(registry_of(point), point.name) is found


@pytest.mark.parametrize("point", FACTORIES, ids=lambda point: point.name)
def test_a_declared_factory_is_spacys(point):
    assert spacy.blank("en").has_factory(point.name)
    assert Language.get_factory_meta(point.name).factory == point.name


def test_the_command_is_callable():
    (point,) = (point for point in POINTS if point.group == "console_scripts")
    assert callable(point.load())


def test_promised_names_are_declared():
    assert {point.name for point in POINTS} >= PROMISED


def test_names_carry_the_package_and_a_version():
    for point in BUILDERS:
        package, _, version = point.name.rpartition(".v")
        assert package.startswith(f"{PACKAGE}.")
        assert version.isdecimal()
    for point in FACTORIES:
        assert point.name.startswith(("modernbert_", "phi_"))


def test_nothing_is_declared_twice():
    assert len({point.name for point in POINTS}) == len(POINTS)
    assert len({point.value for point in POINTS}) == len(POINTS)


def test_nothing_is_registered_that_is_not_declared():
    """A name that only a decorator registers needs an import first, which `spacy train` lacks."""
    for point in POINTS:
        point.load()
    declared = {(registry_of(point), point.name) for point in BUILDERS}
    found = {
        (kind, name)
        for kind in registry.get_registry_names()
        for name in getattr(registry, kind).get_all()
        if name.startswith(PACKAGE)
    }
    assert found == declared
    names = (name.rpartition(".")[2] for name in Language.factories)
    ours = {name for name in names if name.startswith(("modernbert_", "phi_"))}
    assert ours == {point.name for point in FACTORIES}
