"""Leaks counted by identifier and kind, with places and without values."""

import json

from spacy_modernbert_bio.deid.leak_report import LeakReport
from spacy_modernbert_bio.deid.leaks import KINDS, find_leaks


def make_report() -> LeakReport:
    report = LeakReport()
    originals = [("PATIENT", "Zebrowski"), ("PROFESSION", "plumber"), ("PHONE", "617-555-0198")]
    report.add("out.jsonl:1", find_leaks("Zebrowski, ZEBROWSKI, 6175550198", originals))
    report.add("out.jsonl:2", find_leaks("nothing", originals))
    report.add("out.jsonl:3", find_leaks("a Plumber", originals))
    return report


def test_leaks_are_counted_by_identifier_and_kind() -> None:
    rows = make_report().rows()
    assert [row.number for row in rows] == [*range(1, 19), None]
    counted = {row.number: {k: n for k, n in row.by_kind.items() if n} for row in rows if row.leaks}
    assert counted == {1: {"exact": 1, "folded": 1}, 4: {"digits": 1}, None: {"folded": 1}}
    assert all([*row.by_kind] == [*KINDS] for row in rows)


def test_a_report_is_plain_data_without_values() -> None:
    plain = make_report().to_dict()
    assert (plain["notes"], plain["notes_with_leaks"], plain["leaks"]) == (3, 2, 4)
    assert plain["by_kind"] == dict.fromkeys(KINDS, 0) | {"exact": 1, "folded": 2, "digits": 1}
    assert plain["by_label"] == {"PATIENT": 2, "PHONE": 1, "PROFESSION": 1}
    assert len(plain["by_safe_harbor_identifier"]) == 18
    assert plain["not_safe_harbor"]["leaks"] == 1
    first, second = plain["places"]
    assert first["where"] == "out.jsonl:1"
    assert first["leaks"][0] == {
        "kind": "exact",
        "label": "PATIENT",
        "identifier": 1,
        "start": 0,
        "stop": 9,
    }
    assert second["where"] == "out.jsonl:3"
    shown = (json.dumps(plain) + repr(make_report())).lower()
    assert not any(value in shown for value in ("zebrowski", "plumber", "0198"))


def test_no_notes_have_no_leaks() -> None:
    assert LeakReport().leaks == 0
    assert LeakReport().to_dict()["places"] == []
