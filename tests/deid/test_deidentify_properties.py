"""What must hold of any note, any spans and any policy."""

import re
from datetime import date, datetime
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.deidentify import Deidentified, deidentify
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.labels import CATEGORIES, LABELS
from spacy_modernbert_bio.deid.operators import TAG
from spacy_modernbert_bio.deid.ordinary_names import ORDINARY
from spacy_modernbert_bio.deid.policy import PROFILES, Action, Policy, load_policy
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.deid.wording import plain

SECRET = Key(b"a secret of a test, 32 bytes long")
KEY, OTHER = SECRET.patient("7"), SECRET.patient("8")


def policy_of(action: Action) -> Policy:
    """The action for all labels that take it; ages and dates are redacted where they don't."""
    odd: dict[str, Action] = {"AGE": "redact", "DATE": "redact"} if action == "surrogate" else {}
    return Policy("own", {**dict.fromkeys(CATEGORIES, action), **odd}, f"under {action}")


PIECES = [
    *("Smith", "SMITH", "John", "john smith", "Smith,John", "Al", "Dr. Lasix", "Will", "will"),
    *("0485921", "048-5921", "617-555-0198", "412", "3/14/2019", "May", "2019", "93", "Ohio"),
    *("chart", "mg", "é", "e\u0301", "Zürich", "ZURICH", "_", "-", ".", ", ", " ", "\n", "\u00a0"),
    *("\u200b", "\r\n", "nurse", "[PATIENT]", "🩺", "Mercy General", "s", "'s"),
]
WORDS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=25)


@st.composite
def found_notes(draw: st.DrawFn) -> tuple[str, list[PhiSpan]]:
    """A note of pieces and blanks; some pieces, and some parts of them, are found."""
    note, spans = "", []
    for piece in draw(WORDS):
        if draw(st.integers(0, 3)) == 0 and piece:
            start = draw(st.integers(0, len(piece) - 1))
            stop = draw(st.integers(start + 1, len(piece))) if draw(st.booleans()) else len(piece)
            start = start if draw(st.booleans()) else 0
            label = draw(st.sampled_from(LABELS))
            spans.append(PhiSpan(len(note) + start, len(note) + stop, label, ("model",)))
        note += piece + draw(st.sampled_from(["", " ", " ", "\n"]))
    return note, spans


def originals_of(note: str, result: Deidentified) -> set[str]:
    """Those that must not stand in the output: see `repeats` for the others."""
    written = {
        note[each.start : each.stop]
        for each in result.replacements
        if each.label != "AGE" and "repeat" not in each.sources
    }
    tags = {plain(word) for label in LABELS for word in (label, *label.split("-"))}
    folded = {" ".join(re.findall(r"[^\W_]+", plain(original))) for original in written}
    return {
        each
        for each in folded
        if len(each.replace(" ", "")) >= 3 and each not in ORDINARY and each not in tags
    }


@pytest.mark.parametrize("action", ["redact", "mask", "hash", "surrogate"])
@settings(max_examples=60)
@given(found=found_notes())
def test_no_original_stands_anywhere_in_the_output(
    action: Action, found: tuple[str, list[PhiSpan]]
) -> None:
    note, spans = found
    result = deidentify(note, spans, policy_of(action), key=KEY)
    words = " ".join(re.findall(r"[^\W_]+", plain(TAG.sub(" | ", result.text))))
    for original in originals_of(note, result):
        assert f" {original} " not in f" {words} "


