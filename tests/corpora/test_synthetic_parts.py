"""The parts of synthetic notes: how a name, a date, a line is written, and which text passes."""

from datetime import date
from random import Random

import pytest

from spacy_modernbert_bio.corpora.synthetic.builder import NoteBuilder, Style
from spacy_modernbert_bio.corpora.synthetic.dates import DateStyle, write_age, write_infants_age
from spacy_modernbert_bio.corpora.synthetic.fillers import (
    is_plain,
    passages_of,
    plain_passages,
)
from spacy_modernbert_bio.corpora.synthetic.people import Person, write_name
from spacy_modernbert_bio.corpora.synthetic.places import State, draw_zip
from spacy_modernbert_bio.corpora.synthetic.pools import split_of, split_of_text
from spacy_modernbert_bio.corpora.synthetic.template import Body, Choice, Slot, Tab, parse
from spacy_modernbert_bio.corpora.synthetic_notes import generate_notes

PLAIN = Style(casing="", glue=0.0, parted=0.0, no_break=0.0, width=0)
ANN = Person("Mary Ann", "Q", "O'Brien", "", is_female=True, title="Mrs.")


def built(*pieces: tuple[str, str], **style: object) -> tuple[str, list[str]]:
    builder = NoteBuilder(Style(**{**vars(PLAIN), **style}), Random(1))
    builder.add(pieces)
    text, spans = builder.finish()
    return text, [text[span.start : span.stop] for span in spans]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("full", "Mary Ann Q. O'Brien"),
        ("first", "Mary Ann"),
        ("family", "O'Brien"),
        ("initial_family", "M. O'Brien"),
        ("tight", "O'BRIEN,MARY ANN Q"),
        ("lower", "mary ann o'brien"),
    ],
)
def test_a_name_has_its_forms(form: str, written: str) -> None:
    assert write_name(ANN, form, "PATIENT", Random(1)) == ((written, "PATIENT"),)


def test_a_title_stands_outside_of_the_span() -> None:
    assert write_name(ANN, "title", "PATIENT", Random(1)) == (("Mrs. ", ""), ("O'Brien", "PATIENT"))


def test_a_date_is_marked_without_what_stands_around_it() -> None:
    day, until = date(2019, 3, 4), date(2019, 3, 9)
    written = set()
    for seed in range(400):
        style = DateStyle(Random(seed), hard=1.0)
        for form in ("", "full", "long", "month_year", "month", "year", "range", "iso_time"):
            pieces = style.write(day, form, until)
            written.update(text for text, label in pieces if label == "DATE")
            assert all(label == "" for text, label in pieces if text in ("the ", " to "))
    assert {
        *("3/4/2019", "03/04/19", "2019-03-04", "04-Mar-2019", "04MAR2019", "March 4th, 2019"),
        *("3/4", "4th of March", "Mar '19", "03/2019", "March", "'19", "3/4-3/9", "3/4-3/9/2019"),
        *("March 4-9, 2019", "3/4/19"),
    } <= written
    assert any(text.startswith("2019-03-04T") for text in written)


def test_a_weekday_is_no_phi() -> None:
    assert DateStyle(Random(1), hard=0).write(date(2019, 3, 4), "weekday") == (("Monday", ""),)


def test_an_age_is_marked_without_its_unit() -> None:
    old = {write_age(93, "old", Random(seed)) for seed in range(200)}
    assert {pieces[0] for pieces in old} == {("93", "AGE"), ("ninety-three", "AGE")}
    assert (("93", "AGE"), ("yo", "")) in old
    assert write_age(81, "an_old", Random(1))[:2] == (("an ", ""), ("81", "AGE"))
    assert write_age(30, "", Random(1)) == (("30", "AGE"),)


@pytest.mark.parametrize(("months", "number", "unit"), [(2, "8", "week"), (8, "8", "month")])
def test_an_infants_age_is_in_weeks_or_months(months: int, number: str, unit: str) -> None:
    article, age, rest = write_infants_age(months, "an_old", Random(1))
    assert (article, age) == (("an ", ""), (number, "AGE"))
    assert unit in rest[0]


def test_a_zip_code_is_of_its_state() -> None:
    state = State("Massachusetts", "MA", 1001, 2791)
    codes = [draw_zip(state, Random(seed)) for seed in range(60)]
    assert all("01001" <= code[:5] <= "02791" for code in codes)
    assert {len(code) for code in codes} == {5, 10}


def test_spans_are_where_they_were_put_whatever_the_note_looks_like() -> None:
    pieces = (("Seen by Dr. ", ""), ("Ann Lee", "DOCTOR"), (" on ", ""), ("3/4", "DATE"))
    assert built(*pieces) == ("Seen by Dr. Ann Lee on 3/4", ["Ann Lee", "3/4"])
    assert built(*pieces, casing="upper") == ("SEEN BY DR. ANN LEE ON 3/4", ["ANN LEE", "3/4"])
    assert built(*pieces, glue=1.0) == ("Seen by Dr.Ann Lee on 3/4", ["Ann Lee", "3/4"])
    assert built(*pieces, width=17) == ("Seen by Dr. Ann\nLee on 3/4", ["Ann\nLee", "3/4"])
    assert built(*pieces, no_break=1.0)[1] == ["Ann\u00a0Lee", "3/4"]


def test_letters_that_grow_in_capitals_move_no_span() -> None:
    text, marked = built(("Gro\u00df ", ""), ("Weiß", "DOCTOR"), (" x", ""), casing="upper")
    assert (text, marked) == ("GROSS WEISS X", ["WEISS"])


