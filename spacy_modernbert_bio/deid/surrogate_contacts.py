"""Other telephone numbers, e-mail and web addresses: those that nobody has.

Telephone numbers are of the block 555-0100 to 555-0199, which the North American Numbering Plan
keeps for fiction; domains are example.org, .com and .net (RFC 2606); IP addresses are of the blocks
for documentation (RFC 5737, RFC 3849).
"""

import ipaddress
import re

from spacy_modernbert_bio.deid.drawing import Draw
from spacy_modernbert_bio.deid.surrogate_codes import code, fill_digits
from spacy_modernbert_bio.deid.surrogate_names import name_initials, name_word
from spacy_modernbert_bio.deid.wording import plain, runs, word_set

_LINE_DIGITS, _NATIONAL_DIGITS = 7, 10
_COUNTRY_CODE = "1"
_PHONE_WORDS = word_set(
    "x ext extension tel telephone phone ph fax cell home work pager beeper mobile office or and "
    "c h w o p f t"
)
_DOMAINS = ("org", "com", "net")
_MAIL = re.compile(r"(?<![^\s@<>\[\]():;,])([^\s@<>\[\]():;,]+)(\s*@\s*)([^\s@<>\[\]():;,]+)")
_MAIL_WORDS = word_set("mailto email e mail")
_URL = re.compile(
    r"(?P<scheme>[a-zA-Z]{1,10}:/{1,2})?(?P<www>(?i:www)\.)?(?P<host>[^/?#]*)(?P<rest>.*)",
    re.DOTALL,
)
_IPV4 = re.compile(r"[0-9]{1,3}(?:\s*\.\s*[0-9]{1,3}){3}")
_IPV4_BLOCKS = ("192.0.2", "198.51.100", "203.0.113")
_IPV6_BLOCK = "2001:db8"


def phone(written: str, draw: Draw) -> str:
    """Another telephone or fax number in the same form; words as "ext." stay.

    The area code depends on the area code, the rest on the last seven digits: a number agrees with
    itself whether it is written with its area or country code, or without.
    """
    digits, group = "", ""
    for kind, run in [*runs(written), ("letters", "x")]:
        if kind == "digits":
            group += plain(run)
        elif plain(run) and kind == "letters" and group:
            digits, group = digits + _number(group, draw), ""
    return fill_digits(written, digits, draw, kept=_PHONE_WORDS)


def email(written: str, draw: Draw) -> str:
    """Another address of the same shape; names in it agree with the same names elsewhere."""
    parts: list[str] = []
    done = 0
    for match in _MAIL.finditer(written):
        parts.append(_around_mail(written[done : match.start()], draw))
        parts.append(_mail_name(match[1], draw) + match[2] + _domain(match[3], draw))
        done = match.end()
    return "".join(parts) + _around_mail(written[done:], draw)


def url(written: str, draw: Draw) -> str:
    """A page of example.org: the scheme and "www." stay, the path is a code of the same form."""
    match = _URL.fullmatch(written)
    if match is None:
        return code(written, draw)
    start = (match["scheme"] or "") + (match["www"] or "")
    return start + _domain(match["host"], draw) + code(match["rest"], draw)


def ip_address(written: str, draw: Draw) -> str:
    """An address for documentation; what is no IP address becomes a code of the same form."""
    match = _IPV4.search(written)
    if match:
        block = _IPV4_BLOCKS[draw.number("ip block", plain(match[0]), len(_IPV4_BLOCKS))]
        host = 1 + draw.number("ip host", plain(match[0]), 254)
        around = (written[: match.start()], written[match.end() :])
        before, after = (code(each, draw) for each in around)
        return f"{before}{block}.{host}{after}"
    if is_ip_address(written):
        last = draw.number("ip host", plain(written), 2**32)
        return f"{_IPV6_BLOCK}::{last >> 16:x}:{last & 0xFFFF:x}"
    return code(written, draw)


def is_ip_address(written: str) -> bool:
    """Whether all of a text is an IP address."""
    try:
        ipaddress.ip_address(written.strip())
    except ValueError:
        return False
    return True


def _number(digits: str, draw: Draw) -> str:
    if len(digits) == _NATIONAL_DIGITS + 1 and digits.startswith(_COUNTRY_CODE):
        return _COUNTRY_CODE + _number(digits[1:], draw)
    if len(digits) == _NATIONAL_DIGITS:
        area = 200 + draw.number("area code", digits[:-_LINE_DIGITS], 800)
        return f"{area}{_line(digits[-_LINE_DIGITS:], draw)}"
    return _line(digits, draw) if len(digits) == _LINE_DIGITS else code(digits, draw)


def _line(digits: str, draw: Draw) -> str:
    return "55501" + draw.digits("telephone line", digits, 2)


def _mail_name(written: str, draw: Draw) -> str:
    parts: list[str] = []
    for kind, run in runs(written):
        folded = plain(run)
        if kind == "letters" and folded:
            make_initial = len(folded) == 1 and folded.isascii()
            parts.append(name_initials(run, draw) if make_initial else name_word(run, folded, draw))
        else:
            parts.append(code(run, draw))
    return "".join(parts)


def _domain(written: str, draw: Draw) -> str:
    end = written.rpartition(".")[2].strip().lower()
    first = _DOMAINS.index(end) if end in _DOMAINS else 0
    return f"example.{_DOMAINS[(first + draw.attempt) % len(_DOMAINS)]}"


def _around_mail(written: str, draw: Draw) -> str:
    return "".join(
        run if plain(run) in _MAIL_WORDS else code(run, draw) for _, run in runs(written)
    )
