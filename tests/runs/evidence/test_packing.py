"""An archive is there whole or not at all, never over another one, and the same for the same input."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from fleetkit.core import FleetkitError, PreconditionError
from fleetkit.runs.evidence import write_archive


def write(path: Path, *, replace: bool = False) -> bytes:
    with write_archive(path, replace=replace) as archive:
        archive.add_text("a.txt", "one")
        archive.close(b"{}", b"sig")
    return path.read_bytes()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "one.zip") == write(tmp_path / "two.zip")


def test_an_ordinary_tool_reads_it(tmp_path: Path) -> None:
    write(tmp_path / "one.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.txt", "manifest.json", "manifest.sig"]


def test_a_file_that_is_there_stays_unless_it_may_go(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    path.write_text("somebody's")
    with pytest.raises(PreconditionError, match="is there already"):
        write(path)
    assert path.read_text() == "somebody's"
    assert write(path, replace=True).startswith(b"PK")
    assert [one.name for one in tmp_path.iterdir()] == ["one.zip"]


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    with pytest.raises(PreconditionError), write_archive(path) as archive:  # noqa: PT012  # it fails at its end
        archive.close(b"{}", b"sig")
        path.write_text("somebody's")
    assert path.read_text() == "somebody's"
    assert [one.name for one in tmp_path.iterdir()] == ["one.zip"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, FleetkitError("no signature")])
def test_what_fails_on_the_way_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(BaseException), write_archive(tmp_path / "one.zip") as archive:  # noqa: B017, PT011, PT012
        archive.add_text("a.txt", "one")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FleetkitError, match=r"one\.zip cannot be written"):
        write(tmp_path / "none" / "one.zip")


def test_a_file_of_no_plain_name_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="may not be called"), write_archive(tmp_path / "one.zip") as archive:
        archive.add_text("../a.txt", "one")


def test_a_file_that_is_too_large_for_the_format_leaves_nothing_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two gibibytes would take a minute to write.
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100_000)
    large = tmp_path / "journal"
    large.write_bytes(b"x" * 100_001)
    with (
        pytest.raises(FleetkitError, match=r"records/one/journal is larger than .*\n  next: .*pack a shorter time"),
        write_archive(tmp_path / "one.zip") as archive,
    ):
        archive.add_file("records/one/journal", large)
    assert [one.name for one in tmp_path.iterdir()] == ["journal"]
