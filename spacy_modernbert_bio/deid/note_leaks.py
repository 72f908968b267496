"""The leaks of one note that was given out, under the policy that it was made with.

What a policy leaves on purpose is no leak: kept labels, and dates, ages and ZIP codes that its
generalisation would not change. Costs what `find_leaks` costs.
"""

from collections.abc import Iterable, Sequence

from spacy_modernbert_bio.deid.leaks import Leak, find_leaks
from spacy_modernbert_bio.deid.operators import OPERATORS, Context
from spacy_modernbert_bio.deid.policy import Policy
from spacy_modernbert_bio.deid.replace import OffsetMap, Replacement
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.spans import PhiSpan

# What these actions left as it was, they left on purpose: a year, an age of 45, a weekday.
_MAY_LEAVE = ("generalise", "shift")


def find_note_leaks(
    original: str,
    output: str,
    replacements: Sequence[Replacement],
    policy: Policy,
    *,
    rules: Iterable[Rule] = (),
    model: Iterable[PhiSpan] = (),
) -> list[Leak]:
    """The leaks of `output`, in order, with offsets in it.

    original, replacements: the note before, and what turns it into `output`, in order.
    rules, model: as `find_leaks` takes them. Raises PolicyError as `find_leaks`.
    """
    offsets = OffsetMap(replacements)
    originals, new = [], []
    for each in replacements:
        written = original[each.start : each.stop]
        is_new = each.new != written
        if is_new or each.action in _MAY_LEAVE:
            new.append(offsets.to_new(each.start, each.stop))
        if is_new or each.action not in _MAY_LEAVE:
            originals.append((each.label, written))

    def is_left(label: str, written: str) -> bool:
        action = policy.action(label)
        if action != "generalise":
            return action == "keep"
        return OPERATORS[action](written, Context(label, policy)) == written

    return find_leaks(output, originals, new=new, rules=rules, model=model, is_left=is_left)
