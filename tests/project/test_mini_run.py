"""Entities and pretraining, end to end, with a few steps: all that is declared is made."""

import re
from pathlib import Path

import pytest
import spacy

from spacy_modernbert_bio.cli.settings import check_settings
from spacy_modernbert_bio.components.coverage import Coverage
from tests.project.mini import FEW, check_outputs, copy_project, run_in_processes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("projects"))


@pytest.mark.slow
def test_entities_are_learnt_from_end_to_end(folder: Path) -> None:
    assert "invented" in check_outputs(folder, "ner", FEW, "mini")
    doc = spacy.load(folder / "training" / "ner" / "calibrated")("No ataxia.")
    assert doc._.trf_data is None
    assert isinstance(doc._.modernbert_coverage, Coverage)
    assert doc._.modernbert_coverage.whole


@pytest.mark.slow
def test_an_encoder_is_pretrained_and_fine_tuning_takes_it(folder: Path) -> None:
    short = (folder / "configs" / "pretrain" / "mini.cfg").read_text()
    for key in ("length", "warmup"):
        short = re.sub(rf'^{key} = ".*"$', f'{key} = "2 steps"', short, flags=re.MULTILINE)
    (folder / "configs" / "pretrain" / "short.cfg").write_text(short)
    changes = {"pretraining": "configs/pretrain/short.cfg", "run": "short", "width": 32}
    changes |= {"vocab_size": 400}
    check_outputs(folder, "pretrain", changes, "short", run_in_processes)
    page = (folder / "metrics" / "pretrain_short.html").read_text()
    assert "Complete: clm, mlm." in page
    check_settings([f"encoder={folder / 'pretraining' / 'short' / 'encoder'}"])
