"""What date rules are made of: months, weekdays, years, times, and the words around them.

Pieces of patterns as strings, and the words that tell a date from a score, a dose or a ratio. Says
nothing about how a date is put together: that is `dates`.
"""

import re

# Blanks between the parts of one date, and where it is wrapped, the indentation of the next line.
GAP = r"\s{0,8}"
# 1800 to 2299: MIMIC's dates were moved into the 22nd and 23rd century by its makers.
YEAR = r"(?:1[89]|2[0-2])[0-9]{2}"
SHORT_YEAR = r"['\u2018\u2019`][0-9]{2}"
ORDINAL = r"(?:st|nd|rd|th|ST|ND|RD|TH)"

# A pattern that begins with a class of characters is searched for several times faster than one
# that begins with alternatives; what stands before the first letter is looked at after it.
_AT_WORD = r"(?:(?<![A-Za-z].)|(?<=[a-z][A-Z]))"
_MONTH_ENDS = (
    r"(?i:(?<=j)(?:an(?:uary)?|une?|uly?)|(?<=f)eb(?:ruary|r)?|(?<=m)(?:ar(?:ch)?|ay)"
    r"|(?<=a)(?:pr(?:il)?|ug(?:ust)?)|(?<=s)ept?(?:ember)?|(?<=o)ct(?:ober)?|(?<=n)ov(?:ember)?"
    r"|(?<=d)ec(?:ember)?)(?![A-Za-z])"
)
# At the start of a word, or at a capital that a small letter runs into ("onMarch 14").
MONTH = rf"[JFMASONDjfmasond]{_AT_WORD}{_MONTH_ENDS}"
# The same after a digit, a blank or a sign of punctuation.
MONTH_WITHIN = rf"[JFMASONDjfmasond]{_MONTH_ENDS}"
WEEKDAY = (
    rf"[MTWFSmtwfs]{_AT_WORD}(?i:(?<=m)on(?:day)?|(?<=t)(?:ue(?:s(?:day)?)?|hu(?:r(?:s(?:day)?)?)?)"
    r"|(?<=w)ed(?:nesday|s)?|(?<=f)ri(?:day)?|(?<=s)(?:at(?:urday)?|un(?:day)?))(?![A-Za-z])"
)

# A time that a date runs on into: "2019-03-14T10:30:00Z", "3/14 at 10:30 AM", "March 14 @ 1030h".
_HALF_OF_DAY = r"(?:\s?(?:[AaPp](?:[Mm]|\.\s?[Mm]\.?)(?![A-Za-z])|[Hh](?:rs?|ours?)?(?![A-Za-z])))"
_ZONE = r"(?:(?:Z|[+-][0-9]{2}:?[0-9]{2}|\s[ECMP][SD]?T)(?![A-Za-z0-9]))"
TIME = (
    rf"(?:(?:\s{{0,3}}[,;@/-]?{GAP}(?:at\s{{1,8}})?|T)[0-2]?[0-9]:[0-5][0-9]"
    rf"(?::[0-5][0-9](?:\.[0-9]{{1,9}})?)?{_HALF_OF_DAY}?{_ZONE}?(?![0-9])"
    rf"|{GAP}(?:at|@){GAP}[0-2]?[0-9](?:[0-5][0-9]{_HALF_OF_DAY}?|{_HALF_OF_DAY})(?![0-9:]))?"
)

