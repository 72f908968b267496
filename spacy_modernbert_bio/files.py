"""Files are written whole or not at all, and text is read with its failures named.

Costs one extra rename a file. Does not lock: two writers of one path leave the later one's file.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spacy_modernbert_bio.errors import CorpusError

_CHUNK_BYTES = 1 << 20


@contextmanager
def atomic_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` if the block ends well.

    private: nobody but its owner may read it, at any moment. After an exception nothing is left:
    neither a new `path` nor the temporary file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes private files; a finished one gets the permissions any new file would have.
        if not private:
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; it takes the place of `path` if the block ends well.

    An older folder at `path` is replaced as a whole, and stays untouched after an exception.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=".writing-"))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        retired = Path(tempfile.mkdtemp(dir=path.parent, prefix=".retired-"))
        older = retired / path.name
        try:
            if path.exists():
                path.replace(older)
            temporary.replace(path)
        except OSError:
            if older.exists():
                older.replace(path)
            raise
        finally:
            shutil.rmtree(retired)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


def checksum(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def read_text(path: Path) -> str:
    """The whole of a UTF-8 text file, plain or gzip, line ends as they stand in the file.

    Raises CorpusError when the file is missing, empty, binary, damaged or not UTF-8.
    """
    where = str(path)
    if not path.is_file():
        raise CorpusError(where=where, found="no such file", wanted="a text file")
    raw = path.read_bytes()
    return decode_text(unzip(raw, where) if path.suffix == ".gz" else raw, where)


def unzip(raw: bytes, where: str) -> bytes:
    """What gzip data holds. Raises CorpusError at `where` when it is damaged or cut off."""
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        raise CorpusError(
            where=where, found="damaged or cut-off gzip data", wanted="a whole gzip file"
        ) from None


def decode_text(raw: bytes, where: str) -> str:
    """Bytes of a UTF-8 text as a string, without a byte-order mark, line ends untouched.

    Raises CorpusError at `where` when there are no bytes, or when they are not UTF-8 text.
    """
    if not raw:
        raise CorpusError(where=where, found="an empty file", wanted="text")
    if b"\x00" in raw:
        raise CorpusError(
            where=where,
            found=f"a NUL byte at byte {raw.index(0)}",
            wanted="text, not binary data",
        )
    try:
        # A byte-order mark is an editor's trace, and no character of the document.
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        # `from None`: the decoder's own error carries the bytes of the document.
        raise CorpusError(
            where=f"{where}:{line}",
            found=f"bytes that are not UTF-8, at byte {error.start}",
            wanted="UTF-8 text",
            fix="Convert the file, for example with iconv.",
        ) from None


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers (from 1) and lines without their ends, of a file as `read_text` takes it."""
    return number_lines(read_text(path))


def number_lines(text: str) -> Iterator[tuple[int, str]]:
    """Line numbers (from 1) and lines without their ends (LF or CRLF).

    Nothing else ends a line: str.splitlines would also cut at U+2028, at a form feed and at a
    carriage return of its own, all of which stand inside the lines of real notes.
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        yield number, line.removesuffix("\r")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
