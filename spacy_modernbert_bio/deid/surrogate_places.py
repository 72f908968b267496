"""Other hospitals, organizations, departments and professions.

Words that tell a kind ("Hospital", "Clinic") stay, names are replaced word by word, so that
"Brigham" and "Brigham and Women's Hospital" agree. Names and professions are Faker's American ones.
"""

import re

from faker.providers.job.en_US import Provider

from spacy_modernbert_bio.deid.drawing import Draw
from spacy_modernbert_bio.deid.names import FAMILY
from spacy_modernbert_bio.deid.surrogate_codes import code, room
from spacy_modernbert_bio.deid.wording import ends_in_apostrophe, plain, runs, same_case, word_set

# Names that places are called by.
PLACE_NAMES = tuple(sorted(name.capitalize() for name in FAMILY))
_PLACE_KINDS = word_set(
    "hospital hospitals medical center centre clinic clinics general memorial university "
    "health healthcare institute childrens children regional community county saint st "
    "of the for and at in on womens women veterans va home nursing rehabilitation rehab "
    "care hospice house school college academy church company corporation corp inc llc ltd group "
    "plc bank associates services service foundation agency department dept library "
    "bridge park airport station lake river mount beach island county building pharmacy laboratory "
    "laboratories labs system systems network partners office practice surgery physicians "
    "rehabilitative hall mall store"
)
_JOBS = tuple(
    sorted(
        {
            job
            for full in Provider.jobs
            if (job := re.split("[,/(]", full)[0].strip()).replace(" ", "").isalpha()
        }
    )
)
# Faker has none. Fields that most hospitals have.
_DEPARTMENTS = (
    "Anesthesiology",
    "Cardiology",
    "Dermatology",
    "Endocrinology",
    "Gastroenterology",
    "Geriatrics",
    "Gynecology",
    "Hematology",
    "Nephrology",
    "Neurology",
    "Oncology",
    "Ophthalmology",
    "Orthopedics",
    "Otolaryngology",
    "Pathology",
    "Pediatrics",
    "Psychiatry",
    "Pulmonology",
    "Radiology",
    "Rheumatology",
    "Surgery",
    "Urology",
)
_DEPARTMENT = re.compile(
    r"(?P<before>(?:department|dept\.?|division|section|service) of )?(?P<name>.+?)"
    r"(?P<after> (?:unit|clinic|service|ward|floor|department|dept\.?|division|team|lab))?",
    re.IGNORECASE,
)
_MAX_ABBREVIATION = 5
_LETTERS_ALONE = 3
_VOWELS = frozenset("aeiouy")


def place(written: str, draw: Draw) -> str:
    """Another hospital, organization or place; where only kinds are named, the last one stays."""
    found = runs(written)
    words = [index for index, (kind, _) in enumerate(found) if kind == "letters"]
    # Where nothing but kinds is named, they have to go at a later attempt, the last of them last.
    last = words[-1] if len(words) > 1 else -1
    parts: list[str] = []
    for index, (kind, run) in enumerate(found):
        folded = plain(run)
        stays = draw.attempt == 0 or (draw.attempt == 1 and index == last)
        after_apostrophe = index > 0 and ends_in_apostrophe(found[index - 1][1])
        if kind != "letters" or not folded:
            parts.append(code(run, draw))
        elif (folded in _PLACE_KINDS and stays) or (folded == "s" and after_apostrophe):
            parts.append(run)
        else:
            parts.append(_place_word(run, folded, draw, alone=len(words) == 1))
    return "".join(parts)


def department(written: str, draw: Draw) -> str:
    """Another department: words as "Department of" and "Clinic" stay."""
    match = _DEPARTMENT.fullmatch(" ".join(written.split()))
    if match is None or draw.attempt > 1:
        return place(written, draw)
    before, name, after = (match[each] or "" for each in ("before", "name", "after"))
    if any(map(str.isdecimal, name)) or _is_abbreviation(plain(name), alone=True):
        return before + room(name, draw) + after
    return before + same_case(name, draw.word("department", plain(name), _DEPARTMENTS)) + after


def profession(written: str, draw: Draw) -> str:
    """Another profession."""
    chosen = draw.word("profession", plain(written), _JOBS)
    if written[:1].isupper() or written.isupper():
        return same_case(written, chosen)
    return chosen.lower()


def is_place_kind(folded: str) -> bool:
    """Whether a folded word is one like "hospital" or "clinic"."""
    return folded in _PLACE_KINDS and len(folded) > _MAX_ABBREVIATION


def _place_word(run: str, folded: str, draw: Draw, *, alone: bool) -> str:
    if len(folded) == 1 or _is_abbreviation(folded, alone=alone):
        return code(run, draw)
    return same_case(run, draw.word("place", folded, PLACE_NAMES))


def _is_abbreviation(folded: str, *, alone: bool) -> bool:
    """Few letters without a vowel, as in "MGH"; a word of three letters alone, as "IBM"."""
    if alone and len(folded) <= _LETTERS_ALONE:
        return True
    return len(folded) <= _MAX_ABBREVIATION and not _VOWELS & set(folded)
