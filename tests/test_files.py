import gzip
import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import (
    atomic_file,
    atomic_folder,
    checksum,
    number_lines,
    read_lines,
    read_text,
)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def fail_midway(half: Path) -> None:
    half.write_text("half")
    raise RuntimeError("midway")


def test_file_appears_only_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    with atomic_file(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert names_in(target.parent) == {"a.txt"}


def test_failed_block_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("older")
    with pytest.raises(RuntimeError, match="midway"), atomic_file(target) as temporary:
        fail_midway(temporary)
    assert target.read_text() == "older"
    assert names_in(tmp_path) == {"a.txt"}


def test_finished_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with atomic_file(tmp_path / "atomic") as temporary:
        temporary.write_text("")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_folder_takes_the_place_of_the_older_one_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "model"
    for name in ("one", "two"):
        with atomic_folder(target) as temporary:
            (temporary / name).touch()
    assert names_in(target) == {"two"}
    assert names_in(tmp_path) == {"model"}


def test_failed_block_leaves_the_older_folder_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "older").touch()
    with pytest.raises(RuntimeError, match="midway"), atomic_folder(target) as temporary:
        fail_midway(temporary / "half")
    assert names_in(target) == {"older"}
    assert names_in(tmp_path) == {"model"}


def test_older_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "older").touch()
    move = Path.replace

    def refuse_new(self: Path, to: Path) -> Path:
        if self.name.startswith(".writing-"):
            raise OSError("disk full")
        return move(self, to)

    monkeypatch.setattr(Path, "replace", refuse_new)
    with pytest.raises(OSError, match="disk full"), atomic_folder(target) as temporary:
        (temporary / "new").touch()
    assert names_in(target) == {"older"}
    assert names_in(tmp_path) == {"model"}


def test_checksum_is_that_of_all_bytes(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) + 17)
    (tmp_path / "weights").write_bytes(content)
    assert checksum(tmp_path / "weights") == hashlib.sha256(content).hexdigest()


def test_gzip_reads_as_the_plain_file_does(tmp_path: Path) -> None:
    content = "é\r\nline\n".encode()
    (tmp_path / "a.txt").write_bytes(content)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(content))
    assert read_text(tmp_path / "a.txt.gz") == read_text(tmp_path / "a.txt") == "é\r\nline\n"


def test_byte_order_mark_is_no_character_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbftext")
    assert read_text(tmp_path / "a.txt") == "text"


SECRET = "Roe"
UNREADABLE = {
    "empty.txt": (b"", "found an empty file; wanted text"),
    "binary.txt": (b"Roe\x00", "found a NUL byte at byte 3; wanted text, not binary data"),
    "latin.txt": (
        b"Roe\nRoe \xe9\n",
        r"latin.txt:2: found bytes that are not UTF-8, at byte 8; wanted UTF-8 text. Convert",
    ),
    "cut.txt.gz": (gzip.compress(b"Roe" * 99)[:-9], "found damaged or cut-off gzip data"),
    "plain.txt.gz": (b"Roe", "found damaged or cut-off gzip data; wanted a whole gzip file"),
    # A damaged block raises zlib.error, which is no OSError.
    "block.txt.gz": (gzip.compress(b"")[:10] + b"\xff" * 9, "found damaged or cut-off gzip data"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_file_is_named_and_not_quoted(name: str, tmp_path: Path) -> None:
    content, message = UNREADABLE[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message) as caught:
        read_text(tmp_path / name)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone.txt: found no such file; wanted a text file\."):
        read_text(tmp_path / "gone.txt")


def test_lines_of_a_file_are_numbered_from_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\r\n\r\nthree")
    assert list(read_lines(tmp_path / "a.txt")) == [(1, "one"), (2, ""), (3, "three")]


@given(
    st.lists(st.text("ab\r\t\x0b\x0c\x1c\x85\u2028\u2029 "), min_size=1),
    st.sampled_from(["\n", "\r\n"]),
)
def test_only_line_feeds_end_a_line(lines: list[str], end: str) -> None:
    # A carriage return before a line feed is part of the line end, and of nothing else.
    lines = [line.rstrip("\r") + "." for line in lines]
    numbered = list(number_lines("".join(line + end for line in lines)))
    assert numbered == list(enumerate(lines, start=1))
