"""What commands say, and where: results on stdout, everything else on stderr.

Tables and progress are for people; `--json` and `--quiet` are for scripts. An error is one line
without traceback or locals, since those would print document text.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import rich.console
import rich.table
import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from spacy_modernbert_bio.errors import ModernBertBioError
from spacy_modernbert_bio.evaluation.tables import Table

Item = TypeVar("Item")
_PACKAGE = Path(__file__).parents[1]


class Console:
    """One command's output.

    quiet: nothing on stderr but errors. as_json: results as JSON on stdout, no tables for people.
    """

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self._out = rich.console.Console(highlight=False)
        self._err = rich.console.Console(stderr=True, highlight=False)

    def say(self, message: str) -> None:
        """A line on stderr."""
        if not self.quiet:
            self._err.print(Text(message), soft_wrap=True)

    def error(self, message: str) -> None:
        """A failure, as one line on stderr, also with `quiet`."""
        _show_error(self._err, message)

    def emit(self, value: Mapping[str, Any]) -> None:
        """A result as one line of JSON on stdout."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")

    def table(self, table: Table) -> None:
        """A table on stdout: aligned for people, a JSON list of rows with `as_json`."""
        if self.as_json:
            sys.stdout.write(json.dumps(table.to_json_rows(), ensure_ascii=False) + "\n")
        elif self._out.is_terminal:
            self._out.print(_render(table))
        else:
            # A pipe has no width to fit into: nothing is folded or cut.
            sys.stdout.write(table.to_text() + "\n")

    def progress(
        self, items: Iterable[Item], total: int | None = None, label: str = ""
    ) -> Iterator[Item]:
        """The items, with a bar on stderr where somebody watches."""
        if self.quiet or not self._err.is_terminal:
            yield from items
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        # Results may be written to stdout meanwhile, and belong there: rich would take them along.
        with Progress(
            *columns, TimeElapsedColumn(), console=self._err, redirect_stdout=False
        ) as bar:
            yield from bar.track(items, total=total, description=label)

    @contextmanager
    def counting(self, total: int, label: str = "") -> Iterator[Callable[[int], None]]:
        """A bar on stderr where somebody watches; gives what sets how much is done, of `total`."""
        if self.quiet or not self._err.is_terminal:
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(
            *columns, TimeRemainingColumn(), console=self._err, redirect_stdout=False
        ) as bar:
            task = bar.add_task(label, total=total)
            yield lambda done: bar.update(task, completed=done)


@contextmanager
def errors_shown(*, others: bool = False) -> Iterator[None]:
    """Turn our own errors into one line on stderr and exit code 1.

    others: also those that are not ours, by kind and place: where notes with PHI are at work, a
    message may quote them. `typer.Exit` passes, as it does without.
    """
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except ModernBertBioError as error:
        message = str(error)
    except Exception as error:
        if not others:
            raise
        message = f"{_kind(error)} in {_place(error)}"
    else:
        return
    _show_error(rich.console.Console(stderr=True, highlight=False), message)
    raise typer.Exit(1) from None


def _kind(error: Exception) -> str:
    """An error's type; of the system's, such as a full disk, its number's own wording as well."""
    number = error.errno if isinstance(error, OSError) else None
    return type(error).__name__ + ("" if number is None else f" ({os.strerror(number)})")


def _place(error: Exception) -> str:
    """Where in this package an error came through last, as `file.py:line`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    return f"{Path(ours[-1].filename).relative_to(_PACKAGE)}:{ours[-1].lineno}"


def _show_error(console: rich.console.Console, message: str) -> None:
    console.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)


def _render(table: Table) -> rich.table.Table:
    drawn = rich.table.Table(title=table.title or None, title_justify="left")
    for name in table.columns:
        drawn.add_column(Text(name))
    for row in table.to_cells():
        drawn.add_row(*map(Text, row))
    return drawn
