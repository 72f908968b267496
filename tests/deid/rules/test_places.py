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
    "STREET": (
        "[12 Oak Street]",
        "[12 Oak Dr.] here",
        "[1234 N. Main St., Apt 4B]",
        "[12 OAK STREET]",
        "[12 oak street]",
        "[221 West 42nd Street]",
        "[12 Oak\nStreet]",
        "[12 Oak Rd., # 24C]",
        "[12 Oak Road].",
        "[12 Oak Rd.]\n# Vitals",
        "[769 tremont court]",
        "[P.O. Box 123]",
        "[4567 Highway 20]",
        "RR [2 Box 14]",
        "Apt [4B]",
    ),
    "COUNTRY": ("Immigrated from [Taiwan]", "recent [Peru] travel", "transferred to [Morocco]"),
    "ZIP": ("zip [02139]", "Zip code: [02139]", "[02139-4307]"),
    "CITY": ("from [Chicago], MA",),
    "LOCATION": (
        "lives in [Springfield]",
        "born in [New Delhi]",
        "lives with his wife in [Springfield]",
        "LIVES IN [SPRINGFIELD]",
        "pt lives in [san diego]",
        "works as a welder in [Modesto].",
    ),
    "HOSPITAL": (
        "[Mercy Hospital]",
        "[MERCY HOSPITAL]",
        "[Massachusetts General Hospital]",
        "[Mayo Clinic]",
        "[Elm clinic]",
        "[Sunny Acres Nursing Home]",
        "[Beth Israel Deaconess Medical Center]",
        "[Children's Hospital of Philadelphia]",
        "[Hospital of the University of Pennsylvania]",
        "at [St. Vincent's] today",
        "CAME TO [MERCY HOSPITAL] WITH",
        "WENT BACK TO [ST. ANNE'S MEDICAL CENTER] BY",
        "Call [Levy Hospital]",
        "to [Burgess\nMemorial Hospital]",
        "[Porter Cancer\nCenter]",
        "[Taylor Institute]",
        "treated at [Cedars-Sinai]",
        "admitted to [MGH]",
        "to [mercy hospital]",
        "from [st. mary's hospital]",
        "at [St.Mary's Hospital]",
        "to [San\nDiego Medical Center]",
    ),
    "ROOM": (
        "Room [412B]",
        "Bed [3]",
        "Rm. [12]",
        "ROOM #[7]",
        "Room/Bed: [412/2]",
        "East Tower 5 ([7-15])",
    ),
}


@pytest.mark.parametrize(
    ("label", "marked"), [(label, note) for label, notes in WRITTEN.items() for note in notes]
)
def test_a_place_is_found_from_end_to_end(label: str, marked: str) -> None:
    value = marked[marked.index("[") + 1 : marked.index("]")]
    assert found(marked.replace("[", "").replace("]", "")) == [(label, value)]


def test_an_address_line_comes_apart_in_its_labels() -> None:
    assert found("12 Oak Dr., Boston, MA 02139-4307") == [
        ("STREET", "12 Oak Dr."),
        ("CITY", "Boston"),
        ("STATE", "MA"),
        ("ZIP", "02139-4307"),
    ]
    assert found("12 Oak Ct, Springfield, Ohio - 02139") == [
        ("STREET", "12 Oak Ct"),
        ("CITY", "Springfield"),
        ("STATE", "Ohio"),
        ("ZIP", "02139"),
    ]
    assert found("12 Oak Ct, Springfield") == [("STREET", "12 Oak Ct"), ("CITY", "Springfield")]
    assert found("Mesa, MD 02139") == [("CITY", "Mesa"), ("STATE", "MD"), ("ZIP", "02139")]
    assert found("St. Louis, Missouri") == [("CITY", "St. Louis"), ("STATE", "Missouri")]


def test_a_bed_at_the_end_of_a_line_has_not_the_number_of_the_next() -> None:
    assert found("heels off bed.\n9) Abg") == []


NOTHING = """
room air
bed rest
bed 30 degrees
Room 5 minutes later
General Hospital
The Hospital
Pain Clinic
2 MM ST DEPRESSION
12 lead ST changes
born in March
to outside hospital
at the hospital
transferred to MICU
TRANSFERRED TO FLOOR
lives in senior housing
lives in a nursing home
an increase in Lasix and
in Trendelenburg and
in Spanish.
pain in Left arm
Subscriber ID 12345
Brief Hospital Course
Warfarin 325 MG SQ
WARFARIN 325 MG SQ DAILY
Turkey sandwich
Springfield, MA 021394
""".strip().splitlines()


@pytest.mark.parametrize("note", NOTHING)
def test_what_only_looks_like_a_place_stays(note: str) -> None:
    assert found(note) == []
