"""A fleet in this process at the end of a cluster's way in, and browsers of its units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.cluster_files import write_cluster
from support.fleet_told import MACHINE, ToldFleet
from support.fleet_ways import put_way

from fleetkit.core import Patience
from fleetkit.fleet import UnitText
from fleetkit.runs import EventKind
from fleetkit.ui import UnitsCard
from fleetkit.workflows import FleetReader, Reporter, UnitGate, Workspace, fleet_reader, open_workspace

__all__ = ["SLEEP", "UnitBench", "choose_unit", "list_names", "settle"]

SLEEP = "[Service]\nExecStart=/bin/sleep 9\n"
_GATE = UnitGate(patience=Patience(deadline_s=5, interval_s=0.01), steady_s=0.02)


class UnitBench:
    """A fleet in this process at the end of a cluster's way in, and the cards that look at it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fleet = ToldFleet()
        self.folder = folder
        write_cluster(folder)
        self.workspace: Workspace = open_workspace("demo", folder=folder, environ={"HOME": str(folder)})
        masters = len(self.workspace.cluster.masters)
        put_way(monkeypatch, self.workspace, [self.fleet] * masters)
        self.said: dict[str, tuple[str, ...]] = {}
        self.asked: list[tuple[str, int]] = []
        monkeypatch.setattr(fleet_reader, "read_journals", self._read_journals)
        monkeypatch.setattr("fleetkit.workflows.deploying_units.read_journals", lambda *_given, **_how: {})
        # Who approves is asked of AWS, which has no part in this.
        monkeypatch.setattr("fleetkit.workflows.approval.Approved.facts", lambda one, _where: {"way": one.way})
        self.facts: list[tuple[EventKind, Any]] = []
        self.cards: list[UnitsCard] = []

    def put(self, name: str, text: str = SLEEP, *, desired: str = "launched") -> None:
        options = [
            {"section": one.section, "name": one.name, "value": one.value} for one in UnitText.parse(text).options
        ]
        where = "" if desired == "inactive" else MACHINE
        self.fleet.units[name] = {
            "name": name, "options": options, "desiredState": desired, "currentState": desired, "machineID": where,
        }  # fmt: skip

    def card(self, *, changes: bool = False, follow_s: float = 3600) -> UnitsCard:
        report = Reporter(record=lambda kind, data: self.facts.append((kind, data)))
        made = UnitsCard(
            lambda: FleetReader(self.workspace), owner="demo", folder=self.folder, changes=changes, report=report,
            gate=_GATE, follow_s=follow_s,
        )  # fmt: skip
        self.cards.append(made)
        settle(made)
        return made

    def _read_journals(
        self, _workspace: object, _fleet: object, names: list[str], *, lines: int
    ) -> dict[str, tuple[str, ...]]:
        self.asked.append((names[0], lines))
        return {f"{names[0]} on 10.0.0.1": self.said.get(names[0], ())}


def settle(card: UnitsCard) -> None:
    """Wait until the browser has done all that it was asked for."""
    assert card.rest(20)


def list_names(card: UnitsCard) -> list[str]:
    return [name for _, name in card.units.list.options]


def choose_unit(card: UnitsCard, name: str) -> None:
    card.units.list.value = name
    settle(card)
