import pickle
from itertools import pairwise
from pathlib import Path

import pytest

from spacy_modernbert_bio.deid.labels import CATEGORIES, LABELS, SAFE_HARBOR
from spacy_modernbert_bio.deid.policy import ACTIONS, PROFILES, Policy, load_policy
from spacy_modernbert_bio.errors import PolicyError

REDACT_ALL = dict.fromkeys(CATEGORIES, "redact")
SHIPPED = Path(__file__).parents[2] / "spacy_modernbert_bio" / "deid" / "profiles"


@pytest.mark.parametrize("name", PROFILES)
def test_a_shipped_policy_says_what_happens_to_every_label(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert {policy.action(label) for label in LABELS} <= set(ACTIONS)
    assert "\n" not in policy.notice


@pytest.mark.parametrize("name", PROFILES)
def test_every_key_of_a_shipped_policy_has_its_comment(name: str) -> None:
    lines = (SHIPPED / f"{name}.cfg").read_text().splitlines()
    for before, line in pairwise(lines):
        if " = " in line and not line.startswith(("#", " ")):
            assert before.startswith("# "), line


def test_safe_harbor_keeps_nothing_of_the_eighteen_identifiers() -> None:
    policy = load_policy("safe_harbor")
    for label in (label for each in SAFE_HARBOR for label in each.labels):
        wanted = "generalise" if label in ("DATE", "AGE", "ZIP") else "redact"
        assert policy.action(label) == wanted, label
    assert policy.action("STATE") == policy.action("COUNTRY") == "keep"
    assert not policy.needs_key


def test_a_limited_data_set_keeps_dates_ages_towns_states_and_zip_codes() -> None:
    policy = load_policy("limited_data_set")
    kept = {label for label in LABELS if policy.action(label) == "keep"}
    assert kept == {"DATE", "AGE", "CITY", "STATE", "ZIP", "COUNTRY", "PROFESSION"}
    assert {policy.action(label) for label in LABELS if label not in kept} == {"redact"}
    assert not policy.needs_key


def test_surrogates_and_shifted_dates_need_a_key() -> None:
    policy = load_policy("surrogate")
    others = {label for label in LABELS if policy.action(label) != "surrogate"}
    assert others == {"DATE", "AGE"}
    assert (policy.action("DATE"), policy.action("AGE")) == ("shift", "generalise")
    assert policy.needs_key


NOTICES = {
    "safe_harbor": "is for a person to say",
    "limited_data_set": "not de-identified, not Safe Harbor",
    "surrogate": "neither Safe Harbor nor a limited data set",
}


@pytest.mark.parametrize("name", PROFILES)
def test_a_notice_says_what_the_output_is_not(name: str) -> None:
    assert NOTICES[name] in load_policy(name).notice


def test_a_type_has_the_action_of_its_category() -> None:
    policy = Policy("own", {**REDACT_ALL, "CONTACT": "mask", "URL": "keep"}, "a test")
    assert (policy.action("PHONE"), policy.action("URL")) == ("mask", "keep")
    assert set(policy.actions) == set(LABELS)


def test_a_policy_goes_into_another_process() -> None:
    policy = load_policy("surrogate")
    assert pickle.loads(pickle.dumps(policy)) == policy


OWN = """
[policy]
name = own
notice = 100% a test, a = b
base = safe_harbor
mask_character = #
mask_length = 0
zip_table = zips.csv

[actions]
NAME = mask
CITY = keep
"""


def write(tmp_path: Path, content: str) -> Path:
    (tmp_path / "zips.csv").write_text("census,area\n2030,021\n")
    (tmp_path / "own.cfg").write_text(content)
    return tmp_path / "own.cfg"


def test_a_file_replaces_what_it_names_of_its_base(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, OWN))
    assert (policy.name, policy.notice) == ("own", "100% a test, a = b")
    assert (policy.mask_character, policy.mask_length) == ("#", 0)
    assert policy.zip_table.areas == {"021"}
    assert [policy.action(label) for label in ("DOCTOR", "CITY", "STATE", "ZIP", "STREET")] == [
        "mask",
        "keep",
        "keep",
        "generalise",
        "redact",
    ]


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    assert load_policy(str(write(tmp_path, OWN))).name == "own"


REFUSED = {
    OWN.replace("name =", "names ="): "own.cfg: names: found an unknown key; wanted one of name,",
    OWN.replace("name = own", ""): "own.cfg: name: found nothing; wanted a text. Each policy says",
    OWN.replace("notice", "#"): "own.cfg: notice: found nothing; wanted a text",
    OWN.replace("CITY", "TOWN"): "own.cfg: [actions]: TOWN: found an unknown label; wanted one of",
    OWN.replace("CITY", "city"): "own.cfg: [actions]: city: found an unknown label",
    OWN.replace(
        "= keep", "= skip"
    ): "own.cfg: [actions]: CITY: found 'skip'; wanted one of redact,",
    OWN.replace("= keep", "= shift"): "own.cfg: [actions]: CITY: found 'shift'; wanted one of",
    OWN.replace("= keep", "= generalise"): "own.cfg: [actions]: CITY: found 'generalise'",
    OWN + "AGE = surrogate\n": "own.cfg: [actions]: AGE: found 'surrogate'",
    OWN + "DATE = surrogate\n": "own.cfg: [actions]: DATE: found 'surrogate'",
    OWN + "CITY = redact\n": "own.cfg: found a section or key that stands twice, at line 13; want",
    OWN + "[actions]\n": "own.cfg: found a section or key that stands twice, at line 13",
    OWN + "[masks]\n": "own.cfg: found a section [masks]; wanted [policy] and [actions]",
    OWN + "[DEFAULT]\nAGE = keep\n": "own.cfg: found a section [DEFAULT]",
    OWN + "keep all\n": "own.cfg: found lines that are no `key = value`; wanted sections",
    "name = own\n": "own.cfg: found lines that are no `key = value`",
    OWN.replace("safe_harbor", "own"): "own.cfg: base: found 'own'; wanted one of safe_harbor,",
    OWN.replace("base", "# base"): "own.cfg: [actions]: found no action for PROFESSION, LOCATION,",
    OWN.replace("length = 0", "length = -1"): "own.cfg: mask_length: found '-1'; wanted a number",
    OWN.replace("= #", "= xx"): "policy own: mask_character: found 'xx'; wanted one character",
    OWN.replace("= #", "= x"): "policy own: mask_character: found 'x'",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_no_policy_is_refused_by_file_and_key(content: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert REFUSED[content] in str(caught.value)


@pytest.mark.parametrize("name", ["safe_harbour", Path("safe_harbor"), Path(__file__).parent])
def test_a_policy_that_is_nowhere_is_refused(name: str | Path) -> None:
    with pytest.raises(PolicyError, match=r"found no such file, and no policy of this name; want"):
        load_policy(name)


def test_a_policy_that_forgot_a_category_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"policy own: found no action for ID; wanted one for ea"):
        Policy("own", {label: "redact" for label in REDACT_ALL if label != "ID"}, "a test")


def test_a_mask_of_negative_length_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"policy own: mask_length: found -1; wanted a number"):
        Policy("own", REDACT_ALL, "a test", mask_length=-1)


def test_an_unknown_label_has_no_action() -> None:
    with pytest.raises(PolicyError, match=r"label of a PHI span: found 'DISEASE'; wanted one of"):
        load_policy("safe_harbor").action("DISEASE")