@settings(max_examples=60)
@given(found=found_notes(), profile=st.sampled_from(PROFILES))
def test_text_outside_of_replacements_is_the_same_bytes(
    found: tuple[str, list[PhiSpan]], profile: str
) -> None:
    note, spans = found
    result = deidentify(note, spans, load_policy(profile), key=KEY)
    borders = [0, *(b for r in result.replacements for b in (r.start, r.stop)), len(note)]
    kept = [(a, b) for a, b in zip(borders[::2], borders[1::2], strict=True) if a < b]
    for start, stop in kept:
        there = result.offsets.to_new(start, stop)
        assert result.text[slice(*there)] == note[start:stop]
        assert result.offsets.to_old(*there) == (start, stop)
    assert len(result.text) == sum(len(r.new) for r in result.replacements) + sum(
        stop - start for start, stop in kept
    )


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=40)
@given(found=found_notes())
def test_doing_it_twice_changes_nothing(profile: str, found: tuple[str, list[PhiSpan]]) -> None:
    note, spans = found
    policy = load_policy(profile)
    once = deidentify(note, spans, policy, key=KEY)
    tags = [
        PhiSpan(*once.offsets.to_new(each.start, each.stop), each.label)
        for each in once.replacements
        if TAG.fullmatch(each.new)
    ]
    assert deidentify(once.text, tags, policy, key=KEY).text == once.text
    if profile == "safe_harbor":
        every = [
            PhiSpan(*once.offsets.to_new(each.start, each.stop), each.label)
            for each in once.replacements
        ]
        assert deidentify(once.text, every, policy).text == once.text


@settings(max_examples=40)
@given(found=found_notes(), profile=st.sampled_from(PROFILES))
def test_the_same_note_of_the_same_patient_gives_the_same_text(
    found: tuple[str, list[PhiSpan]], profile: str
) -> None:
    note, spans = found
    one, again = (
        deidentify(note, given, load_policy(profile), key=KEY)
        for given in (spans, list(reversed(spans)))
    )
    assert one.text == again.text


NAMES = [f"{given} {family}" for given in ("Anna", "Hugo", "Ines") for family in ("Abel", "Zorn")]


def test_one_original_has_one_surrogate_in_all_notes_of_a_patient() -> None:
    policy = load_policy("surrogate")
    for name in NAMES:
        notes = [f"Mr. {name} rests.", f"{name.upper()}\nDOB unknown", f"seen with {name}, well"]
        surrogates = set()
        for note in notes:
            place = re.search(name, note, re.IGNORECASE)
            assert place
            result = deidentify(note, [PhiSpan(*place.span(), "PATIENT")], policy, key=KEY)
            surrogates.add(plain(result.replacements[0].new))
        assert len(surrogates) == 1


def test_another_patient_has_other_surrogates() -> None:
    policy = load_policy("surrogate")
    same = 0
    for name in NAMES:
        one, other = (
            deidentify(name, [PhiSpan(0, len(name), "PATIENT")], policy, key=key).text
            for key in (KEY, OTHER)
        )
        same += one == other
    assert same == 0


FORMATS = ["%m/%d/%Y", "%Y-%m-%d", "%d-%b-%Y", "%b %d, %Y"]
DAYS = st.dates(date(1995, 1, 1), date(2020, 12, 31))


@settings(max_examples=60)
@given(
    days=st.lists(st.tuples(DAYS, st.sampled_from(FORMATS)), min_size=2, max_size=6),
    patient=st.integers(0, 10**6),
)
def test_the_difference_of_full_dates_is_kept_to_the_day(
    days: list[tuple[date, str]], patient: int
) -> None:
    key = SECRET.patient(str(patient))
    note, spans = "", []
    for day, form in days:
        written = day.strftime(form)
        spans.append(PhiSpan(len(note), len(note) + len(written), "DATE"))
        note += written + " | "
    result = deidentify(note, spans, load_policy("surrogate"), key=key)
    # "May" may become "October": it is short for itself.
    new = [
        datetime.strptime(re.sub(r"([A-Z]..)[a-z]+", r"\1", each.new), form).date()
        for each, (_, form) in zip(result.replacements, days, strict=True)
    ]
    for one, other in combinations(range(len(days)), 2):
        assert new[one] - new[other] == days[one][0] - days[other][0]
    assert (new[0] - days[0][0]).days == key.day_offset
