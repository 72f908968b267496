"""ChemProt and GAD: a sentence with one marked pair, and the one relation that the pair has.

    {"text": "<< EGFR >> inhibitors such as [[ gefitinib ]] ...", "label": "INHIBITOR"}

    index<tab>sentence<tab>label
    10047461.T5.T19<tab>@CHEMICAL$ activates @GENE$.<tab>CPR:3

    @GENE$ is associated with @DISEASE$.<tab>1

ChemProt as JSON lines (13 relations; SciBERT's release) or as BLUE's train, dev and test.tsv (five
groups of relations, and `false`); scores of the two don't compare. GAD as BioBERT's folds:
train.tsv without a header, test.tsv with one. The pair's marks stay in the text, as published
models read them. `<< >>` can't become @CHEMICAL$ or @GENE$: it marks the first of the pair,
whichever that is.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.source_files import SourceFile, read_sources
from spacy_modernbert_bio.corpora.tables import csv_rows
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

CHEMPROT_LABELS = (
    "ACTIVATOR",
    "AGONIST",
    "AGONIST-ACTIVATOR",
    "AGONIST-INHIBITOR",
    "ANTAGONIST",
    "DOWNREGULATOR",
    "INDIRECT-DOWNREGULATOR",
    "INDIRECT-UPREGULATOR",
    "INHIBITOR",
    "PRODUCT-OF",
    "SUBSTRATE",
    "SUBSTRATE_PRODUCT-OF",
    "UPREGULATOR",
)
BLUE_LABELS = ("CPR:3", "CPR:4", "CPR:5", "CPR:6", "CPR:9", "false")
GAD_LABELS = ("0", "1")

PAIR_AGAIN = "pair that an earlier row has as well, a document each"

_HEADER = ["index", "sentence", "label"]
_CHEMPROT_SUFFIXES = (".tsv", ".txt", ".jsonl")
_GAD_SUFFIXES = (".tsv",)
_MARKS = re.compile(r"<< | >>|\[\[ | \]\]")


def read_chemprot(
    path: Path, report: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """Sentences of ChemProt, JSON lines or BLUE's TSV; a file's first character tells which.

    report: counts pairs that stand twice, as those with two relations; inside: see `read_sources`.
    An id is BLUE's index, or file and line; a group is the abstract, or the sentence without marks.
    Raises CorpusError, with file and line, for a row of another form, a sentence without text or
    without a marked pair, and a relation that the release does not have.
    """
    report = ConversionReport() if report is None else report
    for source in read_sources(path, _CHEMPROT_SUFFIXES, inside=inside):
        read = _chemprot_json if source.text.lstrip().startswith("{") else _chemprot_blue
        seen: dict[str, str] = {}
        for document in read(source):
            key = f"{document.group} {document.text}"
            if seen.setdefault(key, document.where) != document.where:
                report.noted(PAIR_AGAIN, document.where)
            yield document


def read_gad(
    path: Path, _: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """Sentences of GAD, with "1" where gene and disease are associated and "0" where not.

    inside: see `read_sources`. There is nothing to report.
    An id is the file's stem with the row's index, or its line. A group is the sentence.
    Raises CorpusError, with file and line, for a row of another form, a sentence without text and
    another label.
    """
    for source in read_sources(path, _GAD_SUFFIXES, inside=inside):
        has_header = False
        for number, line in number_lines(source.text):
            where = f"{source.where}:{number}"
            cells = line.split("\t")
            if number == 1 and cells == _HEADER:
                has_header = True
                continue
            if len(cells) != 2 + has_header:
                raise CorpusError(
                    where=where,
                    found=f"{len(cells)} columns",
                    wanted="index, sentence and label" if has_header else "sentence and label",
                )
            name = f"{source.stem}-{cells[0] if has_header else number}"
            sentence, label = cells[-2:]
            yield _document(name, sentence, label, where, GAD_LABELS, sentence)


def _chemprot_json(source: SourceFile) -> Iterator[Document]:
    for number, line in number_lines(source.text):
        where = f"{source.where}:{number}"
        row = _object(line)
        text, label = row.get("text"), row.get("label")
        if not isinstance(text, str) or not isinstance(label, str):
            raise CorpusError(
                where=where,
                found="a line of another form",
                wanted='{"text": "...", "label": "..."}',
            )
        # Each of the four; a chemical's own name may have brackets as well.
        if not {*_MARKS.findall(text)} >= {"<< ", " >>", "[[ ", " ]]"}:
            raise CorpusError(
                where=where, found="a sentence without a marked pair", wanted="<< a >> and [[ b ]]"
            )
        sentence = _MARKS.sub("", text)
        yield _document(f"{source.stem}-{number}", text, label, where, CHEMPROT_LABELS, sentence)


def _chemprot_blue(source: SourceFile) -> Iterator[Document]:
    lines = io.StringIO(source.text, newline="")
    if next(csv.reader(lines, delimiter="\t"), []) != _HEADER:
        raise CorpusError(
            where=f"{source.where}:1",
            found="no JSON object, and not the names of BLUE's columns",
            wanted="JSON lines, or a first line with index, sentence and label",
        )
    lines.seek(0)
    for number, row in csv_rows(lines, source.where, delimiter="\t"):
        where = f"{source.where}:{number}"
        index = row["index"].strip()
        yield _document(
            index, row["sentence"], row["label"], where, BLUE_LABELS, index.partition(".")[0]
        )


def _object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    return row if isinstance(row, dict) else {}


def _document(
    name: str, text: str, label: str, where: str, labels: tuple[str, ...], group: str
) -> Document:
    if not text.strip() or label.strip() not in labels:
        raise CorpusError(
            where=where,
            found="a sentence without text, or a relation that is not one of the corpus",
            wanted=f"a sentence, and one of {', '.join(labels)}",
        )
    # A sentence is no name to go by: its digest keeps the text out of what is printed.
    short = sha256(group.encode("utf8", "surrogatepass")).hexdigest()[:16]
    return Document(
        name, text, where=where, categories=(label.strip(),), label_set=labels, group=short
    )
