"""The caller's secret key, and all that is derived from it for one patient.

HMAC-SHA256 (RFC 2104) throughout: nothing that is drawn depends on a clock, on a random state or on
the order of calls. One draw costs a few microseconds. A key is never written: its repr shows
nothing and it cannot be pickled. This does not hide it from who can read the process's memory.
"""

import hmac
import os
from pathlib import Path
from typing import NoReturn, TypeVar

from spacy_modernbert_bio.errors import PolicyError

# 128 bits. NIST SP 800-131A revision 2, table 9, refuses HMAC keys of fewer than 112.
MIN_KEY_BYTES = 16
# Dates move by 1 to this many days, back or forth: a year hides the season that a note was written
# in, and moves ages by one year at most.
MAX_OFFSET_DAYS = 365

_Self = TypeVar("_Self", bound="_Secret")


class _Secret:
    """Bytes that no repr, no `vars` and no pickle shows."""

    __slots__ = ("_keyed",)

    def __init__(self, secret: bytes) -> None:
        # A copy of it costs half of what a key does that is read again for each draw.
        self._keyed = hmac.new(secret, digestmod="sha256")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __copy__(self: _Self) -> _Self:
        return self

    def __deepcopy__(self: _Self, memo: dict[int, object]) -> _Self:
        # It never changes, and a pipeline that is copied needs no second one.
        return self

    def __reduce__(self) -> NoReturn:
        raise PolicyError(
            where=f"pickle of a {type(self).__name__}",
            found="a secret about to be written",
            wanted="nothing that takes a key out of its process",
            fix="Read the key again where it is needed, with Key.from_environment or from_file.",
        )

    def _hmac(self, *fields: str) -> bytes:
        # Each field with its length, so that no two lists of fields are the same message.
        encoded = [field.encode("utf-8", "surrogatepass") for field in fields]
        message = b"".join(len(each).to_bytes(8, "big") + each for each in encoded)
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.digest()


class Key(_Secret):
    """The caller's secret, of MIN_KEY_BYTES or more. There is no default: who has none, has none.

    Raises PolicyError when it is shorter.
    """

    __slots__ = ()

    def __init__(self, secret: bytes) -> None:
        _check_length(secret, where="Key(secret)", fix="")
        super().__init__(secret)

    @classmethod
    def from_environment(cls, name: str = "MODERNBERT_BIO_KEY") -> "Key":
        """The key that an environment variable holds, as UTF-8.

        Raises PolicyError, naming the variable, when it is not set, empty or too short.
        """
        where = f"environment variable {name}"
        fix = f"Set {name} to a long random secret, for example from `openssl rand -hex 32`."
        secret = os.environ.get(name, "")
        if not secret:
            raise PolicyError(
                where=where,
                found="no key" if name not in os.environ else "an empty key",
                wanted=f"a secret of {MIN_KEY_BYTES} bytes or more",
                fix=fix,
            )
        # What is not UTF-8 in the environment is there as lone surrogates.
        encoded = secret.encode("utf-8", "surrogateescape")
        _check_length(encoded, where=where, fix=fix)
        return cls(encoded)

    @classmethod
    def from_file(cls, path: Path) -> "Key":
        """The key that a file holds, its bytes without one line end at their end.

        Raises PolicyError when the file cannot be read, or when the key is too short.
        """
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise PolicyError(
                where=str(path),
                found=f"no readable file ({type(error).__name__})",
                wanted="a file with a key",
            ) from None
        secret = raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw
        _check_length(secret, where=str(path), fix="Write one with `openssl rand -hex 32`.")
        return cls(secret)

    def patient(self, patient_id: str) -> "PatientKey":
        """What is derived for one patient. White space around the id does not count.

        Raises PolicyError for an empty id: notes without one would share all their surrogates.
        """
        stripped = patient_id.strip()
        if not stripped:
            raise PolicyError(
                where="Key.patient(patient_id)",
                found="an empty id",
                wanted="what links the notes of one patient",
                fix="Give the id of the note itself where no patient is known.",
            )
        return PatientKey(self._hmac("patient", stripped))


class PatientKey(_Secret):
    """All that is derived from a key for one patient; made by `Key.patient`.

    Draws with another purpose, value, patient or key are independent.
    """

    __slots__ = ()

    def digest(self, purpose: str, value: str = "") -> bytes:
        """32 bytes for a value. purpose: what they are for."""
        return self._hmac(purpose, value)

    def number(self, purpose: str, value: str, below: int) -> int:
        """A number from 0 to `below - 1`, each as likely.

        It is the 256-bit digest modulo `below`: no number is likelier than another by more than
        `below` in 2**256, so nothing needs to be drawn again.
        """
        return int.from_bytes(self.digest(purpose, value), "big") % below

    @property
    def day_offset(self) -> int:
        """By how many days all dates of the patient move: 1 to MAX_OFFSET_DAYS, or minus that."""
        drawn = self.number("day offset", "", 2 * MAX_OFFSET_DAYS)
        return drawn - MAX_OFFSET_DAYS if drawn < MAX_OFFSET_DAYS else drawn - MAX_OFFSET_DAYS + 1


def _check_length(secret: bytes, *, where: str, fix: str) -> None:
    if len(secret) < MIN_KEY_BYTES:
        raise PolicyError(
            where=where,
            found=f"a key of fewer than {MIN_KEY_BYTES} bytes",
            wanted=f"{MIN_KEY_BYTES} bytes or more",
            fix=fix,
        )
