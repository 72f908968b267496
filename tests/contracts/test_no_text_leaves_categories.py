"""No reader of texts with categories tells what it stumbled over, wherever it is damaged."""

import json
import re
from collections.abc import Iterator

import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.formats.delimited import read_rows
from spacy_modernbert_bio.corpora.formats.hoc import read_hoc
from spacy_modernbert_bio.corpora.formats.mimic_phenotype import PHENOTYPES, read_mimic_phenotype
from spacy_modernbert_bio.corpora.formats.mtsamples import read_mtsamples
from spacy_modernbert_bio.corpora.formats.relations import read_chemprot, read_gad
from spacy_modernbert_bio.errors import ModernBertBioError
from tests.contracts.planted import chain

SECRET = "Zebrowski"
FLAGS = f"ROW_ID,SUBJECT_ID,NONE,{','.join(PHENOTYPES)}\n1,2,1{',0' * 14}\n"
# What stands beside the file that is damaged.
BESIDE = {
    "text/a.txt": "Acute pain .\nNone since .\n",
    "labels/a.txt": "<Resisting cell death--Apoptosis < NULL",
    "flags.csv": FLAGS,
    "notes.csv": 'TEXT,ROW_ID\n"Acute pain",1\n',
}


def mimic(path, report):
    folder = path.parent
    return read_mimic_phenotype(folder / "flags.csv", report, notes=folder / "notes.csv")


def hoc(path, report):
    return read_hoc(path.parents[1], report)


# One small source of each format. A label is a name of the corpus's scheme, and may be told.
CORPORA = {
    "csv": (read_rows, "a.csv", "id,text,labels\n1,Acute pain now,Pain\n2,None,Pain\n"),
    "tsv": (read_rows, "a.tsv", 'id\ttext\tlabels\n1\t"Acute pain"\t["Pain"]\n2\tx\tPain\n'),
    "jsonl": (
        read_rows,
        "a.jsonl",
        '{"id": 1, "text": "Acute pain", "labels": "Pain"}\n{"text": "x", "labels": ["Pain"]}\n',
    ),
    "hoc, labels": (hoc, "labels/a.txt", BESIDE["labels/a.txt"]),
    "hoc, text": (hoc, "text/a.txt", BESIDE["text/a.txt"]),
    "chemprot, lines": (
        read_chemprot,
        "a.txt",
        '{"text": "<< Acute >> and [[ pain ]]", "label": "INHIBITOR"}\n',
    ),
    "chemprot, table": (
        read_chemprot,
        "a.tsv",
        "index\tsentence\tlabel\n1.T1\tAcute pain\tCPR:3\n1.T2\tx\tfalse\n",
    ),
    "gad": (read_gad, "a.tsv", "index\tsentence\tlabel\n1\tAcute pain\t1\n2\tNone\t0\n"),
    "mimic, labels": (mimic, "flags.csv", FLAGS),
    "mimic, notes": (mimic, "notes.csv", BESIDE["notes.csv"]),
    "mtsamples": (
        read_mtsamples,
        "a.txt",
        "Medical Specialty:Pain\nAcute pain now\nKeywords: x\n",
    ),
}


def damages(content: str) -> Iterator[str]:
    """The content with the secret in the place of each word or mark, and beside it."""
    for place in re.finditer(r"[\w.]+|[^\w\s]|[\t\n]", content):
        for damage in (
            SECRET,
            f'"{SECRET}',
            f"\t{SECRET}",
            f",{SECRET}",
            f"\n{SECRET}\n",
            "\0",
            "",
        ):
            if "Pain" not in place.group():
                yield content[: place.start()] + damage + content[place.end() :]
                yield content[: place.end()] + damage + content[place.end() :]


@pytest.mark.parametrize("name", CORPORA)
def test_no_reader_of_categories_tells_what_it_stumbled_over(name, tmp_path):
    read, file_name, content = CORPORA[name]
    for beside, text in BESIDE.items():
        (tmp_path / beside).parent.mkdir(exist_ok=True)
        (tmp_path / beside).write_text(text)
    refusals, reports = [], []
    for damaged in damages(content):
        (tmp_path / file_name).write_text(damaged)
        report = ConversionReport()
        try:
            for _ in read(tmp_path / file_name, report):
                pass
        except ModernBertBioError as error:
            refusals.append(chain(error))
        reports.append(json.dumps([report.event_rows(), report.to_dict()]))
    assert refusals
    assert SECRET not in "".join(refusals)
    assert SECRET not in "".join(reports)
