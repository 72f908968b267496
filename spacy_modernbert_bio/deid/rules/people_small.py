"""Rules for names in small letters, as nurses and typists write them: "dr smith", "pcp: jones".

A small letter says nothing, so that each asks for a title, a field or a degree, and takes no word
of `words` for a name.
"""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.name_patterns import CREDENTIAL_ALONE, NO_MORE
from spacy_modernbert_bio.deid.rules.name_refutations import no_small_name
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

_WORD = r"[a-zß-öø-ÿ][a-zß-öø-ÿ'’-]{1,24}"
_TWO_WORDS = rf"{_WORD}(?: [a-z]\.?)? {_WORD}"
_ONE_OR_TWO = rf"{_WORD}(?:,? (?:[a-z]\.? )?(?!{NO_MORE}){_WORD})?"
_TITLE = r"(?i:(?:drs?|mrs?|ms)(?:\.\s?|\s{1,2}))?"
_DEGREE = rf"(?i:{CREDENTIAL_ALONE}|crnp\b|m\.d\.|r\.n\.)"
_ENDS = rf"(?=[ \t]{{0,8}}(?:\Z|\r?\n|[,;|(/]|\.(?:\s|\Z)|[ \t]{{2}}|{_DEGREE}))"
# After the name of a person who does something.
_DOES = (
    rf"(?=(?: {_WORD})?(?:'s)? (?:is|was|has|had|denies|states|stated|reports|says|said|c/o|came"
    r"|will|complains|presents|presented|refused|returns|continues|tolerated|called|went)\b|'s\b)"
)

SMALL_NAME_RULES: tuple[Rule, ...] = (
    # One word, or more that a comma ends: "mr. smith says", "mr. john q. smith, a".
    CueRule(
        "title_small",
        "NAME",
        re.compile(
            r"[DMdm](?<![^\W_].)(?:(?<=[Dd])r|(?<=[Mm])rs?|(?<=[Mm])s)\.\s{0,2}"
            rf"(?P<phi>(?:[a-z]\.\s?)?{_WORD}\b"
            rf"(?:(?: [a-z]\.)?(?: (?!{NO_MORE}){_WORD}){{1,2}}(?=[,;)\n]))?)"
        ),
        ("dr", "mr", "mrs", "ms"),
        no_small_name,
        0.8,
    ),
    # "dr smith", "mrs jones"; MR and MS are an image and a disease too: "mr jones denies".
    CueRule(
        "title_small_plain",
        "NAME",
        re.compile(
            rf"[Ddm](?<![^\W_].)(?:(?<=[Dd])rs?\s|(?<=m)rs\s|(?<=m)[rs]\s(?={_WORD}{_DOES}))"
            rf"(?P<phi>{_WORD}\b(?:(?: [a-z]\.?)? (?!{NO_MORE}){_WORD}(?=[,;)\n]))?)"
        ),
        ("dr", "drs", "mr", "mrs", "ms"),
        no_small_name,
        0.7,
    ),
    # Only where the heading leaves no doubt and two words fill the line.
    after_cue(
        "field_patient_small",
        "PATIENT",
        ("patient name", "pt name", "name"),
        r"\s{0,3}:[ \t]{0,6}(?P<phi>[a-z'-]{2,24}(?: [a-z]\.?)?,?[ \t][a-z'-]{2,24})"
        r"(?=[ \t]{0,8}(?:\Z|\r?\n|[,;|(]|[ \t]{2}))",
        refuted=no_small_name,
        score=0.8,
    ),
    # Where a shift's summary begins: a patient, a room, a doctor.
    after_cue(
        "header_patient_small",
        "PATIENT",
        ("patient", "pt"),
        rf":[ \t]{{0,3}}(?P<phi>{_TWO_WORDS})"
        r"(?=,?\s{1,3}(?:[a-z]?[0-9]|dr\b|mrn|dob|age|room|rm)|\s\()",
        refuted=no_small_name,
        score=0.8,
    ),
    after_cue(
        "field_doctor_small",
        "DOCTOR",
        (
            *(
                r"attending(?: physician| md)?",
                "attg",
                "pcp",
                "dr",
                "surgeon",
                "author",
                "provider",
            ),
            *("resident", "nurse", "rn", "md", "cc", "copy to", "copies to", "physician"),
        ),
        rf"[ \t]?:[ \t]{{0,6}}{_TITLE}(?P<phi>{_ONE_OR_TWO}){_ENDS}",
        refuted=no_small_name,
        score=0.7,
    ),
    after_cue(
        "signature_small",
        "DOCTOR",
        tuple(
            f"{verb}(?: electronically)? by"
            for verb in ("signed", "dictated", "transcribed", "electronically signed", "cosigned")
        ),
        rf"[ \t]?:?[ \t]{{1,6}}{_TITLE}(?P<phi>{_ONE_OR_TWO}){_ENDS}",
        refuted=no_small_name,
        score=0.7,
    ),
    # "seen by john smith, md", "per anna rn"
    after_cue(
        "by_degree_small",
        "DOCTOR",
        ("by", "per", "with"),
        rf"\s(?P<phi>{_WORD}(?: {_WORD})?),?\s(?:md|rn|np|pa|lpn|do)\b",
        refuted=no_small_name,
        score=0.7,
    ),
    # "john smith, rn" in a line of its own.
    SeekingRule(
        name="signature_line_small",
        label="DOCTOR",
        pattern=re.compile(
            rf"(?:\A|\n)[ \t]{{0,8}}(?P<phi>{_TWO_WORDS}(?: {_WORD})?),?[ \t]{_DEGREE}"
            r"(?=[ \t.]{0,4}(?:\n|\Z|,))"
        ),
        needs=(" rn", " md", " np", " m.d", " r.n", " crnp", " lpn", " lvn", " pa-c", " crna"),
        refuted=no_small_name,
        score=0.8,
        before=100,
        glance=re.compile(rf"(?:\A|\n)[ \t]{{0,8}}{_WORD} [a-zß-öø-ÿ'’. -]{{2,48}},?$"),
    ),
)
