"""Notes through a pipeline and a policy: a record each, with the new text or why there is none.

A record holds nothing of the old text: the new text, what was replaced (offsets in the old text,
labels, what stands there now), counts. Of a note's own fields its id goes along, and those that are
asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_modernbert_bio.cli.note_reader import Record, read_with
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.cli.pipelines import load_pipeline
from spacy_modernbert_bio.components.deid import DeidPipe
from spacy_modernbert_bio.components.deidentified import deidentify_doc
from spacy_modernbert_bio.components.phi_audit import PhiAuditPipe
from spacy_modernbert_bio.components.phi_rules import PhiRulesPipe
from spacy_modernbert_bio.deid.gazetteer import Patient
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.policy import Policy, load_policy
from spacy_modernbert_bio.deid.vault import VaultEntry
from spacy_modernbert_bio.errors import ConfigError

# The name of a pipeline of rules alone, which needs no model.
RULES = "rules"
# What a record holds besides what a note came with.
OWN_FIELDS = frozenset({"source", "text", "policy", "notice", "replacements", "audit", "error"})
_PATIENT_FIELDS = tuple(each.name for each in fields(Patient))
# Nothing is parsed: spaCy's bound on length guards components that the pipeline of rules has not.
_RULES_MAX_CHARACTERS = 1 << 30


@dataclass(frozen=True, repr=False)
class Request:
    """How notes are to be de-identified.

    policy, key: as `deidentify_doc`. known: field of `Patient` -> field of a note. keep: fields of
    a note that go out as they are. note_is_patient: a note without a patient's id is a patient.
    """

    policy: Policy
    key: Key | None
    known: Mapping[str, str]
    keep: Sequence[str]
    note_is_patient: bool


def load_searching(name: str) -> Language:
    """As `load_phi_pipeline`, without a `phi_audit`: for callers that give no text out."""
    nlp = load_phi_pipeline(name)
    for each, pipe in nlp.pipeline:
        if isinstance(pipe, PhiAuditPipe):
            nlp.disable_pipe(each)
    return nlp


def load_phi_pipeline(name: str) -> Language:
    """A pipeline that finds PHI: a folder, a package, or "rules". Raises ConfigError for others."""
    if name == RULES:
        nlp = spacy.blank("en")
        nlp.max_length = _RULES_MAX_CHARACTERS
        nlp.add_pipe("phi_rules")
        return nlp
    nlp = load_pipeline(name)
    if not any(isinstance(pipe, DeidPipe | PhiRulesPipe) for _, pipe in nlp.pipeline):
        raise ConfigError(
            where=name,
            found=f"a pipeline of {', '.join(nlp.pipe_names) or 'nothing'}",
            wanted="one with modernbert_deid or phi_rules",
        )
    return nlp


def choose_policy(nlp: Language, given: str | None) -> Policy:
    """The policy that is given, else the pipeline's own. Raises ConfigError where there is none."""
    own = [
        pipe.cfg["policy"]
        for _, pipe in nlp.pipeline
        if isinstance(pipe, DeidPipe | PhiRulesPipe | PhiAuditPipe) and pipe.cfg["policy"]
    ]
    if given is None and not own:
        raise ConfigError(
            where="--policy",
            found="none, and none in the pipeline",
            wanted="safe_harbor, limited_data_set, surrogate or a .cfg file",
        )
    return load_policy(given if given is not None else own[-1])


def parse_known(pairs: Iterable[str]) -> dict[str, str]:
    """`names=patient_name` as field of Patient and field of a note. Raises ConfigError."""
    known = {}
    for pair in pairs:
        field, equals, name = pair.partition("=")
        if not equals or not name or field not in _PATIENT_FIELDS:
            raise ConfigError(
                where="--known",
                found=repr(pair),
                wanted=f"FIELD=NAME, FIELD one of {', '.join(_PATIENT_FIELDS)}",
            )
        known[field] = name
    return known


def deidentify_notes(
    nlp: Language,
    notes: Iterable[Note],
    request: Request,
    *,
    batch_size: int,
    remember: Callable[[VaultEntry], None] | None = None,
) -> Iterator[Record]:
    """One record a note, in order: `text` with all that belongs to it, or `error`.

    remember: is given each replacement with its original, for a vault. A `phi_audit` of the
    pipeline audits what the request makes, and withholds by its own `on_leak`.
    """
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, PhiAuditPipe):
            pipe.use(request.policy, request.key)

    def prepare(note: Note, doc: Doc) -> None:
        if (patient := _patient(note, request)) is not None:
            doc._.patient = patient

    def content(note: Note, doc: Doc) -> Record:
        result = deidentify_doc(doc, request.policy, key=request.key)
        if result.withheld:
            return {"error": result.withheld}
        if remember is not None:
            for each in result.replacements:
                original = note.text[each.start : each.stop]
                remember(VaultEntry(str(note.id), each.start, each.stop, original, each.new))
        return {
            "text": result.text,
            "policy": request.policy.name,
            "notice": result.notice,
            "replacements": [asdict(each) for each in result.replacements],
            "audit": result.audit.to_dict(),
        }

    def kept(note: Note) -> dict[str, Any]:
        return {name: note.fields[name] for name in request.keep if name in note.fields}

    return read_with(nlp, notes, content, batch_size=batch_size, prepare=prepare, fields=kept)


def _patient(note: Note, request: Request) -> Patient | None:
    values = {
        field: note.fields[name]
        for field, name in request.known.items()
        if note.fields.get(name) not in (None, "")
    }
    if isinstance(values.get("id"), int):
        # It links notes and is looked for nowhere, so that no zeros matter.
        values["id"] = str(values["id"])
    if request.note_is_patient and "id" not in values:
        values["id"] = str(note.id)
    return Patient.from_mapping(values) if values else None
