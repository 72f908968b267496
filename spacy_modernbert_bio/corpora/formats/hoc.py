"""The Hallmarks of Cancer corpus: a file of sentences and a file of their labels for each abstract.

    text/10022889.txt     one tokenized sentence a line
    labels/10022889.txt   < <Resisting cell death--Apoptosis AND Inducing angiogenesis--< NULL

The labels are one line: a `<` before those of each sentence, `AND` between them, `--` between the
levels of the taxonomy. What is read is the top level: the ten hallmarks that published comparisons
score (BLUE, BLURB: by abstract; an abstract has the hallmarks of its sentences). Corpus: Baker et
al. 2016, https://github.com/sb895/Hallmarks-of-Cancer, GPL-3.0; nothing of it is in this package.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.source_files import SourceFile, read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

SUFFIXES = (".txt",)

HALLMARKS = (
    "Activating invasion and metastasis",
    "Avoiding immune destruction",
    "Cellular energetics",
    "Enabling replicative immortality",
    "Evading growth suppressors",
    "Genomic instability and mutation",
    "Inducing angiogenesis",
    "Resisting cell death",
    "Sustaining proliferative signaling",
    "Tumor promoting inflammation",
)

NO_LABEL = "sentence labelled NULL, read as one without a hallmark"
OTHER_FILE = "file that is in no folder `text` or `labels`, passed over"

_NULL = "NULL"
# Some files have no blank behind it. No label's own name has an AND in capitals.
_AND = re.compile(r"\bAND(?=\W|[A-Z])")


def read_hoc(
    path: Path,
    report: ConversionReport | None = None,
    *,
    inside: str = "",
    sentences: bool = False,
) -> Iterator[Document]:
    """Abstracts, named by their PMID, their sentences joined by blanks; or sentence by sentence.

    report: counts sentences without a label of their own; inside: see `read_sources`.
    sentences: a document a sentence, named as BLUE does, `10022889_s0`; its group is the abstract.
    Raises CorpusError, with file and line, for a sentence without text, a label that is no
    hallmark, another number of labels than of sentences, and an abstract with one file only.
    """
    report = ConversionReport() if report is None else report
    texts: dict[str, SourceFile] = {}
    labels: dict[str, SourceFile] = {}
    for source in read_sources(path, SUFFIXES, inside=inside):
        kind = PurePosixPath(source.name).parent.name
        if kind in ("text", "labels"):
            (texts if kind == "text" else labels)[source.stem] = source
        else:
            report.noted(OTHER_FILE, source.where)
    for alone in (
        *(texts[name] for name in texts.keys() - labels.keys()),
        *(labels[name] for name in labels.keys() - texts.keys()),
    ):
        raise CorpusError(
            where=alone.where,
            found="one file of an abstract",
            wanted="text/PMID.txt and labels/PMID.txt",
        )
    if not texts:
        raise CorpusError(where=str(path), found="no abstract", wanted="folders text and labels")
    for name, text in texts.items():
        read = list(zip(*_read_pair(text, labels[name], report), strict=True))
        if sentences:
            for place, (sentence, held, where) in enumerate(read):
                yield _document(f"{name}_s{place}", sentence, held, where, name)
        else:
            held = {label for _, each, _ in read for label in each}
            yield _document(name, " ".join(each for each, _, _ in read), held, text.where, name)


def _document(name: str, text: str, held: set[str], where: str, group: str) -> Document:
    categories = tuple(label for label in HALLMARKS if label in held)
    return Document(
        name, text, where=where, categories=categories, label_set=HALLMARKS, group=group
    )


def _read_pair(
    text: SourceFile, labels: SourceFile, report: ConversionReport
) -> tuple[list[str], list[set[str]], list[str]]:
    """Sentences, the hallmarks of each, and where each is."""
    sentences, places = [], []
    for number, line in number_lines(text.text):
        places.append(f"{text.where}:{number}")
        sentences.append(line.strip())
        if not sentences[-1]:
            raise CorpusError(where=places[-1], found="a sentence without text", wanted="a text")
    before, *groups = labels.text.split("<")
    if before.strip() or len(groups) != len(sentences):
        raise CorpusError(
            where=labels.where,
            found=f"labels of {len(groups)} sentences",
            wanted=f"a `<` before those of each of the {len(sentences)} of the text",
        )
    where = f"{labels.where}:1"
    return sentences, [_hallmarks(group, where, report) for group in groups], places


def _hallmarks(group: str, where: str, report: ConversionReport) -> set[str]:
    held = set()
    for label in _AND.split(group):
        name = label.partition("--")[0].strip()
        if name == _NULL:
            report.noted(NO_LABEL, where)
        elif name in HALLMARKS:
            held.add(name)
        elif label.strip():
            raise CorpusError(
                where=where,
                found="a label that begins with none of the ten hallmarks",
                wanted=f"{_NULL}, or one of {', '.join(HALLMARKS)}",
            )
    return held
