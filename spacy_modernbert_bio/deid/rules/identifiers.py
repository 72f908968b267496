"""Rules for numbers that stand for a person: SSN, MRN, plans, accounts; and `identifiers_things`.

Most are found by the cue before them ("MRN:", "Acct #"), a few by their shape and a check digit.
Each rule reads a note once, and not at all where the note lacks its cues. Codes of diseases,
procedures and drugs (ICD, CPT, NDC) have no cue here and stay.
"""

import re

from spacy_modernbert_bio.deid.rules.check_digits import (
    iban_holds,
    luhn_holds,
    ssn_holds,
)
from spacy_modernbert_bio.deid.rules.cues import LINK, VALUE, cued, few_digits
from spacy_modernbert_bio.deid.rules.identifiers_things import THING_RULES
from spacy_modernbert_bio.deid.rules.number_shapes import START, STOP, unless
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

# Between blocks of digits, where a line may end.
_DASH = r"(?:\s{0,9}-\s{0,9}|\.)"
_MBI_LETTER = "AC-HJKMNP-RT-Y"

_SOCIAL_SECURITY = (
    # Letters may stand before it ("SSN536-22-6789"); blocks may be hidden ("xxx-xx-6789").
    SeekingRule(
        "ssn",
        "SSN",
        re.compile(
            rf"[0-9Xx*](?:(?<=[0-9])(?<![0-9].)(?<![0-9][-.].)[0-9]{{2}}{_DASH}[0-9]{{2}}{_DASH}"
            rf"|(?<![A-Za-z0-9*].)[Xx*]{{2}}-[Xx*]{{2}}-)[0-9]{{4}}{STOP}"
        ),
        needs=("-0000", "- 0000", ".0000", "  0000"),
        before=50,
    ),
    SeekingRule(
        "ssn_blanks",
        "SSN",
        re.compile(rf"[0-9]{START}[0-9]{{2}}\s[0-9]{{2}}\s[0-9]{{4}}{STOP}"),
        needs=("0 0000", "0\t0000"),
        refuted=unless(ssn_holds),
        score=0.7,
        before=5,
    ),
    cued(
        "ssn_cue",
        "SSN",
        cues=("ssn", r"soc(?:ial)?[\s.]{1,2}sec(?:urity)?"),
        numbered=("ss",),
        digits=4,
    ),
)

_RECORDS = (
    cued(
        "medical_record",
        "MEDICALRECORD",
        cues=(
            "mrns?",
            r"mr(?:\s?#|\sno\b\.?|\snumber|:\s?(?=[0-9-]{6})|(?=\s[a-z]{0,3}[0-9]{6}))",
            r"med(?:ical)?[\s.]{0,2}rec(?:ord)?s?\b",
            r"patient identif[a-z]{1,10}",
        ),
        numbered=(
            *("chart", "ehr", "emr", "epic", "history", "hosp", "hospital", "hrn", "nhs"),
            *("patient", "pt", "record", "unit", "ur", "urn"),
        ),
        digits=3,
        exact=True,
    ),
    # Run together with the word before it: "chartMRN0485".
    Rule(
        "medical_record_glued",
        "MEDICALRECORD",
        re.compile(rf"[Mm](?<=[A-Za-z].)(?i:rn{LINK}{VALUE})"),
        ("mrn",),
        few_digits(3),
    ),
)

_PLANS_AND_ACCOUNTS = (
    cued(
        "health_plan",
        "HEALTHPLAN",
        cues=(
            "hicn",
            "insurance is",
            "ins is",
            "plan is",
            r"policy(?=\s{1,3}[a-z]{0,5}[0-9][a-z0-9-]{5})",
            r"insurance (?:policy|plan|card|member)(?: id| number)?",
        ),
        numbered=(
            *(
                "hbn",
                "hmo",
                "ppo",
                "insur",
                "bene",
                "beneficiary",
                "contract",
                "group",
                "grp",
                "insurance",
                "insured",
                "ins",
            ),
            *(r"health\s?plan(?: beneficiary| member)?", r"health(?:care)? insurance"),
            *("mbi", "medicaid", "medicare", "mem", "member", "payer", "plan", "policy"),
            *("subscriber", "subscr"),
        ),
        digits=4,
    ),
    # CMS, "Understanding the Medicare Beneficiary Identifier (MBI) format".
    Rule(
        "medicare_beneficiary",
        "HEALTHPLAN",
        re.compile(
            rf"[1-9](?=[A-Z]){START}[{_MBI_LETTER}][{_MBI_LETTER}0-9][0-9]-?[{_MBI_LETTER}]"
            rf"[{_MBI_LETTER}0-9][0-9]-?[{_MBI_LETTER}]{{2}}[0-9]{{2}}{STOP}"
        ),
    ),
    cued(
        "account",
        "ACCOUNT",
        cues=("account(?![a-z])", "acct(?![a-z])", "iban", "invoice"),
        numbered=("bill", "billing", "card", "credit card", "guarantor", "routing", "statement"),
        digits=4,
    ),
    Rule(
        "payment_card",
        "ACCOUNT",
        re.compile(
            rf"[2-6]{START}[0-9]{{3}}[ -]?[0-9]{{4,6}}[ -]?[0-9]{{4,5}}(?:[ -]?[0-9]{{4}})?{STOP}"
        ),
        needs=("0000",),
        begins=True,
        refuted=unless(lambda number: len(number) >= 15 and luhn_holds(number)),
    ),
    SeekingRule(
        "bank_account",
        "ACCOUNT",
        re.compile(
            rf"[A-Z](?=[A-Z][0-9]{{2}}){START}[A-Z][0-9]{{2}}(?: ?[A-Z0-9]{{4}}){{3,7}}"
            rf"(?: ?[A-Z0-9]{{1,3}})?{STOP}"
        ),
        refuted=unless(iban_holds),
        anchor=re.compile("[0-9](?<=[A-Z][A-Z].)"),
        before=2,
    ),
)

IDENTIFIER_RULES: tuple[Rule, ...] = (
    *_SOCIAL_SECURITY,
    *_RECORDS,
    *_PLANS_AND_ACCOUNTS,
    *THING_RULES,
)
