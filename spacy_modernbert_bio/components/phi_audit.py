"""Factory phi_audit: reads a Doc's new text again for PHI that is left, as the last component.

Costs a de-identification and a search of the output for each note. Looks for the originals of what
was replaced, and by the rules; a model that reads the output is what `modernbert-bio audit --model`
is for. No leak found does not prove that none is there: see `deid.leaks`.
"""

from collections import Counter
from typing import Any, Literal

from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc

from spacy_modernbert_bio.components.deidentified import choose_policy, deidentify_doc
from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.components.phi_record import (
    add_failure,
    add_settings,
    setting,
    store_leaks,
)
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.leaks import KINDS, Leak
from spacy_modernbert_bio.deid.note_leaks import find_note_leaks
from spacy_modernbert_bio.deid.policy import Policy, load_policy
from spacy_modernbert_bio.deid.rules.sets import load_rules
from spacy_modernbert_bio.errors import PolicyError

OnLeak = Literal["mark", "withhold"]


@Language.factory(
    "phi_audit",
    assigns=["doc._.phi_leaks"],
    requires=["doc._.phi"],
    default_config={"policy": None, "on_leak": "mark"},
)
def make_phi_audit(
    nlp: Language,  # noqa: ARG001  spaCy hands it to every factory
    name: str,
    policy: str | None,
    on_leak: OnLeak,
) -> "PhiAuditPipe":
    """The component. Registered as factory `phi_audit`; put it behind all that find PHI.

    policy: as `modernbert_deid`, and for `doc._.deidentified` as well; where it is null, that of
        the components before. A policy that needs a key takes it from MODERNBERT_BIO_KEY.
    on_leak: "mark" keeps the leaks at `doc._.phi_leaks` and no more; with "withhold"
        `doc._.deidentified` of a note that has some is withheld.

    Raises PolicyError for a policy that cannot be loaded.
    """
    install_extensions()
    if policy is not None:
        load_policy(policy)
    return PhiAuditPipe(name, policy=policy, on_leak=on_leak)


class PhiAuditPipe(Pipe):
    """Leaks of each Doc's new text, in `doc._.phi_leaks`. Nothing to train, nothing to save."""

    def __init__(self, name: str, *, policy: str | None, on_leak: OnLeak) -> None:
        self.name = name
        self.cfg: dict[str, Any] = {"policy": policy, "on_leak": on_leak}
        self._given: tuple[Policy | None, Key | None] = (None, None)

    def use(self, policy: Policy, key: Key | None) -> None:
        """Audit what this policy and key make of a Doc, whatever the config says.

        For callers of `deidentify_doc` that name them there: what is audited has to be what is
        given out.
        """
        self._given = (policy, key)

    def __call__(self, doc: Doc) -> Doc:
        """Audit a Doc. One that was not read whole raises, or stays withheld and without an audit.

        That goes by `on_error` of the components before, and so does an audit that fails.
        """
        add_settings(doc, policy=self.cfg["policy"] or "")
        try:
            self._audit(doc)
        except Exception as error:
            if setting(doc, "on_error") != "withhold":
                raise
            add_failure(doc, error, by=self.name)
        return doc

    def _audit(self, doc: Doc) -> None:
        given, key = self._given
        policy = choose_policy(doc, given)
        result = deidentify_doc(doc, policy, key=key)
        if result.withheld:
            return
        leaks = find_note_leaks(
            doc.text, result.text, result.replacements, policy, rules=load_rules()
        )
        store_leaks(doc, leaks)
        if leaks and self.cfg["on_leak"] == "withhold":
            add_failure(doc, _refusal(leaks), by=self.name, on_error="withhold")


def _refusal(leaks: list[Leak]) -> PolicyError:
    """By counts and kinds alone."""
    counts = Counter(leak.kind for leak in leaks)
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    return PolicyError(
        where="doc._.phi_leaks",
        found=f"{len(leaks)} leak{'' if len(leaks) == 1 else 's'} in the new text ({kinds})",
        wanted="none",
    )
