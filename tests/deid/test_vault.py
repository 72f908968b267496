import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.vault import VaultEntry, read_vault, write_vault
from spacy_modernbert_bio.errors import PolicyError

KEY = Key(b"a secret of a test, 32 bytes long")
OTHER = Key(b"another secret, just as long as it")
ENTRIES = [
    VaultEntry("note 7", 4, 13, "Zebrowski", "Muellerin"),
    VaultEntry("note 7", 20, 24, "é\n", ""),
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_vault(tmp_path / "v", ENTRIES, KEY)
    assert read_vault(tmp_path / "v", KEY) == ENTRIES


vault_entries = st.builds(
    VaultEntry, st.text(), st.integers(0), st.integers(0), st.text(), st.text()
)


@settings(max_examples=30)
@given(entries=st.lists(vault_entries, max_size=5))
def test_any_text_comes_back(
    entries: list[VaultEntry], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("vault") / "v"
    write_vault(path, iter(entries), KEY)
    assert read_vault(path, KEY) == entries


def test_nothing_of_it_can_be_read_in_the_file(tmp_path: Path) -> None:
    write_vault(tmp_path / "v", ENTRIES, KEY)
    raw = (tmp_path / "v").read_bytes()
    for secret in (b"Zebrowski", b"Mueller", b"note", b"secret", b"\\u00e9", b'["'):
        assert secret not in raw
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_the_same_entries_never_make_the_same_file(tmp_path: Path) -> None:
    write_vault(tmp_path / "a", ENTRIES, KEY)
    write_vault(tmp_path / "b", ENTRIES, KEY)
    one, other = (tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()
    assert len(one) == len(other)
    assert one[60:] != other[60:]


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("older")
    (tmp_path / "v").chmod(0o644)
    write_vault(tmp_path / "v", ENTRIES, KEY)
    assert stat.S_IMODE((tmp_path / "v").stat().st_mode) == 0o600


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    write_vault(tmp_path / "v", ENTRIES, KEY)
    with pytest.raises(
        PolicyError, match=r"/v: found a vault of another key, or a damaged one; wa"
    ):
        read_vault(tmp_path / "v", OTHER)


def test_a_cut_or_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v"
    write_vault(path, ENTRIES, KEY)
    raw = path.read_bytes()
    damaged = [raw[:length] for length in range(0, len(raw), 9)]
    damaged += [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(0, len(raw), 7)]
    damaged += [raw + b"x"]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(PolicyError, match=r"/v: found (a vault of another key|no vault)"):
            read_vault(path, KEY)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"found no such file; wanted a vault"):
        read_vault(tmp_path, KEY)


def test_a_repr_shows_nothing() -> None:
    assert "Zebrowski" not in repr(ENTRIES)
