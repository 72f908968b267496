"""What a leak audit found, as one page for a privacy officer: a verdict, a table, places.

Counts and places only, never a text. Shows some hundred places and says how many there are more:
all of them are in the audit's JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spacy_modernbert_bio.pages.html import escape, page

_PLACES_SHOWN = 500
_STYLE = """
.verdict { border-left: .4rem solid; padding: .4rem 1rem; background: var(--soft) }
.verdict b { font-size: 1.15rem }
.clean { border-color: light-dark(#1a7f4b, #58c98d) }
.leaking { border-color: light-dark(#b3261e, #ff9c94) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0 }
th, td { padding: .25rem .8rem; border-bottom: 1px solid var(--line); text-align: right }
th { font-weight: 600 }
th:nth-child(2), td:nth-child(2), .places th, .places td { text-align: left }
tfoot td { border-bottom: 0; font-weight: 600 }
td.some { font-weight: 600; color: light-dark(#b3261e, #ff9c94) }
td.none, .about { color: var(--quiet) }
.about { max-width: 60rem; font-size: .875rem }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
"""


@dataclass(frozen=True)
class LeakRow:
    """A row of the table. number: of the identifier, "" for none. counts: one a kind, in order."""

    number: str
    name: str
    counts: Sequence[int]


@dataclass(frozen=True)
class LeakPlace:
    """A note with leaks. where: file and line. found: what, as `DATE (rules)`, and how often."""

    where: str
    found: Mapping[str, int]


def leak_page(
    title: str,
    *,
    kinds: Mapping[str, str],
    rows: Sequence[LeakRow],
    places: Sequence[LeakPlace],
    notes: int,
    withheld: int = 0,
    unread: int = 0,
    about: Sequence[str] = (),
) -> str:
    """A page with the verdict, a table of identifiers by kinds of leaks, and where leaks are.

    kinds: names of the columns, and what each means. notes: that were audited. withheld: that were
    not given out. unread: that could not be audited. about: paragraphs on what was done and what
    that can't show.
    """
    body = [
        _verdict(rows, len(places), notes, withheld, unread),
        f'<div class="wide">{_table(list(kinds), rows)}</div>',
        "".join(
            f'<p class="about"><b>{escape(kind)}</b>: {escape(meaning)}</p>'
            for kind, meaning in kinds.items()
        ),
        *(f'<p class="about">{escape(each)}</p>' for each in about),
        _places(places),
    ]
    return page(title, "\n".join(body), style=_STYLE)


def _verdict(rows: Sequence[LeakRow], places: int, notes: int, withheld: int, unread: int) -> str:
    leaks = sum(sum(row.counts) for row in rows)
    said = f"No leak found in {_number(notes, 'note')}."
    if leaks:
        said = f"{_number(leaks, 'leak')} in {places:,} of {_number(notes, 'note')}."
    more = [f"{_number(withheld, 'note')} withheld, without text."] if withheld else []
    more += [f"{_number(unread, 'note')} could not be audited."] if unread else []
    kind = "leaking" if leaks or unread else "clean"
    return f'<p class="verdict {kind}"><b>{said}</b> {" ".join(more)}</p>'


def _table(kinds: Sequence[str], rows: Sequence[LeakRow]) -> str:
    heads = "".join(f"<th>{escape(each)}</th>" for each in ("", "identifier", *kinds, "all"))
    lines = "".join(
        f"<tr><td>{escape(row.number)}</td><td>{escape(row.name)}</td>{_cells(row.counts)}</tr>\n"
        for row in rows
    )
    totals = [sum(row.counts[at] for row in rows) for at in range(len(kinds))]
    return (
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody>\n"
        f"<tfoot><tr><td></td><td>all</td>{_cells(totals)}</tr></tfoot>\n</table>"
    )


def _cells(counts: Sequence[int]) -> str:
    return "".join(
        f'<td class="{"some" if count else "none"}">{count:,}</td>'
        for count in (*counts, sum(counts))
    )


def _places(places: Sequence[LeakPlace]) -> str:
    if not places:
        return ""
    lines = "".join(
        f"<tr><td>{escape(each.where)}</td><td>{escape(_found(each.found))}</td></tr>\n"
        for each in places[:_PLACES_SHOWN]
    )
    left = len(places) - _PLACES_SHOWN
    more = f'<p class="about">And {_number(left, "note")} more.</p>' if left > 0 else ""
    return (
        '<h2>Where</h2>\n<div class="wide"><table class="places">\n'
        "<thead><tr><th>note</th><th>found</th></tr></thead>\n"
        f"<tbody>\n{lines}</tbody>\n</table></div>{more}"
    )


def _found(found: Mapping[str, int]) -> str:
    return ", ".join(f"{what} × {count:,}" for what, count in found.items())


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