# After a number these make it an amount, whatever stands before it.
AMOUNT = (
    r"(?i:\s{0,3}-?\s?(?:%|\"|\u2033|'{2}|(?:mg|mcg|ug|gm?|grams?|kg|kilograms?|ml|cc|cm|mm|mmhg|l|dl|"
    r"lit(?:er|re)s?|units?|iu|meq|mmol|mol|ng|pg|nm|hpf|hz|db|kcal|calories?|cal|steps|feet|ft|"
    r"foot|inch(?:es)?|lbs?|pounds?|oz|ounces?|cups?|teaspoons?|tsp|tbsp|packs?|ppd|pints?|"
    r"gallons?|miles?|tab(?:let)?s?|cap(?:sule)?s?|pills?|puffs?|drops?|gtts?|sprays?|doses?|"
    r"times|times/day|hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|wks?|months?|mos?|"
    r"years?|yrs?|y/o|yo|beats?|patients|cases|eyes|lymph nodes|nodes|subjects|participants|"
    r"people|men|women|persons|"
    r"cells|copies|systems?|plates|rads?|cgy|gy|french|fr|gauge|degrees?|ns|nss|normal saline|"
    r"of (?:an?|the) (?:tab|pill|inch|cup|pack|dose))(?![a-z:])))"
)
_AMOUNT = re.compile(AMOUNT)
_NEXT_HEADING = re.compile(r"\s{0,3}\n\s{0,3}[a-z]{1,20}:")
# Near a fraction these make it a score, an acuity, a share or a size.
_SCORE = re.compile(
    r"strength|power|motor|muscle|flex|extens|reflex|dtr|tendon|patell|achilles|ankle|biceps|"
    r"triceps|brachio|jerk|grip|abduct|adduct|plantar|quadri|hamstring|iliopsoas|deltoid|grade|"
    r"graded|pulse|dorsalis|pedal|tibial|radial|femoral|edema|murmur|systolic|diastolic|ejection|"
    r"\bsem\b|apgar|gcs|glasgow|coma scale|mmse|mini.?mental|moca|pain|scale|scor|rated|rating|"
    r"severity|intensity|out of|visual|vision|acuity|\bva\b|bcva|\bo[dsu]\b|snellen|pinhol|recall|"
    r"objects|blood pressure|\bbp\b|pressures?\b|systemic|ratio|fraction|criteri|nodes?\b|"
    r"lymph|bottles|cores?\b|biops|quadrant|points|sensation|positive|negative|bilateral|"
    r"symmetric|weak|colou?r plate|ishihara|pupil|throughout|station|vicryl|sutur|nylon|prolene|"
    r"silk|trocar|\bport\b|needle|"
    r"novolin|humulin|novolog|humalog|insulin|lotrel|advair|percocet|vicodin|norco|lortab|"
    r"dilution|titer|\bd5|saline|\bhpf|proteinuria|scored|clues|\bbue\b|\bble\b|\brue\b|\blue\b"
)
# Straight before a fraction these make it one, whatever its size: grip 3/11.
_GRADED = re.compile(
    r"(?:strength|power|grip|flex(?:ion|ors?)|extens(?:ion|ors?)|(?:ab|ad)duct(?:ion|ors?)|deltoids?|"
    r"biceps|triceps|quad(?:s|riceps)|hamstrings?|iliopsoas|intrinsics|interossei|plates?|ishihara|"
    r"\bwbcs?|\brbcs?|hgb|\bhct|\bplts?)[\s:=]{1,3}(?:(?:is|of|was|are|were)\s)?$"
)
_SENTENCE_END = re.compile(r"\n|\.\s")
_SCORE_BEFORE = 60  # characters
_SCORE_AFTER = 25

