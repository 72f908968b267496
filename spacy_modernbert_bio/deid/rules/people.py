"""Rules for names of people: after titles, before credentials, in header fields, of relatives.

No list of names is read: a name that nothing announces is the model's to find, or the gazetteer's
where the patient is known. Eponyms and drugs have no title before them and stay; "Dr. Lasix" is a
name. `name_patterns` says how a name is written, `words` which capitalised words are none.
"""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.name_patterns import (
    NAME,
    ONE_CAPITALS,
    TITLED_NAME,
    free_name,
)
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule
from spacy_modernbert_bio.deid.rules.words import FUNCTION_WORDS, NOT_NAMES

_CREDENTIAL_ALONE = (
    r"(?:M\.?D\.?|R\.?N\.?|Ph\.?\s?D\.?|P\.?A\.?-C|D\.O\.|CRNA|A[PR][RN][NP]|[CFA]?NP(?:-B?C)?|L[PV]N"
    r"|LC?SW|Pharm\.?D\.?)(?![A-Za-z0-9])"
)
_CREDENTIAL = (
    rf"(?:{_CREDENTIAL_ALONE}|(?:DO|N\.P\.|P\.?A\.?|CN[MS]|[BM]SN|D\.?D\.?S\.?|D\.?M\.?D\.?|D[PV]M|DPT"
    r"|Psy\.?D\.?|RPh|L?[CI]CSW|MSW|MBBS|MBChB|FAC[A-Z]{1,2}|FRC[PS]|MPH|OTR(?:/L)?|SLP|CCC|RRT|MS[1-4]"
    r"|PGY-?[1-7])(?![A-Za-z0-9]))"
)
_LAST_FIRST = rf"(?:,\s?(?!{_CREDENTIAL}){NAME})?"
_TITLE = r"(?:(?i:dr|mrs?|ms|prof)(?:\.\s?|\s{1,2})|Miss\s)?"
_AFTER_TITLE = r"(?:\.\s{0,9}|\s{1,9})"
# In characters, with a margin; of a longer one the end is found.
_LONGEST_NAME = 120
_BLANKS = re.compile(r"[\s,.]+")
_NAME_OF_THING = re.compile(
    r"(?:brand|drug|file|generic|group|hospital|medication|model|procedure|product|sample|study|test"
    r"|trade)\s{1,2}$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[0-9]\s(?:[A-Z][\w'.]{0,20}\s){1,4}$")


def _no_name(match: "re.Match[str]") -> bool:
    """Whether prose goes on after the title, as in "the Dr. He"."""
    return _BLANKS.split(match["phi"], maxsplit=1)[0].lower() in FUNCTION_WORDS


def _not_all_names(match: "re.Match[str]") -> bool:
    """Whether a word, other than an initial, is one of notes and not of people."""
    words = _BLANKS.split(match["phi"])
    return words[0] == "I" or any(len(each) > 1 and each.lower() in NOT_NAMES for each in words)


def _no_small_name(match: "re.Match[str]") -> bool:
    """Also verbs that are names where they have a capital."""
    return match["phi"] in ("may", "will") or _not_all_names(match)


def _no_person_field(match: "re.Match[str]") -> bool:
    """Also "Sample Name:", "Drug Name:": what is named is no person."""
    before = match.string[max(0, match.start() - 20) : match.start()]
    return _not_all_names(match) or bool(_NAME_OF_THING.search(before))


