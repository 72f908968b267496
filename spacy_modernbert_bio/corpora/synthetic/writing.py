"""A synthetic corpus as files: .spacy with reports as `convert` leaves them, or JSONL.

A split is written whole or not at all, one after the other. JSONL is not cut into tokens, so that
its report counts neither tokens nor borders.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.converted import report_path
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.formats.plain import read_jsonl, read_text
from spacy_modernbert_bio.corpora.synthetic.template import Split
from spacy_modernbert_bio.corpora.synthetic_notes import HARD, WORDS, generate_notes
from spacy_modernbert_bio.corpora.to_doc import to_doc
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.files import atomic_file
from spacy_modernbert_bio.tokenizer import make_clinical_tokenizer

SPANS_KEY = "phi"
LONG_WORDS = 2000
Progress = Callable[[Iterable[Document]], Iterable[Document]]


@dataclass
class SplitReport:
    """What a split holds.

    words: of all notes. long: notes of more than 2,000 words. templates: notes by template.
    conversion: labels, tokens, borders; see there.
    """

    words: int = 0
    long: int = 0
    templates: Counter[str] = field(default_factory=Counter)
    conversion: ConversionReport = field(default_factory=ConversionReport)

    def add(self, document: Document) -> None:
        """Count a note's words and its template."""
        words = len(document.text.split())
        self.words += words
        self.long += words > LONG_WORDS
        self.templates[document.where] += 1

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, readable as a report of a conversion."""
        return {
            **self.conversion.to_dict(),
            "words": self.words,
            f"documents_over_{LONG_WORDS}_words": self.long,
            "templates": dict(sorted(self.templates.items())),
        }


def write_notes(
    folder: Path,
    counts: Mapping[Split, int],
    *,
    seed: int,
    fillers: Sequence[str] = (),
    words: tuple[int, int] = WORDS,
    hard: float = HARD,
    as_jsonl: bool = False,
    progress: Progress = iter,
) -> dict[Split, SplitReport]:
    """Write `folder/train.spacy` and so on, with `doc.spans["phi"]`, and a report beside each.

    counts: notes of each split; one with 0 is not written. as_jsonl: write `train.jsonl` instead,
    an object a line: id, text, and spans as [start, stop, label]. The rest is `generate_notes`'s.

    Raises ConfigError when there is nothing to write, and what `generate_notes` raises.
    """
    if not sum(counts.values()):
        raise ConfigError(where="write_notes(counts=...)", found="no notes", wanted="at least one")
    # Every split's options are looked at before the first is written.
    splits = {
        split: generate_notes(
            count, seed=seed, split=split, fillers=fillers, words=words, hard=hard
        )
        for split, count in counts.items()
        if count
    }
    options = {"seed": seed, "fillers": len(fillers), "word_range": list(words), "hard": hard}
    return write_splits(
        folder, splits, options, spans_key=SPANS_KEY, as_jsonl=as_jsonl, progress=progress
    )


def write_splits(
    folder: Path,
    splits: Mapping[Split, Iterable[Document]],
    options: Mapping[str, Any],
    *,
    spans_key: str,
    as_jsonl: bool = False,
    progress: Progress = iter,
) -> dict[Split, SplitReport]:
    """Write `folder/train.spacy` and so on, each with a report that begins with `options`.

    spans_key: the group of doc.spans that gets the documents' spans. as_jsonl: as `write_notes`.
    """
    suffix = ".jsonl" if as_jsonl else ".spacy"
    reports = {}
    for split, documents in splits.items():
        report = reports[split] = SplitReport()
        output = folder / f"{split}{suffix}"
        with ExitStack() as files:
            file = files.enter_context(atomic_file(output))
            report_file = files.enter_context(atomic_file(report_path(output)))
            if as_jsonl:
                _write_jsonl(progress(documents), file, report)
            else:
                _write_spacy(progress(documents), file, report, spans_key)
            content = json.dumps({"format": "synthetic", **options, **report.to_dict()}, indent=2)
            report_file.write_text(content + "\n", encoding="utf8")
    return reports


def read_fillers(paths: Iterable[Path]) -> list[str]:
    """The texts of a .jsonl file's field "text"; any other file, and each .txt file of a folder or
    archive, is a text. Each may be gzipped.

    Raises CorpusError for what cannot be read.
    """
    texts: list[str] = []
    for path in paths:
        is_jsonl = path.name.removesuffix(".gz").endswith(".jsonl")
        found = read_jsonl(path, field="text") if is_jsonl else read_text(path)
        texts += (each for _, each in found)
    return texts


def _write_spacy(
    documents: Iterable[Document], file: Path, report: SplitReport, spans_key: str
) -> None:
    nlp = _english()
    docs = DocBin()
    for document in documents:
        report.add(document)
        docs.add(to_doc(document, nlp, report.conversion, spans_key=spans_key))
    docs.to_disk(file)


def _write_jsonl(documents: Iterable[Document], file: Path, report: SplitReport) -> None:
    with file.open("w", encoding="utf8") as stream:
        for document in documents:
            report.add(document)
            report.conversion.documents += 1
            report.conversion.entities.update(span.label for span in document.spans)
            spans = [[span.start, span.stop, span.label] for span in document.spans]
            line = {"id": document.id, "text": document.text, "spans": spans}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def _english() -> Language:
    nlp = spacy.blank("en")
    nlp.tokenizer = make_clinical_tokenizer()(nlp)
    return nlp
