import re
import time
from datetime import date

import pytest

from spacy_modernbert_bio.deid import deidentify as deidentify_module
from spacy_modernbert_bio.deid import operators
from spacy_modernbert_bio.deid.deidentify import Deidentified, deidentify, withhold
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.labels import CATEGORIES
from spacy_modernbert_bio.deid.operators import Context
from spacy_modernbert_bio.deid.policy import ACTIONS, PROFILES, Action, Policy, load_policy
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import CoverageError, PolicyError

KEY = Key(b"a secret of a test, 32 bytes long").patient("7")


REDACT = Policy("own", dict.fromkeys(CATEGORIES, "redact"), "a test")


def span(note: str, original: str, label: str, *sources: str) -> PhiSpan:
    start = note.index(original)
    return PhiSpan(start, start + len(original), label, sources or ("model",))


def done(note: str, *found: tuple[str, str], policy: Policy = REDACT) -> Deidentified:
    return deidentify(note, [span(note, *each) for each in found], policy, key=KEY)


NOTE = "Mr. John Smith, 93 y/o, MRN 0485921, seen 03/14/2019 in Boston, MA 02139. Smith stable."
FOUND = [
    ("John Smith", "PATIENT"),
    ("93 y/o", "AGE"),
    ("0485921", "MEDICALRECORD"),
    ("03/14/2019", "DATE"),
    ("Boston", "CITY"),
    ("MA", "STATE"),
    ("02139", "ZIP"),
]


def test_safe_harbor_leaves_what_the_rule_leaves() -> None:
    result = done(NOTE, *FOUND, policy=load_policy("safe_harbor"))
    assert result.text == (
        "Mr. [PATIENT], 90+ y/o, MRN [MEDICALRECORD], seen 2019 in [CITY], MA 021. "
        "[PATIENT] stable."
    )
    assert result.notice == load_policy("safe_harbor").notice


def test_a_limited_data_set_leaves_dates_and_places() -> None:
    result = done(NOTE, *FOUND, policy=load_policy("limited_data_set"))
    assert result.text == (
        "Mr. [PATIENT], 93 y/o, MRN [MEDICALRECORD], seen 03/14/2019 in Boston, MA 02139. "
        "[PATIENT] stable."
    )


def test_surrogates_agree_and_dates_move() -> None:
    result = done(NOTE, *FOUND, policy=load_policy("surrogate"))
    names = re.match(r"Mr\. (\S+) (\S+), 90\+ y/o, MRN \d{7}, seen ../../.... in ", result.text)
    assert names
    assert result.text.endswith(f". {names[2]} stable.")
    assert not {"john", "smith", "0485921", "boston"} & set(re.findall(r"\w+", result.text.lower()))


def test_replacements_are_in_order_and_tell_their_sources() -> None:
    result = done(NOTE, *FOUND)
    assert [each.label for each in result.replacements] == [
        *("PATIENT", "AGE", "MEDICALRECORD", "DATE", "CITY", "STATE", "ZIP", "PATIENT")
    ]
    assert [each.sources for each in result.replacements] == [("model",)] * 7 + [("repeat",)]
    assert result.audit.by_source == {"model": 7, "repeat": 1}
    assert result.audit.by_action == {"redact": 8}


def test_a_span_inside_of_a_token_is_replaced_by_its_characters() -> None:
    result = done("see chartMRN0485921.", ("0485921", "MEDICALRECORD"))
    assert result.text == "see chartMRN[MEDICALRECORD]."


def test_spans_of_several_sources_become_one() -> None:
    note = "Dr. Jane Roe"
    spans = [span(note, "Jane Roe", "PATIENT"), span(note, "Roe", "DOCTOR", "known")]
    result = deidentify(note, spans, REDACT)
    assert result.text == "Dr. [PATIENT]"
    assert result.replacements[0].sources == ("known", "model")


KEPT = [("Boston by Jane Roe", "CITY"), ("Roe", "DOCTOR")]


