"""What the tests of `modernbert-bio deidentify` share."""

import json
from pathlib import Path

from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app

SECRET = "Zorblatt"
NOTE = f"Mr. {SECRET} seen 3/14/2019, MRN: 0485921."
CLEAN = "Mr. [PATIENT] seen 2019, MRN: [MEDICALRECORD]."
KEY = "a secret of more than sixteen bytes"


def run(*arguments, **environment):
    return CliRunner().invoke(
        app,
        ["deidentify", *map(str, arguments)],
        env={"MODERNBERT_BIO_KEY": None, **environment},
    )


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def write_lines(path: Path, *records: dict) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf8")
    return path
