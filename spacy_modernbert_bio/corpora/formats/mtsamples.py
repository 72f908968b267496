"""MTSamples: transcribed sample reports, a file each, with the medical specialty in the header.

    Medical Specialty:Radiology
    Sample Name: 2-D Doppler
    ...
    Keywords: radiology, ...

The specialty is the one category. Its line, and the line of keywords, which names it again, are no
part of the text. The published folders hold a quarter of the reports twice: those that repeat an
earlier one are left out here, before any split. Source: https://mtsamples.com, with unclear rights;
nothing of it is in this package.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.source_files import read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

SUFFIXES = (".txt",)

NO_SPECIALTY = "report without a specialty in its first line, left out"
REPEATED = "report with the text of an earlier one, left out"

_SPECIALTY = re.compile(r"Medical Specialty:(.*)")
_KEYWORDS = re.compile(r"Keywords:.*")


def read_mtsamples(
    path: Path, report: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """Reports with their specialty, named by the file's stem.

    report: counts the reports left out; inside: see `read_sources`.
    Raises CorpusError for a report with an empty specialty, or without text.
    """
    report = ConversionReport() if report is None else report
    seen: set[bytes] = set()
    for source in read_sources(path, SUFFIXES, inside=inside):
        lines = [line for _, line in number_lines(source.text)]
        header = _SPECIALTY.fullmatch(lines[0])
        if header is None:
            report.noted(NO_SPECIALTY, source.where)
            continue
        specialty = header[1].strip()
        text = "\n".join(line for line in lines[1:] if not _KEYWORDS.fullmatch(line)).strip()
        if not specialty or not text:
            raise CorpusError(
                where=f"{source.where}:1",
                found="an empty specialty, or a header without a report",
                wanted="`Medical Specialty:` with a name, and a text below",
            )
        digest = sha256(text.encode("utf8")).digest()
        if digest in seen:
            report.noted(REPEATED, source.where)
            continue
        seen.add(digest)
        yield Document(source.stem, text, where=source.where, categories=(specialty,))
