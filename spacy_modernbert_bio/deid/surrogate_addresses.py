"""Other addresses: streets, cities, states and countries, alone or between commas.

House numbers are drawn again, kinds of streets ("St"), directions and words as "Apt" stay. What is
drawn may exist somewhere: it is no more than a realistic name. Words are Faker's American ones.
"""

from faker.providers.address.en_US import Provider as Addresses

from spacy_modernbert_bio.deid.drawing import Draw, Maker, digits_of
from spacy_modernbert_bio.deid.surrogate_codes import code, zip_code
from spacy_modernbert_bio.deid.surrogate_places import PLACE_NAMES, is_place_kind, place
from spacy_modernbert_bio.deid.wording import RunKind, plain, runs, same_case, word_set

_DIRECTIONS = word_set(
    "n s e w ne nw se sw north south east west northeast northwest southeast southwest"
)
_UNITS = word_set(
    "apt apartment suite ste unit floor fl room rm building bldg box po p o lot no number"
)
_STREET_KINDS = frozenset(map(str.lower, Addresses.street_suffixes)) | word_set(
    "st ave av blvd boulevard rd dr ln ct pl sq ter pkwy hwy cir trl tpke rte way aly xing"
)
_ZIP_LENGTHS = (5, 9)
_ORDINAL_ENDS = word_set("st nd rd th")
_STATES = tuple(Addresses.states)
# Both lists are in the order of the states' names; the abbreviations have the District as well.
_ABBREVIATIONS = tuple(each for each in Addresses.states_abbr if each != "DC")
_STATE_OF = {
    written.lower(): state
    for state, abbreviation in zip(_STATES, _ABBREVIATIONS, strict=True)
    for written in (state, abbreviation)
} | {"dc": "District of Columbia", "district of columbia": "District of Columbia"}
_ABBREVIATION_OF = dict(zip(_STATES, _ABBREVIATIONS, strict=True))
_COUNTRIES = tuple(sorted(each for each in Addresses.countries if each.replace(" ", "").isalpha()))
_COUNTRY_CODES = {
    2: tuple(sorted(Addresses.alpha_2_country_codes)),
    3: tuple(sorted(Addresses.alpha_3_country_codes)),
}
_KNOWN_COUNTRIES = frozenset(map(str.lower, Addresses.countries)) | {
    "usa",
    "us",
    "united states",
    "uk",
}
_CITY_STARTS = tuple(sorted(set(Addresses.city_prefixes)))
_CITY_ENDS = tuple(sorted(set(Addresses.city_suffixes)))


def street(written: str, draw: Draw) -> str:
    """Another street and number; its kind ("St"), directions and words as "Apt" stay."""
    found = runs(written)
    parts: list[str] = []
    named = False
    for index, (kind, run) in enumerate(found):
        folded = plain(run)
        if kind != "letters" or not folded:
            named = named and "," not in run
            parts.append(code(run, draw))
        elif folded in _ORDINAL_ENDS and index and found[index - 1][0] == "digits":
            parts.append(same_case(run, _ordinal_end(parts[-1])))
            named = True
        elif draw.attempt < 2 and _stays_in_street(found, index, named=named):
            parts.append(run)
        elif len(folded) == 1:
            parts.append(code(run, draw))
        else:
            parts.append(same_case(run, draw.word("street", folded, PLACE_NAMES)))
            named = True
    return "".join(parts)


def city(written: str, draw: Draw) -> str:
    """Another city: one word for one, two for several."""
    folded = plain(written)
    start = _CITY_STARTS[draw.number("city start", folded, len(_CITY_STARTS))]
    end = _CITY_ENDS[draw.number("city end", folded, len(_CITY_ENDS))]
    name = draw.word("city", folded, PLACE_NAMES) + end
    return same_case(written, f"{start} {name}" if " " in folded else name)


def state(written: str, draw: Draw) -> str:
    """Another state of the US, by name or by abbreviation as this one is; both forms agree."""
    folded = plain(written)
    letters = "".join(filter(str.isalpha, folded))
    short = len(letters) == 2 and len(folded) <= 4
    known = _STATE_OF.get(letters if short else folded, folded)
    chosen = draw.word("state", known.lower(), _STATES)
    if not short or chosen not in _ABBREVIATION_OF:
        return same_case(written, chosen)
    new = iter(_ABBREVIATION_OF[chosen])
    return "".join(same_case(each, next(new, "")) if each.isalpha() else each for each in written)


def country(written: str, draw: Draw) -> str:
    """Another country; a code of two or three letters for such a one."""
    folded = plain(written)
    codes = _COUNTRY_CODES.get(len(folded))
    chosen = draw.word("country", folded, codes or _COUNTRIES)
    return same_case(written, chosen)


def address(first: Maker) -> Maker:
    """Of the maker of an address's first segment, one of whole addresses: parts between commas."""

    def make(written: str, draw: Draw) -> str:
        head, *rest = written.split(",")
        if not rest:
            return first(written, draw)
        makers = [_segment_maker(head, first), *(_segment_maker(each, city) for each in rest)]
        made = [
            in_layout(make, each, draw) for make, each in zip(makers, (head, *rest), strict=True)
        ]
        return ",".join(made)

    return make


def location(written: str, draw: Draw) -> str:
    """A place of unknown type, by the form that it is written in."""
    return _segment_maker(written, city)(written, draw)


def in_layout(make: Maker, written: str, draw: Draw) -> str:
    """What is made of a text, with the blanks that are around it."""
    body = written.strip()
    if not body:
        return written
    start = written.index(body)
    return written[:start] + make(body, draw) + written[start + len(body) :]


def _segment_maker(segment: str, otherwise: Maker) -> Maker:
    """How a part of an address is replaced, by its form."""
    words = plain(segment).replace(".", "").split()
    if not words:
        return code
    if _is_zip(words[-1]):
        return zip_code if len(words) == 1 else _before_zip
    if " ".join(words) in _STATE_OF:
        return state
    if " ".join(words) in _KNOWN_COUNTRIES:
        return country
    if any(map(is_place_kind, words)):
        return place
    has_street = len(words) > 1 and words[-1] in _STREET_KINDS
    if has_street or words[0] in _UNITS or words[0][0].isdecimal():
        return street
    return otherwise


def _before_zip(written: str, draw: Draw) -> str:
    """ "MA 02139", "Boston MA 02139": the ZIP code as one, and what is before it as what it is."""
    code_start = written.rindex(written.split()[-1])
    before = written[:code_start]
    made = in_layout(_segment_maker(before, city), before, draw)
    return made + zip_code(written[code_start:], draw)


def _is_zip(word: str) -> bool:
    return len(digits_of(word)) in _ZIP_LENGTHS and not any(map(str.isalpha, word))


def _stays_in_street(found: list[tuple[RunKind, str]], index: int, *, named: bool) -> bool:
    """Whether a word tells no name: a unit, a direction, or a kind that ends a street's name."""
    folded = plain(found[index][1])
    if folded in _UNITS or folded in _DIRECTIONS:
        return True
    if folded not in _STREET_KINDS or not named:
        return False
    gap, after = ([run for _, run in found[index + 1 : index + 3]] + ["", ""])[:2]
    follows = found[index + 2][0] == "letters" if after else False
    return not follows or "," in gap or plain(after) in _UNITS | _DIRECTIONS


def _ordinal_end(number: str) -> str:
    """ "st" for 21, "th" for 11."""
    if number[-2:-1] == "1":
        return "th"
    return {"1": "st", "2": "nd", "3": "rd"}.get(number[-1:], "th")
