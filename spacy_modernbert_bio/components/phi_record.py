"""What is known of a Doc's PHI, by characters, and where it is kept on the Doc.

`doc._.phi` holds spans to the character, also inside a token ("chartMRN0485"); `doc.spans["phi"]`
shows the same on tokens, for spaCy's own tools. Every component that looks for PHI adds to both, so
their order in a pipeline does not matter. Goes along in `to_bytes` and to worker processes; holds
offsets, labels and sources, and no text.
"""

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any, Literal, cast

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup

from spacy_modernbert_bio.deid.leaks import Leak
from spacy_modernbert_bio.deid.spans import PhiSpan, merge_spans
from spacy_modernbert_bio.errors import tell

# What becomes of a note that was not read whole, or at which something failed.
OnError = Literal["raise", "withhold"]

SPANS_KEY = "phi"
_RECORD = "modernbert_phi"


def find_phi(doc: Doc) -> tuple[PhiSpan, ...]:
    """The PHI found so far, in order, without overlaps; what `doc._.phi` gives."""
    return _spans_of(doc, "spans")


def find_all_phi(doc: Doc) -> tuple[PhiSpan, ...]:
    """Every span that was found so far, as its component gave it, in order.

    What `deidentify` wants: a name that a longer span took in is looked for elsewhere in the note,
    and is hidden where a policy keeps the longer one.
    """
    return _spans_of(doc, "found")


def searched_by(doc: Doc) -> tuple[str, ...]:
    """Names of the components that have looked for PHI in a Doc, all of it."""
    return tuple(_record(doc).get("by", ()))


def failures(doc: Doc) -> tuple[str, ...]:
    """Why PHI may have been missed: a line a failure, without text; nothing where all went well."""
    return tuple(_record(doc).get("failures", ()))


def setting(doc: Doc, key: str) -> str:
    """What the last component that had such a setting said: "policy", "on_error"; else ""."""
    return str(_record(doc).get(key, ""))


def add_phi(
    doc: Doc, spans: Iterable[PhiSpan], *, by: str, spans_key: str = SPANS_KEY, **settings: str
) -> None:
    """Unite spans with those that are there, and note who looked. See `merge_spans` for overlaps.

    by: the component's name. settings: kept for `setting`; empty ones change nothing.
    """
    found = sorted({*find_all_phi(doc), *spans})
    merged = merge_spans(found)
    others = (name for name in _record(doc).get("by", ()) if name != by)
    # Lists and numbers only: this is what spaCy's msgpack can write.
    as_lists = {"spans": _as_lists(merged), "found": _as_lists(found)}
    _write(doc, {**as_lists, "by": [*others, by]}, settings)
    shown = [_on_tokens(doc, span) for span in merged]
    scores = np.array([span.score for span in merged], dtype=np.float32)
    attrs = {"scores": scores, "sources": [", ".join(span.sources) for span in merged]}
    doc.spans[spans_key] = SpanGroup(doc, name=spans_key, spans=shown, attrs=attrs)


def add_failure(doc: Doc, error: Exception, *, by: str, **settings: str) -> None:
    """Note that PHI may have been missed, and why. by, settings: as `add_phi`.

    Of errors that are not ours the kind alone is safe to tell.
    """
    failed = [*_record(doc).get("failures", ()), f"{by}: {tell(error)}"]
    _write(doc, {"failures": failed}, settings)


def find_audited(doc: Doc) -> tuple[Leak, ...] | None:
    """What `doc._.phi_leaks` gives: the leaks of a Doc's new text, in order, with offsets in it.

    None where no `phi_audit` has looked, as in a note that is withheld already.
    """
    leaks = _record(doc).get("leaks")
    return None if leaks is None else tuple(Leak(*fields) for fields in leaks)


def store_leaks(doc: Doc, leaks: Iterable[Leak]) -> None:
    """Keep what a `phi_audit` has found."""
    _write(doc, {"leaks": [list(astuple(leak)) for leak in leaks]}, {})


def add_settings(doc: Doc, **settings: str) -> None:
    """Keep what a component that does not look for PHI has to say, for `setting`."""
    _write(doc, {}, settings)


def _as_lists(spans: Iterable[PhiSpan]) -> list[list[Any]]:
    return [[each.start, each.stop, each.label, list(each.sources), each.score] for each in spans]


def _spans_of(doc: Doc, key: str) -> tuple[PhiSpan, ...]:
    return tuple(
        PhiSpan(start, stop, label, tuple(sources), score)
        for start, stop, label, sources, score in _record(doc).get(key, ())
    )


def _on_tokens(doc: Doc, span: PhiSpan) -> Span:
    """The tokens that a span touches."""
    found = doc.char_span(span.start, span.stop, label=span.label, alignment_mode="expand")
    assert found is not None, "spans are within their note"
    return found


def _write(doc: Doc, changes: dict[str, Any], settings: dict[str, str]) -> None:
    """Change a Doc's record; empty settings change nothing."""
    told = {key: value for key, value in settings.items() if value}
    _user_data(doc)[_RECORD] = dict(_record(doc)) | changes | told


def _record(doc: Doc) -> dict[str, Any]:
    return cast(dict[str, Any], _user_data(doc).get(_RECORD, {}))


def _user_data(doc: Doc) -> dict[Any, Any]:
    return cast(dict[Any, Any], doc.user_data)
