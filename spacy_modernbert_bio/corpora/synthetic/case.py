"""The facts of one note: who, where, when.

A note speaks of one patient, one stay and a few doctors throughout; "doctor3", "nurse", "recent",
"past" and most telephones are drawn anew each time. `slots` puts them into templates.
"""

from collections import deque
from datetime import date, timedelta
from random import Random

from spacy_modernbert_bio.corpora.synthetic import places
from spacy_modernbert_bio.corpora.synthetic.clinical import CLINICAL, words
from spacy_modernbert_bio.corpora.synthetic.dates import DateStyle, write_age, write_infants_age
from spacy_modernbert_bio.corpora.synthetic.numbers import (
    draw_email,
    draw_number,
    draw_username,
    make_domain,
)
from spacy_modernbert_bio.corpora.synthetic.people import Person, Pieces, draw_person, write_name
from spacy_modernbert_bio.corpora.synthetic.pools import Pools

_FIRST_STAY = date(1996, 1, 1)
_STAYS_DAYS = 36 * 365
# Relatives of the patient's own generation are not named.
_YEARS_OLDER = {
    **dict.fromkeys(("mother", "father", "aunt", "uncle"), 27),
    **dict.fromkeys(("daughter", "son", "niece", "nephew", "stepson"), -27),
    **dict.fromkeys(("daughter-in-law", "son-in-law"), -27),
    **dict.fromkeys(("granddaughter", "grandson"), -54),
    "grandmother": 54,
}


