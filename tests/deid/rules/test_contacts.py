import pytest

from spacy_modernbert_bio.deid.rules.contacts import CONTACT_RULES
from spacy_modernbert_bio.deid.rules.rule import match_rules
from spacy_modernbert_bio.deid.spans import merge_spans


def contacts(note: str) -> list[tuple[str, str]]:
    spans = merge_spans(match_rules(note, CONTACT_RULES))
    return [(span.label, note[span.start : span.stop]) for span in spans]


PHONES = [
    "617-555-0198",
    "(617) 555-0198",
    "(617)555-0198",
    "(617) 555 0198",
    "617.555.0198",
    "617/555-0198",
    "617 555 0198",
    "1-617-555-0198",
    "1 (617) 555-0198",
    "+1 (617) 555-0198",
    "+16175550198",
    "+1 617 555 0198",
    "6175550198",
    "16175550198",
    "001-617-555-0198",
    "123-456-7890",
    "555-0198",
    "617-555-0198 x1234",
    "617-555-0198, ext. 12",
    "617-555-0198/0199",
    "555-0198 or 0199",
    "+44 20 7946 0958",
    "+49 (0)30 901820",
    "1-800-CALL-DOC",
    "800-NEW-HOPE",
    "(617) 555-\n0198",
    "(617)\n555-0198",
    "617-\n555-0198",
    "617-555-\n   0198",
    "555-\n0198",
    "617\u2011555\u20110198",
    "617\u2013555\u20130198",
    "(617)\u00a0555-0198",
    "６１７-555-0198",
    "617\u200b-555-0198",
]


@pytest.mark.parametrize("number", PHONES)
def test_a_telephone_number_is_found_whole_without_a_cue(number: str) -> None:
    assert contacts(f"He left {number}, he said.") == [("PHONE", number)]


WITH_CUES = {
    "Facsimile: 617-555-0198": [("FAX", "617-555-0198")],
    "Tel617-555-0198": [("PHONE", "617-555-0198")],
    "cell#(617)555 0198": [("PHONE", "(617)555 0198")],
    "Tel 5550198": [("PHONE", "5550198")],
    "Phone: 555.0198": [("PHONE", "555.0198")],
    "call her at 555 0198": [("PHONE", "555 0198")],
    "Tel6175550198": [("PHONE", "6175550198")],
    "pager 12345": [("PHONE", "12345")],
    "beeper #2345": [("PHONE", "2345")],
    "beeper 4-1234": [("PHONE", "4-1234")],
    "paged at 31234": [("PHONE", "31234")],
    "ext. 4567": [("PHONE", "4567")],
    "Extension: 45678": [("PHONE", "45678")],
    "(x4567)": [("PHONE", "4567")],
    "call x4500": [("PHONE", "4500")],
    "617-555-0198/617-555-0199": [("PHONE", "617-555-0198"), ("PHONE", "617-555-0199")],
    "555-0198/555-0199": [("PHONE", "555-0198"), ("PHONE", "555-0199")],
    "617-555-0198.2. Next": [("PHONE", "617-555-0198")],
    "Phone: 021-4006034": [("PHONE", "021-4006034")],
    "call me on (07) 5331 0577": [("PHONE", "(07) 5331 0577")],
    "O: 555-0198 H: 555-0199": [("PHONE", "555-0198"), ("PHONE", "555-0199")],
    "contact is 555-123-4567.": [("PHONE", "555-123-4567")],
}


@pytest.mark.parametrize("note", WITH_CUES)
def test_a_word_before_tells_a_telephone_number(note: str) -> None:
    assert contacts(note) == WITH_CUES[note]


FAXES = {
    "Fax: 617-555-0198": [("FAX", "617-555-0198")],
    "fax:6175550198": [("FAX", "6175550198")],
    "FAX (617) 555-\n0198": [("FAX", "(617) 555-\n0198")],
    "Phone/Fax: 617-555-0198": [("FAX", "617-555-0198")],
    "fax records to 987-654-3210": [("FAX", "987-654-3210")],
    "Faxed to Dr. Roe at (617) 555-0198": [("FAX", "(617) 555-0198")],
    "617-555-0198 (fax)": [("FAX", "617-555-0198")],
    "Phone 617-555-0198 Fax 617-555-0199": [("PHONE", "617-555-0198"), ("FAX", "617-555-0199")],
    "no fax. Phone: 617-555-0198": [("PHONE", "617-555-0198")],
    "Fax 555-0198": [("FAX", "555-0198")],
}


@pytest.mark.parametrize("note", FAXES)
def test_a_fax_is_told_from_a_telephone_by_the_word_beside_it(note: str) -> None:
    assert contacts(note) == FAXES[note]


ADDRESSES = {
    "EMAIL": [
        "john.doe@example.org",
        "John_Doe+x@mail.example.co.uk",
        "o'roe@example.org",
        "john@\nexample.org",
        "john@example.\norg",
        "j.roe (at) example (dot) org",
        "j.roe[at]example.org",
        "j.roe @ example.org",
        "josé@example.org",
    ],
    "URL": [
        "http://x.y.org/a",
        "https://example.org/?q=john&id=2#top",
        "HTTPS://EXAMPLE.ORG/A",
        "www.example.com/path",
        "ftp://example.org/a.txt",
        "example.org",
        "mgh.harvard.edu/~jdoe",
        "portal.nhs.uk/letters",
        "example.com:8080/a",
        "http://example.org/jane/\nnotes/1.html",
        "https://10.0.0.1/a",
    ],
    "IPADDR": [
        "192.168.1.1",
        "10.0.0.1:8080",
        "10.0.0.0/24",
        "fe80::1",
        "2001:db8:85a3::8a2e:370:7334",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "::ffff:192.168.1.1",
        "fe80::1%eth0",
        "2001:db8::/32",
    ],
}


@pytest.mark.parametrize(
    ("label", "address"), [(label, each) for label, rows in ADDRESSES.items() for each in rows]
)
def test_an_address_is_found_whole_and_without_the_full_stop(label: str, address: str) -> None:
    assert contacts(f"See {address}. Then") == [(label, address)]
    assert contacts(f"(see:{address})") == [(label, address)]


NEAR_MISSES = """
SSN 536-22-6789
536-22-6789
MRN 123-4567
MRN: 6175550198
Lot 555-0198
NDC 0002-8215-01
NDC 12345-6789-01
02139-4307
2019-03-14
03/14/2019
120/80
555.0198
555 0198
ref 886-3540 pmol/l
range 411-1248
CD4 728 (700-1100)
300-1000 mL
150-2000 mg
GSM2345678901
1234567
12345678901234
2345.6789012
Page 2 of 3
page 12
pager
x1000
x1500 mg
x3
ext 2+
+1 edema
+2
1+ edema
800-METERS
b.i.d.
p.r.n.
home.In the
e.g.this
seen @ 10
pain@rest
2L@night
256.1.1.1
1.2.3
version 1.2.3.4
Section 1.2.3.4
1.2.840.10008.5
10:30:00
1::2
00:1B:44:11:3A:B7
1:100:1
""".strip().splitlines()


@pytest.mark.parametrize("note", NEAR_MISSES)
def test_what_only_looks_like_a_contact_is_left(note: str) -> None:
    assert contacts(note) == []


def test_an_address_after_its_cue_is_one_with_a_typing_error_too() -> None:
    assert contacts("opened from 10.81.718.6; then") == [("IPADDR", "10.81.718.6")]


def test_columns_of_numbers_are_no_telephone_number() -> None:
    assert contacts("WBC 12 250 300 1200 40") == []
    assert contacts("120 455 1200") == []
