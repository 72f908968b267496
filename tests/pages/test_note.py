"""Notes on a page: the text unharmed, every span shown, whatever the spans do to each other."""

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.pages.note import note_page
from spacy_modernbert_bio.pages.views import NoteView, SpanView

HOSTILE = "</mark></div><script>alert('x')</script><img src=http://evil/x.png onerror=\"y\">&amp;"


class Reader(HTMLParser):
    """The texts of notes as a browser would show them, and which spans lie over each character."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.title: str | None = None
        self.characters: list[tuple[str, str | None]] = []
        self.names: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "input"}:
            self.open.append(tag)
        if tag == "mark":
            self.title = dict(attrs)["title"]

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag
        if tag == "mark":
            self.title = None

    def handle_data(self, data) -> None:
        if self.open[-1:] == ["small"]:
            self.names.append(data)
        elif "details" in self.open and self.open[-1] in {"div", "mark"}:
            self.characters += [(each, self.title) for each in data]

    @property
    def text(self) -> str:
        return "".join(character for character, _ in self.characters)


@st.composite
def notes(draw):
    """Texts with any spans over them: nested, crossing, equal."""
    text = draw(st.text(st.sampled_from("ab <&\"'\n\té漢"), min_size=1, max_size=20))
    border = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(border, border), max_size=6))
    return text, [
        SpanView(min(pair), max(pair), f"L{number}", number / 10)
        for number, pair in enumerate(pairs)
        if pair[0] != pair[1]
    ]


@given(notes())
def test_every_character_stands_once_under_the_spans_over_it(note) -> None:
    text, spans = note
    read = Reader(note_page("title", [NoteView("a", text, spans)]))
    assert read.text == text
    for at, (_, title) in enumerate(read.characters):
        over = {f"{s.label} {s.confidence:.3f}" for s in spans if s.start <= at < s.stop}
        assert set(title.split(" · ") if title else ()) == over
    assert sorted(read.names) == sorted(f"{s.label} {s.confidence:.2f}" for s in spans)


def test_hostile_words_stay_words_wherever_they_stand() -> None:
    span = SpanView(3, 12, HOSTILE, None)
    shown = [
        NoteView(HOSTILE, HOSTILE, [span], coverage=HOSTILE),
        NoteView(HOSTILE, "", failure=HOSTILE),
    ]
    read = Reader(note_page(HOSTILE, shown))
    assert not {"script", "img"} & set(read.tags)
    assert read.text == HOSTILE
    assert read.names == [HOSTILE]
    assert not any(name.startswith("on") or name == "src" for name, _ in read.attributes)
    assert {value for name, value in read.attributes if name == "href"} == {"#note0", "#note1"}


def test_legend_counts_spans_by_label() -> None:
    spans = [SpanView(0, 1, "SIGN"), SpanView(2, 3, "SIGN"), SpanView(4, 5, "DRUG")]
    source = note_page("title", [NoteView("a", "a b c", spans), NoteView("b", "a", spans[:1])])
    legend = re.findall(r"checked> (\w+) <b>(\d+)</b>", source)
    assert legend == [("DRUG", "1"), ("SIGN", "3")]
    assert "2 notes (0 failed), 4 highlighted" in source


def test_labels_have_colours_of_their_own() -> None:
    spans = [SpanView(0, 1, f"L{number}") for number in range(20)]
    source = note_page("title", [NoteView("a", "a", spans)])
    assert len(set(re.findall(r"\{ --hue: (\d+) \}", source))) == 20


def test_failed_note_is_shown_as_one() -> None:
    source = note_page("title", [NoteView("a:1", "", failure="ValueError in ner")])
    assert "Not read: ValueError in ner" in source
    assert "1 note (1 failed)" in source


def test_span_without_confidence_has_its_label_alone() -> None:
    read = Reader(note_page("title", [NoteView("a", "gout", [SpanView(0, 4, "SIGN")])]))
    assert read.names == ["SIGN"]
    assert read.characters[0] == ("g", "SIGN")


def test_page_without_notes_or_entities_is_a_page() -> None:
    assert "0 notes" in note_page("title", [])
    assert Reader(note_page("title", [NoteView("a", "text")])).text == "text"
