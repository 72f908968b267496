from collections.abc import Callable

import pytest

from spacy_modernbert_bio.deid.rules.check_digits import (
    dea_holds,
    iban_holds,
    luhn_holds,
    ssn_holds,
    vin_holds,
)

# The first of each is published as an example, or as never issued.
CASES: list[tuple[Callable[[str], bool], str, str]] = [
    (luhn_holds, "4111111111111111", "4111111111111112"),
    (dea_holds, "AB1234563", "AB1234564"),
    (vin_holds, "1M8GDM9AXKP042788", "1M8GDM9A1KP042788"),
    (vin_holds, "1HGCM82633A004352", "1HGCM82643A004352"),
    (vin_holds, "1M8GDM9AXKP042788", "1" * 17),
    (iban_holds, "GB82WEST12345698765432", "GB82WEST12345698765433"),
    (ssn_holds, "536226789", "000226789"),
    (ssn_holds, "536226789", "666226789"),
    (ssn_holds, "899226789", "900226789"),
    (ssn_holds, "536226789", "536006789"),
    (ssn_holds, "536226789", "536220000"),
]


@pytest.mark.parametrize(("holds", "good", "bad"), CASES)
def test_a_number_holds_and_one_that_differs_does_not(
    holds: Callable[[str], bool], good: str, bad: str
) -> None:
    assert holds(good)
    assert not holds(bad)
