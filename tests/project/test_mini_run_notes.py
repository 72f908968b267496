"""De-identification and labels, end to end, with a few steps: all that is declared is made."""

import json
from pathlib import Path

import pytest
import spacy

from tests.project.mini import FEW, check_outputs, copy_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("projects"))


@pytest.mark.slow
def test_phi_is_learnt_hidden_and_audited_from_end_to_end(folder: Path) -> None:
    changes = FEW | {"notes": 40, "heldout_notes": 6, "steps": 80, "eval_frequency": 80}
    changes |= {"max_words": 150, "vocab_size": 600, "target_recall": 0.5}
    check_outputs(folder, "deid", changes, "mini")
    original = (folder / "assets" / "phi_note.txt").read_text()
    released = json.loads((folder / "metrics" / "phi_note.jsonl").read_text())
    assert released["text"] != original
    assert "No leak found in 1 note." in (folder / "metrics" / "phi_audit.html").read_text()


@pytest.mark.slow
def test_labels_are_learnt_and_their_evidence_is_shown_from_end_to_end(folder: Path) -> None:
    changes = FEW | {
        "gradient_checkpointing": True,
        "findings": 60,
        "heldout_findings": 12,
        "max_finding_words": 100,
    }
    changes |= {"steps": 30, "eval_frequency": 30, "vocab_size": 600}
    check_outputs(folder, "phenotype", changes, "mini")
    figures = json.loads((folder / "metrics" / "long_context.json").read_text())
    assert len(figures["notes"]) == 12
    doc = spacy.load(folder / "training" / "phenotype" / "calibrated")("Known gout.")
    assert set(doc.cats) == {"GLAUCOMA", "GOUT", "MIGRAINE", "PSORIASIS"}


@pytest.mark.slow
def test_relations_are_learnt_and_scored_from_end_to_end(folder: Path, tmp_path: Path) -> None:
    """On made sentences in ChemProt's format, of which no label is left out."""
    verbs = {"INHIBITOR": "inhibits", "ACTIVATOR": "activates"}
    (tmp_path / "chemprot").mkdir()
    for part, count in {"train": 60, "dev": 8, "test": 8}.items():
        rows = [
            {"text": f"In trial {part} {n} << drug >> {verb} [[ target ]] .", "label": label}
            for n in range(count)
            for label, verb in verbs.items()
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "chemprot" / f"{part}.txt").write_text(lines)
    changes = FEW | {"assets": str(tmp_path), "vocab_size": 300, "steps": 40, "eval_frequency": 40}
    changes |= {"relation_corpus": "configs/corpora/chemprot.cfg", "left_out": ""}
    check_outputs(folder, "relation", changes, "mini")
    figures = json.loads((folder / "metrics" / "relation.json").read_text())
    assert figures["exclusive"]
    assert figures["excluded_labels"] == []
    assert figures["documents"] == 16
