"""The leaks of notes that were given out, under the policy that each was made with.

What a policy leaves on purpose is no leak: kept labels, and dates, ages and ZIP codes that its
generalisation would not change. A note that the model fails at is said to be unread.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc

from spacy_modernbert_bio.cli.deidentification import load_phi_pipeline
from spacy_modernbert_bio.cli.note_reader import Record, read_with
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.cli.released_notes import ReleasedNote
from spacy_modernbert_bio.components.deid import DeidPipe
from spacy_modernbert_bio.components.deidentified import check_read
from spacy_modernbert_bio.components.phi_record import find_phi
from spacy_modernbert_bio.components.phi_rules import ALL_RULES
from spacy_modernbert_bio.deid.labels import CATEGORIES
from spacy_modernbert_bio.deid.leaks import Leak, find_leaks
from spacy_modernbert_bio.deid.operators import OPERATORS, Context
from spacy_modernbert_bio.deid.policy import PROFILES, Policy, load_policy
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import ConfigError

# What these actions left as it was, they left on purpose: a year, an age of 45, a weekday.
_MAY_LEAVE = ("generalise", "shift")


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
    nlp = load_phi_pipeline(model)
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
            yield AuditedNote(note.where, tuple(policies.of(note).find(note)))
        return
    # By place: the reader knows texts, and not what belongs to them.
    waiting: dict[str, ReleasedNote] = {}

    def content(text: Note, doc: Doc) -> Record:
        check_read(doc)
        spans = [span for span in find_phi(doc) if "model" in span.sources]
        note = waiting[text.source]
        return {"leaks": tuple(policies.of(note).find(note, model=spans))}

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
    """What to look for in a note, by the name of its policy."""

    def __init__(self, given: Policy | None) -> None:
        self._given = given
        self._searches: dict[str, _Search] = {}

    def of(self, note: ReleasedNote) -> "_Search":
        name = note.policy
        if name not in self._searches:
            known = PROFILES if self._given is None else (self._given.name,)
            if name not in known:
                raise ConfigError(
                    where=note.where,
                    found="a note made with another policy",
                    wanted=f"one of {', '.join(known)}",
                    fix="Name the policy's .cfg file with --policy.",
                )
            self._searches[name] = _Search(self._given or load_policy(name))
        return self._searches[name]


class _Search:
    """Leaks under one policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def find(self, note: ReleasedNote, *, model: Iterable[PhiSpan] = ()) -> list[Leak]:
        originals, new = [], []
        for each in note.replacements:
            original = note.original[each.start : each.stop]
            is_new = each.new != original
            if is_new or each.action in _MAY_LEAVE:
                new.append(note.offsets.to_new(each.start, each.stop))
            if is_new or each.action not in _MAY_LEAVE:
                originals.append((each.label, original))
        return find_leaks(
            note.text, originals, new=new, rules=ALL_RULES, model=model, is_left=self._leaves
        )

    def _leaves(self, label: str, written: str) -> bool:
        """Whether the policy would leave this as it is."""
        action = self._policy.action(label)
        if action != "generalise":
            return action == "keep"
        return OPERATORS[action](written, Context(label, self._policy)) == written
