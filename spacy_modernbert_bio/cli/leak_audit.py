"""The leaks of notes that were given out, under the policy that each was made with.

See `deid.note_leaks` for what is none. A note that the model fails at is said to be unread.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc

from spacy_modernbert_bio.cli.deidentification import load_searching
from spacy_modernbert_bio.cli.note_reader import Record, read_with
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.cli.released_notes import ReleasedNote
from spacy_modernbert_bio.components.deid import DeidPipe
from spacy_modernbert_bio.components.deidentified import check_read
from spacy_modernbert_bio.components.phi_record import find_phi
from spacy_modernbert_bio.deid.labels import CATEGORIES
from spacy_modernbert_bio.deid.leaks import Leak
from spacy_modernbert_bio.deid.note_leaks import find_note_leaks
from spacy_modernbert_bio.deid.policy import PROFILES, Policy, load_policy
from spacy_modernbert_bio.deid.rules.sets import load_rules
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import ConfigError


@dataclass(frozen=True)
class AuditedNote:
    """where: `file:line`. leaks: in its output. failure: why the model did not read it, or ""."""

    where: str
    leaks: tuple[Leak, ...] = ()
    failure: str = ""


def load_reader(model: str, threshold: float) -> Language:
    """A pipeline whose model finds what is PHI with this probability, in all categories.

    Raises ConfigError for a pipeline without modernbert_deid, and for an impossible threshold.
    """
    nlp = load_searching(model)
    pipes = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, DeidPipe)]
    if not pipes:
        raise ConfigError(
            where=model,
            found=f"a pipeline of {', '.join(nlp.pipe_names)}",
            wanted="one with modernbert_deid: rules are asked in any case",
        )
    for pipe in pipes:
        pipe.set_thresholds(dict.fromkeys(CATEGORIES, threshold))
    return nlp


def audit_notes(
    notes: Iterable[ReleasedNote],
    *,
    policy: Policy | None = None,
    nlp: Language | None = None,
    batch_size: int = 32,
) -> Iterator[AuditedNote]:
    """The leaks of each note, in order.

    policy: that the notes were made with; None where it is a shipped one. nlp: from `load_reader`,
    or None to do without a model. Raises ConfigError where a note was made with another policy.
    """
    policies = _Policies(policy)
    if nlp is None:
        for note in notes:
            yield AuditedNote(note.where, tuple(_find(note, policies.of(note))))
        return
    # By place: the reader knows texts, and not what belongs to them.
    waiting: dict[str, ReleasedNote] = {}

    def content(text: Note, doc: Doc) -> Record:
        check_read(doc)
        spans = [span for span in find_phi(doc) if "model" in span.sources]
        note = waiting[text.source]
        return {"leaks": tuple(_find(note, policies.of(note), spans))}

    def texts() -> Iterator[Note]:
        for note in notes:
            # Outside of `content`, where an error would be the note's alone.
            policies.of(note)
            waiting[note.where] = note
            yield Note(note.where, note.where, note.text)

    for record in read_with(nlp, texts(), content, batch_size=batch_size):
        where = record["source"]
        del waiting[where]
        yield AuditedNote(where, record.get("leaks", ()), record.get("error", ""))


class _Policies:
    """Policies by the names that notes have for them."""

    def __init__(self, given: Policy | None) -> None:
        self._given = given
        self._met: dict[str, Policy] = {}

    def of(self, note: ReleasedNote) -> Policy:
        name = note.policy
        if name not in self._met:
            known = PROFILES if self._given is None else (self._given.name,)
            if name not in known:
                raise ConfigError(
                    where=note.where,
                    found="a note made with another policy",
                    wanted=f"one of {', '.join(known)}",
                    fix="Name the policy's .cfg file with --policy.",
                )
            self._met[name] = self._given or load_policy(name)
        return self._met[name]


def _find(note: ReleasedNote, policy: Policy, model: Iterable[PhiSpan] = ()) -> list[Leak]:
    return find_note_leaks(
        note.original, note.text, note.replacements, policy, rules=load_rules(), model=model
    )
