"""What a surrogate may not hold, against looking for each string by itself."""

import re

from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.drawing import Avoid
from spacy_modernbert_bio.deid.wording import plain

STRINGS = st.lists(st.text("ab1é _.", max_size=6) | st.text("0123", max_size=9), max_size=6)


def allowed(strings: list[str], new: str) -> bool:
    """By the words of `Avoid`, one string after the other."""
    new = plain(new)
    digits = re.sub(r"\D", "", new)
    for each in filter(None, map(plain, strings)):
        number = re.sub(r"\D", "", each)
        if len(number) >= 5 and number in digits:
            return False
        pattern = re.escape(each) if len(each) >= 3 else rf"(?<!\w){re.escape(each)}(?!\w)"
        if re.search(pattern, new):
            return False
    return True


@given(STRINGS, STRINGS, st.text("AB1É _.0123-", max_size=20))
def test_nothing_forbidden_is_allowed_and_nothing_else_is_refused(first, more, new) -> None:
    assert Avoid([*first, *more]).allows(new) == allowed([*first, *more], new)
    assert Avoid(more, beside=Avoid(first)).allows(new) == allowed([*first, *more], new)


def test_any_unicode_is_found() -> None:
    for each in ("\ud800ab", "a\0b", "🩺🩺🩺", "\u4e00\u4e01\u4e02"):
        assert not Avoid([each]).allows(f"x {each} y")
        assert Avoid([each]).allows(f"x {each[:2]} y")
