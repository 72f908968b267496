"""`doc._.deidentified`: a Doc's new text, by a policy; refused where PHI may have been missed.

Computed when it is asked for, from the PHI that all components have found by then, and kept
nowhere. The key comes from the caller or from the environment.
"""

from spacy.tokens import Doc

from spacy_modernbert_bio.components.known_patient import find_patient
from spacy_modernbert_bio.components.phi_record import failures, find_all_phi, searched_by, setting
from spacy_modernbert_bio.deid.deidentify import Deidentified, deidentify, withhold
from spacy_modernbert_bio.deid.keys import Key, PatientKey
from spacy_modernbert_bio.deid.policy import Policy, load_policy
from spacy_modernbert_bio.errors import CoverageError, PolicyError, tell


def deidentify_doc(
    doc: Doc, policy: str | Policy | None = None, *, key: Key | None = None
) -> Deidentified:
    """A Doc's text without its PHI, replacements, offsets and audit.

    policy: a name, a .cfg file or a Policy; the components' own where None. key: the caller's
    secret, where the policy needs one; from the environment (MODERNBERT_BIO_KEY) where None.

    Raises PolicyError when no component looked for PHI, when no policy is named, and without a key
    or a patient's id where they are needed; CoverageError when a part of the Doc was not read or a
    component failed. With `on_error = "withhold"` all that goes wrong once the policy is loaded
    gives a text that says so, and nothing of the note.
    """
    chosen = choose_policy(doc, policy)
    try:
        check_read(doc)
        secret = _patient_key(doc, key) if chosen.needs_key else None
        return deidentify(doc.text, find_all_phi(doc), chosen, key=secret)
    except Exception as error:
        if setting(doc, "on_error") != "withhold":
            raise
        return withhold(tell(error), chosen)


def check_read(doc: Doc) -> None:
    """CoverageError unless all of a Doc was looked through for PHI, and nothing failed."""
    failed = failures(doc)
    if failed:
        raise CoverageError(
            where="doc._.deidentified",
            found=f"a note that may hold PHI still ({'; '.join(failed)})",
            wanted="components that ran through, and no leak",
        )
    if not searched_by(doc):
        raise PolicyError(
            where="doc._.deidentified",
            found="a note that no component searched for PHI",
            wanted="modernbert_deid or phi_rules in the pipeline",
        )
    if not setting(doc, "needs_coverage"):
        return
    coverage = doc._.modernbert_coverage
    if coverage is None or not coverage.whole:
        found = (
            "an encoder that does not tell what it read"
            if coverage is None
            else f"{coverage.pieces_read} of {coverage.pieces} pieces read"
        )
        raise CoverageError(
            where="doc._.deidentified",
            found=found,
            wanted="all of them, told by the transformer",
            fix="Set components.transformer.set_extra_annotations to "
            "spacy_modernbert_bio.coverage_setter.v1.",
        )


def choose_policy(doc: Doc, given: str | Policy | None) -> Policy:
    """The policy that is given, else the components' own. Raises PolicyError for none."""
    if isinstance(given, Policy):
        return given
    name = given or setting(doc, "policy")
    if not name:
        raise PolicyError(
            where="doc._.deidentified",
            found="no policy",
            wanted='one, as `policy = "safe_harbor"` of modernbert_deid or phi_rules',
        )
    return load_policy(name)


def _patient_key(doc: Doc, key: Key | None) -> PatientKey:
    patient = find_patient(doc)
    secret = Key.from_environment() if key is None else key
    return secret.patient(patient.id if patient is not None else "")
