"""Check digits of numbers that identify: a candidate that fails is some other number.

All take the number without separators, letters in upper case.
"""

_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def luhn_holds(number: str) -> bool:
    """Payment cards (ISO/IEC 7812-1, annex B). number: digits."""
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(number))]
    return sum(each - 9 * (each > 9) for each in doubled) % 10 == 0


def dea_holds(number: str) -> bool:
    """Registrations of the Drug Enforcement Administration. number: two signs, seven digits.

    Digits 1, 3, 5 and twice digits 2, 4, 6 add up to a number that ends in digit 7.
    """
    odd, even = (sum(int(each) for each in number[first:8:2]) for first in (2, 3))
    return (odd + 2 * even) % 10 == int(number[8])


def vin_holds(number: str) -> bool:
    """Vehicle identification numbers (49 CFR 565.15). number: 17 digits and letters but I, O, Q.

    One without any letter is held to be some other number.
    """
    pairs = zip(number, _VIN_WEIGHTS, strict=True)
    total = sum(int(_VIN_VALUES.get(each, each)) * weight for each, weight in pairs)
    return "0123456789X"[total % 11] == number[8] and not number.isdigit()


def iban_holds(number: str) -> bool:
    """International bank accounts (ISO 13616; ISO 7064, mod 97-10). number: country code first."""
    return int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97 == 1


def ssn_holds(number: str) -> bool:
    """Social security numbers: no block is all zeros, the first is not 666 and below 900.

    number: nine digits. Source: SSA, "Social Security Number Randomization".
    """
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
