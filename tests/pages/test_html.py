"""Page frames: everything escaped, nothing fetched."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.pages.html import escape, page


class Reader(HTMLParser):
    """What a browser would make of a page: its tags, attributes and text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data) -> None:
        self.text += data


@given(st.text())
def test_escaped_text_reads_as_itself(text: str) -> None:
    read = Reader(f'<p title="{escape(text)}">{escape(text)}</p>')
    assert read.tags == ["p"]
    kept = "".join("\ufffd" if is_impossible(each) else each for each in text)
    assert read.text == kept
    assert read.attributes == [("title", kept)]


def is_impossible(character: str) -> bool:
    code = ord(character)
    control = (code < 32 and character not in "\t\n\r") or 127 <= code < 160
    return control or 0xD800 <= code < 0xE000


def test_lone_surrogate_can_be_written_to_a_file(tmp_path) -> None:
    (tmp_path / "page.html").write_text(page("\ud800", escape("\udfff")), encoding="utf-8")


def test_title_is_text_in_head_and_heading() -> None:
    read = Reader(page("</title><script>alert(1)</script>", "<p>body</p>"))
    assert "script" not in read.tags
    assert read.text.count("</title><script>alert(1)</script>") == 2


def test_page_allows_itself_nothing_from_outside() -> None:
    read = Reader(page("title", "<p>body</p>", style="p { color: red }"))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert ("content", policy) in read.attributes
    assert "p { color: red }" in read.text
    assert not {name for name, _ in read.attributes} & {"src", "href"}
