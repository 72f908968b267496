"""Labels of notes on a page: bars in order, thresholds, and ways to the evidence and back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.pages.note import note_page
from spacy_modernbert_bio.pages.views import EvidenceView, LabelView, NoteView, SpanView
from tests.pages.tree import Node, parse

HOSTILE = "</a></li></svg><script>alert('x')</script><img src=x onerror=\"y\">&amp;"
TEXT = "Severe asthma. Known gout. No pain."
LABELS = [
    LabelView("pain", 0.2, 0.4, holds=False),
    LabelView("gout", 0.7, 0.65, holds=True),
    LabelView("angina", 0.5, 0.9, holds=False),
    LabelView("asthma", 0.93, 0.25, holds=True),
]
EVIDENCE = [
    EvidenceView(15, 26, "asthma", 0.09),
    EvidenceView(0, 14, "asthma", 0.64),
    EvidenceView(15, 26, "gout", 0.81),
]
NOTE = NoteView("note.txt", TEXT, labels=LABELS, evidence=EVIDENCE)


def read(*notes: NoteView) -> Node:
    return parse(note_page("title", notes))


def bars(page: Node) -> list[Node]:
    return [node for section in page.find("section") for node in section.find("li")]


def name(bar: Node) -> str:
    return bar.children[0].text()


def test_labels_that_hold_come_first_and_both_kinds_by_probability() -> None:
    page = read(NOTE)
    (panel,) = page.find("section")
    assert panel.attributes["aria-label"] == "Labels of note.txt"
    assert [node.text() for node in panel.find("h2")] == ["Labels that hold", "Other labels"]
    holding, others = panel.find("ul")
    assert list(map(name, holding.find("li"))) == ["asthma", "gout"]
    assert list(map(name, others.find("li"))) == ["angina", "pain"]
    assert [bar.attributes.get("class") for bar in bars(page)] == ["holds", "holds", None, None]


def test_a_bar_is_as_long_as_its_probability_and_marked_at_its_threshold() -> None:
    bar = bars(read(NOTE))[0]
    assert [node.attributes["width"] for node in bar.find("rect")] == ["93.0"]
    assert [node.attributes["d"] for node in bar.find("path")] == ["M25.0 -4V12"]
    assert bar.find("span", class_="value")[0].text() == "0.93 ≥ 0.25"


def test_exclusive_labels_have_no_threshold() -> None:
    labels = [LabelView("a", 0.6, None, holds=True), LabelView("b", 0.4, None, holds=False)]
    page = read(NoteView("n", "text", labels=labels))
    assert [bar.find("span", class_="value")[0].text() for bar in bars(page)] == ["0.60", "0.40"]
    assert not page.find("path")


@pytest.mark.parametrize(
    ("probability", "threshold", "holds", "told"),
    [
        (0.4999, 0.5, False, "0.4999 < 0.5000"),
        (0.5, 0.5, True, "0.50 ≥ 0.50"),
        (0.50000001, 0.5, True, "0.500000 ≥ 0.500000"),
    ],
)
def test_a_probability_is_told_from_its_threshold(probability, threshold, holds, told) -> None:
    page = read(NoteView("n", "text", labels=[LabelView("a", probability, threshold, holds)]))
    assert page.find("span", class_="value")[0].text() == told


def test_where_no_label_holds_the_panel_says_so() -> None:
    page = read(NoteView("n", "text", labels=[LabelView("a", 0.1, 0.5, holds=False)]))
    assert page.find("ul")[0].text().strip() == "none"
    assert page.find("nav")[0].text() == "n0 labels"


def test_the_summary_counts_labels_that_hold_and_spans_where_there_are_any() -> None:
    labels = [LabelView("a", 0.9, 0.5, holds=True), LabelView("b", 0.1, 0.5, holds=False)]
    note = NoteView("n", "text", labels=labels)
    assert read(note).find("p")[0].text() == "1 note (0 failed), 1 label holds"
    both = NoteView("n", "text", [SpanView(0, 4, "SIGN")], labels=labels)
    told = "2 notes (0 failed), 1 highlighted, 2 labels hold"
    assert read(note, both).find("p")[0].text() == told


def test_where_nobody_decided_no_label_is_said_to_hold() -> None:
    page = read(NoteView("n", "text", labels=[LabelView("a", 0.1), LabelView("b", 0.9)]))
    assert [node.text() for node in page.find("h2")] == ["Labels"]
    assert list(map(name, bars(page))) == ["b", "a"]
    assert page.find("nav")[0].text() == "n0"


def test_bars_and_evidence_lead_to_each_other() -> None:
    page = read(NOTE, NOTE)
    by_id = {node.attributes["id"]: node for node in page.walk() if "id" in node.attributes}
    assert len(by_id) == sum("id" in node.attributes for node in page.walk())
    for note in page.find("details"):
        inside = set(note.walk())
        for bar in bars(note)[:2]:
            first, *jumps = bar.find("a")
            assert first.attributes["href"] == jumps[0].attributes["href"]
            for rank, jump in enumerate(jumps, start=1):
                tag = by_id[jump.attributes["href"][1:]]
                assert tag in inside
                assert tag.text() == f"{name(bar)} {rank}"
                assert by_id[tag.attributes["href"][1:]] is bar
                assert jump.attributes["aria-label"] == f"{rank}, evidence of {name(bar)}"
        assert [len(bar.find("a")) for bar in bars(note)] == [3, 2, 0, 0]


def test_evidence_is_the_stronger_the_weightier_and_named_where_it_begins() -> None:
    first, second = read(NOTE).find("span", class_="evidence")
    assert (first.text(), second.text()) == (TEXT[:14], TEXT[15:26])
    assert first.attributes["style"] == "--strength: 0.80"
    assert second.attributes["style"] == "--strength: 0.90"
    assert second.attributes["title"] == (
        "gout, evidence 1: 81% of what speaks for it · asthma, evidence 2: 9% of what speaks for it"
    )
    (text,) = read(NOTE).find("div", class_="text")
    assert text.text() == "asthma 1Severe asthma. gout 1asthma 2Known gout. No pain."


def test_evidence_of_a_label_that_has_no_bar_leads_nowhere() -> None:
    page = read(NoteView("n", "gout", evidence=[EvidenceView(0, 4, "gout", 2.0)]))
    (tag,) = page.find("a", class_="tag")
    assert "href" not in tag.attributes
    assert page.find("span", class_="evidence")[0].attributes["style"] == "--strength: 1.00"
    assert not page.find("section")


@st.composite
def notes(draw):
    """Texts with any entities and any evidence over them: nested, crossing, equal."""
    text = draw(st.text(st.sampled_from("ab <&\"'\n\té漢"), min_size=1, max_size=20))
    border = st.integers(0, len(text))
    pairs = st.tuples(border, border).map(sorted).filter(lambda pair: pair[0] < pair[1])
    spans = [SpanView(*pair, f"S{at}") for at, pair in enumerate(draw(st.lists(pairs, max_size=5)))]
    weights = st.floats(0, 1)
    evidence = [
        EvidenceView(*pair, f"E{at % 2}", draw(weights))
        for at, pair in enumerate(draw(st.lists(pairs, max_size=5)))
    ]
    return NoteView("n", text, spans, labels=[LabelView("E0", 0.5, 0.5, True)], evidence=evidence)


@given(notes())
def test_every_character_stands_once_under_the_entities_and_the_evidence_over_it(note) -> None:
    (text,) = read(note).find("div", class_="text")
    characters = [
        (character, set(entities), set(evidence))
        for part, entities, evidence in parts(text)
        for character in part
    ]
    assert "".join(character for character, _, _ in characters) == note.text
    for at, (_, entities, evidence) in enumerate(characters):
        assert entities == {s.label for s in note.spans if s.start <= at < s.stop}
        assert evidence == {e.label for e in note.evidence if e.start <= at < e.stop}
    assert len(text.find("a", class_="tag")) == len(note.evidence)


def parts(node: Node, entities=(), evidence=()):
    """Texts without what was written beside them, and the labels over each."""
    title = node.attributes.get("title") or ""
    if node.tag == "mark":
        entities = title.split(" · ")
    if node.attributes.get("class") == "evidence":
        evidence = [each.split(",")[0] for each in title.split(" · ")]
    for child in node.children:
        if isinstance(child, str):
            yield child, entities, evidence
        elif child.tag not in {"a", "small"}:
            yield from parts(child, entities, evidence)


def test_hostile_words_stay_words_wherever_they_stand() -> None:
    note = NoteView(
        HOSTILE,
        HOSTILE,
        [SpanView(2, 30, HOSTILE)],
        HOSTILE,
        labels=[LabelView(HOSTILE, 0.5, 0.5, True), LabelView(f"{HOSTILE} ", 0.1, 0.5, False)],
        evidence=[EvidenceView(0, 20, HOSTILE, 0.5)],
    )
    page = read(note)
    assert not {"script", "img"} & {node.tag for node in page.walk()}
    (text,) = page.find("div", class_="text")
    assert text.text(without=frozenset({"a", "small"})) == HOSTILE
    assert list(map(name, bars(page))) == [HOSTILE, f"{HOSTILE} "]
    assert text.find("a")[0].text() == f"{HOSTILE} 1"
    names = {name for node in page.walk() for name in node.attributes}
    assert not {each for each in names if each.startswith("on") or each == "src"}
    links = [node.attributes["href"] for node in page.find("a") if "href" in node.attributes]
    assert all(re.fullmatch(r"#note0([el]\d)?", link) for link in links)


def test_evidence_can_be_switched_off() -> None:
    legend = read(NOTE).find("div", class_="legend")[0]
    assert legend.text().split() == ["evidence", "3"]
    assert legend.find("input")[0].attributes["id"] == "showevidence"


def test_note_that_failed_shows_that_alone() -> None:
    page = read(NoteView("n", "", failure="ValueError", labels=LABELS), NOTE)
    assert len(page.find("section")) == 1
    assert page.find("nav")[0].text() == "nfailednote.txt2 labels"


def test_page_without_labels_has_nothing_of_them() -> None:
    source = note_page("title", [NoteView("n", "gout", [SpanView(0, 4, "SIGN")])])
    assert not re.search("evidence|labelled|threshold|section", source)
