import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.rules.identifiers import IDENTIFIER_RULES
from spacy_modernbert_bio.deid.rules.rule import match_rules
from spacy_modernbert_bio.deid.spans import merge_spans


def found(note: str) -> list[tuple[str, str]]:
    """Label and text of what the rules find together."""
    spans = merge_spans(match_rules(note, IDENTIFIER_RULES))
    return [(span.label, note[span.start : span.stop]) for span in spans]


# Each is a note; what is in brackets is all that is found in it.
WRITTEN = {
    "SSN": (
        "SSN: [536-22-6789]",
        "[536-22\n-6789]",
        "[536-22-\n      6789]",
        "[536‑22‑6789]",  # U+2011
        "[５３６-２２-６７８９]",
        "[536-2\u200b2-6789]",
        "SSN [５３６226789]",
        "SSN[536-22-6789]",
        "[536.22.6789]",
        "[536 22 6789]",
        "[xxx-xx-6789]",
        "last four of SSN [6789]",
        "ssn ending in [6789]",
        "Social Security No. [536226789]",
        "Soc. Sec. # [536226789]",
        "SS# [536226789]",
    ),
    "MEDICALRECORD": (
        "MRN: [123-45-67]",
        "MRN: [123-45-\n67]",
        "MRN is [123 45 67]",
        "mrn [0485921]",
        "MRN[0485921]",
        "chartMRN[0485]",
        "MRN:\n   [123456]",
        "MRN | [123456] |",
        "MRN No.: [ST-998877]",
        "MRN [12345-JS]",
        "MR# [0485921]",
        "MR No. [12345]",
        "MR: [0485921]",
        "Med Rec No: [12345]",
        "Medical\nRecord Number: [A-123456]",
        "Record # [123456]",
        "Unit No: [04859]",
        "UNIT NUMBER [04859]",
        "Chart no. [55512]",
        "Hospital #: [778899]",
        "Patient ID: [ABCD1234]",
        "pt id [98765]",
        "MRN: [0485921]. Seen",
        "MRN:[6957039]DOB:",
        "MR\n[4482517]",
    ),
    "HEALTHPLAN": (
        "Member ID: [XYZ123456789]",
        "Policy no. [55512A]",
        "Group # [55512]",
        "Subscriber: [AB12345]",
        "Medicaid # [123456789]",
        "[1EG4-TE5-MK72]",
        "Medicare [1EG4TE5MK73]",
        "insurance policy [AB-998877]",
        "her insurance is [HPN-987654]",
        "(policy [646377150-03])",
        "policy [3HX2-LN5-EA93]",
    ),
    "ACCOUNT": (
        "acct [12345678]",
        "Account Number: [12-3456-7]",
        "Acct#[123456]",
        "billing no. [55555]",
        "[4111 1111 1111 1111]",
        "[GB82 WEST 1234 5698 7654 32]",
    ),
    "LICENSE": (
        "DEA [AB1234560]",
        "[AB1234563]",
        "NPI: [1234567893]",
        "Driver's license [D1234567]",
        "driver's licence number [D1234567]",
        "DL# [S123-4567-8901]",
        "medical license no. [55512]",
        "Lic. # [A55512]",
        "cert. no. [778899]",
    ),
    "VEHICLE": (
        "[1HGCM82633A004352]",
        "VIN: [1HGCM82633A004353]",
        "license plate [ABC-1234]",
        "Licence plate: [ABC 1234]",
        "plate # [8XYZ123]",
        "(plate [NRM-4385],",
        "(plate [7GCY\n28],",
        "plate [807-ZKY]",
        "VIN\n[GXSSBPN7HSUB1Z4TX]",
    ),
    "DEVICE": (
        "SN [AB-12345]",
        "S/N: [998877]",
        "serial no. [PJN123456H]",
        "model no. [5076]",
        "lot # [A1234]",
        "lot [A12345]",
        "UDI [(01)00844588003288(17)141120(10)7654321D(21)10987654d321]",
    ),
    "BIOID": ("fingerprint ID: [FP-12345]", "retinal scan no. [555123]"),
    "IDNUM": (
        "Accession: [S19-12345]",
        "[SP-19-123456]",
        "specimen # [55512]",
        "Order no. [777123]",
        "study ID: [55-1234]",
        "Case no. [123456]",
        "encounter no. [999888777]",
        "visit # [44444]",
        "FIN: [12345678]",
        "ID: [987654321]",
        "ID# [1234]",
        "(ID [987654321])",
        "(ID [836 89 81],",
        "tube [03-AY-256648]",
        "[E3454198]",
        "[20301118]",
        "[AB1234567]",
    ),
    "USERNAME": (
        "username: [jsmith12]",
        "user id [jdoe3]",
        "Login: [j.smith]",
        "User: [jsmith2]",
        "opened by [tp926] on",
        "viewed by [jroe] from 10.0",
    ),
}


@pytest.mark.parametrize(
    ("label", "marked"), [(label, note) for label, notes in WRITTEN.items() for note in notes]
)
def test_an_identifier_is_found_without_its_cue(label: str, marked: str) -> None:
    value = marked[marked.index("[") + 1 : marked.index("]")]
    assert found(marked.replace("[", "").replace("]", "")) == [(label, value)]


NOTHING = """
Na 138
BP 120/80, HR 72
MR 2+
MR: 2+
MR brain 3 lesions
MRI 2019
SN 2x/week
SN 3 times
serial troponins 0.02
serial 2
a lot of 3000
account for 20000 of these
record of 2012
medical records from 2012
policy 3
group 2
E11.9
250.00
CPT code: 99213
NDC 0002-8215-01
TP53, CYP2D6, c.4035_4038dup, p.Ser1347Ter
ID consulted
ID 2 weeks
VIN 3
license to drive 5
case 3
Study: 2019
Order: 12/05/2019
order: 5000 units
visit 2
patient 45
plan: 1. lasix
unit 5
model 3
accounting 2019
dead 12345
the licensed 2019 vaccine
drug user: no
666 22 6789
PMID 12345678
2,000,000
5000000 copies
1000000
growth plate was 250
endplate 10/12
opened by nurse
policy 2019
1HGCM82633A004353
4111 1111 1111 1112
GB82 WEST 1234 5698 7654 33
""".strip().splitlines()


@pytest.mark.parametrize("note", NOTHING)
def test_what_only_looks_like_an_identifier_stays(note: str) -> None:
    assert found(note) == []


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
@pytest.mark.parametrize("cue", ["mrn: ", "acct. no. ", "member id # ", "serial number "])
def test_a_cue_is_found_in_any_case(case: object, cue: str) -> None:
    assert callable(case)
    assert [value for _, value in found(case(cue) + "0485921")] == ["0485921"]


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=4, max_size=14), st.sampled_from([" ", "\n", " | ", ": "]))
def test_a_record_number_of_any_length_is_found_whole(digits: str, between: str) -> None:
    assert found(f"seen today, MRN{between}{digits}") == [("MEDICALRECORD", digits)]


def test_more_than_a_label_can_say_is_of_the_cue_that_says_most() -> None:
    assert found("Patient ID: 55512") == [("MEDICALRECORD", "55512")]