# Straight before a number these make it a date, whatever else stands near.
_SURE_CUE = re.compile(
    r"(?:\b(?:on|dated?|since|until|till?|as of|dob|birth|born|week of|lmp|edc|edd|on or about|"
    r"(?:mon|tues?|weds?|wednes|thu|thurs?|fri|sat|satur|sun)(?:day)?))[\s:.,#(=-]{0,8}$"
)
# What happens on a day: a date follows, or, where it looks like one, a score.
_EVENT_CUE = re.compile(
    r"\b(?:admit(?:ted)?|admission|discharged?|d/c(?:'?e?d)?|adm|disch|seen|visit|appointment|appt|"
    r"f/u|follow.?up|return(?:ed)?|due|exp(?:ires?)?|last|next|started|begun|began|begin|stopped|"
    r"ended|performed|done|drawn|obtained|taken|collected|received|signed|dictated|transcribed|"
    r"completed|reviewed|labs?|ct|mri|cxr|echo|x-?ray|eeg|e[ck]g|emg|scan|cultures?|colonoscopy|"
    r"yesterday|today|tomorrow|tonight|morning|afternoon|evening|night|effective|scheduled|"
    r"surgery|dos|dx|diagnosed|s/p|hospitali[sz]ed|rtc)(?:\s{1,3}(?:of|is|was|from|the|for))?[\s:.,#(=-]{0,8}$"
)
# These may stand before a date as well as before a score, the first ones seldom before a score.
_WEAK_CUE = re.compile(
    r"\b(?:(in|by|early|late|mid)|from|to|through|thru|between|before|after|around|for|during|"
    r"starting|at)[\s(-]{1,8}$"
)
# The parts of a note that are numbered or dosed have these before a number that looks like a year.
_MEASURED = re.compile(
    r"(?:wbc|white|count|platelets?|plt|weight|weigh(?:s|ed|ing)|volume|dose|glucose|\bck\b|cpk|"
    r"bnp|ferritin|level|titer|total|output|intake|score|over|than|up to|"
    r"calor\w{1,4}|diet|fluid|restrict\w{1,5}|size|para|gravida|room|rm|suite|apt|box|ext|mrn|[#$<>=+])\W{0,3}"
    r"(?:of|is|was|to)?\W{0,3}$"
)


def text_before(match: "re.Match[str]", length: int) -> str:
    """Up to `length` characters before what a rule would mark, in lower case."""
    start = match.start(_marked(match))
    return match.string[max(0, start - length) : start].lower()


def text_after(match: "re.Match[str]", length: int) -> str:
    """Up to `length` characters after what a rule would mark, in lower case."""
    stop = match.end(_marked(match))
    return match.string[stop : stop + length].lower()


def is_amount(match: "re.Match[str]") -> bool:
    """Whether a unit of measure follows, and not the heading of the next line ("Copies:")."""
    after = text_after(match, _SCORE_AFTER)
    return _AMOUNT.match(after) is not None and _NEXT_HEADING.match(after) is None


def is_among_scores(match: "re.Match[str]") -> bool:
    """Whether words of the examination, of tests or of doses stand near, in the same sentence."""
    before = _SENTENCE_END.split(text_before(match, _SCORE_BEFORE))[-1]
    after = _SENTENCE_END.split(text_after(match, _SCORE_AFTER))[0]
    return bool(_SCORE.search(before) or _SCORE.search(after))


def is_graded(match: "re.Match[str]") -> bool:
    """Whether what stands straight before is graded or counted by a fraction."""
    return _GRADED.search(text_before(match, 24)) is not None


def has_sure_cue(match: "re.Match[str]") -> bool:
    """Whether a word stands straight before that a date follows, and no score."""
    return _SURE_CUE.search(text_before(match, 24)) is not None


def has_event_cue(match: "re.Match[str]") -> bool:
    """Whether a word stands straight before that names what happens on a day."""
    return _EVENT_CUE.search(text_before(match, 32)) is not None


def has_weak_cue(match: "re.Match[str]", *, rather_date: bool = False) -> bool:
    """Whether a word stands straight before that a date or another number may follow.

    rather_date: only those words count that seldom stand before a score.
    """
    found = _WEAK_CUE.search(text_before(match, 20))
    return found is not None and (not rather_date or found[1] is not None)


def is_measured(match: "re.Match[str]") -> bool:
    """Whether what stands straight before asks for a measurement."""
    return _MEASURED.search(text_before(match, 32)) is not None


def _marked(match: "re.Match[str]") -> int | str:
    return "phi" if "phi" in match.re.groupindex else 0
