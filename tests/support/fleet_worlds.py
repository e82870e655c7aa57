"""Whole fleets as their API tells of them: each of the lists, and what single units answer."""

from __future__ import annotations

from typing import Any

from support.fleet_replay import recorded

__all__ = ["EMPTY", "ILL", "SPOILED", "VERDICTS", "World", "every_verdict", "ok"]

World = dict[str, dict[str, Any]]
"""The answer to each target; a unit without one is not there."""

SPOILED = recorded("9185-poison-get")
"""What fleet answers for a unit that was spoiled by a wrong state."""

EMPTY: World = {
    "/fleet/v1/state": recorded("005-state-list-empty"),
    "/fleet/v1/units": recorded("004-units-list-empty"),
    "/fleet/v1/machines": {"status": 200, "reason": "OK", "json": {"machines": []}},
}
"""A fleet that has neither machines nor units."""

ILL: dict[str, tuple[dict[str, Any], str]] = {
    "500": (recorded("204-noquorum-0-units"), "with 500: without a word"),
    "503": (recorded("225-noquorum-40-machines"), "fleet server unable to communicate with etcd"),
    "closes": (recorded("092-state-inactive-unit-crash"), "closed before an answer"),
    "hangs": ({"silent": True}, "did not answer in time"),
    "no-http": ({"raw": b"SSH-2.0-OpenSSH_9.2\r\n"}, "closed before an answer"),
    "no-json": ({"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"}, "with 200: <html>"),
    "deep-json": ({"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200_000}, "with 200: [[[["),
    "cut-off": ({"raw": b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"units'}, "closed before an answer"),
    "another-form": ({"status": 200, "reason": "OK", "json": [1]}, "expected an object, found [1]"),
}
"""Ways in which fleet cannot be read, each with what is said of it."""

VERDICTS = {
    "failed": {"fail.service", "missing.service"},
    "unschedulable": {"conf@4.service", "mdnone.service", "midnone.service", "ofnone.service"},
    "stale": {"mdor.service"},
    "poisoned": {"poisoned.service"},
    "orphaned": {"left.service"},
    "drifted": {"mdquoted.service"},
    "waiting": {"mdtwo.service"},
    "ended": {"oneshot.service", "s.socket"},
    "loaded": {"s.timer"},
    "inactive": {"tmpl@.service"},
}
"""What is what among `every_verdict`; the others run."""


def ok(**fields: Any) -> dict[str, Any]:
    """Return an answer of success."""
    return {"status": 200, "reason": "OK", "json": fields}


def every_verdict() -> World:
    """Return the recorded fleet, with some of its units made what none of them was."""
    units, states = recorded("147-sched-units")["json"]["units"], recorded("148-sched-state")["json"]["states"]
    machines = recorded("169-md-after-remove")["json"]["machines"]
    for one in machines:
        # Its role was changed and taken away again after the units had been placed.
        one["metadata"].setdefault("role", "web")
    for one in units:
        if one["name"] == "mdor.service":
            one["machineID"] = "0" * 32
    running = next(one for one in states if one["name"] == "md1.service")
    rows = [one for one in states if one["name"] != "mdtwo.service"]
    rows = [{**one, "hash": "0" * 40} if one["name"] == "mdquoted.service" else one for one in rows]
    rows += [{**running, "name": name} for name in ("left.service", "poisoned.service")]
    return {
        "/fleet/v1/state": ok(states=rows),
        "/fleet/v1/units": ok(units=units),
        "/fleet/v1/machines": ok(machines=machines),
        "/fleet/v1/units/poisoned.service": SPOILED,
    }
