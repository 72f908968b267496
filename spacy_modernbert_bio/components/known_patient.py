"""What is known of a Doc's patient: given as `doc._.patient`, or with the text as its context.

Goes along in `to_bytes` and to worker processes, as the text itself does: a Doc is as private as
its note.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from spacy.tokens import Doc

from spacy_modernbert_bio.deid.gazetteer import Patient
from spacy_modernbert_bio.errors import ConfigError

_KEY = "modernbert_patient"


def find_patient(doc: Doc) -> Patient | None:
    """What `doc._.patient` gives; None where nothing is known."""
    stored = _user_data(doc).get(_KEY)
    return None if stored is None else Patient.from_mapping(stored)


def store_patient(doc: Doc, value: object) -> None:
    """What `doc._.patient = value` does. value: a Patient, or a mapping of its fields.

    Raises ConfigError for anything else, and PolicyError for fields that a Patient has not.
    """
    if isinstance(value, Mapping):
        value = Patient.from_mapping(value)
    if not isinstance(value, Patient):
        raise ConfigError(
            where="doc._.patient", found=type(value).__name__, wanted="a Patient, or its fields"
        )
    plain = asdict(value)
    _user_data(doc)[_KEY] = {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}


def take_context(doc: Doc) -> None:
    """Keep a patient that came as the context of `nlp.pipe(..., as_tuples=True)`.

    A Patient, or a mapping with the key "patient"; any other context is somebody else's. spaCy
    takes the context off the Doc at the end of the pipe, so what is needed later is kept here.
    Raises as `store_patient`.
    """
    context = getattr(doc, "_context", None)
    if isinstance(context, Mapping):
        context = context.get("patient")
        if context is not None:
            store_patient(doc, context)
    elif isinstance(context, Patient):
        store_patient(doc, context)


def _user_data(doc: Doc) -> dict[Any, Any]:
    return cast(dict[Any, Any], doc.user_data)