def test_what_is_kept_hides_no_name_that_was_found_in_it() -> None:
    note = "Seen in Boston by Jane Roe, Roe Clinic."
    result = done(note, *KEPT, policy=load_policy("limited_data_set"))
    assert result.text == "Seen in Boston by Jane [DOCTOR], [DOCTOR] Clinic."
    actions: dict[str, Action] = {**dict.fromkeys(CATEGORIES, "redact"), "HOSPITAL": "keep"}
    kept = Policy("own", actions, "a test")
    found = [("Roe Clinic", "HOSPITAL"), ("Roe", "DOCTOR")]
    assert (
        done(note, *found, policy=kept).text == "Seen in Boston by Jane [DOCTOR], [DOCTOR] Clinic."
    )


def test_a_name_inside_of_an_age_goes() -> None:
    found = [("45 y/o Roe", "AGE"), ("Roe", "PATIENT")]
    policy = load_policy("safe_harbor")
    assert done("A 45 y/o Roe", *found, policy=policy).text == "A 45 y/o [PATIENT]"


def test_what_a_longer_span_took_in_is_looked_for_and_no_surrogate() -> None:
    note = "Roe Clinic. Roe rests."
    found = [("Roe Clinic", "HOSPITAL"), ("Roe", "PATIENT")]
    assert done(note, *found).text == "[HOSPITAL]. [PATIENT] rests."
    assert "roe" not in done(note, *found, policy=load_policy("surrogate")).text.lower()


def test_no_surrogate_is_what_another_action_removed() -> None:
    actions: dict[str, Action] = {**dict.fromkeys(CATEGORIES, "redact"), "DOCTOR": "surrogate"}
    policy = Policy("own", actions, "a test")
    (first,) = done("Dr. Roe", ("Roe", "DOCTOR"), policy=policy).replacements
    result = done(f"Dr. Roe, {first.new}", ("Roe", "DOCTOR"), (first.new, "PATIENT"), policy=policy)
    assert first.new.lower() not in result.text.lower()
    assert result.text.endswith("[PATIENT]")


def test_what_an_overlap_leaves_of_a_span_keeps_its_blanks() -> None:
    note = "10/14/1996 at 1908 Shore Ln"
    found = [("10/14/1996 at 1908", "DATE"), ("1908 Shore Ln", "STREET")]
    assert done(note, *found).text == "[DATE] [STREET]"


def test_blanks_at_the_ends_of_a_span_stay() -> None:
    note = "Name:\tRoe\r\nMRN"
    assert deidentify(note, [PhiSpan(5, 11, "PATIENT")], REDACT).text == "Name:\t[PATIENT]\r\nMRN"
    assert deidentify(note, [PhiSpan(9, 11, "PATIENT")], REDACT).text == note


@pytest.mark.parametrize("note", ["", " \n", "No PHI."])
def test_a_note_without_spans_stays(note: str) -> None:
    result = deidentify(note, [], load_policy("safe_harbor"))
    assert (result.text, result.replacements, result.audit.replacements) == (note, (), 0)


def test_a_missing_year_is_the_notes() -> None:
    """February 29 is a date in 2020 only."""
    note = "On 2/29, 03/01/2020 and 04/01/2020; born 1/1/1950"
    found = [("2/29", "DATE"), ("03/01/2020", "DATE"), ("04/01/2020", "DATE"), ("1/1/1950", "DATE")]
    assert "[DATE]" not in done(note, *found, policy=load_policy("surrogate")).text
    last_year = [(original.replace("2020", "2019"), label) for original, label in found]
    result = done(note.replace("2020", "2019"), *last_year, policy=load_policy("surrogate"))
    assert result.text.startswith("On [DATE], ")


def test_a_year_is_judged_by_the_latest_full_date() -> None:
    note = "Born 03/14/1929, 01/02/1929. Seen 03/14/2019."
    found = [(each, "DATE") for each in ("03/14/1929", "01/02/1929", "03/14/2019")]
    result = done(note, *found, policy=load_policy("safe_harbor"))
    assert result.text == "Born [DATE], [DATE]. Seen 2019."


