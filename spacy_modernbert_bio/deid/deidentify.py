"""A note and its PHI spans in, the note under a policy out, with the way back for offsets.

Fails closed: without whole coverage, without a key that the policy needs, with a span outside of
the note, or when anything breaks on the way, there is no output, and no error holds text. Linear in
the note but for `merge_spans`: about 2 s a megabyte with a surrogate in each 70 characters.
Finds nothing by itself but repeats of what was found (`repeats`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from spacy_modernbert_bio.deid.audit import Audit, count_replacements
from spacy_modernbert_bio.deid.dates import full_years, note_year
from spacy_modernbert_bio.deid.drawing import Avoid
from spacy_modernbert_bio.deid.keys import PatientKey
from spacy_modernbert_bio.deid.labels import category_of
from spacy_modernbert_bio.deid.operators import OPERATORS, TAG, Context
from spacy_modernbert_bio.deid.policy import Action, Policy
from spacy_modernbert_bio.deid.repeats import (
    LEAST_CHARACTERS,
    SOURCE,
    action_of_repeat,
    find_repeats,
    parts_of_name,
)
from spacy_modernbert_bio.deid.replace import OffsetMap, Replacement, apply
from spacy_modernbert_bio.deid.spans import PhiSpan, merge_spans
from spacy_modernbert_bio.errors import CoverageError, ModernBertBioError, PolicyError

# The whole text of a note that is not given out.
WITHHELD = "[NOTE WITHHELD]"

_Result = TypeVar("_Result")


@dataclass(frozen=True, repr=False)
class Deidentified:
    """A note under a policy.

    text: the new text. replacements: in order, with offsets in the old text; those of labels that
    are kept are not among them. offsets: maps spans between both texts. audit: counts, no values.
    notice: what this output is and is not, of the policy; goes with the text wherever it goes.
    withheld: why there is no output, empty where there is; then the text is WITHHELD alone.
    """

    text: str
    replacements: tuple[Replacement, ...]
    offsets: OffsetMap
    audit: Audit
    notice: str
    withheld: str = ""


def withhold(reason: str, policy: Policy) -> Deidentified:
    """What stands for a note that must not be given out. Its offsets map no span: none is left.

    reason: the message of an error of ours, which holds no text.
    """
    return Deidentified(WITHHELD, (), OffsetMap(()), Audit(), policy.notice, withheld=reason)


def deidentify(
    text: str,
    spans: Iterable[PhiSpan],
    policy: Policy,
    *,
    key: PatientKey | None = None,
    whole: bool = True,
) -> Deidentified:
    """A note with its PHI replaced.

    spans: of PHI, from any sources, overlapping as they come: `merge_spans` settles those that are
    not kept. Blanks at their ends stay; a span inside of a tag that an earlier run wrote is passed
    over. policy: what is done with each label. key: of the note's patient; needed where the policy
    hashes, shifts or makes surrogates. whole: whether all of the note was read by what found the
    spans.

    Raises CoverageError when `whole` is false; PolicyError for a missing key, a span outside of the
    note, an unknown label, and when an operator breaks: what is raised holds no text.
    """
    if not whole:
        raise CoverageError(
            where="deidentify(whole)",
            found="a note of which not every token was read",
            wanted="PHI spans of all of it",
            fix="Withhold the note: what was not read may name someone.",
        )
    if policy.needs_key and key is None:
        raise PolicyError(
            where=f"deidentify(key), policy {policy.name}",
            found="no key",
            wanted="the patient's key",
            fix="Derive it with Key.patient from a secret that only you have: there is no default.",
        )
    given = list(spans)
    for each in given:
        _check(each, len(text))
    return _guarded("deidentify", lambda: _replace(text, given, policy, key))


def _check(span: PhiSpan, length: int) -> None:
    category_of(span.label)
    if not 0 <= span.start <= span.stop <= length:
        raise PolicyError(
            where="deidentify(spans)",
            found=f"a span from {span.start} to {span.stop}",
            wanted=f"spans inside of the {length} characters",
            fix="Offsets count characters of the very text that is given.",
        )


def _replace(
    text: str, spans: Iterable[PhiSpan], policy: Policy, key: PatientKey | None
) -> Deidentified:
    tags = [match.span() for match in TAG.finditer(text)]
    # What is kept goes first: a town that stays hides no name that was found inside of it.
    given = [
        span for span in _without_tags(text, spans, tags) if policy.action(span.label) != "keep"
    ]
    # Again without blanks: what one span leaves of another may end in some.
    replaced = list(_without_tags(text, merge_spans(given), tags))
    repeats = find_repeats(text, replaced, policy, inside=given, untouched=tags)
    contexts = _contexts(text, replaced, given, policy, key)
    written = _Writer(text, contexts)
    replacements = tuple(map(written.replacement, sorted([*replaced, *repeats])))
    new_text, offsets = apply(text, replacements)
    audit = count_replacements(replacements)
    return Deidentified(new_text, replacements, offsets, audit, policy.notice)


def _without_tags(
    text: str, spans: Iterable[PhiSpan], tags: Sequence[tuple[int, int]]
) -> Iterator[PhiSpan]:
    """Spans without blanks at their ends; none inside of a tag."""
    starts = [start for start, _ in tags]
    for span in spans:
        written = text[span.start : span.stop]
        start = span.start + len(written) - len(written.lstrip())
        stop = start + len(written.strip())
        before = bisect_right(starts, start) - 1
        if start < stop and (before < 0 or tags[before][1] < stop):
            is_same = (start, stop) == (span.start, span.stop)
            yield span if is_same else replace(span, start=start, stop=stop)


def _contexts(
    text: str,
    replaced: Sequence[PhiSpan],
    given: Sequence[PhiSpan],
    policy: Policy,
    key: PatientKey | None,
) -> dict[str, Context]:
    """What operators may know, by label."""
    years = full_years(text[span.start : span.stop] for span in replaced if span.label == "DATE")
    context = Context(
        label="",
        policy=policy,
        key=key,
        year=note_year(years),
        latest_year=max(years, default=None),
        forbidden=_forbidden(text, [*replaced, *given], policy),
    )
    return {label: replace(context, label=label) for label in {span.label for span in given}}


def _forbidden(text: str, spans: Iterable[PhiSpan], policy: Policy) -> Avoid:
    """What no surrogate may be or hold: originals and parts of names, but those of dates and ages.

    A year or an age that is generalised, or moved, stands in the output anyway. Short ones are left
    out, as in `repeats`: a surrogate keeps initials.
    """
    originals = {
        (text[span.start : span.stop], span.label)
        for span in spans
        if policy.action(span.label) not in ("shift", "generalise") and span.label != "AGE"
    }
    parts = {part for original, label in originals for part in parts_of_name(original, label)}
    long = {
        original for original, _ in originals if sum(map(str.isalnum, original)) >= LEAST_CHARACTERS
    }
    return Avoid(long | parts)


class _Writer:
    """Makes a note's replacements. What stands twice under one label is made once."""

    def __init__(self, text: str, contexts: Mapping[str, Context]) -> None:
        self._text, self._contexts = text, contexts
        self._made: dict[tuple[str, Action, str], str] = {}

    def replacement(self, span: PhiSpan) -> Replacement:
        """What stands for a span."""
        original, context = self._text[span.start : span.stop], self._contexts[span.label]
        action = context.policy.action(span.label)
        if SOURCE in span.sources:
            action = action_of_repeat(action, original)
        key = (span.label, action, original)
        new = self._made.get(key)
        if new is None:
            where = f"label {span.label}, action {action}"
            new = self._made[key] = _guarded(where, lambda: OPERATORS[action](original, context))
        return Replacement(span.start, span.stop, new, span.label, action, span.sources)


def _guarded(where: str, work: Callable[[], _Result]) -> _Result:
    """What `work` gives. What breaks in it may quote the note, so no more than its kind is told."""
    try:
        return work()
    except ModernBertBioError:
        raise
    except Exception as error:
        kind = type(error).__name__
    # Outside of the handler, so that the error doesn't carry the other one as its context.
    raise PolicyError(
        where=where,
        found=f"{kind} while it ran",
        wanted="a replacement for each span",
        fix="Withhold the note, and report the kind, the label and the action.",
    )
