"""Rules for numbers that stand for a person or a thing of theirs: SSN, MRN, plans, devices.

Most are found by the cue before them ("MRN:", "Acct #"), a few by their shape and a check digit.
Each rule reads a note once, and not at all where the note lacks its cues. Codes of diseases,
procedures and drugs (ICD, CPT, NDC) have no cue here and stay.
"""

import re
from collections.abc import Callable

from spacy_modernbert_bio.deid.rules.check_digits import (
    dea_holds,
    iban_holds,
    luhn_holds,
    ssn_holds,
    vin_holds,
)
from spacy_modernbert_bio.deid.rules.cue_table import with_cue_table
from spacy_modernbert_bio.deid.rules.cues import LINK, VALUE, cued, few_digits
from spacy_modernbert_bio.deid.rules.rule import Refutation, Rule

# After the first sign and after the last: neither is part of a longer word or number.
_START = r"(?<![A-Za-z0-9].)(?<![0-9][-.].)"
_STOP = r"(?![A-Za-z0-9]|[-.][0-9])"
# Between blocks of digits, where a line may end.
_DASH = r"(?:\s{0,9}-\s{0,9}|\.)"
_MBI_LETTER = "AC-HJKMNP-RT-Y"
_NOT_SIGN = re.compile(r"[^A-Z0-9]")


def _unless(holds: Callable[[str], bool]) -> Refutation:
    """Refutes a match whose letters and digits fail a check."""
    return lambda match: not holds(_NOT_SIGN.sub("", match[0].upper()))


_SOCIAL_SECURITY = (
    # Letters may stand before it ("SSN536-22-6789"); blocks may be hidden ("xxx-xx-6789").
    Rule(
        "ssn",
        "SSN",
        re.compile(
            rf"[0-9Xx*](?:(?<=[0-9])(?<![0-9].)(?<![0-9][-.].)[0-9]{{2}}{_DASH}[0-9]{{2}}{_DASH}"
            rf"|(?<![A-Za-z0-9*].)[Xx*]{{2}}-[Xx*]{{2}}-)[0-9]{{4}}{_STOP}"
        ),
    ),
    Rule(
        "ssn_blanks",
        "SSN",
        re.compile(rf"[0-9]{_START}[0-9]{{2}}\s[0-9]{{2}}\s[0-9]{{4}}{_STOP}"),
        refuted=_unless(ssn_holds),
        score=0.7,
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
            r"mr(?:\s?#|\sno\b\.?|\snumber|:\s?(?=[0-9-]{6}))",
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
            rf"[1-9](?=[A-Z]){_START}[{_MBI_LETTER}][{_MBI_LETTER}0-9][0-9]-?[{_MBI_LETTER}]"
            rf"[{_MBI_LETTER}0-9][0-9]-?[{_MBI_LETTER}]{{2}}[0-9]{{2}}{_STOP}"
        ),
    ),
    cued(
        "account",
        "ACCOUNT",
        cues=("account(?![a-z])", "acc?t(?![a-z])", "iban", "invoice"),
        numbered=("bill", "billing", "card", "credit card", "guarantor", "routing", "statement"),
        digits=4,
    ),
    Rule(
        "payment_card",
        "ACCOUNT",
        re.compile(
            rf"[2-6]{_START}[0-9]{{3}}[ -]?[0-9]{{4,6}}[ -]?[0-9]{{4,5}}(?:[ -]?[0-9]{{4}})?{_STOP}"
        ),
        refuted=_unless(lambda number: len(number) >= 15 and luhn_holds(number)),
    ),
    Rule(
        "bank_account",
        "ACCOUNT",
        re.compile(
            rf"[A-Z](?=[A-Z][0-9]{{2}}){_START}[A-Z][0-9]{{2}}(?: ?[A-Z0-9]{{4}}){{3,7}}"
            rf"(?: ?[A-Z0-9]{{1,3}})?{_STOP}"
        ),
        refuted=_unless(iban_holds),
    ),
)

