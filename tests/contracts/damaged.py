"""Corpora that are damaged at each of their places in turn, and what a reader says of them."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.errors import ModernBertBioError
from tests.contracts.planted import chain

Reader = Callable[[Path, ConversionReport], Iterable[object]]


def damages(content: str, places: str, inserted: Sequence[str]) -> Iterator[str]:
    """The content with each of `inserted` in the stead of each place, and behind it.

    places: a pattern. Labels, which are called Pain, stay as they are: they may be told.
    """
    for place in re.finditer(places, content):
        for damage in inserted:
            if "Pain" not in place.group():
                yield content[: place.start()] + damage + content[place.end() :]
                yield content[: place.end()] + damage + content[place.end() :]


def read_all(read: Reader, path: Path, contents: Iterable[str]) -> tuple[list[str], list[str]]:
    """What a log could show of the errors of a file's contents, and of all their reports."""
    refusals, reports = [], []
    for content in contents:
        path.write_text(content)
        report = ConversionReport()
        try:
            for _ in read(path, report):
                pass
        except ModernBertBioError as error:
            refusals.append(chain(error))
        reports.append(json.dumps([report.event_rows(), report.to_dict()]))
    return refusals, reports
