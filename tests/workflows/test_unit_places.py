"""Unit files are read from folders and repositories alike; what is told of the latter names repository and commit."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.git_repository import GIT_ENVIRON, UNIT, git, make_repository

from fleetkit.core import NotFoundError
from fleetkit.fleet import UnitFiles
from fleetkit.workflows import Reporter, read_unit_places


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "units.git")


def read(*places: str, folder: Path | None = None, notes: list[str] | None = None) -> UnitFiles:
    told = Reporter() if notes is None else Reporter(note=notes.append)
    return read_unit_places(places, folder=folder, environ=GIT_ENVIRON, report=told)


def test_a_folder_is_seen_from_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "a.service").write_text(UNIT, encoding="utf-8")
    found = read("units", folder=tmp_path)
    assert (set(found.units), found.origins) == ({"a.service"}, ())
    assert found.paths == {"a.service": tmp_path / "units" / "a.service"}


def test_a_repository_is_read_at_its_commit_and_named_by_it(repository: Path, tmp_path: Path) -> None:
    commit, notes = git(repository, "rev-parse", "v1"), []
    (tmp_path / "a.service").write_text(UNIT, encoding="utf-8")
    place = f"git+file://{repository}@v1#web"
    found = read("a.service", place, folder=tmp_path, notes=notes)
    assert found.units["web.service"].text == UNIT
    assert set(found.units) == {"a.service", "web.service"}
    assert found.paths["web.service"] == Path(f"units@{commit[:12]}/web/web.service")
    assert found.origins == (f"git+file://{repository}@{commit}#web",)
    assert notes == [f"fetching {place}"]


def test_findings_and_refusals_name_the_repository_and_not_where_it_lay_for_a_moment(repository: Path) -> None:
    (repository / "web.service").write_text(UNIT, encoding="utf-8")
    (repository / "empty").mkdir()
    (repository / "empty" / "notes.txt").write_text("none\n", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "three")
    commit = git(repository, "rev-parse", "HEAD")
    (finding,) = read(f"git+file://{repository}", f"git+file://{repository}#web").findings
    assert finding.seen == f"it is in units@{commit[:12]} and in units@{commit[:12]}/web"
    with pytest.raises(NotFoundError) as told:
        read(f"git+file://{repository}#empty")
    assert str(told.value).startswith(f"there is no unit file in units@{commit[:12]}/empty")
