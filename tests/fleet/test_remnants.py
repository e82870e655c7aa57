"""Which of fleet's keys are of no use to anybody, which are in doubt, and which go by themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from fleetkit.fleet import FLEET_KEY, FleetKey, find_remnants

MACHINE, GONE = "3317c7a5a7c2fae3fd024dfb246eb956", "4664df35562b6de582cd41c48922ff0b"
USED, DEAD = "0a" * 20, "0b" * 20


def job(unit_hash: str) -> str:
    return json.dumps({"Name": "web.service", "UnitHash": list(bytes.fromhex(unit_hash))})


def state(machine_id: str) -> str:
    return json.dumps({"loadState": "loaded", "machineState": {"ID": machine_id}})


WELL: dict[str, str | None] = {
    "": None,
    "unit": None,
    f"unit/{USED}": json.dumps({"Raw": "[Service]\nExecStart=/bin/web\n"}),
    "job": None,
    "job/web.service": None,
    "job/web.service/object": job(USED),
    "job/web.service/target-state": "launched",
    "job/web.service/target": MACHINE,
    "machines": None,
    f"machines/{MACHINE}": None,
    f"machines/{MACHINE}/object": "{}",
    f"machines/{MACHINE}/metadata": None,
    f"machines/{MACHINE}/metadata/role": "web",
    "states": None,
    "states/web.service": None,
    "engine/version": "1",
    "lease": None,
    "lease/engine-leader": "{}",
}
"""A unit that runs on the one machine; what machines say expires, and is added by each case."""

SAID = {f"states/web.service/{MACHINE}": state(MACHINE), "state/web.service": state(MACHINE)}


def find(
    changed: Mapping[str, str | None], *, said: Mapping[str, str] = SAID, without: tuple[str, ...] = ()
) -> tuple[dict[str, str], dict[str, str], int]:
    held = {name: value for name, value in {**WELL, **changed}.items() if name not in without}
    keys = [FleetKey(key=f"{FLEET_KEY}/{name}".rstrip("/"), value=value) for name, value in held.items()]
    keys += [FleetKey(key=f"{FLEET_KEY}/{name}", value=value, expires=True) for name, value in said.items()]
    found = find_remnants(keys)
    return _short(found.garbage), _short(found.doubtful), found.expiring


def _short(told: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(f"{FLEET_KEY}/"): why for name, why in told.items()}


def test_of_a_fleet_that_is_well_nothing_is_garbage_or_in_doubt() -> None:
    assert find({}) == ({}, {}, 0)


@pytest.mark.parametrize(
    ("changed", "garbage"),
    [
        pytest.param(
            {f"unit/{DEAD}": json.dumps({"Raw": "[Unit]\nDescription=old proxy\n"})},
            {f"unit/{DEAD}": "no unit is made of it: old proxy"},
            id="a unit file that no unit is made of",
        ),
        pytest.param(
            {f"unit/{DEAD}": "no json"}, {f"unit/{DEAD}": "no unit is made of it"}, id="one that cannot be read"
        ),
        pytest.param(
            {"job/old.service": None, "job/old.service/target-state": "launched", "job/old.service/target": MACHINE},
            {
                "job/old.service/target": "fleet has no unit old.service",
                "job/old.service/target-state": "fleet has no unit old.service",
                "job/old.service": "nothing is left in it",
            },
            id="what was asked of a unit that is not there, and where it was placed",
        ),
        pytest.param(
            {"job/old.service": None, "states/old.service": None},
            {"job/old.service": "nothing is left in it", "states/old.service": "nothing is left in it"},
            id="empty directories of a unit that is not there",
        ),
        pytest.param(
            {f"states/web.service/{GONE}": state(GONE)},
            {f"states/web.service/{GONE}": "the machine 4664df35 that said it is not there, and it never expires"},
            id="what a machine said that is not there",
        ),
        pytest.param(
            {"state/old.service": state(MACHINE)},
            {"state/old.service": "fleet has no unit old.service, and it never expires"},
            id="what was said of a unit that is not there",
        ),
        pytest.param(
            {f"machines/{GONE}": None, f"machines/{GONE}/metadata": None},
            {f"machines/{GONE}/metadata": "nothing is left in it", f"machines/{GONE}": "nothing is left in it"},
            id="empty directories of a machine that is not there",
        ),
    ],
)
def test_what_nobody_uses_is_garbage(changed: dict[str, str | None], garbage: dict[str, str]) -> None:
    assert find(changed) == (garbage, {}, 0)


@pytest.mark.parametrize(
    ("changed", "doubtful"),
    [
        pytest.param(
            {f"unit/{DEAD}": "{}", "job/odd.service": None, "job/odd.service/object": "no json"},
            {
                f"unit/{DEAD}": "which unit file odd.service has cannot be read",
                f"unit/{USED}": None,
                "job/odd.service/object": "it names no unit file that can be read; deploy its unit file again",
            },
            id="with a job that cannot be read no unit file is certain",
        ),
        pytest.param(
            {"job/odd.service": None, "job/odd.service/object": '{"UnitHash": 20}'},
            {"job/odd.service/object": "it names no unit file that can be read; deploy its unit file again"},
            id="a hash that is none",
        ),
        pytest.param(
            {"job/lost.service": None, "job/lost.service/object": job(DEAD)},
            {
                "job/lost.service/object": "its unit file 0b0b0b0b is not there, and fleet passes it over; deploy its "
                "unit file again"
            },
            id="a job whose unit file is not there",
        ),
        pytest.param(
            {f"machines/{GONE}": None, f"machines/{GONE}/metadata": None, f"machines/{GONE}/metadata/role": "db"},
            {
                f"machines/{GONE}/metadata/role": "the machine 4664df35 is not there, and finds it again when it comes "
                "back; where it never will, fleetkit kv delete"
            },
            id="metadata of a machine that is not there",
        ),
        pytest.param({"payload/x": "1"}, {"payload/x": "fleet v1.0.0 writes no such key"}, id="a key that is none"),
        pytest.param({"unit/readme": "1"}, {"unit/readme": "this is no hash of a unit file"}, id="a hash that is none"),
        pytest.param(
            {"state/web.service": "no json"},
            {"state/web.service": "nobody knows which machine said it"},
            id="a state that nobody said",
        ),
    ],
)
def test_what_is_not_certain_is_in_doubt(changed: dict[str, str | None], doubtful: dict[str, str | None]) -> None:
    said = {} if "state/web.service" in changed else SAID
    wanted = {name: why for name, why in doubtful.items() if why is not None}
    assert find(changed, said=said) == ({}, wanted, 0)


def test_what_expires_is_left_to_do_so_with_the_directory_that_it_lies_in() -> None:
    said = {f"states/old.service/{GONE}": state(GONE), "job/old.service/job-state": GONE}
    assert find({"job/old.service": None, "states/old.service": None}, said={**SAID, **said}) == ({}, {}, 2)


def test_where_no_machine_is_in_fleet_nothing_that_one_said_is_certain() -> None:
    garbage, doubtful, _ = find(
        {f"states/web.service/{GONE}": state(GONE)},
        said={},
        without=tuple(name for name in WELL if name.startswith(f"machines/{MACHINE}")),
    )
    assert garbage == {}
    assert doubtful == {f"states/web.service/{GONE}": "no machine is in fleet that could say it"}


def test_a_unit_file_that_a_job_names_and_that_is_not_there_is_known_by_its_key() -> None:
    keys = [FleetKey(key=f"{FLEET_KEY}/job/web.service/object", value=job(DEAD))]
    assert find_remnants(keys).missing == {f"{FLEET_KEY}/unit/{DEAD}"}
