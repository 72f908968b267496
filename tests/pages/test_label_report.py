import re

from spacy_modernbert_bio.pages.label_report import LabelRow, Section, label_page

NASTY = "<b onclick='x'>Tom & \"Jerry\"</b>"


def make_page(labels, reliability=((0.1, 0.2), (0.9, 0.8))):
    return label_page(
        "Labels",
        summary="macro F1 0.5",
        heads=["label", "threshold", "F1"],
        labels=labels,
        reliability=reliability,
        sections=[Section("Averages & more", ["average", "F1"], [["micro", "0.512"]], "all of it")],
        about=["a <note>"],
    )


def test_a_label_shows_its_documents_and_its_threshold():
    page = make_page([LabelRow(["ASTHMA", "0.250", "0.700"], [0, 2, 8], [10, 0, 1], 0.25)])
    assert "<title>ASTHMA: 10 hold, 11 do not, threshold 0.250</title>" in page
    assert '<path class="threshold" d="M50.0 0V44"/>' in page
    assert "<td>0.250</td><td>0.700</td>" in page
    holds, does_not = (re.search(f'class="{name}" d="(.*?)"', page)[1] for name in ("holds", "not"))
    # Bars grow up from the line and down from it, the highest of each side to its end.
    assert re.findall(r"v(\S+?)h", holds) == ["-5.0", "-20.0"]
    assert re.findall(r"v(\S+?)h", does_not) == ["20.0", "2.0"]


def test_exclusive_labels_have_no_threshold_and_labels_left_out_are_quiet():
    page = make_page([LabelRow(["false", "–", "0.1"], [0], [0], None, counted=False)])
    assert 'class="threshold"' not in page
    assert '<tr class="out"><td>false</td>' in page
    assert "<title>false: 0 hold, 0 do not</title>" in page


def test_sections_have_their_tables_and_nothing_is_drawn_of_nothing():
    page = make_page([], reliability=())
    assert "<h2>Averages &amp; more</h2>" in page
    assert "<tr><td>micro</td><td>0.512</td></tr>" in page
    assert "a &lt;note&gt;" in page
    assert "as good as its word" in page


def test_names_are_text_wherever_they_stand():
    page = make_page([LabelRow([NASTY, NASTY], [1], [1], 0.5)])
    assert NASTY not in page
    assert "onclick='" not in page
    assert page.count("&lt;b onclick=&#x27;x&#x27;&gt;") == 4
