"""What `convert` leaves on the disk: a .spacy file, and the report on it beside it."""

import json
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_modernbert_bio.errors import CorpusError


def report_path(docs_file: Path) -> Path:
    """Where the report on a converted file stands: `train.spacy` has `train.report.json`."""
    return docs_file.with_suffix(".report.json")


def read_docs(docs_file: Path, vocab: Vocab, *, longest: int | None = None) -> list[Doc]:
    """The Docs of a .spacy file.

    longest: characters of a text that may be read anew, nlp.max_length.
    Raises CorpusError when the file is missing or none, and for a longer text.
    """
    if not docs_file.is_file():
        raise CorpusError(where=str(docs_file), found="no such file", wanted="a .spacy file")
    try:
        docs = list(DocBin().from_disk(docs_file).get_docs(vocab))
    except Exception:  # zlib, msgpack and srsly each have their own
        raise CorpusError(
            where=str(docs_file),
            found="bytes that are no DocBin",
            wanted="a .spacy file, as `modernbert-bio convert` or `spacy convert` writes it",
        ) from None
    for number, doc in enumerate(docs, 1):
        if longest is not None and len(doc.text) > longest:
            raise CorpusError(
                where=f"{docs_file}: document {number}",
                found=f"{len(doc.text):,} characters",
                wanted=f"at most {longest:,}, which is nlp.max_length",
                fix="Is it more than one document?",
            )
    return docs


def read_report(docs_file: Path) -> dict[str, Any] | None:
    """The report on a converted file, None where there is none beside it.

    Raises CorpusError for a report that is not one of ours.
    """
    path = report_path(docs_file)
    if not path.is_file():
        return None
    try:
        report = json.loads(path.read_text(encoding="utf8"))
    except ValueError:
        report = None
    if not isinstance(report, dict) or not {"borders", "borders_not_on_tokens"} <= report.keys():
        raise CorpusError(
            where=str(path),
            found="something else than a report of a conversion",
            wanted="the JSON that `modernbert-bio convert` writes",
        )
    return report
