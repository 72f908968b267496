import copy
import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.keys import MAX_OFFSET_DAYS, Key, PatientKey
from spacy_modernbert_bio.errors import PolicyError

SECRET = b"planted-secret-0123456789"
KEY = Key(SECRET)


@pytest.mark.parametrize("secret", [KEY, KEY.patient("planted-id")])
def test_nothing_shows_the_secret(secret) -> None:
    seen = repr(secret) + str(secret) + f"{secret!r}" + f"{[secret]}"
    assert "planted" not in seen
    assert "hidden" in seen
    with pytest.raises(TypeError):
        vars(secret)  # it has no __dict__ that a debugger's dump could list


@pytest.mark.parametrize("secret", [KEY, KEY.patient("planted-id")])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_key_is_not_pickled(secret, protocol: int) -> None:
    with pytest.raises(PolicyError, match="found a secret about to be written; wanted nothing"):
        pickle.dumps(secret, protocol)


def test_a_copied_pipeline_keeps_its_key() -> None:
    assert copy.deepcopy({"key": KEY})["key"] is KEY
    assert copy.copy(KEY) is KEY


def test_a_short_key_is_refused_and_not_told() -> None:
    with pytest.raises(PolicyError, match="found a key of fewer than 16 bytes") as refused:
        Key(b"planted")
    assert "planted" not in str(refused.value)
    Key(bytes(16))


def test_no_key_in_the_environment_is_an_error_that_names_the_variable(monkeypatch) -> None:
    monkeypatch.delenv("MODERNBERT_BIO_KEY", raising=False)
    with pytest.raises(PolicyError, match="MODERNBERT_BIO_KEY: found no key; wanted a secret"):
        Key.from_environment()
    monkeypatch.setenv("MODERNBERT_BIO_KEY", "")
    with pytest.raises(PolicyError, match="MODERNBERT_BIO_KEY: found an empty key"):
        Key.from_environment()
    monkeypatch.setenv("OTHER", "planted")
    with pytest.raises(PolicyError, match="variable OTHER: found a key of fewer than") as refused:
        Key.from_environment("OTHER")
    assert "planted" not in str(refused.value)


def test_the_key_in_the_environment_is_used(monkeypatch) -> None:
    monkeypatch.setenv("MODERNBERT_BIO_KEY", SECRET.decode())
    assert same(Key.from_environment(), KEY)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_one_line_end_after_a_key_in_a_file_does_not_count(tmp_path, ending: bytes) -> None:
    (tmp_path / "key").write_bytes(SECRET + ending)
    assert same(Key.from_file(tmp_path / "key"), KEY)


@pytest.mark.parametrize("content", [SECRET + b"\n\n", SECRET + b" ", SECRET + b"\r"])
def test_nothing_else_around_a_key_is_stripped(tmp_path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    assert not same(Key.from_file(tmp_path / "key"), KEY)


def test_a_file_without_a_usable_key_is_refused(tmp_path) -> None:
    (tmp_path / "key").write_bytes(b"planted\n")
    with pytest.raises(PolicyError, match="key: found a key of fewer than 16 bytes") as refused:
        Key.from_file(tmp_path / "key")
    assert "planted" not in str(refused.value)
    with pytest.raises(PolicyError, match=r"found no readable file \(FileNotFoundError\); wanted"):
        Key.from_file(tmp_path / "missing")
    with pytest.raises(PolicyError, match=r"found no readable file \(IsADirectoryError\); wanted"):
        Key.from_file(tmp_path)


@pytest.mark.parametrize("empty", ["", " \n"])
def test_a_patient_without_an_id_is_refused(empty: str) -> None:
    with pytest.raises(PolicyError, match="found an empty id; wanted what links the notes"):
        KEY.patient(empty)


@given(st.text(), st.text(), st.integers(1, 10**30))
def test_a_draw_depends_on_its_arguments_alone(purpose: str, value: str, below: int) -> None:
    number = KEY.patient("a").number(purpose, value, below)
    assert 0 <= number < below
    assert number == Key(SECRET).patient(" a\n").number(purpose, value, below)


@given(st.text(max_size=3), st.text(max_size=3), st.text(max_size=3), st.text(max_size=3))
def test_where_purpose_ends_and_value_begins_counts(a: str, b: str, c: str, d: str) -> None:
    patient = KEY.patient("a")
    assert (patient.digest(a, b) == patient.digest(c, d)) == ((a, b) == (c, d))


def test_each_number_is_as_likely() -> None:
    patient = KEY.patient("a")
    counts = Counter(patient.number("die", str(throw), 6) for throw in range(6000))
    # Chi-square with 5 degrees of freedom: over 20.5 once in a thousand keys, and this one is fixed
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5
    assert set(counts) == set(range(6))


def test_day_offsets_reach_their_whole_range_and_are_never_zero() -> None:
    offsets = [KEY.patient(str(number)).day_offset for number in range(8000)]
    assert 0 not in offsets
    assert (min(offsets), max(offsets)) == (-MAX_OFFSET_DAYS, MAX_OFFSET_DAYS)
    assert sum(offset > 0 for offset in offsets) == pytest.approx(4000, abs=200)
    assert KEY.patient("7").day_offset == offsets[7]


def test_another_key_or_patient_moves_dates_independently() -> None:
    other = Key(b"another secret, as long as it")
    pairs = [
        (KEY.patient(str(n)).day_offset, other.patient(str(n)).day_offset) for n in range(2000)
    ]
    neighbours = [
        (KEY.patient(str(n)).day_offset, KEY.patient(f"{n}x").day_offset) for n in range(2000)
    ]
    for both in (pairs, neighbours):
        assert sum(a == b for a, b in both) < 15  # 2000 / 730 are expected
        assert sum((a > 0) == (b > 0) for a, b in both) == pytest.approx(1000, abs=120)


def same(one: Key, other: Key) -> bool:
    first, second = one.patient("a"), other.patient("a")
    assert isinstance(first, PatientKey)
    return first.digest("purpose") == second.digest("purpose")