def test_a_number_is_broken_after_its_hyphen() -> None:
    assert built(("Tel ", ""), ("617-555-0198", "PHONE"), parted=1.0)[1] == ["617-\n555-0198"]
    assert built(("617-555", "ZIP"), parted=1.0)[1] == ["617-555"]


def test_lines_with_columns_are_not_wrapped() -> None:
    line = "Name:    Lee        MRN:    12345678"
    assert built((line, ""), width=12)[0] == line


def test_a_word_wider_than_the_page_stays_whole() -> None:
    assert built(("a " + "x" * 30, ""), width=12)[0] == "a\n" + "x" * 30
    assert built(("x" * 30, ""), width=12)[0] == "x" * 30


def test_columns_begin_where_they_are_told_and_two_blanks_off_at_least() -> None:
    builder = NoteBuilder(PLAIN, Random(1))
    builder.add((("first\nab", ""),))
    builder.tab(6)
    builder.add((("cd", "ROOM"),))
    builder.tab(6)
    builder.add((("ef", ""),))
    assert builder.finish()[0] == "first\nab    cd  ef"


def test_a_sentence_has_one_full_stop() -> None:
    builder = NoteBuilder(PLAIN, Random(1))
    builder.add((("by ", ""), ("J.S.", "DOCTOR"), (". Next", "")))
    builder.end_sentence()
    builder.end_sentence()
    assert builder.finish()[0] == "by J.S. Next."


def test_a_template_has_slots_choices_columns_and_bodies() -> None:
    parts = parse("a {drug}{?b|c}{@40}{age:old} {body:plan 2 list}{body:any 1}")
    assert parts == (
        *("a ", Slot("drug", ""), Choice(("b", "c")), Tab(40), Slot("age", "old"), " "),
        *(Body("plan", 2, listed=True), Body("any", 1, listed=False)),
    )


@pytest.mark.parametrize("word", ["Muñoz", "munoz", "MUNOZ", "Muñoz "])
def test_a_word_is_in_one_split_however_it_is_written(word: str) -> None:
    assert split_of(word) == split_of("Munoz")


@pytest.mark.parametrize(
    "sentence",
    [
        "The patient denies chest pain and dyspnea on exertion.",
        "CT of the abdomen showed a 4 mm nodule in the right lobe.",
        "Follow-up in 6 months is advised.",
        "Blood pressure was 120/80 with a pulse of 72.",
    ],
)
def test_a_clinical_sentence_passes(sentence: str) -> None:
    assert is_plain(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The patient was seen by Dr. X for this problem.",
        "A 68-year-old man was admitted with cough and fever.",
        "The boy is 5 months old and otherwise quite healthy.",
        "She is in her late seventies and lives on her own.",
        "He had the same operation on 3/14 without any trouble.",
        "He had the same operation in march without any trouble.",
        "The last visit of this patient was in the year 2014.",
        "The patient was taken to a nearby hospital at once.",
        "He is retired and has no contact with any chemicals.",
        "The family of Smith was told of the poor prognosis.",
        "Rivers agreed to the treatment that was proposed.",
        "ABC was consulted, and agreed to the procedure then.",
        "THE PATIENT WAS BROUGHT TO THE OPERATING THEATRE.",
        "and then the wound was closed with a single suture.",
        "The wound was closed with a single suture, and then",
        "Call 555-1234 in case of fever or of any bleeding.",
        "Leukocytosis, improving.5. Elevated enzymes, also better.",
        "Y who is in agreement with the plan of treatment.",
        "Too short.",
    ],
)
def test_a_sentence_that_could_hold_phi_does_not_pass(sentence: str) -> None:
    assert not is_plain(sentence)


KEPT = "The wound was clean and dry at that time."


def test_passages_are_runs_of_sentences_that_pass() -> None:
    text = f"{KEPT} {KEPT}\nDr. Lee came. {KEPT}\n\n{KEPT} {KEPT} {KEPT} {KEPT}"
    assert list(plain_passages([text])) == [
        " ".join([KEPT] * 2),
        KEPT,
        " ".join([KEPT] * 3),
        KEPT,
    ]


def test_passages_are_of_the_patients_sex() -> None:
    passages = ("She is well.", "He is well.", "Chest is clear.")
    assert passages_of(passages, is_female=True) == ("She is well.", "Chest is clear.")
    assert passages_of(passages, is_female=False) == ("He is well.", "Chest is clear.")


def test_notes_are_built_around_the_fillers_of_their_split() -> None:
    sentences = [f"Finding {'z' * number} of the lung was quite stable." for number in range(1, 31)]
    for split in ("train", "test"):
        options = {"seed": 0, "split": split, "words": (300, 600), "hard": 0.0}
        texts = "".join(
            each.text.replace("\n", " ").casefold()
            for each in generate_notes(20, fillers=sentences, **options)
        )
        own = {each for each in sentences if split_of_text(each) == split}
        assert own == {each for each in sentences if each.casefold() in texts}


def test_a_range_over_new_year_has_both_years() -> None:
    style = DateStyle(Random(1), hard=0)
    written = {style.write(date(2019, 12, 30), "range", date(2020, 1, 2)) for _ in range(60)}
    assert (("12/30/19", "DATE"), (" to ", ""), ("1/2/20", "DATE")) in written
    assert (("12/30-1/2/2020", "DATE"),) in written
