"""Which `raise` statements there are, and which of them a run reached and read the message of.

Errors are rare: to watch them costs nothing measurable. Those of other processes are not seen, so
each `raise` needs a test in this one.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from spacy_modernbert_bio import errors

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "spacy_modernbert_bio"

# (file, line) of every frame that an error passed, once its message was asked for.
READ: set[tuple[str, int]] = set()


class Site(NamedTuple):
    """A statement that raises; `first` and `last` are its lines."""

    path: Path
    first: int
    last: int

    @property
    def is_read(self) -> bool:
        return any((str(self.path), line) in READ for line in range(self.first, self.last + 1))


def is_whole(session: pytest.Session) -> bool:
    """Whether all tests of all files were asked for."""
    options = session.config.option
    files = {item.path for item in session.items}
    return not options.keyword and not options.markexpr and files >= {*TESTS.rglob("test_*.py")}


def unread() -> list[str]:
    """Where a `raise` of the package stands whose message nobody has read."""
    return [
        f"{path.relative_to(PACKAGE)}:{site.first}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for site in sites(path)
        if not site.is_read
    ]


def watch() -> None:
    """Fill `READ` from now on, until the process ends.

    To read `found` is to read the message: a command may tell the place in its own way.
    """
    kind = errors.ModernBertBioError

    def remember(error: errors.ModernBertBioError) -> None:
        frame = error.__traceback__
        while frame is not None:
            READ.add((frame.tb_frame.f_code.co_filename, frame.tb_lineno))
            frame = frame.tb_next

    def read(self: errors.ModernBertBioError) -> str:
        remember(self)
        return super(kind, self).__str__()

    def read_found(self: errors.ModernBertBioError) -> str:
        remember(self)
        return self.__dict__["found"]

    def write_found(self: errors.ModernBertBioError, found: str) -> None:
        self.__dict__["found"] = found

    kind.__str__, kind.found = read, property(read_found, write_found)


def sites(path: Path) -> Iterator[Site]:
    """Each `raise` of an error, and each call of a local function that does nothing else.

    A bare `raise` passes on what is not ours, and `Exit` ends a command that has told its error.
    """
    tree = ast.parse(path.read_text(encoding="utf8"))
    refusals = {
        node.name: node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and _raises(node.body[0])
    }
    for node in ast.walk(tree):
        called = getattr(getattr(node, "func", None), "id", None)
        if called in refusals or (_raises(node) and node not in refusals.values()):
            yield Site(path, node.lineno, node.end_lineno)


def _raises(node: ast.AST) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    built = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return getattr(built, "attr", None) != "Exit"
