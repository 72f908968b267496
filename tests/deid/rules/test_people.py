import pytest

from spacy_modernbert_bio.deid.rules.people_places import PEOPLE_PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import match_rules
from spacy_modernbert_bio.deid.spans import merge_spans


def found(note: str) -> list[tuple[str, str]]:
    """Label and text of what the rules find together."""
    spans = merge_spans(match_rules(note, PEOPLE_PLACE_RULES))
    return [(span.label, note[span.start : span.stop]) for span in spans]


# Each is a note; what is in brackets is all that is found in it.
WRITTEN = {
    "DOCTOR": (
        "Dr [Smith]",
        "Dr. [SMITH]",
        "Dr. [O'Brien-Jones]",
        "Dr.[Smith]",
        "Dr.\n[Smith]",
        "Dr. [John\nSmith] was seen",
        "Dr.\u00a0[Smith]",
        "DR. [SMITH] WAS NOTIFIED",
        "Dr. [van der Berg]",
        "Dr. [Müller-Lüdenscheidt]",
        "Dr. [Lasix]",
        "Dr. [May] and April 3",
        "Drs. [Smith and Jones]",
        "Prof. [Van Dyke]",
        "Nurse [Ratched]",
        "[Jane Roe], MD",
        "[J. Roe] RN",
        "[Roe], PA-C",
        "[JANE ROE], M.D.",
        "[Jane Q. Roe], M.D., Ph.D.",
        "[ROE, JANE A.], RN",
        "[Jane Roe] MD",
        "Attending: [Jane Roe]",
        "ATTENDING PHYSICIAN: [JANE ROE], MD",
        "Dictated by: [Jane Roe]",
        "cc: [Jane Roe], M.D.",
        "PCP: [Roe]",
        "PCP: Dr. [Roe]",
        "Signed electronically by [Jane Roe]",
        "Referring Physician: [Roe, Jane]",
        "[Jane Roe], MD, FACC",
        "[JANE ROE] RN, BSN",
        "SURGEON: [John Doe], DMD",
        "Electronically signed: [Jane Roe] 3/14/19",
        "Requested by [Roe]",
        "CC: [Jane Roe]",
        "copies to: [Jane Roe]",
        "Attention [Jane Roe]",
        "Sincerely,\n\n[Jane Roe]",
        "Yours truly,\n[J. Roe]\n",
        "Thank you. [Jane Q. Roe]",
        "see notes\n[JR/cs]\n",
        "accompanied by [Jane] rn",
        "md [Roe] notified",
        "my nurse [Jane] can",
        "attending: [smith]",
        "PCP: [jones], seen",
        "dictated by [john smith]",
        "seen by [john smith], md",
        "[john smith] rn\n",
        "PCP [Jones] was",
        "her cardiologist, [Jane Roe], said",
        "Seen by [Smith]",
        "SEEN BY [JOHN SMITH]",
        "cc: [John Smith, Anna Jones]",
        "[John Smith, Jr.], MD",
        "[J Smith], MD",
        "Attending: [John Smith], Cardiology",
        "Physician .......: [Jane Roe]",
        "Dr. [Smith/Jones]",
    ),
    "PATIENT": (
        "Mr. [J. Q. Public]",
        "Mrs. [Jones]' son",
        "Ms. [Smith]'s arm",
        "Miss [Jones]",
        "MR. [JOHN SMITH] WAS SEEN",
        "MR [SMITH] WAS SEEN",
        "MS. [SMITH]",
        "Mr. and Mrs. [John Smith]",
        "Patient: [John Smith]",
        "Patient Name: [SMITH,JOHN]",
        "Patient Name: [john smith]\nDOB",
        "Name: [Smith, John Q.]",
        "Patient Name    [SMITH, JOHN]",
        "RE: [John Smith]",
        "c/o [John Smith]",
        "patient [John Smith] came",
        "Name: [HALEY, PARKER]  MRN:",
        "Name: [HALEY, PARKER]\tDOB 3",
        "Name: [Haley, Parker] Med Rec: x",
        "MR. [PARIS] WORKS AS A COOK",
        "MRS. [MAY] REFUSED LASIX",
        "[Smith,John]",
        "[SMITH,JOHN Q] seen",
        "[Smith, John Q] (ID",
        "Baby Boy [Smith] fed",
        "RE: [CASEY DE LEEUW], BORN TO",
    ),
    "NAME": (
        "his daughter [Mary]",
        "his wife, [Anna Smith], says",
        "his son ([Tom]) came",
        "Sister [Mary]",
        "a friend named [John]",
        "dr. [smith] said",
        "a man with COPD, [John Smith], who was",
        "seen today, [Anna S.], for",
        "Next of kin: [Anna Smith]",
        "Sister-in-law [Mary]",
        "[Anna Smith] (niece)",
        "Per [Anna Smith]",
        "spoke with [Anna Smith]",
        "[Anna Smith] (pager",
        "[Jane Q. Roe] placed a tube",
        "mr. [john q. smith], a",
        "dr [smith] saw",
        "mr [jones] denies pain",
        "mrs [jones] and",
        "sons [Tom and Jim]",
        "mom [Mary]",
        "Officer [Jones]",
        "[John Smith] denies pain",
    ),
    "AGE": (
        "[45] y/o",
        "[45]yo",
        "[93]yoM",
        "[92]F from NH",
        "mother died at [92] of MI",
        "[93] y.o.",
        "[45]-year-old",
        "[45] year old",
        "[45] yr-old",
        "[101] yo",
        "[3-week-old]",
        "[2 years 3 months old]",
        "[10 days of age]",
        "a [5 mo] girl",
        "a [45] y F",
        "a [45] female",
        "age [45]",
        "Age: [45]",
        "aged [93]",
        "Age/Sex: [45]/F",
        "at the age of [four]",
        "a [93] F with CHF",
        "[45]M with chest pain",
        "HPI: [45]M h/o CAD",
        "[45]/M",
        "[ninety-three]-year-old",
        "[one hundred and two] year old",
        "in her [90s]",
        "in his late [eighties]",
        "a [nonagenarian]",
        "IMP: [45] yrs with gout",
    ),
}


