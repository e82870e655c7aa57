"""A folder of a git repository: which addresses are taken, and what comes of a commit, with a real git."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.git_repository import GIT_ENVIRON, UNIT, git, make_repository

from fleetkit.core import NotFoundError, ServiceError, SettingsError
from fleetkit.origins import RepositoryPlace, fetch_repository_folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "units.git")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("git+https://h/a/units.git", RepositoryPlace(url="https://h/a/units.git")),
        ("git+https://h/units@v1", RepositoryPlace(url="https://h/units", ref="v1")),
        ("git+https://h/units@v1#web/", RepositoryPlace(url="https://h/units", ref="v1", folder="web")),
        ("git+https://h/units#web", RepositoryPlace(url="https://h/units", folder="web")),
        ("git+ssh://git@h/units@fix/a#b/c", RepositoryPlace(url="ssh://git@h/units", ref="fix/a", folder="b/c")),
        ("git+file:///a/units", RepositoryPlace(url="file:///a/units")),
    ],
)
def test_a_place_is_read_and_told_as_it_was_written(text: str, place: RepositoryPlace) -> None:
    assert RepositoryPlace.is_one(text)
    assert RepositoryPlace.parse(text) == place
    assert str(place) == text.rstrip("/")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("git+http://h/units", "the scheme is 'http'"),
        ("git+git://h/units", "the scheme is 'git'"),
        ("git+ext::sh -c id", "the scheme is 'ext'"),
        ("git+units", "the scheme is ''"),
        ("git+https://h/", "no path"),
        ("git+https://h/units@", "the branch, tag or commit is ''"),
        ("git+https://h/units@--upload-pack=id", "the branch, tag or commit is '--upload-pack=id'"),
        ("git+https://h/units@a..b", "the branch, tag or commit is 'a..b'"),
        ("git+https://h/units#../b", "the folder is '../b'"),
        ("git+https://h/units#/etc", "the folder is '/etc'"),
        ("https://h/units", "no git+"),
    ],
)
def test_what_is_no_place_is_told_with_what_is_one(text: str, seen: str) -> None:
    with pytest.raises(SettingsError) as told:
        RepositoryPlace.parse(text)
    assert told.value.seen == seen
    assert told.value.hint is not None
    assert "git+https://HOST/PATH@REF#FOLDER" in told.value.hint


@pytest.mark.parametrize("user", ["ghp_secrettoken", "me:hunter2secret"])
def test_an_address_with_a_secret_is_refused_without_telling_it(user: str) -> None:
    with pytest.raises(SettingsError, match="carries a password or a token") as told:
        RepositoryPlace.parse(f"git+https://{user}@h/units@v1")
    assert user not in str(told.value)


@pytest.mark.parametrize(("ref", "text"), [("v1", "100000"), ("main", "200000"), ("", "200000")])
def test_the_folder_is_as_it_was_at_that_commit(repository: Path, into: Path, ref: str, text: str) -> None:
    place = RepositoryPlace(url=f"file://{repository}", ref=ref, folder="web")
    commit = fetch_repository_folder(place, into, environ=GIT_ENVIRON)
    assert commit == git(repository, "rev-parse", ref or "HEAD")
    assert (into / "tree" / "web" / "web.service").read_text(encoding="utf-8") == UNIT.replace("100000", text)


def test_a_commit_is_named_by_its_beginning_too(repository: Path, into: Path) -> None:
    wanted = git(repository, "rev-parse", "v1")
    assert (
        fetch_repository_folder(RepositoryPlace(url=f"file://{repository}", ref=wanted[:10]), into, environ=GIT_ENVIRON)
        == wanted
    )


def test_a_link_leads_nowhere(repository: Path, into: Path) -> None:
    fetch_repository_folder(RepositoryPlace(url=f"file://{repository}"), into, environ=GIT_ENVIRON)
    brought = into / "tree" / "links" / "stolen.service"
    assert not brought.is_symlink()
    assert brought.read_text(encoding="utf-8") == "/etc/hostname"


def test_what_is_not_there_is_told_with_what_is(repository: Path, into: Path) -> None:
    with pytest.raises(NotFoundError, match="has no v2") as told:
        fetch_repository_folder(RepositoryPlace(url=f"file://{repository}", ref="v2"), into, environ=GIT_ENVIRON)
    assert set(told.value.known) == {"main", "v1"}


def test_a_folder_that_is_not_in_it_is_told(repository: Path, into: Path) -> None:
    with pytest.raises(NotFoundError, match="has no wep at"):
        fetch_repository_folder(RepositoryPlace(url=f"file://{repository}", folder="wep"), into, environ=GIT_ENVIRON)


def test_a_repository_that_is_not_there_is_a_failure_of_the_other_side(tmp_path: Path, into: Path) -> None:
    with pytest.raises(ServiceError, match="cannot be fetched") as told:
        fetch_repository_folder(RepositoryPlace(url=f"file://{tmp_path}/none"), into, environ=GIT_ENVIRON)
    assert "none' does not" in str(told.value.seen)


def test_one_that_does_not_answer_in_time_is_given_up(repository: Path, into: Path) -> None:
    with pytest.raises(ServiceError, match="was not fetched in time"):
        fetch_repository_folder(RepositoryPlace(url=f"file://{repository}"), into, environ=GIT_ENVIRON, timeout_s=0.0)


def test_without_git_that_is_what_is_told(repository: Path, into: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no git on PATH"):
        fetch_repository_folder(
            RepositoryPlace(url=f"file://{repository}"), into, environ={"PATH": str(tmp_path / "bin")}
        )
