"""The PHI labels: those of the 2014 i2b2/UTHealth annotation, and what Safe Harbor makes of them.

A span has a type ("PATIENT") or, where no more is known, its category ("NAME"). Source: Stubbs and
Uzuner 2015, "Annotating longitudinal clinical narratives for de-identification", table 1.
"""

from dataclasses import dataclass

from spacy_modernbert_bio.errors import PolicyError

# category: its types.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "NAME": ("PATIENT", "DOCTOR", "USERNAME"),
    "PROFESSION": (),
    "LOCATION": (
        "ROOM",
        "DEPARTMENT",
        "HOSPITAL",
        "ORGANIZATION",
        "STREET",
        "CITY",
        "STATE",
        "COUNTRY",
        "ZIP",
        "LOCATION-OTHER",
    ),
    "AGE": (),
    "DATE": (),
    "CONTACT": ("PHONE", "FAX", "EMAIL", "URL", "IPADDR"),
    "ID": (
        "SSN",
        "MEDICALRECORD",
        "HEALTHPLAN",
        "ACCOUNT",
        "LICENSE",
        "VEHICLE",
        "DEVICE",
        "BIOID",
        "IDNUM",
    ),
}
_CATEGORY_OF = {
    label: category for category, types in CATEGORIES.items() for label in (category, *types)
}
# Every label that a span may have: categories, and types.
LABELS: tuple[str, ...] = tuple(_CATEGORY_OF)


def category_of(label: str) -> str:
    """The category of a type, or of a category itself. Raises PolicyError for any other label."""
    if label not in _CATEGORY_OF:
        raise PolicyError(
            where="label of a PHI span",
            found=repr(label),
            wanted=f"one of {', '.join(LABELS)}",
            fix="Map other annotation's labels to these: nothing of an unknown kind is let pass.",
        )
    return _CATEGORY_OF[label]


@dataclass(frozen=True)
class Identifier:
    """One of the 18 identifiers that Safe Harbor removes.

    number: 1 to 18, for the letters A to R of the rule. name: in short. labels: those of our spans
    that are of it. remark: what the rule leaves, or what is not text.
    """

    number: int
    name: str
    labels: tuple[str, ...]
    remark: str = ""


# 45 CFR 164.514(b)(2)(i), (A) to (R).
SAFE_HARBOR: tuple[Identifier, ...] = (
    Identifier(1, "names", ("NAME", "PATIENT", "DOCTOR", "USERNAME")),
    Identifier(
        2,
        "geographic subdivisions smaller than a state",
        (
            "LOCATION",
            "ROOM",
            "DEPARTMENT",
            "HOSPITAL",
            "ORGANIZATION",
            "STREET",
            "CITY",
            "ZIP",
            "LOCATION-OTHER",
        ),
        "three ZIP digits may stay where their area has more than 20,000 people",
    ),
    Identifier(
        3,
        "elements of dates but the year, and ages over 89",
        ("DATE", "AGE"),
        "a year stays unless it tells an age over 89",
    ),
    Identifier(4, "telephone numbers", ("PHONE", "CONTACT")),
    Identifier(5, "fax numbers", ("FAX",)),
    Identifier(6, "e-mail addresses", ("EMAIL",)),
    Identifier(7, "social security numbers", ("SSN",)),
    Identifier(8, "medical record numbers", ("MEDICALRECORD",)),
    Identifier(9, "health plan beneficiary numbers", ("HEALTHPLAN",)),
    Identifier(10, "account numbers", ("ACCOUNT",)),
    Identifier(11, "certificate and licence numbers", ("LICENSE",)),
    Identifier(12, "vehicle identifiers and licence plates", ("VEHICLE",)),
    Identifier(13, "device identifiers and serial numbers", ("DEVICE",)),
    Identifier(14, "URLs", ("URL",)),
    Identifier(15, "IP addresses", ("IPADDR",)),
    Identifier(16, "biometric identifiers", ("BIOID",)),
    Identifier(17, "full-face photographs", (), "an image: no text holds it"),
    Identifier(18, "any other unique identifying number or code", ("ID", "IDNUM")),
)
# In the annotation, but none of the 18: removed where a policy says so.
NOT_SAFE_HARBOR: tuple[str, ...] = ("PROFESSION", "STATE", "COUNTRY")
