"""No reader of texts with categories tells what it stumbled over, wherever it is damaged."""

import pytest

from spacy_modernbert_bio.corpora.formats.delimited import read_rows
from spacy_modernbert_bio.corpora.formats.hoc import read_hoc
from spacy_modernbert_bio.corpora.formats.mimic_phenotype import PHENOTYPES, read_mimic_phenotype
from spacy_modernbert_bio.corpora.formats.mtsamples import read_mtsamples
from spacy_modernbert_bio.corpora.formats.relations import read_chemprot, read_gad
from tests.contracts.damaged import damages, read_all

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


# Words and marks, and what comes in their place.
PLACES = r"[\w.]+|[^\w\s]|[\t\n]"
INSERTED = (SECRET, f'"{SECRET}', f"\t{SECRET}", f",{SECRET}", f"\n{SECRET}\n", "\0", "")


@pytest.mark.parametrize("name", CORPORA)
def test_no_reader_of_categories_tells_what_it_stumbled_over(name, tmp_path):
    read, file_name, content = CORPORA[name]
    for beside, text in BESIDE.items():
        (tmp_path / beside).parent.mkdir(exist_ok=True)
        (tmp_path / beside).write_text(text)
    damaged = damages(content, PLACES, INSERTED)
    refusals, reports = read_all(read, tmp_path / file_name, damaged)
    assert refusals
    assert SECRET not in "".join(refusals)
    assert SECRET not in "".join(reports)
