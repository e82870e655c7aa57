"""Which of fleet's keys are put back by a restore, and which machines write again by themselves."""

from __future__ import annotations

import json

import pytest

from fleetkit.fleet import ENGINE_LEASE, is_live_key, render_lease

FLEET = "/_coreos.com/fleet"


@pytest.mark.parametrize(
    ("key", "live"),
    [
        (f"{FLEET}/machines/0a1b/object", True),
        (f"{FLEET}/machines", True),
        (f"{FLEET}/state/web.service", True),
        (f"{FLEET}/states/web.service/0a1b", True),
        (f"{FLEET}/job/web.service/job-state", True),
        (ENGINE_LEASE, True),
        (f"{FLEET}/job/web.service/object", False),
        (f"{FLEET}/job/web.service/target", False),
        (f"{FLEET}/job/web.service/target-state", False),
        (f"{FLEET}/job/machines/target-state", False),
        (f"{FLEET}/unit/0a1b", False),
        (f"{FLEET}/engine/version", False),
        ("/machines/0a1b", False),
        (FLEET, False),
    ],
)
def test_what_machines_write_by_themselves_is_told_from_what_people_said(key: str, live: bool) -> None:
    assert is_live_key(key) is live


def test_a_lease_is_written_as_fleets_engine_reads_it() -> None:
    assert json.loads(render_lease("somebody")) == {"MachineID": "somebody", "Version": 1}
