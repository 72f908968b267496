"""hypothesis strategies: text as clinical notes and the rest of Unicode have it."""

from itertools import pairwise

from hypothesis import strategies as st

# Each of these has broken an aligner somewhere.
FRAGMENTS = [
    "patient",
    "pt c/o",
    "Dr.Smith",
    "mg/dL",
    " ",
    "  ",
    "   ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u2011",
    "\u200b",  # zero width space
    "\u200d",  # zero width joiner
    "\ufeff",
    "e\u0301",  # decomposed accent: the mark belongs to no piece after NFC
    "a\u0323\u0307",  # two marks, which NFC reorders
    "\u1100\u1161\u11a8",  # Hangul letters, which NFC composes to one
    "é",
    "🩺",
    "👩\u200d⚕️",
    "日本語",
    "\u2028",
    "[MASK]",
    "_____",
    "[**Name**]",
    "123-45-6789",
]

notes = st.lists(
    st.one_of(
        st.sampled_from(FRAGMENTS),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.sampled_from("abcdefgh"),
    ),
    max_size=30,
).map("".join)


@st.composite
def token_borders(draw: st.DrawFn, text: str) -> list[tuple[int, int]]:
    """Tokens as spaCy has them: in order, not overlapping, blanks may stand between them."""
    if not text:
        return []
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=20)) | {0, len(text)})
    spans = list(pairwise(cuts))
    gaps = draw(st.sets(st.sampled_from(range(len(spans)))))
    return [span for number, span in enumerate(spans) if number not in gaps]
