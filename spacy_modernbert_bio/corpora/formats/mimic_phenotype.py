"""Phenotypes of MIMIC-III's notes: a table of labels, joined to the notes by their ROW_ID.

    ACTdb102003.csv   SUBJECT_ID, HADM_ID, ROW_ID, ADVANCED.CANCER, ..., NONE, UNSURE, OPERATOR, ...
    NOTEEVENTS.csv    ROW_ID, SUBJECT_ID, ..., TEXT

Sources: https://physionet.org/content/phenotype-annotations-mimic/1.20.03/ (Moseley et al. 2020)
and MIMIC-III 1.4, both under a data use agreement; nothing of them comes with this package. The
notes' file of 4 GB is streamed, up to the last note that is wanted; those are held in memory.

As in the benchmark of BioClinical ModernBERT (arXiv 2506.10896), a row is a document: notes that
two people annotated come twice, named `ROW_ID` and `ROW_ID-2`. For its figures, convert with the
split `phenotype` and keep duplicates; the split `seeded` keeps the rows of a patient together.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.tables import csv_rows, text_lines
from spacy_modernbert_bio.errors import CorpusError

# 13 phenotypes, and what the annotator was not sure of; in the benchmark's order.
PHENOTYPES = (
    "ADVANCED.CANCER",
    "ADVANCED.HEART.DISEASE",
    "ADVANCED.LUNG.DISEASE",
    "ALCOHOL.ABUSE",
    "CHRONIC.NEUROLOGICAL.DYSTROPHIES",
    "CHRONIC.PAIN.FIBROMYALGIA",
    "DEMENTIA",
    "DEPRESSION",
    "DEVELOPMENTAL.DELAY.RETARDATION",
    "NON.ADHERENCE",
    "OBESITY",
    "OTHER.SUBSTANCE.ABUSE",
    "SCHIZOPHRENIA.AND.OTHER.PSYCHIATRIC.DISORDERS",
    "UNSURE",
)

CONTRADICTION = "row with NONE and a phenotype, left out as published"
NEITHER = "row with neither NONE nor a phenotype, read as one without"
ANNOTATED_AGAIN = "row of a note that an earlier row has, a document of its own"

_NONE = "NONE"
_ROW, _SUBJECT, _TEXT = "ROW_ID", "SUBJECT_ID", "TEXT"


@dataclass(frozen=True)
class _Annotation:
    """One row of labels. note: its ROW_ID, name: that of its document, group: its patient."""

    note: str
    name: str
    group: str
    categories: tuple[str, ...]
    where: str


def read_mimic_phenotype(
    path: Path, report: ConversionReport | None = None, *, notes: Path
) -> Iterator[Document]:
    """A document for each row of labels that does not contradict itself, in their order.

    path: ACTdb102003.csv. notes: NOTEEVENTS.csv, plain or gzip.
    report: counts the rows left out, and notes annotated more than once.
    Raises CorpusError, with file and line, for a missing column, a label that is not 0 or 1, and
    rows without their note.
    """
    report = ConversionReport() if report is None else report
    annotations = _read_annotations(path, report)
    texts = _read_notes(notes, {annotation.note for annotation in annotations})
    missing = [annotation for annotation in annotations if annotation.note not in texts]
    if missing:
        raise CorpusError(
            where=missing[0].where,
            found=f"{len(missing)} rows of {len(annotations)} whose note is not in {notes.name}, "
            f"the first with {_ROW} {missing[0].note}",
            wanted="the NOTEEVENTS.csv of MIMIC-III 1.4, whole",
        )
    for annotation in annotations:
        yield Document(
            annotation.name,
            texts[annotation.note],
            where=annotation.where,
            categories=annotation.categories,
            label_set=PHENOTYPES,
            group=annotation.group,
        )


def _read_annotations(path: Path, report: ConversionReport) -> list[_Annotation]:
    annotations = []
    met: Counter[str] = Counter()
    for line, row in csv_rows(text_lines(path), str(path)):
        _check_columns((_ROW, _SUBJECT, *PHENOTYPES, _NONE), row, path)
        where = f"{path}:{line}"
        flags = {name: row[name].strip() for name in (*PHENOTYPES, _NONE)}
        note, group = row[_ROW].strip(), row[_SUBJECT].strip()
        if not {*flags.values()} <= {"0", "1"} or not note.isdecimal() or not group.isdecimal():
            raise CorpusError(
                where=where,
                found="a label that is not 0 or 1, or an id that is no number",
                wanted=f"0 or 1 in {_NONE} and each phenotype; numbers in {_ROW} and {_SUBJECT}",
            )
        held = tuple(name for name in PHENOTYPES if flags[name] == "1")
        if held and flags[_NONE] == "1":
            report.noted(CONTRADICTION, where)
            continue
        if not held and flags[_NONE] == "0":
            report.noted(NEITHER, where)
        met[note] += 1
        if met[note] > 1:
            report.noted(ANNOTATED_AGAIN, where)
        name = note if met[note] == 1 else f"{note}-{met[note]}"
        annotations.append(_Annotation(note, name, group, held, where))
    return annotations


def _read_notes(path: Path, wanted: set[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    # Closed when the last note was found: millions of rows may follow.
    with closing(text_lines(path)) as lines:
        for line, row in csv_rows(lines, str(path)):
            _check_columns((_ROW, _TEXT), row, path)
            if row[_ROW] not in wanted:
                continue
            if row[_ROW] in texts or not row[_TEXT].strip():
                raise CorpusError(
                    where=f"{path}:{line}",
                    found=f"a note without text, or with the {_ROW} of another",
                    wanted=f"a text, and a {_ROW} of its own",
                )
            texts[row[_ROW]] = row[_TEXT]
            if len(texts) == len(wanted):
                break
    return texts


def _check_columns(names: tuple[str, ...], row: dict[str, str], path: Path) -> None:
    missing = [name for name in names if name not in row]
    if missing:
        raise CorpusError(
            where=f"{path}:1",
            found=f"no column {', '.join(missing)}",
            wanted=f"the columns {', '.join(names)}",
        )
