"""Results as rows of plain data, written for a terminal, a Markdown file or a JSON reader.

Costs nothing worth counting. Does not colour, wrap or page: the console does, from the same rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spacy_modernbert_bio.errors import ConfigError

Cell = str | int | float | None

_NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """Named columns and the rows under them.

    columns: the heads, each one once.
    rows: one cell a column; None is a figure that does not exist (a rate of nothing).
    title: what the table shows; may be empty.
    decimals: digits after the point of every float in text and Markdown; JSON keeps them all.

    Raises ConfigError for a head given twice and for a row of another length.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    decimals: int = 3

    def __post_init__(self) -> None:
        if len(set(self.columns)) != len(self.columns):
            raise ConfigError(
                where="Table(columns=...)", found="a column twice", wanted="each name once"
            )
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise ConfigError(
                    where=f"Table(rows=...), row {number}",
                    found=f"{len(row)} cells",
                    wanted=f"{len(self.columns)}, one a column",
                )

    def to_text(self) -> str:
        """Lines for a terminal: the title, then columns set apart by two blanks."""
        heads, body, widths = self._aligned(str)
        lines = [self.title] if self.title else []
        lines += ["  ".join(line).rstrip() for line in (heads, ["-" * w for w in widths], *body)]
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """A GitHub-flavoured Markdown table; numbers stand to the right."""
        heads, body, widths = self._aligned(_escape)
        right = self._numeric()
        rule = [
            "-" * (width - 1) + (":" if number else "-")
            for width, number in zip(widths, right, strict=True)
        ]
        lines = [f"**{self.title}**", ""] if self.title else []
        lines += [f"| {' | '.join(line)} |" for line in (heads, rule, *body)]
        return "\n".join(lines)

    def to_json_rows(self) -> list[dict[str, Cell]]:
        """One mapping a row, unrounded, from column name to cell."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_cells(self) -> list[list[str]]:
        """The rows as rounded strings, for a reader that sets its own widths."""
        return [[self._cell(cell) for cell in row] for row in self.rows]

    def _cell(self, cell: Cell) -> str:
        if cell is None:
            return _NOTHING
        if isinstance(cell, float):
            return f"{cell:.{self.decimals}f}"
        return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)

    def _numeric(self) -> list[bool]:
        """Whether each column holds figures (and at least one), so that it stands to the right."""
        return [
            any(cell is not None for cell in column)
            and all(cell is None or isinstance(cell, int | float) for cell in column)
            for column in ([row[index] for row in self.rows] for index in range(len(self.columns)))
        ]

    def _aligned(self, clean: Callable[[str], str]) -> tuple[list[str], list[list[str]], list[int]]:
        """Heads, rows and the width of each column, every cell cleaned and padded to it."""
        heads = [clean(column) for column in self.columns]
        body = [[clean(cell) for cell in row] for row in self.to_cells()]
        # Three is the least a Markdown rule may have.
        widths = [max(3, *map(len, column)) for column in zip(heads, *body, strict=True)]
        right = self._numeric()

        def pad(line: Sequence[str]) -> list[str]:
            return [
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(line, widths, right, strict=True)
            ]

        return pad(heads), [pad(row) for row in body], widths


def _escape(cell: str) -> str:
    """A bar or a line end inside a cell would end it."""
    return cell.replace("|", "\\|").replace("\n", " ")
