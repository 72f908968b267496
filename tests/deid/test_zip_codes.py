from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.zip_codes import generalise_zip, load_zip_table, shipped_zip_table
from spacy_modernbert_bio.errors import PolicyError

# HHS, Guidance Regarding Methods for De-identification, the areas of the 2000 census.
HHS = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"

WRITTEN = {
    "02139": "021",
    "02139-4307": "021",
    "02139-\n4307": "021",
    "02139 4307": "021",
    "021394307": "021",
    "02139\u20114307": "021",
    "０２１３９": "021",
    "021": "021",
    "03601": "000",
    "03601-1234": "000",
    "036": "000",
    # Of the 2010 census alone.
    "20500": "000",
    # None that is known: nothing of it stays.
    "0213": "",
    "0213943": "",
    "SW1A 1AA": "",
    "K1A 0B1": "",
    "ZIP 02139": "",
    "": "",
}


@pytest.mark.parametrize("written", WRITTEN)
def test_three_digits_stay_of_a_zip_code(written: str) -> None:
    assert generalise_zip(written) == WRITTEN[written]


@pytest.mark.parametrize("area", HHS.split())
def test_all_areas_of_the_guidance_are_restricted(area: str) -> None:
    assert generalise_zip(f"{area}01") == "000"


def test_the_table_names_its_censuses() -> None:
    assert shipped_zip_table().censuses == (2000, 2010)
    assert len(shipped_zip_table().areas) == 19


@given(st.integers(0, 99999).map("{:05}".format))
def test_a_generalised_zip_code_is_not_changed_again(code: str) -> None:
    once = generalise_zip(code)
    assert len(once) == 3
    assert generalise_zip(once) == once


def test_a_newer_table_of_the_callers_counts(tmp_path: Path) -> None:
    path = tmp_path / "2030.csv"
    path.write_text("# of 2030\n\ncensus,area\n2030,021\r\n")
    table = load_zip_table(path)
    assert (table.censuses, table.areas) == ((2030,), {"021"})
    assert generalise_zip("02139", table=table) == "000"
    assert generalise_zip("03601", table=table) == "036"


REFUSED = {
    "area\n036\n": "zips.csv: found a table without its header; wanted `census,area`",
    "# only\n": "zips.csv: found a table without its header",
    "census,area\n": "zips.csv: found a table without an area; wanted at least one line",
    "census,area\n2020,36\n": "zips.csv:2: found a line that is no census and area; wanted a year",
    "census,area\n2020,03601\n": "zips.csv:2: found a line that is no census and area",
    "census,area\n# x\n20,036\n": "zips.csv:3: found a line that is no census and area",
    "census,area\n2020,036,x\n": "zips.csv:2: found a line that is no census and area",
    "census,area\n2020,0３6\n": "zips.csv:2: found a line that is no census and area",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_no_table_is_refused_at_its_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "zips.csv"
    path.write_text(content)
    with pytest.raises(PolicyError) as caught:
        load_zip_table(path)
    assert REFUSED[content] in str(caught.value)
