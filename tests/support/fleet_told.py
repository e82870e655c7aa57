"""A fleet in this process that does at once what it is told, and goes wrong at the very moment that a test needs."""

from __future__ import annotations

import socket
import threading
import urllib.parse
from typing import Any

from support.fleet_replay import answer_one, recorded

from fleetkit.core import SshError
from fleetkit.fleet import UnitOption, UnitText

__all__ = ["MACHINE", "ToldFleet"]

MACHINE = "a" * 32
_ROOT = "/fleet/v1"
_NOT_THERE = recorded("028-unit-get-404")
_SPOILED = recorded("9185-poison-get")
_RUNNING, _FAILED, _OVER = ("active", "running"), ("failed", "failed"), ("inactive", "dead")
_COMING = ("activating", "start")


class ToldFleet:
    """Opens sockets to a fleet with machines on which units are there as soon as they are asked for.

    Attributes
    ----------
    machines
        Id of each machine to its address; units are placed on the first one.
    units
        Name of each unit to what fleet tells of it.
    told
        Method and name of each change that arrived, in their order.
    failing, ending
        Parts of names or texts: a unit that has one of them fails when it is launched, or comes to its end at once.
    activating, lingering, unstoppable, spoiled
        Names of units that are on their way for as long as they stand here, that fleet has loaded and not started,
        that it goes on calling launched, and that it stumbles over.
    stumbles, stumbles_from
        What is answered to readings, one by one, once so many changes have arrived.
    cut_after
        How many changes arrive before nobody can reach it any more; None for any number.
    """

    def __init__(self) -> None:
        self.machines = {MACHINE: "10.0.0.1"}
        self.units: dict[str, dict[str, Any]] = {}
        self.told: list[tuple[str, str]] = []
        self.failing: set[str] = set()
        self.ending: set[str] = set()
        self.activating: set[str] = set()
        self.lingering: set[str] = set()
        self.unstoppable: set[str] = set()
        self.spoiled: set[str] = set()
        self.stumbles: list[dict[str, Any]] = []
        self.stumbles_from = 0
        self.cut_after: int | None = None
        self._lock = threading.Lock()

    def __call__(self) -> socket.socket:
        """Open a socket, behind which one request is answered."""
        if self.cut_after is not None and len(self.told) >= self.cut_after:
            raise SshError("the master cannot be reached", seen="the connection was lost")
        near, far = socket.socketpair()
        threading.Thread(target=answer_one, args=(far, self.answer)).start()
        return near

    def move(self, machine: str) -> None:
        """Take a machine's units over by another one, as fleet does where its fleet ends; it stays listed."""
        other = next(one for one in self.machines if one != machine)
        for unit in self.units.values():
            if unit["machineID"] == machine:
                unit["machineID"] = other

    def text(self, name: str) -> str:
        """Return the text of a unit, as fleet has it."""
        return _text_of(self.units[name]).text

    def answer(self, method: str, target: str, _kind: str, body: Any) -> dict[str, Any]:
        """Answer one request."""
        with self._lock:
            if method in ("PUT", "DELETE"):
                return self._change(method, _name_in(target), body)
            if self.stumbles and len(self.told) >= self.stumbles_from:
                return self.stumbles.pop(0)
            if target.startswith(f"{_ROOT}/units/"):
                name = _name_in(target)
                if name in self.spoiled:
                    return _SPOILED
                return _ok(self.units[name]) if name in self.units else _NOT_THERE
            machines = [{"id": one, "primaryIP": address, "metadata": {}} for one, address in self.machines.items()]
            lists = {
                "state": {"states": self._states()},
                "units": {"units": [its for name, its in self.units.items() if name not in self.spoiled]},
                "machines": {"machines": machines},
            }
            return _ok(lists[target.removeprefix(f"{_ROOT}/")])

    def _change(self, method: str, name: str, body: Any) -> dict[str, Any]:
        self.told.append((method, name))
        if method == "DELETE":
            self.units.pop(name, None)
        else:
            options = body.get("options") or self.units[name]["options"]
            desired = body["desiredState"]
            where = "" if desired == "inactive" else next(iter(self.machines))
            current = "loaded" if name in self.lingering and desired == "launched" else desired
            current = "launched" if name in self.unstoppable else current
            fields = {"desiredState": desired, "currentState": current, "machineID": where}
            self.units[name] = {"name": name, "options": options, **fields}
        return {"status": 204, "reason": "No Content"}

    def _states(self) -> list[dict[str, Any]]:
        rows = []
        for name, unit in self.units.items():
            if not unit["machineID"]:
                continue
            text = _text_of(unit)
            active, sub = _OVER
            if unit["currentState"] == "launched" and not _has(self.ending, name, text):
                active, sub = _FAILED if _has(self.failing, name, text) else _RUNNING
            if unit["currentState"] == "launched" and name in self.activating:
                active, sub = _COMING
            words = {"systemdLoadState": "loaded", "systemdActiveState": active, "systemdSubState": sub}
            rows.append({"name": name, "machineID": unit["machineID"], "hash": text.unit_hash, **words})
        return rows


def _has(parts: set[str], name: str, text: UnitText) -> bool:
    return any(part in name or part in text.text for part in parts)


def _text_of(unit: dict[str, Any]) -> UnitText:
    return UnitText.from_options([UnitOption(**one) for one in unit["options"]])


def _name_in(target: str) -> str:
    return urllib.parse.unquote(target.rpartition("/")[2])


def _ok(fields: Any) -> dict[str, Any]:
    return {"status": 200, "reason": "OK", "json": fields}
