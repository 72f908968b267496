"""Rules for names of people with a title before or a degree behind them.

No list of names is read: a name that nothing announces is the model's to find, or the gazetteer's
where the patient is known. Eponyms and drugs have no title before them and stay; "Dr. Lasix" is a
name. `name_patterns` says how a name is written, `name_refutations` and `words` what is none.
"""

import re

from spacy_modernbert_bio.deid.rules.name_patterns import (
    CREDENTIAL,
    CREDENTIAL_ALONE,
    LAST_FIRST,
    NAME,
    ONE_CAPITALS,
    TITLED_NAME,
    free_name,
)
from spacy_modernbert_bio.deid.rules.name_refutations import (
    credentials_only,
    drive_or_no_name,
    no_name,
    not_all_names,
)
from spacy_modernbert_bio.deid.rules.people_clinicians import CLINICIAN_RULES
from spacy_modernbert_bio.deid.rules.people_fields import FIELD_RULES
from spacy_modernbert_bio.deid.rules.people_prose import PROSE_NAME_RULES
from spacy_modernbert_bio.deid.rules.people_small import SMALL_NAME_RULES
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

_AFTER_TITLE = r"(?:\.\s{0,9}|\s{1,9})"
# In characters, with a margin; of a longer one the end is found.
_LONGEST_NAME = 120

_SMALL_DEGREE = r"(?:rn|md|np|lpn|lvn)\b"

_TITLES = (
    # Also "Drs. Smith, Jones and Roe".
    CueRule(
        "title_doctor",
        "DOCTOR",
        re.compile(
            r"[DP](?<![^\W_].)(?:(?<=D)(?:r(?P<several>s)?|RS?)|(?<=P)(?:rof(?:essor)?|ROF))"
            rf"{_AFTER_TITLE}(?P<phi>{NAME}(?:/(?!Dr|Mr|Ms){TITLED_NAME})?(?(several)(?:(?:,\s{TITLED_NAME}){{0,3}},?"
            rf"\s(?:and|&)\s(?!Dr|Mr|Ms){TITLED_NAME})?))"
        ),
        ("dr", "drs", "prof"),
        drive_or_no_name,
    ),
    CueRule(
        "title_nurse",
        "DOCTOR",
        re.compile(rf"[NDMndm](?:urse|octor|idwife)\s(?P<phi>{TITLED_NAME})"),
        ("nurse", "doctor", "midwife"),
        not_all_names,
    ),
    Rule(
        "title_patient",
        "PATIENT",
        re.compile(
            rf"M(?<![^\W_].)(?:rs?|RS|R(?=\.)|s|iss(?=\s)|x(?=\.)){_AFTER_TITLE}(?P<phi>{NAME})"
        ),
        refuted=no_name,
    ),
    CueRule(
        "newborn",
        "PATIENT",
        re.compile(r"[Bb]aby (?i:boy|girl)\s(?P<phi>[A-Z][a-z'’-]{1,24}|[A-Z]{3,24})(?![^\W_])"),
        ("baby",),
        not_all_names,
        0.8,
    ),
    # Without a period MR is magnetic resonance too, with one MS may end a sentence.
    Rule(
        "title_capitals",
        "PATIENT",
        re.compile(
            rf"M(?<![^\W_].)(?:R\s{{1,2}}|S\.\s{{1,2}})(?P<phi>(?=[A-Z'-]{{4}}){ONE_CAPITALS})"
        ),
        refuted=not_all_names,
    ),
    CueRule(
        "title_other",
        "NAME",
        re.compile(
            r"[SFRCOPDA](?<![^\W_].)(?:ister|ather|r\.|ev\.|everend|abbi|haplain|gt\.|fficer|astor"
            r"|etective|eacon|ttorney)"
            rf"\s{{1,2}}(?P<phi>{TITLED_NAME})"
        ),
        (
            *("sister", "father", "sr", "fr", "rev", "reverend", "rabbi", "chaplain", "sgt"),
            *("officer", "pastor", "detective", "deacon", "attorney"),
        ),
        not_all_names,
    ),
    # "MD Roe was notified", "RN Jane".
    CueRule(
        "title_degree",
        "DOCTOR",
        re.compile(
            r"[MmRrNn](?<![^\W_].)[DdNnPp](?<=MD|RN|NP|md|rn|np) (?=[A-Z][a-z])"
            rf"(?P<phi>{TITLED_NAME})"
        ),
        ("md", "rn", "np"),
        not_all_names,
        0.7,
    ),
)

_CREDENTIALS = (
    # "Roe, PA-C", "Jane Roe, MD", "ROE, JANE A., RN", "J. Roe, M.D.".
    SeekingRule(
        name="credential",
        label="DOCTOR",
        pattern=re.compile(
            rf"(?P<phi>{free_name(1)}(?!,\s?{CREDENTIAL}){LAST_FIRST}"
            rf"|{free_name(1)}),\s{{0,3}}{CREDENTIAL}(?!,?\s{{1,8}}(?:-\s)?[0-9]{{5}})"
        ),
        refuted=credentials_only,
        anchor=re.compile(rf",(?=\s{{0,3}}{CREDENTIAL})"),
        before=_LONGEST_NAME,
    ),
    # "Jane Roe MD", "J. Roe RN", "Jane rn".
    SeekingRule(
        name="credential_no_comma",
        label="DOCTOR",
        pattern=re.compile(
            rf"(?P<phi>{free_name(2)}(?=[ \t]{{1,2}}{CREDENTIAL_ALONE})"
            r"|[A-Z](?<![^\W_].)[a-z'’-]{1,24}(?: [A-Z][a-z'’-]{1,24}){0,2}"
            rf"(?= {_SMALL_DEGREE}))"
        ),
        refuted=credentials_only,
        anchor=re.compile(
            r"[MRPDCAFNLrmnl](?=[A-Zh.dnpv])"
            rf"(?<=[ \t](?={CREDENTIAL_ALONE}|{_SMALL_DEGREE}).)"
        ),
        before=_LONGEST_NAME,
    ),
)

PEOPLE_RULES: tuple[Rule, ...] = (
    *_TITLES,
    *_CREDENTIALS,
    *FIELD_RULES,
    *PROSE_NAME_RULES,
    *CLINICIAN_RULES,
    *SMALL_NAME_RULES,
)
