"""A fleet is read over one way in, which is opened anew where it has gone; what units said is read by it, too."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.fleet_served import serve_fleet
from support.fleet_ways import put_way
from support.fleet_worlds import EMPTY, every_verdict
from support.web_pages import Visitor

from fleetkit.core import FleetError
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.web import FleetReader, PageSettings, fleet_reader, make_fleet_app
from fleetkit.workflows import Workspace, open_workspace
from fleetkit.workflows.reading_units import OpenFleet


class Masters:
    """Two masters of a cluster, of which the first may go."""

    def __init__(self) -> None:
        self.first_is_gone = False
        self.asked: list[str] = []
        self.world = every_verdict()

    def opener(self, name: str, url: str) -> Callable[[], socket.socket]:
        endpoint = parse_fleet_endpoint(url)

        def open_it() -> socket.socket:
            self.asked.append(name)
            if name == "first" and self.first_is_gone:
                raise FleetError("nothing listens there")
            return endpoint.connect()

        return open_it


@pytest.fixture
def masters() -> Masters:
    return Masters()


@pytest.fixture
def workspace(tmp_path: Path, masters: Masters, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    found = open_workspace(str(write_cluster(tmp_path)))
    with serve_fleet(masters.world) as first, serve_fleet(EMPTY) as second:
        openers = [masters.opener("first", first), masters.opener("second", second)]
        openers += [openers[1]] * (len(found.cluster.masters) - 2)
        put_way(monkeypatch, found, openers)
        yield found


def test_one_that_answers_is_asked_again_and_one_that_has_gone_is_not(workspace: Workspace, masters: Masters) -> None:
    with FleetReader(workspace) as reader:
        assert reader.owner == workspace.cluster.name
        before = reader.read()
        assert reader.read().asked == before.asked
        assert set(masters.asked) == {"first"}
        masters.first_is_gone = True
        after = reader.read()
        assert after.asked != before.asked
        assert "nothing listens there" in after.passed_over[0]
        masters.asked.clear()
        assert reader.read().asked == after.asked
        assert set(masters.asked) == {"second"}


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


def test_what_a_unit_said_is_asked_where_it_is_now(
    workspace: Workspace, masters: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_journals(
        _workspace: object, fleet: OpenFleet, names: list[str], **_lines: int
    ) -> dict[str, tuple[str, ...]]:
        status = fleet.reading.find_status(names[0])
        assert status is not None
        return {one.machine_id: ("it is here",) for one in status.states}

    monkeypatch.setattr(fleet_reader, "read_journals", read_journals)
    with FleetReader(workspace) as reader:
        visitor = Visitor(make_fleet_app(reader, PageSettings(owner="demo", port=3000)))
        visitor.get("/units/md1.service")
        row = next(one for one in masters.world["/fleet/v1/state"]["json"]["states"] if one["name"] == "md1.service")
        assert f"{row['machineID']} it is here" in visitor.seen.text.partition("What it said last")[2]
        others = masters.world["/fleet/v1/machines"]["json"]["machines"]
        row["machineID"] = next(one["id"] for one in others if one["id"] != row["machineID"])
        visitor.get("/units/md1.service")
        assert f"{row['machineID']} it is here" in visitor.seen.text.partition("What it said last")[2]