@pytest.mark.parametrize(
    ("label", "marked"), [(label, note) for label, notes in WRITTEN.items() for note in notes]
)
def test_who_is_found_from_end_to_end(label: str, marked: str) -> None:
    value = marked[marked.index("[") + 1 : marked.index("]")]
    assert found(marked.replace("[", "").replace("]", "")) == [(label, value)]


def test_a_record_number_after_a_name_is_one_and_the_name_is_a_patient() -> None:
    assert found("Smith, John Q / 123-45-67") == [
        ("PATIENT", "Smith, John Q"),
        ("MEDICALRECORD", "123-45-67"),
    ]
    assert found("SMITH, JOHN A E3454198")[1] == ("MEDICALRECORD", "E3454198")


def test_an_age_after_a_name_tells_a_patient() -> None:
    assert found("Here John Smith is a 45 yo") == [("PATIENT", "John Smith"), ("AGE", "45")]
    assert found("of it. SMITH, JOHN Q IS A 45 YO") == [("PATIENT", "SMITH, JOHN Q"), ("AGE", "45")]


NOTHING = """
Parkinson's disease, Hodgkin lymphoma, Foley catheter
MS Contin 15 mg
pt with MS presents
diagnosed with MS. He was
MR BRAIN
MR angiography
MRI
They Miss the bus
Miss the dose
St. John's wort
HOSPITAL COURSE:
age-related
age appropriate
stage 3, dosage 45
45 mg, 45 min
smoked 45 years
for 5 mo
died at 1430
in 2019
HR in the 90s
Temp 98.6 F with chills
12 F sheath
20 male patients
gravida 4 female
Tanner stage 1 male
strength 5/5
c/o Chest Pain
mother has DM
mother Parkinson's disease
Sister Healthy
Attending: None
Name: DOB: 1/1/2000
Patient: The patient
Drug Name: Lasix
Sample Name: Craniotomy
INR, PT
Chest, CT
Breast, CA
CHIEF COMPLAINT
the Dr. said
dr. will see
NDC 0002-8215-01
during 2 weeks of follow-up
died at 22 months after
dr to see
dr aware
mr brain
moderate mr is seen
ms contin
PCP: none
attending: cardiology
seen by Cardiology
SEEN BY SOCIAL WORK
Attending Attestation
CC: Transient visual loss
by High Dose
ICD GENERATOR, SERIAL 207743126
revealed Karyotype. Intracapsular
Placenta Grade I. Uterus normal
""".strip().splitlines()


@pytest.mark.parametrize("note", NOTHING)
def test_what_only_looks_like_a_person_stays(note: str) -> None:
    assert found(note) == []


def test_a_shift_summary_has_a_patient_a_room_and_a_doctor() -> None:
    assert found("pt: john smith, 12-34, dr: jane roe") == [
        ("PATIENT", "john smith"),
        ("ROOM", "12-34"),
        ("DOCTOR", "jane roe"),
    ]
    assert found("SMITH, JOHN 75913701 235S")[2] == ("ROOM", "235S")


def test_a_name_ends_where_a_heading_or_prose_goes_on() -> None:
    assert found("Dr. Smith\nPlan: rest") == [("DOCTOR", "Smith")]
    assert found("Dr. Smith MRI") == [("DOCTOR", "Smith")]
    assert found("Mr. John Smith The patient") == [("PATIENT", "John Smith")]
