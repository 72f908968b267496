from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokenizer import Tokenizer

from spacy_modernbert_bio.tokenizer import make_clinical_tokenizer


def clinical() -> Tokenizer:
    return make_clinical_tokenizer()(spacy.blank("en"))


TOKENIZER = clinical()


def tokens(text: str) -> list[str]:
    return [token.text for token in TOKENIZER(text)]


# What annotators mark a part of, and what must stay whole beside it.
CUTS = {
    "Dr.Smith": "Dr. Smith",
    "seen by Dr. Smith.": "seen by Dr. Smith .",
    "no pain.no fever": "no pain . no fever",
    "mg/dL": "mg / dL",
    "10mg/dL": "10 mg / dL",
    "500mcg": "500 mcg",
    "45yo": "45 yo",
    "p53-dependent": "p53 - dependent",
    "Egr-1": "Egr - 1",
    "thallium-201": "thallium - 201",
    "naloxone- and morphine-treated": "naloxone - and morphine - treated",
    "05/12/2019": "05 / 12 / 2019",
    "120/80": "120 / 80",
    "x3": "x 3",
    "A&Ox3": "A & O x 3",
    "Mr.___": "Mr. ___",
    "seen____on": "seen ____ on",
    "[**2019-5-12**]": "[** 2019 - 5 - 12 **]",
    "[**Hospital1 18**]": "[** Hospital1 18 **]",
    "MRN:12345": "MRN : 12345",
    "Smith,John": "Smith , John",
    "Ca(2+)-channels": "Ca ( 2 + ) - channels",
    "[3H]spiperone": "[ 3H ] spiperone",
    "NF-kappaB.": "NF - kappaB .",
    "factor B.": "factor B .",
    "c-Jun.": "c - Jun .",
    "(grade 8)": "( grade 8 )",
    "vitamin c.": "vitamin c .",
    "a1c<3": "a1c < 3",
    "im id": "im id",
    "1.5": "1.5",
    "1,000": "1,000",
    "10:30": "10:30",
    "b.i.d.": "b.i.d .",
    "e.g.": "e.g.",
    "T2N0M0": "T2N0M0",
    "antitumor": "antitumor",
    "q6h": "q6h",
    "https://a.org/b?x=1": "https://a.org/b?x=1",
    "j.roe@clinic.org": "j.roe@clinic.org",
}


@pytest.mark.parametrize("text", CUTS)
def test_borders_stand_where_annotators_put_them(text: str) -> None:
    assert tokens(text) == CUTS[text].split()


NOTE_TEXT = (
    st.text(st.sampled_from("aZ09 \n\t.,:;/-–_*[]()<>+=&%'\"@x3µ°é\u0301\u200b\u00a0😀\u2028"))
    | st.text()
)


@given(NOTE_TEXT)
@settings(max_examples=300)
def test_tokens_hold_every_character_in_place(text: str) -> None:
    doc = TOKENIZER(text)
    assert doc.text == text
    assert all(text[token.idx : token.idx + len(token)] == token.text for token in doc)


@given(st.lists(st.text("aZ09.,:/-_*[]()+", min_size=1, max_size=12), min_size=1))
def test_blanks_are_always_token_borders(words: list[str]) -> None:
    # What makes gold borders of IOB corpora, which stand at blanks, token borders.
    doc = TOKENIZER(" ".join(words))
    starts = {token.idx for token in doc}
    begin = 0
    for word in words:
        assert begin in starts
        begin += len(word) + 1


def test_saved_tokenizer_cuts_as_before(tmp_path: Path) -> None:
    text = " ".join(CUTS)
    TOKENIZER.to_disk(tmp_path / "tokenizer")
    from_disk = Tokenizer(spacy.blank("en").vocab).from_disk(tmp_path / "tokenizer")
    from_bytes = Tokenizer(spacy.blank("en").vocab).from_bytes(TOKENIZER.to_bytes())
    assert [token.text for token in from_disk(text)] == tokens(text)
    assert [token.text for token in from_bytes(text)] == tokens(text)


def test_config_names_it_and_a_saved_pipeline_keeps_it(tmp_path: Path) -> None:
    name = "spacy_modernbert_bio.ClinicalTokenizer.v1"
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": name}}})
    nlp.to_disk(tmp_path)
    loaded: Language = spacy.load(tmp_path)
    assert [token.text for token in loaded("p53-dependent x3")] == [
        "p53",
        "-",
        "dependent",
        "x",
        "3",
    ]


RUNS: list[Callable[[int], str]] = [
    lambda n: ")" * n,
    lambda n: "+-" * (n // 2),
    lambda n: "😀" * n,
    lambda n: "a@" * (n // 2),
    lambda n: "-" * n + "x",
    lambda n: "http://" + "a." * (n // 2),
]


@pytest.mark.parametrize("run", RUNS)
def test_affix_rules_never_see_a_string_without_an_end(run: Callable[[int], str]) -> None:
    # spaCy takes affixes off one by one and searches the rest each time: quadratic where they
    # match. Without a clock: no affix may be found in what is longer than the bound.
    text = run(5_000)
    assert TOKENIZER.prefix_search(text) is None
    assert TOKENIZER.suffix_search(text) is None
    assert TOKENIZER(text).text == text


def test_affix_rules_find_what_infixes_cannot_at_the_ends_of_a_word() -> None:
    assert tokens("(" * 3 + "a" + ")" * 3) == ["(", "(", "(", "a", ")", ")", ")"]
