"""What was done, in numbers, and not a word of the note."""

import json

import pytest

from spacy_modernbert_bio.deid.audit import Audit, count_replacements, identifier_of
from spacy_modernbert_bio.deid.labels import LABELS, NOT_SAFE_HARBOR
from spacy_modernbert_bio.deid.replace import Replacement
from spacy_modernbert_bio.errors import PolicyError

SECRET = "Zebrowski"
REPLACEMENTS = (
    Replacement(0, 9, f"[{SECRET}]", "PATIENT", "redact", ("known", "model", "model")),
    Replacement(20, 29, SECRET, "PATIENT", "redact", ("repeat",)),
    Replacement(40, 50, "2019", "DATE", "generalise", ("rules:date",)),
    Replacement(60, 70, "[PROFESSION]", "PROFESSION", "redact", ("model",)),
)


def test_replacements_are_counted_by_label_action_source_and_identifier() -> None:
    audit = count_replacements(REPLACEMENTS)
    assert audit.replacements == 4
    assert audit.by_label == {"PATIENT": 2, "DATE": 1, "PROFESSION": 1}
    assert audit.by_action == {"redact": 3, "generalise": 1}
    assert audit.by_source == {"known": 1, "model": 2, "repeat": 1, "rules:date": 1}
    assert {k: v for k, v in audit.by_identifier.items() if v} == {1: 2, 3: 1, None: 1}
    assert len(audit.by_identifier) == 19


def test_an_audit_holds_no_value() -> None:
    audit = count_replacements(REPLACEMENTS)
    shown = repr(audit) + json.dumps(audit.to_dict())
    assert SECRET not in shown
    assert "2019" not in shown


def test_an_audit_is_plain_data_with_all_18_identifiers() -> None:
    plain = count_replacements(REPLACEMENTS).to_dict()
    rows = plain["by_safe_harbor_identifier"]
    assert [row["number"] for row in rows] == list(range(1, 19))
    assert rows[0] == {"number": 1, "name": "names", "replacements": 2}
    assert plain["not_safe_harbor"] == 1
    assert list(plain["by_label"]) == ["DATE", "PATIENT", "PROFESSION"]


def test_audits_of_notes_add_up_to_the_audit_of_all() -> None:
    first, last = count_replacements(REPLACEMENTS[:1]), count_replacements(REPLACEMENTS[1:])
    assert first + last == count_replacements(REPLACEMENTS)
    assert Audit() + first == first
    assert count_replacements(()) == Audit()


def test_every_label_is_of_an_identifier_or_known_to_be_of_none() -> None:
    assert {label for label in LABELS if identifier_of(label) is None} == {*NOT_SAFE_HARBOR}


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(PolicyError, match="found 'DRUG'; wanted one of NAME"):
        identifier_of("DRUG")
    with pytest.raises(PolicyError, match="found 'DRUG'; wanted one of NAME"):
        count_replacements([Replacement(0, 1, "", "DRUG", "redact")])