class Case:
    """One note's facts, drawn when it is made. is_child: the patient is an infant."""

    def __init__(self, rng: Random, pool: Pools, *, hard: float, is_child: bool) -> None:
        self.rng = rng
        self.pool = pool
        self.hard = hard
        self._page = 1
        self._last: deque[str] = deque(maxlen=8)
        self.people = {
            "patient": self._person(),
            "relative": self._person(is_female=True if is_child else None),
            "doctor": self._person(),
            "doctor2": self._person(),
        }
        self._doctors = [self._person() for _ in range(4)]
        self._nurses = [self._person() for _ in range(3)]
        self.hospital = places.draw_hospital(rng, pool)
        self.other_hospital = places.draw_hospital(rng, pool)
        self.domain = make_domain(self.hospital.full, rng)
        self.state = places.draw_state(rng)
        self.fixed = {
            "city": rng.choice(pool.cities),
            "complaint": rng.choice(words("symptoms")),
            "credential": rng.choice(words("credentials")),
            "department": places.draw_department(rng, pool),
            "implant": rng.choice(words("devices")),
            "diagnosis": rng.choice(words("problems")),
            "mrn": draw_number("mrn", rng),
            "organization": rng.choice(pool.organizations),
            "patient phone": draw_number("phone", rng),
            "profession": rng.choice(pool.professions),
            "room": places.draw_room(rng),
            "specialty": rng.choice(words("specialties")),
            "street": places.draw_street(rng, pool),
            "zip": places.draw_zip(self.state, rng),
        }
        self.dates = DateStyle(rng, hard=hard)
        self.admit = _FIRST_STAY + timedelta(days=rng.randrange(_STAYS_DAYS))
        self.discharge = self.admit + timedelta(days=rng.randint(2, 16))
        self._since = self.admit
        self.visit = self._within_stay()
        self.months = rng.randint(1, 23)
        # One patient in ten is over 89: the age that Safe Harbor hides.
        self.years = rng.randint(90, 103) if rng.random() < 0.1 else rng.randint(18, 89)
        self.relation, self.relatives_years = self._draw_relation(is_child=is_child)
        days = self.months * 30 if is_child else self.years * 365.25 + rng.randint(1, 364)
        self.birth = self.visit - timedelta(days=days)

    def _person(self, *, is_female: bool | None = None) -> Person:
        return draw_person(self.rng, self.pool, hard=self.hard, is_female=is_female)

    def _draw_relation(self, *, is_child: bool) -> tuple[str, int]:
        """What the relative is to the patient, and at what age; both adults, and alive."""
        if is_child:
            return "mother", 30
        female = self.people["relative"].is_female
        found = []
        for relation in words("relations female" if female else "relations male"):
            years = self.years + _YEARS_OLDER.get(relation, 0) + self.rng.randint(-4, 4)
            # Nearly all that is written of spouses is of two sexes.
            alike = relation in ("wife", "husband") and female == self.people["patient"].is_female
            if 18 <= years <= 99 and not (alike and self.rng.random() < 0.9):
                found.append((relation, years))
        return self.rng.choice(found)

    def new_sentence(self) -> None:
        """Let recent days begin at admission again: inside a sentence each follows the last."""
        self._since = self.admit

    def next_page(self) -> str:
        """The number of the page that begins."""
        self._page += 1
        return str(self._page)

    def _within_stay(self) -> date:
        left = (self.discharge - self._since).days
        return self._since + timedelta(days=self.rng.randint(0, left))

    def _past(self) -> date:
        return self.admit - timedelta(days=int(20 * 300 ** self.rng.random()))

    def clinical(self, name: str, form: str) -> str:
        """A word of the clinic, and none of the last few where a second draw avoids it."""
        text = CLINICAL[name](self.rng, form)
        if text in self._last:
            text = CLINICAL[name](self.rng, form)
        if not text.isdecimal():
            self._last.append(text)
        return text

    def person(self, name: str, label: str, form: str) -> Pieces:
        """The name of somebody of the note."""
        if name == "relative" and form == "kin":
            return ((self.relation, ""),)
        someone = self.people.get(name)
        if someone is None:
            groups = {"doctor3": self._doctors, "nurse": self._nurses}
            someone = self.rng.choice(groups[name]) if name in groups else self._person()
        return write_name(someone, form, label, self.rng)

    def day(self, name: str, form: str) -> Pieces:
        """A date of the note."""
        day = {"admit": self.admit, "discharge": self.discharge, "visit": self.visit}.get(name)
        until = self.discharge
        if name == "dob":
            day = self.birth
        elif name == "recent":
            day = self._since = self._within_stay()
        elif name == "past":
            day = self._past()
            # A date of another year is written with it.
            form = form or ("full" if day.year != self.admit.year else "")
        elif name == "followup":
            day = self.discharge + timedelta(days=self.rng.randint(5, 90))
        assert day is not None, name
        if form == "range" and name != "admit":
            until = day + timedelta(days=self.rng.randint(1, 12))
        return self.dates.write(day, form, until)

    def age(self, form: str) -> Pieces:
        """An age: the patient's now or "earlier", the relative's ("kin"), a "child"'s, "other"."""
        if form == "kin":
            return write_age(self.relatives_years, "", self.rng)
        if form == "earlier":
            return write_age(self.rng.randint(3, self.years), "", self.rng)
        if form == "other":
            return write_age(self.rng.randint(31, 99), "", self.rng)
        if form == "child":
            return write_age(self.rng.randint(2, 12), "", self.rng)
        return write_age(self.years, form, self.rng)

    def infants_age(self, form: str) -> Pieces:
        """The infant's age, or with "other" one of some months."""
        months = self.rng.randint(3, 18) if form == "other" else self.months
        return write_infants_age(months, form, self.rng)

    def pronoun(self, she: str, he: str) -> str:
        """One of two words, as the patient's sex is."""
        return she if self.people["patient"].is_female else he

    def phone(self, form: str) -> str:
        """A telephone: the patient's own, or a new one."""
        return self.fixed["patient phone"] if form == "patient" else draw_number("phone", self.rng)

    def email(self, form: str) -> str:
        """An address of the patient's, or of the doctor's at the hospital."""
        who = self.people["patient" if form == "patient" else "doctor"]
        domain = self.domain
        if form == "patient":
            domain = self.rng.choice(("gmail.com", "aol.com", "yahoo.com", "comcast.net"))
        return draw_email(who.given, who.family, domain, self.rng)

    def username(self) -> str:
        """Somebody's login."""
        who = self.rng.choice(self._doctors)
        return draw_username(who.given, who.family, self.rng)

    def hospital_name(self, form: str, *, other: bool) -> str:
        """The note's hospital, or the other one, in full or short."""
        hospital = self.other_hospital if other else self.hospital
        return hospital.short if form == "short" else hospital.full

    def street(self, form: str) -> str:
        """The note's street address, or another."""
        return places.draw_street(self.rng, self.pool) if form else self.fixed["street"]

    def zip_code(self, form: str) -> str:
        """The note's ZIP code, or another."""
        return places.draw_zip(self.state, self.rng) if form else self.fixed["zip"]

    def credential(self, form: str) -> str:
        """The doctors' degree, or with a form a nurse's."""
        return self.rng.choice(words("nurse credentials")) if form else self.fixed["credential"]

    def typist(self) -> str:
        """Two or three small letters."""
        letters = "abcdefghjklmnprst"
        return "".join(self.rng.choice(letters) for _ in range(self.rng.choice((2, 2, 3))))
