import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from spacy_modernbert_bio.corpora.source_files import is_single_file, read_sources
from spacy_modernbert_bio.errors import CorpusError

FILES = {
    "train/b.txt": b"two",
    "train/a.txt": b"one",
    "train/c.txt.gz": gzip.compress(b"three"),
    "test/d.txt": b"four",
    "train/notes.md": b"not of the format",
    "train/.a.txt": b"a file manager's trace",
}


def write_folder(folder: Path, files: Mapping[str, bytes] = FILES) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_archive(
    path: Path, files: Mapping[str, bytes] = FILES, kind: bytes = tarfile.REGTYPE
) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.type = kind
            archive.addfile(member, io.BytesIO(content))
    return path


def texts(path: Path, inside: str = "") -> dict[str, str]:
    return {source.name: source.text for source in read_sources(path, (".txt",), inside=inside)}


ALL = {"train/a.txt": "one", "train/b.txt": "two", "train/c.txt": "three", "test/d.txt": "four"}


def test_folder_and_archive_give_the_same_files(tmp_path: Path) -> None:
    assert texts(write_folder(tmp_path / "corpus")) == ALL
    assert texts(write_archive(tmp_path / "corpus.tar.gz")) == ALL


def test_folder_is_read_by_name(tmp_path: Path) -> None:
    assert list(texts(write_folder(tmp_path), "train")) == [
        "train/a.txt",
        "train/b.txt",
        "train/c.txt",
    ]


@pytest.mark.parametrize("inside", ["test", "test/", "/test"])
def test_only_the_folder_inside_is_read(inside: str, tmp_path: Path) -> None:
    assert texts(write_archive(tmp_path / "corpus.tgz"), inside) == {"test/d.txt": "four"}


def test_single_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "corpus.dat").write_bytes(b"one")
    assert texts(tmp_path / "corpus.dat") == {"corpus.dat": "one"}
    assert is_single_file(tmp_path / "corpus.dat")
    assert not is_single_file(tmp_path)
    assert not is_single_file(tmp_path / "corpus.tar.gz")


def test_file_is_called_by_its_place(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "corpus.tar", {"train/a.txt": b"\xff"})
    (source,) = read_sources(archive, (".txt",))
    assert source.stem == "a"
    with pytest.raises(CorpusError, match=r"corpus.tar/train/a.txt:1: found bytes that are not"):
        _ = source.text
    assert "xff" not in repr(source)


@pytest.mark.parametrize("name", ["../a.txt", "/etc/a.txt", "train/../../a.txt"])
def test_archive_member_that_points_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "corpus.tar.gz", {name: b"one"})
    with pytest.raises(CorpusError, match="found a member that is a link or a device, or is named"):
        texts(archive)


def test_archive_member_that_is_a_link_is_refused(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "corpus.tar.gz", {"a.txt": b""}, kind=tarfile.SYMTYPE)
    with pytest.raises(CorpusError, match="wanted plain files below the archive's own root"):
        texts(archive)


@pytest.mark.parametrize("name", ["gone.txt", "gone.tar.gz"])
def test_missing_source_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=f"{name}: found no such file"):
        texts(tmp_path / name)


def test_there_is_nothing_inside_of_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one")
    with pytest.raises(CorpusError, match="found one file; wanted a folder or an archive to look"):
        texts(tmp_path / "a.txt", "train")


def test_source_without_a_file_of_the_format_is_refused(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "corpus.tar.gz")
    message = r"corpus.tar.gz/dev: found no file of this format; wanted files that end in .txt"
    with pytest.raises(CorpusError, match=message):
        texts(archive, "dev")


@pytest.mark.parametrize("keep", [0, 30, 0.5, 0.9])
def test_cut_off_archive_is_refused(keep: float, tmp_path: Path) -> None:
    content = {f"{n}.txt": bytes([97 + n * n % 26]) * n for n in range(1, 400)}
    whole = write_archive(tmp_path / "whole.tar.gz", content).read_bytes()
    kept = keep if isinstance(keep, int) else int(keep * len(whole))
    (tmp_path / "cut.tar.gz").write_bytes(whole[:kept])
    with pytest.raises(CorpusError, match=r"found a damaged or cut-off archive; wanted a whole"):
        texts(tmp_path / "cut.tar.gz")


def test_file_that_an_archive_cuts_off_is_named(tmp_path: Path) -> None:
    whole = write_archive(tmp_path / "whole.tar.gz", {"a.txt": b"long " * 10_000}).read_bytes()
    (tmp_path / "cut.tar").write_bytes(gzip.decompress(whole)[:20_000])
    with pytest.raises(CorpusError, match=r"cut.tar/a.txt: found a damaged or cut-off archive"):
        texts(tmp_path / "cut.tar")


def test_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(b"one")
    with pytest.raises(CorpusError, match=r"a.txt.gz: found damaged or cut-off gzip data"):
        texts(tmp_path)
