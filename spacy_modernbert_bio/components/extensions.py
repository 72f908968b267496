"""Every attribute this package adds to Docs and Spans, in one list, installed once.

Nothing is registered by force: a name that another library uses differently is an error, not a
silent change of what that library reads.
"""

from typing import Any, cast

from spacy.tokens import Doc, Span
from spacy.tokens.underscore import get_ext_args

from spacy_modernbert_bio.components.deidentified import deidentify_doc
from spacy_modernbert_bio.components.known_patient import find_patient, store_patient
from spacy_modernbert_bio.components.phi_record import find_audited, find_phi
from spacy_modernbert_bio.errors import ConfigError

CONFIDENCE = "confidence"
COVERAGE = "modernbert_coverage"


def store_confidence(span: Span, confidence: float) -> None:
    """Keep a span's confidence on its Doc; what `span._.confidence = 0.9` does.

    It stands where spaCy keeps a span's extension values, by borders, and there by label: so it
    goes along in `to_bytes`, to worker processes, through `Doc.from_docs` and `span.as_doc`, and
    into a DocBin made with `store_user_data=True`, as `spacy apply` makes it.
    """
    _user_data(span).setdefault(_key(span), {})[span.label_] = confidence


def find_confidence(span: Span) -> float | None:
    """The probability of exactly this span, its borders and its label; None where none is known.

    Looks for what a component of this package stored, then among the scores of span groups, which
    spaCy's `spancat` writes too. Two heads that give one span one label leave one confidence here,
    the later head's; each group's own scores stand in `SpanGroup.attrs["scores"]`.
    """
    stored = _user_data(span).get(_key(span), {})
    if span.label_ in stored:
        return float(stored[span.label_])
    for group in span.doc.spans.values():
        for other, score in zip(group, group.attrs.get("scores", ()), strict=False):
            if (other.start, other.end, other.label) == (span.start, span.end, span.label):
                return float(score)
    return None


_EXTENSIONS = (
    (Doc, COVERAGE, {"default": None}),
    (Doc, "phi", {"getter": find_phi}),
    (Doc, "patient", {"getter": find_patient, "setter": store_patient}),
    (Doc, "deidentified", {"getter": deidentify_doc}),
    (Doc, "phi_leaks", {"getter": find_audited}),
    (Doc, "phenotypes", {"default": ()}),
    (Span, CONFIDENCE, {"getter": find_confidence, "setter": store_confidence}),
)


def install_extensions() -> None:
    """Register the attributes; does nothing where that has been done.

    The components call it. Call it yourself to read `span._.confidence` of saved Docs in a
    program that loads no pipeline of this package.
    Raises ConfigError when a name stands for something else already.
    """
    for owner, name, meaning in _EXTENSIONS:
        if not owner.has_extension(name):
            owner.set_extension(name, **meaning)
        elif owner.get_extension(name) != get_ext_args(**meaning):
            raise ConfigError(
                where=f"{owner.__name__}._.{name}",
                found="an attribute of this name that another library registered",
                wanted="a free name",
                fix=f"Remove it first: spacy.tokens.{owner.__name__}.remove_extension({name!r}).",
            )


def _key(span: Span) -> tuple[str, str, int, int]:
    return ("._.", CONFIDENCE, span.start_char, span.end_char)


def _user_data(span: Span) -> dict[Any, Any]:
    # spaCy's stubs know names as keys only; extension values have tuples.
    return cast(dict[Any, Any], span.doc.user_data)
