"""The text files of a corpus, whether it is one file, a folder or a tar archive.

Reads one file at a time and writes nothing: an archive is streamed, never unpacked, so that no
member's name can reach the disk. Does not look into archives inside archives.
"""

import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import decode_text, unzip

_ARCHIVES = (".tar", ".tar.gz", ".tgz")


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    name: its path inside the source, `/` between the parts, `.gz` taken off.
    where: how messages call it.
    raw: its bytes, unzipped.
    """

    name: str
    where: str
    raw: bytes = field(repr=False)

    @property
    def stem(self) -> str:
        """The file's name without folders and without its last suffix."""
        return PurePosixPath(self.name).stem

    @property
    def text(self) -> str:
        """Its text. Raises CorpusError when it is empty, binary or not UTF-8."""
        return decode_text(self.raw, self.where)


def is_single_file(path: Path) -> bool:
    """Whether `path` is one file of a corpus and neither a folder nor an archive."""
    return not path.is_dir() and not path.name.endswith(_ARCHIVES)


def read_sources(path: Path, suffixes: Sequence[str], *, inside: str = "") -> Iterator[SourceFile]:
    """The files of a corpus, by name in a folder and in the archive's order.

    path: a file (taken whatever its suffix is), a folder, or a .tar, .tar.gz or .tgz archive; each
    file may be gzipped.
    suffixes: of the files wanted from a folder or archive; hidden files are left out.
    inside: the only folder of the source to read, as `standoff/train`; all of it by default.

    Raises CorpusError when there is nothing to read, for a damaged archive, and for a member that
    is a link or whose name points out of the archive.
    """
    if is_single_file(path):
        if not path.is_file():
            raise CorpusError(
                where=str(path), found="no such file", wanted="a file, a folder or a tar archive"
            )
        if inside:
            raise CorpusError(
                where=str(path), found="one file", wanted="a folder or an archive to look inside of"
            )
        yield _source_file(path.name, str(path), path.read_bytes())
        return
    found = False
    for source in _folder_files(path) if path.is_dir() else _archive_files(path):
        if _is_wanted(source.name, suffixes, inside):
            found = True
            yield _source_file(source.name, source.where, source.read())
    if not found:
        raise CorpusError(
            where=f"{path}/{inside}" if inside else str(path),
            found="no file of this format",
            wanted=f"files that end in {' or '.join(suffixes)}",
            fix="Is the format right, and the folder inside the source?",
        )


@dataclass(frozen=True)
class _OnDisk:
    name: str
    path: Path

    @property
    def where(self) -> str:
        return str(self.path)

    def read(self) -> bytes:
        return self.path.read_bytes()


@dataclass(frozen=True)
class _InArchive:
    name: str
    where: str
    archive: tarfile.TarFile
    member: tarfile.TarInfo

    def read(self) -> bytes:
        try:
            stream = self.archive.extractfile(self.member)
            return stream.read() if stream else b""
        except (tarfile.TarError, OSError, EOFError, zlib.error):
            raise _damaged(self.where) from None


def _folder_files(folder: Path) -> Iterator[_OnDisk]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield _OnDisk(path.relative_to(folder).as_posix(), path)


def _archive_files(path: Path) -> Iterator[_InArchive]:
    if not path.is_file():
        raise CorpusError(where=str(path), found="no such file", wanted="a tar archive")
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if (
                    name.is_absolute()
                    or ".." in name.parts
                    or not (member.isreg() or member.isdir())
                ):
                    raise CorpusError(
                        where=str(path),
                        found="a member that is a link or a device, or is named to lie elsewhere",
                        wanted="plain files below the archive's own root",
                    )
                if member.isreg():
                    yield _InArchive(name.as_posix(), f"{path}/{name}", archive, member)
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        raise _damaged(str(path)) from None


def _is_wanted(name: str, suffixes: Sequence[str], inside: str) -> bool:
    path = PurePosixPath(name)
    if any(part.startswith(".") for part in path.parts):
        return False
    if inside and not path.is_relative_to(inside.strip("/")):
        return False
    return name.removesuffix(".gz").endswith(tuple(suffixes))


def _source_file(name: str, where: str, raw: bytes) -> SourceFile:
    if not name.endswith(".gz"):
        return SourceFile(name, where, raw)
    return SourceFile(name.removesuffix(".gz"), where, unzip(raw, where))


def _damaged(where: str) -> CorpusError:
    return CorpusError(where=where, found="a damaged or cut-off archive", wanted="a whole tar file")
