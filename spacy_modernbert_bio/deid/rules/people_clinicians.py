"""Rules for names of clinicians in sentences: "her cardiologist Jane Roe", "seen by Smith"."""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.name_patterns import ONE_CAPITALS, TITLE, free_name
from spacy_modernbert_bio.deid.rules.name_refutations import no_clinician, not_all_names
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

_SPECIALISTS = (
    *("anesthesiologist", "cardiologist", "dentist", "dermatologist", "endocrinologist"),
    *("gastroenterologist", "gynecologist", "hematologist", "hospitalist", "intensivist"),
    *("internist", "nephrologist", "neurologist", "neurosurgeon", "obstetrician", "oncologist"),
    *("ophthalmologist", "optometrist", "pathologist", "pediatrician", "podiatrist"),
    *("psychiatrist", "psychologist", "pulmonologist", "radiologist", "rheumatologist"),
    *("surgeon", "therapist", "urologist", "case manager", "social worker"),
    *("nurse practitioner", "physician assistant", "primary care (?:doctor|physician|provider)"),
    *("doctor", "physician", "resident", "intern", "consultant"),
)
_CALLED = r"(?:,|\sis|\swas|,?\snamed|\sof record)?\s{1,2}"
_SEEN_BY = tuple(
    f"{verb} by" for verb in ("seen", "evaluated", "examined", "dictated", "reviewed", "signed")
)
_TITLED = r"(?=[A-Z](?:[a-zà-ÿ'’]|\.|\s[A-Z]))"

CLINICIAN_RULES: tuple[Rule, ...] = (
    # "her cardiologist, Jane Roe", "PCP is Jane Roe".
    after_cue(
        "clinician",
        "DOCTOR",
        (*_SPECIALISTS, "pcp", "attending(?: physician| surgeon| md)?"),
        rf"{_CALLED}{TITLE}(?P<phi>{_TITLED}{free_name(2)})",
        refuted=no_clinician,
        score=0.8,
    ),
    # "PCP Smith", "Attending Smith", "seen by Smith": one word.
    after_cue(
        "clinician_one_word",
        "DOCTOR",
        ("pcp", "attending", *_SEEN_BY),
        r"\s(?P<phi>[A-Z][a-zà-ÿ]{1,20}(?:['’-][A-Z][a-zà-ÿ]{1,20})?)"
        r"(?![\w'’-]|[ \t][A-Z]|\s?[:/])",
        refuted=no_clinician,
        score=0.6,
    ),
    # In capitals two words: "SEEN BY JOHN SMITH".
    after_cue(
        "by_whom_capitals",
        "DOCTOR",
        _SEEN_BY,
        rf"\s(?P<phi>(?=[A-Z'’-]{{2,24}} [A-Z]{{2}}|[A-Z]\.?\s?[A-Z]{{2}}){free_name(2)}"
        rf"|[A-Z] {ONE_CAPITALS})",
        refuted=no_clinician,
        score=0.7,
    ),
    # "John Smith denies chest pain", "Jane Roe will see": only people do this.
    SeekingRule(
        name="name_and_verb",
        label="NAME",
        pattern=re.compile(
            rf"(?P<phi>{_TITLED}{free_name(2)})\s(?:denie[sd]|state[sd]|complain(?:s|ed)"
            r"|live[sd] (?:in|alone|with)|works as|will see|underwent|presents|presented to"
            r"|came (?:in|to)|is an? (?:[0-9]|pleasant|delightful|very)|was born)\b"
        ),
        needs=(
            *(" denie", " state", " complain", " live", " works as", " will see", " underwent"),
            *(" presen", " came in", " came to", " is a 0", " is an 0", " is a ple", " is a del"),
            *(" is a very", " was born"),
        ),
        refuted=not_all_names,
        score=0.7,
        before=80,
        glance=re.compile(r"[A-Z][\w'’.-]{0,24}$"),
    ),
)
