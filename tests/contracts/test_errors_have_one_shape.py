"""Errors name where, found, wanted and fix; none of their fields can be handed document text."""

import ast
from pathlib import Path

import pytest

from spacy_modernbert_bio import errors

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "spacy_modernbert_bio").rglob("*.py"))
IDS = [str(path.relative_to(ROOT / "spacy_modernbert_bio")) for path in FILES]
OURS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.ModernBertBioError)
}
# Names that hold a document's words somewhere in the package.
TEXT_NAMES = {"text", "texts", "doc", "docs", "token", "span", "note", "sentence", "words"}


def our_errors(tree: ast.AST) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in OURS
    ]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_errors_are_built_from_the_four_fields(path):
    for call in our_errors(ast.parse(path.read_text())):
        fields = {keyword.arg for keyword in call.keywords}
        assert not call.args, f"{path}:{call.lineno}"
        assert fields <= {"where", "found", "wanted", "fix", None}, f"{path}:{call.lineno}"
        assert None in fields or {"where", "found", "wanted"} <= fields, f"{path}:{call.lineno}"


def formatted_names(call: ast.Call) -> set[str]:
    """Bare names that go into a field's text as they are."""
    values = [
        part.value
        for keyword in call.keywords
        for node in ast.walk(keyword.value)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.FormattedValue)
    ] + [keyword.value for keyword in call.keywords]
    return {value.id for value in values if isinstance(value, ast.Name)}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_field_is_filled_with_text(path):
    for call in our_errors(ast.parse(path.read_text())):
        assert not formatted_names(call) & TEXT_NAMES, f"{path}:{call.lineno}"


def chained_raises(tree: ast.AST) -> list[int]:
    """Lines of `raise ... from error`: the cause may quote what it could not read."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.cause, ast.Name)
    ]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_error_carries_the_one_that_caused_it(path):
    assert not chained_raises(ast.parse(path.read_text())), path


def unchained_raises(tree: ast.AST) -> list[int]:
    """Lines of an error of ours that is raised while another is handled, without `from None`."""
    return [
        node.lineno
        for handler in ast.walk(tree)
        if isinstance(handler, ast.ExceptHandler)
        for node in ast.walk(handler)
        if isinstance(node, ast.Raise) and node.exc is not None and node.cause is None
    ]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_error_shows_the_one_that_was_handled(path):
    assert not unchained_raises(ast.parse(path.read_text())), path


def kinds_raised(tree: ast.AST) -> set[str]:
    """What is raised by name: `ConfigError` of `raise ConfigError(...)`, `Exit` of typer's."""
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    return {
        getattr(target, "id", getattr(target, "attr", ""))
        for call in calls
        for target in [call.func if isinstance(call, ast.Call) else call]
    }


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_only_errors_of_ours_are_raised(path):
    built = kinds_raised(ast.parse(path.read_text()))
    # A function that builds one, or the end of a command whose error has been shown.
    others = {name for name in built - OURS if not name.startswith("_") and name != "Exit"}
    assert not others, path


def test_a_chained_and_an_unchained_error_would_be_found():
    code = "try:\n  f()\nexcept ValueError as error:\n  raise Ours() from error\n  raise Ours()\n"
    assert chained_raises(ast.parse(code)) == [4]
    assert unchained_raises(ast.parse(code)) == [5]
    assert kinds_raised(ast.parse(code)) == {"Ours"}


def test_a_field_filled_with_text_would_be_found():
    (call,) = our_errors(ast.parse("CorpusError(where='a', found=f'{text!r}', wanted=doc)"))
    assert formatted_names(call) == {"text", "doc"}
