"""Rules for numbers of things: licences, vehicles, devices, specimens; and names of users.

Most are found by the cue before them, a few by their shape and a check digit; long ones that
nothing announces as well, for notes hold few others.
"""

import re

from spacy_modernbert_bio.deid.rules.check_digits import dea_holds, vin_holds
from spacy_modernbert_bio.deid.rules.cues import cued
from spacy_modernbert_bio.deid.rules.dates_times import is_amount, text_before
from spacy_modernbert_bio.deid.rules.number_shapes import START, STOP, unless
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

_NOT_DIGIT = re.compile(r"[^0-9]")
_FEWEST_ALONE = 7
_CUES = ("MRN", "SSN", "DOB", "TEL", "FAX", "DEA", "NPI")
# Registers of articles, trials and variants.
_NO_IDENTIFIER = re.compile(r"(?:pmid|pmc|doi|isbn|nct|isrctn|rs|omim|cas|[+x*])\W{0,3}$|[/.=<>^]$")


def _counts_or_dates(match: "re.Match[str]") -> bool:
    """Whether a number that nothing announces is an amount, a date run together, or short."""
    written = match[0]
    digits = _NOT_DIGIT.sub("", written)
    if written.startswith(_CUES):
        return True  # "MRN0485921"
    if written[0].isdigit() and (len(digits) < _FEWEST_ALONE or digits.endswith("000")):
        return True
    return is_amount(match) or bool(_NO_IDENTIFIER.search(text_before(match, 12)))


_LICENCES = (
    SeekingRule(
        "dea",
        "LICENSE",
        re.compile(rf"[ABFGMPRX](?=[A-Z9][0-9]{{7}}){START}[A-Z9][0-9]{{7}}{STOP}"),
        needs=("0" * 7,),
        refuted=unless(dea_holds),
        before=2,
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
    # The last four signs are digits (49 CFR 565.15).
    SeekingRule(
        "vin",
        "VEHICLE",
        re.compile(rf"[A-HJ-NPR-Z0-9]{START}[A-HJ-NPR-Z0-9]{{16}}(?![A-Za-z0-9])"),
        needs=("0000",),
        refuted=unless(vin_holds),
        before=13,
    ),
    cued(
        "vin_whole",
        "VEHICLE",
        cues=("vin",),
        digits=1,
        value="(?P<phi>[a-z0-9]{17})(?![a-z0-9])",
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
    # Plates hold bones together too.
    cued(
        "plate_whole",
        "VEHICLE",
        cues=("plate(?=\\s)",),
        digits=3,
        value=(
            r"(?P<phi>(?-i:[A-Z]{2,4})[ -]?[0-9]{3,5}|[0-9](?-i:[A-Z]{2,4})\s?[0-9]{2,4}"
            r"|[0-9]{3}-(?-i:[A-Z]{3}))"
            "(?![a-z0-9])"
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
        ("(00)",),
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
        cues=("accession", "csn", "passport", r"tube(?=\s[a-z0-9-]{0,6}[0-9]{4})"),
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
        cues=(
            r"id(?:\s?[#:=]|\snumber|\sno\b|(?=\s[a-z]{0,3}[0-9]{6}|\s[0-9]{2,3}[\s-][0-9]{2,3}[\s-]))",
        ),
        digits=2,
        score=0.9,
    ),
    # "S19-12345": a specimen of a pathology department.
    SeekingRule(
        "accession",
        "IDNUM",
        re.compile(
            rf"[A-Z](?=[A-Z-]{{0,3}}[0-9]{{2}}-){START}[A-Z]{{0,2}}-?[0-9]{{2}}-[0-9]{{4,7}}{STOP}"
        ),
        needs=("00-0000",),
        score=0.8,
        before=4,
    ),
    # "E3454198", "MR244345", "20301118": what it numbers is not said.
    SeekingRule(
        "long_number",
        "IDNUM",
        re.compile(rf"[A-Z0-9]{START}[A-Z]{{0,2}}[0-9]{{6,12}}(?:-[0-9]{{1,3}})?{STOP}"),
        needs=("000000",),
        refuted=_counts_or_dates,
        score=0.4,
        before=3,
    ),
    # Names of letters only are names after a colon.
    cued(
        "username",
        "USERNAME",
        cues=(
            *(r"user\s?name", r"user\s?id", r"log[io]n(?: id| name)?(?=\s?:)", r"screen\s?name"),
            r"user(?=\s?[:=]\s?[a-z._-]{0,24}[0-9])",
            *(f"{verb} by" for verb in ("opened", "accessed", "viewed", "printed", "modified")),
        ),
        digits=0,
        value=(
            r"(?:(?<=[:=])|(?<=[:=]\s)|(?=[a-z._-]{0,24}[0-9]|[a-z._-]{2,24}\s(?:from|at|on)\s[0-9]))"
            r"(?P<phi>[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?)"
        ),
    ),
)

THING_RULES: tuple[Rule, ...] = (*_LICENCES, *_DEVICES, *_OTHERS)
