"""An archive that breaks off inside of a member is refused by the member's name."""

import tarfile

import pytest

from spacy_modernbert_bio.corpora.source_files import _InArchive
from spacy_modernbert_bio.errors import CorpusError


class _Broken:
    """An archive whose members can be listed and not be read."""

    def extractfile(self, member: tarfile.TarInfo) -> None:
        raise tarfile.ReadError("unexpected end of data")


def test_a_member_that_cannot_be_read_is_named() -> None:
    member = _InArchive("a.txt", "notes.tar.gz/a.txt", _Broken(), tarfile.TarInfo("a.txt"))
    with pytest.raises(CorpusError, match=r"notes\.tar\.gz/a\.txt: found"):
        member.read()
