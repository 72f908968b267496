"""The way back: which original each replacement stands for, in one encrypted file.

Only on request: who has this file and the key has the notes' PHI. AES-256-GCM (NIST SP 800-38D)
under a key of the file's own, which HKDF-SHA256 (RFC 5869) makes from the caller's and a random
salt. Entries are in memory as a whole, and in plain form nowhere else.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.errors import PolicyError
from spacy_modernbert_bio.files import atomic_file

# The format: these bytes, a salt, a nonce, the encrypted JSON with its 16 bytes of tag.
_MAGIC = b"modernbert-bio vault 1\n"
_SALT_BYTES = 16
_NONCE_BYTES = 12
_HEADER_BYTES = len(_MAGIC) + _SALT_BYTES + _NONCE_BYTES
_KEY_BYTES = 32
_PURPOSE = "vault"


@dataclass(frozen=True, repr=False)
class VaultEntry:
    """One replacement. note: its id. start, stop: characters of the old note. new: its text now."""

    note: str
    start: int
    stop: int
    original: str
    new: str


def write_vault(path: Path, entries: Iterable[VaultEntry], secret: Key) -> None:
    """Encrypt the entries into one file, which only its owner may read; an older file goes.

    secret: the caller's key, as for `deidentify`; the same one opens the file again.
    """
    plain = json.dumps([astuple(entry) for entry in entries]).encode("ascii")
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    header = _MAGIC + salt + nonce
    sealed = AESGCM(_file_key(secret, salt)).encrypt(nonce, plain, header)
    with atomic_file(path, private=True) as temporary:
        temporary.write_bytes(header + sealed)


def read_vault(path: Path, secret: Key) -> list[VaultEntry]:
    """The entries of a vault, in the order in which they were written.

    Raises PolicyError for a path that is no file, a file that is no vault, another key, and any
    damage: a vault is read as it was written or not at all.
    """
    where = str(path)
    if not path.is_file():
        raise PolicyError(where=where, found="no such file", wanted="a vault")
    raw = path.read_bytes()
    if len(raw) < _HEADER_BYTES or not raw.startswith(_MAGIC):
        raise PolicyError(
            where=where, found="no vault, or the beginning of one", wanted="a file of write_vault"
        )
    header, sealed = raw[:_HEADER_BYTES], raw[_HEADER_BYTES:]
    salt, nonce = header[len(_MAGIC) : -_NONCE_BYTES], header[-_NONCE_BYTES:]
    try:
        plain = AESGCM(_file_key(secret, salt)).decrypt(nonce, sealed, header)
    except InvalidTag:
        raise PolicyError(
            where=where,
            found="a vault of another key, or a damaged one",
            wanted="the key that it was written with, and the whole file",
        ) from None
    return [VaultEntry(*fields) for fields in json.loads(plain)]


def _file_key(secret: Key, salt: bytes) -> bytes:
    # A patient with this id would have other digests: nothing else has this purpose.
    material = secret.patient(_PURPOSE).digest(_PURPOSE)
    derive = HKDF(SHA256(), _KEY_BYTES, salt, _MAGIC)
    return derive.derive(material)
