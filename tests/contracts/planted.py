"""PHI that is planted in a note, crashes that quote it, and the search for what got out."""

import re

SECRETS = ("Zebrowski", "0485921", "3/14/2019", "555-0198", "Quillfeather")
NOTE = (
    "Mr. Zebrowski seen 3/14/2019, MRN: 0485921, call 617-555-0198.\n"
    "No acute distress.\nSigned Dr. Quillfeather"
)
KNOWN = {"id": "0485921", "names": "Zebrowski"}
KEY = "a secret of more than sixteen bytes"
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def crash(*_: object, **__: object) -> None:
    """What a library may do: quote what it could not read."""
    raise RuntimeError(f"cannot go on with {NOTE!r}")


def chain(error: BaseException | None) -> str:
    """What a log could show of an error: its message, its fields, and those of its causes."""
    shown = ""
    while error is not None:
        shown += repr(error) + str(error) + repr(vars(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return shown


def planted_in(*shown: object) -> set[str]:
    """The secrets that stand in what was shown, in any case."""
    text = _COLOURS.sub("", "".join(map(str, shown))).lower()
    return {secret for secret in SECRETS if secret.lower() in text}