def test_a_note_that_was_not_read_whole_is_refused() -> None:
    with pytest.raises(CoverageError, match=r"found a note of which not every token was read; wan"):
        deidentify(NOTE, [], REDACT, whole=False)


@pytest.mark.parametrize("action", ["hash", "surrogate", "shift"])
def test_no_key_is_an_error_and_never_a_default(action: Action) -> None:
    actions: dict[str, Action] = {**dict.fromkeys(CATEGORIES, "redact"), "DATE": "redact"}
    actions["DATE" if action == "shift" else "NAME"] = action
    with pytest.raises(PolicyError, match=r"policy own: found no key; wanted the patient's key"):
        deidentify(NOTE, [], Policy("own", actions, "a test"))


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (0, 99), (5, 4)])
def test_a_span_outside_of_the_note_is_refused(start: int, stop: int) -> None:
    with pytest.raises(
        PolicyError, match=rf"found a span from {start} to {stop}; wanted spans ins"
    ):
        deidentify("Jane Roe", [PhiSpan(start, stop, "PATIENT")], REDACT)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"found 'DISEASE'; wanted one of"):
        deidentify("Jane Roe", [PhiSpan(0, 4, "DISEASE")], REDACT)


def test_a_withheld_note_holds_nothing_and_says_why() -> None:
    result = withhold("found 3 of 4 pieces read", REDACT)
    assert (result.text, result.replacements) == ("[NOTE WITHHELD]", ())
    assert result.withheld == "found 3 of 4 pieces read"
    assert not deidentify("", [], REDACT).withheld


def shown(error: BaseException | None) -> str:
    """All that a log can show of an error and of what led to it, suppressed or not."""
    told = ""
    while error is not None:
        told += repr(error) + str(error) + repr(vars(error))
        error = error.__cause__ or error.__context__
    return told


def crash(original: str, context: Context) -> str:
    raise RuntimeError(f"cannot read {original}")


@pytest.mark.parametrize("action", ACTIONS)
def test_an_operator_that_breaks_tells_no_text(
    action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = {"shift": "DATE", "generalise": "ZIP"}.get(action, "PATIENT")
    policy = Policy("own", {**dict.fromkeys(CATEGORIES, "redact"), label: action}, "a test")
    monkeypatch.setitem(operators.OPERATORS, action, crash)  # type: ignore[arg-type]
    note = "Seen: Zebrowski"
    if action == "keep":
        assert deidentify(note, [span(note, "Zebrowski", label)], policy).text == note
        return
    with pytest.raises(PolicyError) as caught:
        deidentify(note, [span(note, "Zebrowski", label)], policy, key=KEY)
    assert f"label {label}, action {action}: found RuntimeError while it ran" in str(caught.value)
    assert "Zebrowski" not in shown(caught.value)


@pytest.mark.parametrize(
    "stage", ["merge_spans", "find_repeats", "note_year", "apply", "count_replacements"]
)
def test_a_stage_that_breaks_tells_no_text(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash_here(*arguments: object, **options: object) -> None:
        raise KeyError(NOTE)

    monkeypatch.setattr(deidentify_module, stage, crash_here)
    with pytest.raises(PolicyError) as caught:
        done(NOTE, *FOUND)
    assert "deidentify: found KeyError while it ran; wanted a replacement" in str(caught.value)
    assert "Smith" not in shown(caught.value)


def test_a_repr_shows_no_text() -> None:
    result = done(NOTE, *FOUND)
    assert "Smith" not in repr(result) + repr(result.replacements) + repr(result.audit)


def test_the_day_of_the_run_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    policies = [load_policy(name) for name in PROFILES]
    before = [done(NOTE + " 3/14", *FOUND, policy=policy).text for policy in policies]

    def no_clock() -> float:
        raise AssertionError("somebody asked the clock")

    monkeypatch.setattr(time, "time", no_clock)
    with pytest.raises(AssertionError):
        date.today()
    after = [done(NOTE + " 3/14", *FOUND, policy=policy).text for policy in policies]
    assert before == after
