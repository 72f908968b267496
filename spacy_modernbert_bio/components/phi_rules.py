"""Factory phi_rules: PHI that is written by rules, and what is known of the patient; no model.

Some megabyte of text a second on one core. Unites with what other components find, before or after.
Names without a title and places without a cue are the model's work: rules alone miss them.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config_from_str

from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.components.known_patient import find_patient, take_context
from spacy_modernbert_bio.components.phi_record import OnError, add_failure, add_phi
from spacy_modernbert_bio.deid.gazetteer import find_known
from spacy_modernbert_bio.deid.policy import load_policy
from spacy_modernbert_bio.deid.rules.rule import match_rules
from spacy_modernbert_bio.deid.rules.sets import RuleSet, load_rules
from spacy_modernbert_bio.deid.spans import PhiSpan

DEFAULT_CONFIG = """
[phi_rules]
rules = ["dates","contacts","identifiers","people_places"]
spans_key = "phi"
policy = null
on_error = "raise"

[phi_rules.scorer]
@scorers = "spacy_modernbert_bio.phi_scorer.v1"
"""


@Language.factory(
    "phi_rules",
    assigns=["doc.spans", "doc._.phi", "doc._.deidentified"],
    default_config=load_config_from_str(DEFAULT_CONFIG)["phi_rules"],
    default_score_weights={"spans_phi_f": 0.0, "phi_recall": 0.0},
)
def make_phi_rules(
    nlp: Language,  # noqa: ARG001  spaCy hands it to every factory
    name: str,
    rules: list[RuleSet],
    spans_key: str,
    policy: str | None,
    on_error: OnError,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "PhiRulesPipe":
    """The component. Registered as factory `phi_rules`.

    rules: the sets of rules to use. spans_key, policy, on_error, scorer: as `modernbert_deid`.

    What is known of a note's patient (`deid.gazetteer.Patient`) is taken from `doc._.patient`, or
    from the context of `nlp.pipe(..., as_tuples=True)`: a `Patient`, or a mapping with the key
    "patient". Raises PolicyError for a policy that cannot be loaded.
    """
    install_extensions()
    if policy is not None:
        load_policy(policy)
    return PhiRulesPipe(
        name, rules, spans_key=spans_key, policy=policy, on_error=on_error, scorer=scorer
    )


class PhiRulesPipe(Pipe):
    """PHI by rules and by what is known, in `doc._.phi` and `doc.spans`. Nothing to train."""

    def __init__(
        self,
        name: str,
        rules: Sequence[RuleSet],
        *,
        spans_key: str,
        policy: str | None,
        on_error: str,
        scorer: Callable[..., dict[str, Any]] | None,
    ) -> None:
        self.name = name
        self.scorer = scorer
        self.cfg: dict[str, Any] = {"spans_key": spans_key, "policy": policy, "on_error": on_error}
        self._rules = load_rules(rules)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the rules give, sorted."""
        return tuple(sorted({rule.label for rule in self._rules}))

    def __call__(self, doc: Doc) -> Doc:
        """Find a Doc's PHI. With `on_error = "withhold"` a Doc that fails is marked."""
        settings = {"policy": self.cfg["policy"] or "", "on_error": self.cfg["on_error"]}
        try:
            spans = self.find(doc)
            add_phi(doc, spans, by=self.name, spans_key=self.cfg["spans_key"], **settings)
        except Exception as error:
            if self.cfg["on_error"] != "withhold":
                raise
            add_failure(doc, error, by=self.name, **settings)
        return doc

    def find(self, doc: Doc) -> list[PhiSpan]:
        """What rules and knowledge find, overlaps included."""
        take_context(doc)
        known = find_patient(doc)
        found = match_rules(doc.text, self._rules)
        return found if known is None else [*found, *find_known(doc.text, known)]

    def score(self, examples: Iterable[Example], **settings: Any) -> dict[str, Any]:
        """What the scorer says; nothing without one."""
        if self.scorer is None:
            return {}
        return self.scorer(examples, spans_key=self.cfg["spans_key"], **settings)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:  # noqa: ARG002
        """Nothing: rules are the package's, settings the config's."""
        return b""

    def from_bytes(self, _: bytes, *, exclude: Iterable[str] = ()) -> "PhiRulesPipe":  # noqa: ARG002
        """Itself."""
        return self

    def to_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> None:
        """Nothing; see `to_bytes`."""

    def from_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> "PhiRulesPipe":  # noqa: ARG002
        """Itself."""
        return self
