"""A unit's page tells what it said last: of one machine at once, of several when that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.fleet_served import serve_fleet
from support.fleet_ways import put_way
from support.fleet_worlds import World
from support.web_pages import Visitor

from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.web import PageSettings, make_fleet_app
from fleetkit.workflows import FleetReader, Workspace, fleet_reader, open_workspace


@pytest.fixture
def workspace(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    found = open_workspace(str(write_cluster(tmp_path)))
    with serve_fleet(world) as url:
        put_way(monkeypatch, found, [parse_fleet_endpoint(url).connect] * len(found.cluster.masters))
        yield found


def test_what_a_unit_said_is_shown_for_one_machine_at_once_and_for_several_when_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], int]] = []

    def read_journals(
        _workspace: object, _fleet: object, names: list[str], *, lines: int
    ) -> dict[str, tuple[str, ...]]:
        asked.append((names, lines))
        return {f"{names[0]} on 10.77.0.11": ("it began", "<script>AKIAABCDEFGHIJKLMNOP</script>")}

    monkeypatch.setattr(fleet_reader, "read_journals", read_journals)
    with FleetReader(workspace) as reader:
        visitor = Visitor(make_fleet_app(reader, PageSettings(owner="demo", port=3000)))
        page = visitor.get("/units/fail.service")
        assert "fail.service on 10.77.0.11" in page.text
        assert "it began\n&lt;script&gt;[redacted]&lt;/script&gt;" in page.markup
        page = visitor.get("/units/glob.service")
        assert "Last lines of each of 3 machines" in page.text
        assert asked == [(["fail.service"], 20)]
        visitor.get("/units/glob.service?lines=7")
        visitor.get("/units/fail.service?lines=0")
        assert asked[1:] == [(["glob.service"], 7)]


def test_a_unit_that_no_machine_has_has_no_journal(workspace: Workspace) -> None:
    with FleetReader(workspace) as reader:
        visitor = Visitor(make_fleet_app(reader, PageSettings(owner="demo", port=3000)))
        assert "No machine has it" in visitor.get("/units/mdnone.service").text