_LICENCES = (
    Rule(
        "dea",
        "LICENSE",
        re.compile(rf"[ABFGMPRX](?=[A-Z9][0-9]{{7}}){_START}[A-Z9][0-9]{{7}}{_STOP}"),
        refuted=_unless(dea_holds),
    ),
    cued(
        "license",
        "LICENSE",
        cues=("dea", "lic", "licen[cs]e", r"dl\s?#", r"d/l(?![a-z])", "upin", "clia"),
        numbered=("cert", "certificat(?:e|ion)", "reg", "registration"),
        digits=5,
    ),
    # The Luhn digit of an NPI is not asked for: one with a typing error still names its owner.
    cued("npi", "LICENSE", cues=("npi",), digits=10),
    Rule(
        "vin",
        "VEHICLE",
        re.compile(rf"[A-HJ-NPR-Z0-9]{_START}[A-HJ-NPR-Z0-9]{{16}}(?![A-Za-z0-9])"),
        refuted=_unless(vin_holds),
    ),
    # Too short for VIN as vulvar intraepithelial neoplasia.
    cued("vin_cue", "VEHICLE", cues=("vin", "vehicle id[a-z]{0,12}"), digits=5),
    cued(
        "plate",
        "VEHICLE",
        cues=(r"licen[cs]e (?:plate|tag)", "registration plate", "number plate"),
        numbered=("plate",),
        digits=1,
        value=(
            r"(?P<phi>[a-z]{1,4}[ -]?[0-9]{2,5}[a-z]?"
            r"|[0-9]{1,4}[ -]?[a-z]{1,3}[ -]?[0-9]{0,4})(?![a-z0-9])"
        ),
    ),
)

_DEVICES = (
    cued(
        "device",
        "DEVICE",
        cues=("serial", "s/n", "sn", r"device (?:id[a-z]{0,8}|serial|number|no)"),
        numbered=("imei", "implant", "ser"),
        digits=4,
    ),
    cued(
        "device_model",
        "DEVICE",
        cues=(r"lot(?=\s[a-z]{0,3}[0-9]{4})",),
        numbered=("batch", "cat", "catalog", "lot", "model"),
        digits=3,
    ),
    # Unique device identification (21 CFR 801.40) as GS1 writes it.
    Rule(
        "udi",
        "DEVICE",
        re.compile(r"\(01\)\s?[0-9]{14}(?:\s?\((?:10|11|17|21|240)\)\s?[A-Za-z0-9/-]{1,20}){0,5}"),
        ("(01)",),
    ),
    cued(
        "biometric",
        "BIOID",
        numbered=tuple(
            rf"{part}(?:[\s-](?:scan|print|template|sample|image|profile))?"
            for part in (
                *("biometric", "dna", "face", "facial", r"finger[\s-]?print", "iris", "palm"),
                *("retina", "retinal", "voice"),
            )
        ),
        digits=3,
    ),
)

_OTHERS = (
    cued(
        "number_cue",
        "IDNUM",
        cues=("accession", "csn", "passport"),
        numbered=(
            *("authorization", "auth", "badge", "case", "claim", "confirmation"),
            *("dict", "dictation", "doc", "document", "employee", "encounter", "file", "fin"),
            *("har", "job", "order", "participant", "prescription", "protocol", "randomization"),
            *("ref", "reference", "referral", "report", "req", "requisition", "rx", "sample"),
            *("specimen", "study", "subject", "ticket", "tracking", "transcription", "trial"),
            *("visit", "voucher"),
        ),
        digits=4,
        score=0.9,
    ),
    # Infectious disease has no colon, no # and no six digits after it.
    cued(
        "id_cue",
        "IDNUM",
        cues=(r"id(?:\s?[#:=]|\snumber|\sno\b|(?=\s[0-9]{6}))",),
        digits=2,
        score=0.9,
    ),
    # "S19-12345": a specimen of a pathology department.
    Rule(
        "accession",
        "IDNUM",
        re.compile(
            rf"[A-Z](?=[A-Z-]{{0,3}}[0-9]{{2}}-){_START}[A-Z]{{0,2}}-?[0-9]{{2}}-[0-9]{{4,7}}{_STOP}"
        ),
        score=0.8,
    ),
    # Names of letters only are names after a colon.
    cued(
        "username",
        "USERNAME",
        cues=(
            *(r"user\s?name", r"user\s?id", r"log[io]n(?: id| name)?(?=\s?:)", r"screen\s?name"),
            r"user(?=\s?[:=]\s?[a-z._-]{0,24}[0-9])",
        ),
        digits=0,
        value=(
            r"(?:(?<=[:=])|(?<=[:=]\s)|(?=[a-z._-]{0,24}[0-9]))"
            r"(?P<phi>[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?)"
        ),
    ),
)

IDENTIFIER_RULES: tuple[Rule, ...] = with_cue_table(
    "identifier_cues",
    "ID",
    (
        *_SOCIAL_SECURITY,
        *_RECORDS,
        *_PLANS_AND_ACCOUNTS,
        *_LICENCES,
        *_DEVICES,
        *_OTHERS,
    ),
)