def _drive_or_no_name(match: "re.Match[str]") -> bool:
    """Also the street word in "12 Oak Dr. Boston"."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    return _no_name(match) or bool(_ADDRESS.search(before))


def _field(name: str, label: str, *cues: str, blank: bool = False) -> Rule:
    """A name after a heading with a colon, or in the next column; where `blank`, after a blank."""
    link = r"(?:\s{0,3}[:>]\s{0,6}|(?<=:)\s{0,6}|[ \t]{2,8}|\t|\s-\s" + (
        r"|\s{1,2})" if blank else ")"
    )
    return after_cue(
        name,
        label,
        cues,
        f"{link}{_TITLE}(?!\\w{{1,20}}\\s?:)(?P<phi>{NAME}{_LAST_FIRST})",
        refuted=_no_person_field,
    )


_TITLES = (
    # Also "Drs. Smith, Jones and Roe".
    Rule(
        "title_doctor",
        "DOCTOR",
        re.compile(
            r"[DP](?<![^\W_].)(?:(?<=D)(?:r(?P<several>s)?|RS?)|(?<=P)(?:rof(?:essor)?|ROF))"
            rf"{_AFTER_TITLE}(?P<phi>{NAME}(?(several)(?:(?:,\s{TITLED_NAME}){{0,3}},?"
            rf"\s(?:and|&)\s(?!Dr|Mr|Ms){TITLED_NAME})?))"
        ),
        refuted=_drive_or_no_name,
    ),
    Rule(
        "title_nurse",
        "DOCTOR",
        re.compile(rf"[NDM](?:urse|octor|idwife)\s(?P<phi>{TITLED_NAME})"),
        ("nurse", "doctor", "midwife"),
        _not_all_names,
    ),
    Rule(
        "title_patient",
        "PATIENT",
        re.compile(
            rf"M(?<![^\W_].)(?:rs?|RS|R(?=\.)|s|iss(?=\s)|x(?=\.)){_AFTER_TITLE}(?P<phi>{NAME})"
        ),
        refuted=_no_name,
    ),
    # Without a period MR is magnetic resonance too, with one MS may end a sentence.
    Rule(
        "title_capitals",
        "PATIENT",
        re.compile(
            rf"M(?<![^\W_].)(?:R\s{{1,2}}|S\.\s{{1,2}})(?P<phi>(?=[A-Z'-]{{4}}){ONE_CAPITALS})"
        ),
        refuted=_not_all_names,
    ),
    Rule(
        "title_other",
        "NAME",
        re.compile(
            r"[SFRC](?<![^\W_].)(?:ister|ather|r\.|ev\.|everend|abbi|haplain)"
            rf"\s{{1,2}}(?P<phi>{TITLED_NAME})"
        ),
        refuted=_not_all_names,
    ),
    Rule(
        "title_small",
        "NAME",
        re.compile(
            r"[dm](?<![^\W_].)(?:(?<=d)r|(?<=m)rs?|(?<=m)s)\.\s?(?P<phi>[a-z][a-z'-]{1,24})\b"
        ),
        ("dr.", "mr.", "mrs.", "ms."),
        _no_small_name,
        0.8,
    ),
)

_CREDENTIALS = (
    # "Roe, PA-C", "Jane Roe, MD", "ROE, JANE A., RN", "J. Roe, M.D.".
    SeekingRule(
        name="credential",
        label="DOCTOR",
        pattern=re.compile(rf"(?P<phi>{free_name(1)}{_LAST_FIRST}),\s{{0,3}}{_CREDENTIAL}"),
        refuted=_not_all_names,
        anchor=re.compile(rf",\s{{0,3}}{_CREDENTIAL}"),
        before=_LONGEST_NAME,
    ),
    # "Jane Roe MD", "J. Roe RN".
    SeekingRule(
        name="credential_no_comma",
        label="DOCTOR",
        pattern=re.compile(rf"(?P<phi>{free_name(2)})[ \t]{{1,2}}{_CREDENTIAL_ALONE}"),
        refuted=_not_all_names,
        anchor=re.compile(rf"[A-Z](?<=[ \t](?={_CREDENTIAL_ALONE}).)"),
        before=_LONGEST_NAME,
    ),
)

_FIELDS = (
    _field(
        "field_patient",
        "PATIENT",
        *("patient(?:'s)?(?: full| legal)? name", "pt(?:'s)? name", "patient", "pt:", "client"),
        *(
            "re:",
            "name",
            "guarantor",
            "insured",
            "subscriber",
            "subscriber name",
            "maiden name",
            "alias",
        ),
        *("last name", "first name", "middle name", "full name", "member name", "member"),
    ),
    # In small letters only where the heading leaves no doubt and two words fill the line.
    after_cue(
        "field_patient_small",
        "PATIENT",
        ("patient name", "pt name", "name"),
        r"\s{0,3}:[ \t]{0,6}(?P<phi>[a-z'-]{2,24}(?: [a-z]\.?)?,?[ \t][a-z'-]{2,24})"
        r"(?=[ \t]{0,8}(?:\Z|\r?\n|[,;|(]|[ \t]{2}))",
        refuted=_not_all_names,
        score=0.8,
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
        *(
            "surgeons?",
            "co-surgeons?",
            "assistants?",
            "anesthesiologist",
            "author",
        ),
        *(r"attending(?: physician| md| surgeon)?", "physicians?", "provider", "pcp", "doctor"),
        *("consultants?", "resident", "fellow", "nurse", "radiologist", "pathologist", "therapist"),
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
            )
        ),
        blank=True,
    ),
)

_PROSE = (
    # "daughter Mary", "wife, Anna Smith,", "his son (Tom)", "mother's name is Ann".
    after_cue(
        "relative",
        "NAME",
        (
            *(
                "daughter",
                "son",
                "wife",
                "husband",
                "mother",
                "father",
                "sister",
                "brother",
                "aunt",
            ),
            *("uncle", "niece", "nephew", "cousin", "spouse", "partner", "fianc[eé]e?", "grandson"),
            *("granddaughter", "grandmother", "grandfather", "girlfriend", "boyfriend", "friend"),
            *("neighbor", "roommate", "caregiver", "guardian", "boss"),
        ),
        rf"(?:'s name(?: is|,)|,|,? whose name is| is| named| called)?\s{{1,2}}\(?{_TITLE}"
        rf"(?P<phi>(?=[^\W_]['’a-zà-ÿ]){TITLED_NAME})(?!['’]s\s[a-z]|-)",
        refuted=_not_all_names,
        score=0.9,
    ),
    after_cue(
        "named",
        "NAME",
        ("named", "name is", "name's", "patient name", "pts? name", "goes by", "nicknamed"),
        rf"\s{{1,2}}[\"“]?{_TITLE}(?P<phi>{TITLED_NAME})",
        refuted=_not_all_names,
        score=0.9,
    ),
    # One word alone may begin a heading or a complaint.
    after_cue(
        "person_and_name",
        "PATIENT",
        ("patient", "pt", "c/o", "cc:", "male", "female", "man", "woman"),
        rf",? {{1,2}}{_TITLE}(?=[^\W_]{{1,24}}(?:['’.-][^\W_]{{0,24}})? [A-Z])"
        rf"(?P<phi>{TITLED_NAME})",
        refuted=_not_all_names,
        score=0.7,
    ),
    # "a man with COPD, John Smith, who was": commas around, and prose goes on.
    Rule(
        "apposition",
        "NAME",
        re.compile(
            rf",\s(?P<phi>{free_name(2)}),\s"
            r"(?=(?:who|was|is|seen|treated|admitted|last|from|residing|living|born|a|an|aged?)\s)"
        ),
        refuted=_not_all_names,
        score=0.7,
    ),
    # "seen today, Anna S., for".
    Rule(
        "name_and_initial",
        "NAME",
        re.compile(r"(?P<phi>[A-Z](?<![^\W_].)[a-z]{2,14} [A-Z]\.)(?=\s?[,;)?]|'s|\s[a-z(])"),
        refuted=_not_all_names,
        score=0.7,
    ),
)

PEOPLE_RULES: tuple[Rule, ...] = (*_TITLES, *_CREDENTIALS, *_FIELDS, *_PROSE)
