"""Rules for names in headers, signatures and lists: "Patient: ...", "cc: ...", "Sincerely, ...".

A name there may be one word, in capitals, or with the family name first.
"""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.name_patterns import (
    CREDENTIAL,
    LAST_FIRST,
    NAME,
    TITLE,
    free_name,
)
from spacy_modernbert_bio.deid.rules.name_refutations import no_person_field, not_all_names
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule


def _field(name: str, label: str, *cues: str, blank: bool = False) -> Rule:
    """A name after a heading with a colon, or in the next column; where `blank`, after a blank.

    Dots may lead to the colon: "Full name .....: Roe, Jane".
    """
    link = r"(?:\s{0,3}(?:\.{2,24}\s?)?[:>]\s{0,6}|(?<=:)\s{0,6}|[ \t]{2,8}|\t|\s-\s" + (
        r"|\s{1,2})" if blank else ")"
    )
    return after_cue(
        name,
        label,
        cues,
        f"{link}{TITLE}(?!\\w{{1,20}}\\s?:)(?P<phi>{NAME}{LAST_FIRST})",
        refuted=no_person_field,
    )


FIELD_RULES: tuple[Rule, ...] = (
    _field(
        "field_patient",
        "PATIENT",
        *("patient(?:'s)?(?: full| legal)? name", "pt(?:'s)? name", "patient", "pt:", "client"),
        *("re:", "name", "guarantor", "insured", "subscriber", "subscriber name", "maiden name"),
        *("last name", "first name", "middle name", "full name", "member name", "member", "alias"),
    ),
    _field(
        "field_relative",
        "NAME",
        *("next of kin", "nok", "emergency contact", "emergency contact name", "contact name"),
        *("contact person", "contact", "guardian", "hcp", "health ?care proxy", "proxy", "spouse"),
        *("mother", "father", "wife", "husband", "daughter", "son", "sister", "brother"),
        *("caregiver", "informant", "interpreter", "aka"),
    ),
    _field(
        "field_doctor",
        "DOCTOR",
        *("surgeons?", "co-surgeons?", "assistants?", "anesthesiologist", "author", "copies"),
        *("copies to", "copy", "copy to", "dr", "rn", "md", "attention", "attn"),
        *(
            "attg",
            r"attending(?: physician| md| surgeon)?",
            "physicians?",
            "provider",
            "pcp",
            "doctor",
        ),
        *("consultants?", "resident", "fellow", "nurse", "radiologist", "pathologist", "therapist"),
        *("electronically signed", "signed", "dictated", "clinician", "midwife", "pharmacist"),
        *(
            f"{kind}(?: physician| provider| doctor| md)"
            for kind in ("primary care", "referring", "ordering", "admitting", "family", "treating")
        ),
    ),
    # "Signed electronically by Jane Roe", "D: JR T: ..." have no colon, or one.
    _field(
        "signature",
        "DOCTOR",
        *(
            f"{verb}(?: electronically| digitally)? by"
            for verb in (
                *("signed", "dictated", "transcribed", "authenticated", "co-?signed", "verified"),
                *("entered", "attested", "electronically signed", "interpreted", "authored"),
                *("requested", "ordered", "prepared", "supervised", "reported", "co-?authored"),
            )
        ),
        blank=True,
    ),
    # "cc Jane Roe, John Doe", "attention Jane Roe": without a colon two words, or initials.
    after_cue(
        "copy_to",
        "DOCTOR",
        ("cc", "copies", "copy to", "attention", "attn"),
        rf":?\s{{1,3}}{TITLE}(?P<phi>{free_name(2)}"
        rf"(?:[,;] (?:and )?{TITLE}(?!{CREDENTIAL}){free_name(2)}){{0,4}})",
        refuted=not_all_names,
        score=0.8,
    ),
    # A letter or a request ends: "Sincerely,", a line end, a name.
    after_cue(
        "closing",
        "DOCTOR",
        (
            *("sincerely(?: yours)?", "yours(?: truly| sincerely| faithfully)?", "cordially"),
            *("best regards", "kind(?:est)? regards", "warm regards"),
            *(
                "regards",
                "respectfully(?: submitted| yours)?",
                "best wishes",
                "thank you",
                "thanks",
            ),
        ),
        rf"[,.!]?\s{{1,12}}{TITLE}(?P<phi>{NAME}{LAST_FIRST})(?=,|\s{{0,3}}(?:\n|\Z))",
        refuted=not_all_names,
        score=0.8,
    ),
    # Who dictated and who typed: "JR/cs" in a line of its own.
    SeekingRule(
        name="typist",
        label="DOCTOR",
        pattern=re.compile(r"\n(?P<phi>(?:[A-Z]\.?){2,3}[/:][A-Za-z]{2,3})(?=[ \t]{0,8}(?:\n|\Z))"),
        anchor=re.compile(r"\n(?=(?:[A-Z]\.?){2,3}[/:])"),
        score=0.7,
    ),
)
