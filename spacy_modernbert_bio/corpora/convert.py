"""A corpus to one .spacy file with its report beside it, whole or not at all.

Holds the finished Docs of one file in memory, as spaCy's format wants it. Does not split a corpus:
published splits are files or lists of documents, and are converted one by one.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.converted import report_path
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats.asq_phi import read_asq_phi
from spacy_modernbert_bio.corpora.formats.brat import Discontinuous, read_brat
from spacy_modernbert_bio.corpora.formats.i2b2_xml import read_i2b2_xml
from spacy_modernbert_bio.corpora.formats.iob import read_iob
from spacy_modernbert_bio.corpora.formats.phi_json import read_phi_json
from spacy_modernbert_bio.corpora.formats.physionet_deid import read_physionet_deid
from spacy_modernbert_bio.corpora.formats.pubtator import read_pubtator
from spacy_modernbert_bio.corpora.to_doc import SPANS_KEY, to_doc
from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.files import atomic_file, read_lines
from spacy_modernbert_bio.tokenizer import make_clinical_tokenizer

Format = Literal["iob", "pubtator", "brat", "i2b2", "physionet-deid", "presidio-synth", "asq-phi"]
FORMATS: tuple[str, ...] = get_args(Format)
Progress = Callable[[Iterable[Document]], Iterable[Document]]

# Formats without options of their own.
_PLAIN_READERS: Mapping[str, Callable[..., Iterator[Document]]] = {
    "pubtator": read_pubtator,
    "i2b2": read_i2b2_xml,
    "physionet-deid": read_physionet_deid,
    "presidio-synth": read_phi_json,
    "asq-phi": read_asq_phi,
}

LABEL_DROPPED = "span left out because its label is mapped to nothing"
SAME_TEXT = "text that came before with other spans, kept"


def convert(
    source_format: Format,
    source: Path,
    output: Path,
    *,
    inside: str = "",
    documents: Path | None = None,
    label: str | None = None,
    map_labels: Mapping[str, str] | None = None,
    sentences_per_document: int | None = None,
    discontinuous: Discontinuous = "cover",
    keep_duplicates: bool = False,
    spans_key: str = SPANS_KEY,
    nlp: Language | None = None,
    progress: Progress = iter,
) -> ConversionReport:
    """Read `source`, write `output` (.spacy) and `report_path(output)` (JSON), say what happened.

    inside: the only folder of a folder or archive to read.
    documents: a published list of document ids, one a line; the others are left out.
    label: one label for all spans; map_labels: new names for some, "" leaves a label's spans out.
    sentences_per_document: for IOB without document breaks; discontinuous: for brat. See there.
    keep_duplicates: keep a document that repeats an earlier one, text and spans.
    spans_key: the group of `doc.spans` that gets every span, overlapping ones included.
    nlp: whose tokenizer to use; an English pipeline with the clinical tokenizer by default.
    progress: wraps the documents as they pass.

    Raises CorpusError for a source that cannot be read whole and ConfigError for options that do
    not fit; then neither file is touched.
    """
    _check_options(source_format, output, label, map_labels, sentences_per_document, discontinuous)
    report = ConversionReport()
    found = _read(source_format, source, report, inside, sentences_per_document, discontinuous)
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
        head = {"format": source_format, "source": source.name, "inside": inside}
        content = json.dumps({**head, **report.to_dict()}, indent=2, ensure_ascii=False)
        report_file.write_text(content + "\n", encoding="utf8")
    return report


def _check_options(
    source_format: str,
    output: Path,
    label: str | None,
    map_labels: Mapping[str, str] | None,
    sentences_per_document: int | None,
    discontinuous: str,
) -> None:
    def refuse(option: str, found: str, wanted: str) -> None:
        raise ConfigError(where=f"convert({option}=...)", found=found, wanted=wanted)

    if source_format not in FORMATS:
        refuse("source_format", f"{source_format!r}", f"one of {', '.join(FORMATS)}")
    if output.suffix != ".spacy" or output.is_dir():
        refuse("output", "a folder, or a name without .spacy", "the name of a .spacy file")
    if label is not None and map_labels:
        refuse("map_labels", "it and `label`", "one of them")
    if label is not None and not label.strip():
        refuse("label", "an empty label", "a name")
    if sentences_per_document is not None:
        if source_format != "iob":
            refuse("sentences_per_document", f"it, with {source_format}", "it with iob only")
        if sentences_per_document < 0:
            refuse("sentences_per_document", str(sentences_per_document), "0 or more")
    if discontinuous not in ("cover", "fragments"):
        refuse("discontinuous", f"{discontinuous!r}", "cover or fragments")
    if discontinuous != "cover" and source_format != "brat":
        refuse("discontinuous", f"it, with {source_format}", "it with brat only")


def _read(
    source_format: Format,
    source: Path,
    report: ConversionReport,
    inside: str,
    sentences_per_document: int | None,
    discontinuous: Discontinuous,
) -> Iterator[Document]:
    if source_format == "iob":
        count = sentences_per_document
        return read_iob(source, report, inside=inside, sentences_per_document=count)
    if source_format == "brat":
        return read_brat(source, report, inside=inside, discontinuous=discontinuous)
    return _PLAIN_READERS[source_format](source, report, inside=inside)


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
    seen: dict[bytes, set[tuple[TextSpan, ...]]] = {}
    for document in documents:
        digest = hashlib.sha256(document.text.encode("utf8", "surrogatepass")).digest()
        spans = tuple(sorted(document.spans))
        known = seen.setdefault(digest, set())
        if spans in known:
            report.duplicates += 1
            report.noted("document that repeats an earlier one, left out", document.where)
            continue
        if known:
            report.noted(SAME_TEXT, document.where)
        known.add(spans)
        yield document


def _with_labels(
    documents: Iterable[Document],
    report: ConversionReport,
    label: str | None,
    map_labels: Mapping[str, str],
) -> Iterator[Document]:
    met: set[str] = set()
    for document in documents:
        spans = []
        for span in document.spans:
            met.add(span.label)
            name = map_labels.get(span.label, span.label) if label is None else label
            if name:
                spans.append(replace(span, label=name))
            else:
                report.noted(LABEL_DROPPED, span.where)
        yield replace(document, spans=tuple(spans))
    unknown = sorted(set(map_labels) - met)
    if unknown:
        raise ConfigError(
            where="convert(map_labels=...)",
            found=f"labels that the corpus does not have: {', '.join(unknown)}",
            wanted=f"some of {', '.join(sorted(met)) or 'none'}",
        )


def _english() -> Language:
    nlp = spacy.blank("en")
    nlp.tokenizer = make_clinical_tokenizer()(nlp)
    return nlp
