"""A corpus to one .spacy file with its report beside it, whole or not at all.

Holds the finished Docs of one file in memory, as spaCy's format wants it; the documents as well
where all of them have to be seen before the first can be written: where nobody says which
categories there are, and where a published split counts documents.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.converted import report_path
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.reading import CATEGORY_FORMATS, Format, ReadOptions, read
from spacy_modernbert_bio.corpora.splits import Split, take_part
from spacy_modernbert_bio.corpora.to_doc import SPANS_KEY, to_doc
from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.files import atomic_file, read_lines
from spacy_modernbert_bio.tokenizer import make_clinical_tokenizer

Progress = Callable[[Iterable[Document]], Iterable[Document]]

LABEL_DROPPED = "span left out because its label is mapped to nothing"
CATEGORY_DROPPED = "category left out because it is mapped to nothing"
REPEATED = "document that repeats an earlier one, left out"
SAME_TEXT = "text that came before with other spans or categories, kept"
SET_COLLECTED = "categories that there can be: those that hold somewhere in the source"


def convert(
    source_format: Format,
    source: Path,
    output: Path,
    options: ReadOptions | None = None,
    *,
    split: Split | None = None,
    documents: Path | None = None,
    label: str | None = None,
    map_labels: Mapping[str, str] | None = None,
    keep_duplicates: bool = False,
    spans_key: str = SPANS_KEY,
    nlp: Language | None = None,
    progress: Progress = iter,
) -> ConversionReport:
    """Read `source`, write `output` (.spacy) and `report_path(output)` (JSON), say what happened.

    options: what the format can be told.
    split: a rule that cuts the source, and the part of it to convert.
    documents: a published list of document ids, one a line; the others are left out.
    label: one label for all spans; map_labels: new names for some labels of spans or documents;
    two may become one, "" leaves a label out.
    keep_duplicates: keep a document that repeats an earlier one: text, spans and categories.
    spans_key: the group of `doc.spans` that gets every span, overlapping ones included.
    nlp: whose tokenizer to use; an English pipeline with the clinical tokenizer by default.
    progress: wraps the documents as they pass.

    Raises CorpusError for a source that cannot be read whole and ConfigError for options that do
    not fit; then neither file is touched.
    """
    options = options or ReadOptions()
    options.check(source_format)
    _check(source_format, output, label, map_labels)
    report = ConversionReport()
    found = _with_label_set(read(source_format, source, report, options), source, report)
    if split is not None:
        found = take_part(found, split)
    if documents is not None:
        found = _only_listed(found, documents)
    if not keep_duplicates:
        found = _without_duplicates(found, report)
    found = _with_labels(found, report, label, map_labels or {})
    pipeline = nlp if nlp is not None else _english()
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"])
    for document in progress(found):
        docs.add(to_doc(document, pipeline, report, spans_key=spans_key))
    if not len(docs):
        raise CorpusError(where=str(source), found="no document", wanted="at least one")
    with atomic_file(output) as file, atomic_file(report_path(output)) as report_file:
        docs.to_disk(file)
        head = {
            "format": source_format,
            "source": source.name,
            "inside": options.inside,
            "split": asdict(split) if split is not None else None,
        }
        content = json.dumps({**head, **report.to_dict()}, indent=2, ensure_ascii=False)
        report_file.write_text(content + "\n", encoding="utf8")
    return report


def _check(
    source_format: str, output: Path, label: str | None, map_labels: Mapping[str, str] | None
) -> None:
    def refuse(option: str, found: str, wanted: str) -> None:
        raise ConfigError(where=f"convert({option}=...)", found=found, wanted=wanted)

    if output.suffix != ".spacy" or output.is_dir():
        refuse("output", "a folder, or a name without .spacy", "the name of a .spacy file")
    if label is not None and map_labels:
        refuse("map_labels", "it and `label`", "one of them")
    if label is not None and not label.strip():
        refuse("label", "an empty label", "a name")
    if label is not None and source_format in CATEGORY_FORMATS:
        refuse("label", f"it, with {source_format}", "it with formats that have spans")


def _with_label_set(
    documents: Iterator[Document], source: Path, report: ConversionReport
) -> Iterator[Document]:
    """The documents, each with the labels that could hold; those of the source if nobody says."""
    for document in documents:
        if document.categories is None or document.label_set:
            yield document
            continue
        held = [document, *documents]
        labels = tuple(sorted({*chain.from_iterable(each.categories or () for each in held)}))
        report.noted(SET_COLLECTED, str(source))
        yield from (replace(each, label_set=labels) for each in held)


def _only_listed(documents: Iterable[Document], list_file: Path) -> Iterator[Document]:
    missing = {line.strip(): number for number, line in read_lines(list_file) if line.strip()}
    listed = set(missing)
    for document in documents:
        if document.id in listed:
            missing.pop(document.id, None)
            yield document
    if missing:
        raise CorpusError(
            where=f"{list_file}:{min(missing.values())}",
            found=f"{len(missing)} ids of {len(listed)} that no document of the source has",
            wanted="ids as the source's files or records are named",
        )


def _without_duplicates(
    documents: Iterable[Document], report: ConversionReport
) -> Iterator[Document]:
    """The documents but for exact repetitions; a digest a document is all that is remembered."""
    seen: dict[bytes, set[tuple[object, ...]]] = {}
    for document in documents:
        digest = hashlib.sha256(document.text.encode("utf8", "surrogatepass")).digest()
        held = None if document.categories is None else tuple(sorted(document.categories))
        labels = (tuple(sorted(document.spans)), held)
        known = seen.setdefault(digest, set())
        if labels in known:
            report.duplicates += 1
            report.noted(REPEATED, document.where)
            continue
        if known:
            report.noted(SAME_TEXT, document.where)
        known.add(labels)
        yield document


def _with_labels(
    documents: Iterable[Document],
    report: ConversionReport,
    label: str | None,
    map_labels: Mapping[str, str],
) -> Iterator[Document]:
    met: set[str] = set()
    for document in documents:
        met |= {span.label for span in document.spans} | {*document.label_set}
        spans = []
        for span in document.spans:
            name = map_labels.get(span.label, span.label) if label is None else label
            if name:
                spans.append(replace(span, label=name))
            else:
                report.noted(LABEL_DROPPED, span.where)
        held = document.categories
        for _ in (name for name in held or () if map_labels.get(name, name) == ""):
            report.noted(CATEGORY_DROPPED, document.where)
        yield replace(
            document,
            spans=tuple(spans),
            categories=None if held is None else _renamed(held, map_labels),
            label_set=_renamed(document.label_set, map_labels),
        )
    unknown = sorted(set(map_labels) - met)
    if unknown:
        raise ConfigError(
            where="convert(map_labels=...)",
            found=f"labels that the corpus does not have: {', '.join(unknown)}",
            wanted=f"some of {', '.join(sorted(met)) or 'none'}",
        )


def _renamed(labels: Iterable[str], map_labels: Mapping[str, str]) -> tuple[str, ...]:
    """The labels by their new names, each once; those mapped to nothing left out."""
    names = (map_labels.get(label, label) for label in labels)
    return tuple(dict.fromkeys(filter(None, names)))


def _english() -> Language:
    nlp = spacy.blank("en")
    nlp.tokenizer = make_clinical_tokenizer()(nlp)
    return nlp
