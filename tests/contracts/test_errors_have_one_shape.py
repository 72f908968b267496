"""Errors name where, found, wanted and fix; none of their fields can be handed document text."""

import ast
from pathlib import Path

import pytest

from spacy_modernbert_bio import errors

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "spacy_modernbert_bio").rglob("*.py"))
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_field_is_filled_with_text(path):
    for call in our_errors(ast.parse(path.read_text())):
        assert not formatted_names(call) & TEXT_NAMES, f"{path}:{call.lineno}"


def test_a_field_filled_with_text_would_be_found():
    (call,) = our_errors(ast.parse("CorpusError(where='a', found=f'{text!r}', wanted=doc)"))
    assert formatted_names(call) == {"text", "doc"}
