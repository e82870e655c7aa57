"""A file that was sealed opens with its own key alone, and a disk that is full is not taken for a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.core import FleetkitError, SettingsError
from fleetkit.secrets import make_identity, open_file, open_file_with, seal_file

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, str]:
    """Return a sealed file, and the identity that opens it."""
    identity, recipient = make_identity()
    (tmp_path / "clear").write_bytes(CONTENT)
    seal_file(tmp_path / "clear", tmp_path / "sealed", recipients=[recipient])
    return tmp_path / "sealed", identity


def test_an_identity_opens_it_from_a_file_and_from_memory(sealed: tuple[Path, str], tmp_path: Path) -> None:
    file, identity = sealed
    (tmp_path / "identity").write_text(identity)
    open_file(file, tmp_path / "first", identity_file=tmp_path / "identity")
    open_file_with(file, tmp_path / "second", identity=identity)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes() == CONTENT


def test_another_identity_does_not_and_is_not_repeated_where_it_is_none(
    sealed: tuple[Path, str], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="sealed for another key"):
        open_file_with(sealed[0], tmp_path / "opened", identity=make_identity()[0])
    with pytest.raises(SettingsError) as caught:
        open_file_with(sealed[0], tmp_path / "opened", identity="AGE-SECRET-KEY-1NONE")
    assert "1NONE" not in str(caught.value)


@pytest.mark.parametrize("kept_bytes", [0, 50, 100_000])
def test_one_that_was_cut_off_is_said_to_be_damaged(sealed: tuple[Path, str], tmp_path: Path, kept_bytes: int) -> None:
    file, identity = sealed
    file.write_bytes(file.read_bytes()[:kept_bytes])
    with pytest.raises(SettingsError, match="it is damaged"):
        open_file_with(file, tmp_path / "opened", identity=identity)


def test_a_disk_that_is_full_is_told_as_such(sealed: tuple[Path, str]) -> None:
    file, identity = sealed
    with pytest.raises(FleetkitError, match=r"No space left.*\n.*has room") as caught:
        open_file_with(file, Path("/dev/full"), identity=identity)
    assert not isinstance(caught.value, SettingsError)
