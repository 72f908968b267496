"""ZIP codes in Safe Harbor's form: three digits, and 000 where their area has few people.

The areas stand in a table with the census that they are from: `zip3_restricted.csv`, or a newer
one of the caller's. An area that any census of a table lists is restricted: people move back.
Does not look up whether a ZIP code exists.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from spacy_modernbert_bio.errors import PolicyError
from spacy_modernbert_bio.files import number_lines, read_text

# 45 CFR 164.514(b)(2)(i)(B)(2): what stands for the digits of an area of 20,000 people or fewer.
RESTRICTED = "000"
_HEADER = "census,area"
_AREA_DIGITS = 3
# An area (as this file writes it), a ZIP code, a ZIP+4 code.
_WRITTEN_DIGITS = (_AREA_DIGITS, 5, 9)
_YEAR_DIGITS = 4


@dataclass(frozen=True)
class ZipTable:
    """censuses: the years of the table, in order. areas: three digits each, those restricted."""

    censuses: tuple[int, ...]
    areas: frozenset[str]


@cache
def shipped_zip_table() -> ZipTable:
    """The table of this package."""
    name = "zip3_restricted.csv"
    table = resources.files("spacy_modernbert_bio.deid").joinpath(name)
    return _parse(table.read_text(encoding="utf8"), name)


def load_zip_table(path: Path) -> ZipTable:
    """A table of the caller's: `census,area` on its first line, then as `2020,036`.

    Empty lines and lines that begin with # are passed over. Raises PolicyError, with its line, for
    anything else, and for a table without an area; CorpusError for what is no UTF-8 text.
    """
    return _parse(read_text(path), str(path))


def generalise_zip(written: str, *, table: ZipTable | None = None) -> str:
    """The three digits that Safe Harbor leaves of a ZIP code, or nothing of what is none.

    written: five digits or nine, whatever stands between them ("02139-4307", also line-wrapped);
    three digits are an area already. table: the shipped one by default.
    """
    digits = "".join(str(int(each)) for each in written if each.isdecimal())
    if len(digits) not in _WRITTEN_DIGITS or any(each.isalpha() for each in written):
        return ""
    area = digits[:_AREA_DIGITS]
    return RESTRICTED if area in (table or shipped_zip_table()).areas else area


def _parse(content: str, name: str) -> ZipTable:
    lines = [
        (number, line.strip())
        for number, line in number_lines(content)
        if line.strip() and not line.startswith("#")
    ]
    if not lines or lines[0][1] != _HEADER:
        raise PolicyError(
            where=name, found="a table without its header", wanted=f"`{_HEADER}` as its first line"
        )
    rows = [_parse_row(line, f"{name}:{number}") for number, line in lines[1:]]
    if not rows:
        raise PolicyError(
            where=name,
            found="a table without an area",
            wanted="at least one line as `2020,036`",
            fix="An empty table would let the digits of every area pass.",
        )
    return ZipTable(
        tuple(sorted({census for census, _ in rows})), frozenset(area for _, area in rows)
    )


def _parse_row(line: str, where: str) -> tuple[int, str]:
    census, _, area = line.partition(",")
    for value, length in ((census, _YEAR_DIGITS), (area, _AREA_DIGITS)):
        if len(value) != length or not (value.isascii() and value.isdecimal()):
            raise PolicyError(
                where=where,
                found="a line that is no census and area",
                wanted="a year of four digits, a comma, three digits, as `2020,036`",
            )
    return int(census), area
