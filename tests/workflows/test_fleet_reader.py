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

from fleetkit.core import FleetError
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.workflows import FleetReader, Workspace, fleet_reader, open_workspace
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


def test_what_a_unit_said_is_asked_where_it_is_now(
    workspace: Workspace, masters: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_journals(
        _workspace: object, fleet: OpenFleet, names: list[str], *, lines: int
    ) -> dict[str, tuple[str, ...]]:
        status = fleet.reading.find_status(names[0])
        assert status is not None
        return {one.machine_id: (f"at most {lines}",) for one in status.states}

    monkeypatch.setattr(fleet_reader, "read_journals", read_journals)
    with FleetReader(workspace) as reader:
        before = reader.read(names=["md1.service"])
        row = next(one for one in masters.world["/fleet/v1/state"]["json"]["states"] if one["name"] == "md1.service")
        assert reader.read_journal(before, "md1.service", lines=3) == {row["machineID"]: ("at most 3",)}
        others = masters.world["/fleet/v1/machines"]["json"]["machines"]
        row["machineID"] = next(one["id"] for one in others if one["id"] != row["machineID"])
        after = reader.read(names=["md1.service"])
        assert reader.read_journal(after, "md1.service", lines=3).keys() == {row["machineID"]}
        status = after.find_status("glob.service")
        assert status is not None
        assert reader.count_machines(after, status) == 3


def test_an_endpoint_leads_to_no_journal() -> None:
    with serve_fleet(every_verdict()) as url, FleetReader(parse_fleet_endpoint(url)) as reader:
        reading = reader.read()
        status = reading.find_status("glob.service")
        assert status is not None
        assert not reader.has_journals
        assert reader.count_machines(reading, status) == 0
        assert reader.read_journal(reading, "glob.service", lines=3) == {}
