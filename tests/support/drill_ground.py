"""The cluster that is drilled: masters alone, a steady writer, and one course that every drill takes."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from support.acknowledged_writes import Lost, Writer
from support.drill_table import DRILLS, Drill
from support.e2e_world import CLUSTER, World, leader, run_notebook, wait_for

from fleetkit.core import NotYet, Patience, ServiceError, call_each, utc_now, wait_until
from fleetkit.runs import EventKind
from fleetkit.workflows import ClusterWatch, Section, open_workspace

MEMBERS = ["etcd1", "etcd2", "etcd3"]
_PATIENCE = Patience(deadline_s=90, interval_s=0.5)


@dataclass(slots=True)
class DrillGround:
    """A deployed cluster under a writer, and what was measured on it.

    Attributes
    ----------
    watch
        What an inspection reads of it, but for Terraform's parts, which no fault of etcd changes.
    safe
        What was acknowledged before the backup that a drill made; None where a drill may lose nothing.
    is_unsettled
        Whether a drill has begun and did not come to its end.
    """

    world: World
    writer: Writer
    watch: ClusterWatch
    safe: Mapping[str, frozenset[int]] | None = None
    is_unsettled: bool = False
    measured: dict[str, dict[str, Any]] = field(default_factory=dict)

    def leader(self) -> str:
        """Return who leads, once somebody does."""

        def look() -> str | NotYet[str]:
            try:
                return leader(self.world)
            except (AssertionError, StopIteration) as error:
                return NotYet(str(error))

        return wait_until(look, what="a leader", patience=_PATIENCE)

    def followers(self) -> list[str]:
        led = self.leader()
        return [name for name in MEMBERS if name != led]

    def fault(self, verb: str, members: Sequence[str], *words: str) -> None:
        self.world.sandbox_fault(verb, *(f"{CLUSTER}-{name}" for name in members), *words)

    def heal(self) -> None:
        self.world.sandbox_fault("heal")

    def run_on(self, member: str, command: str) -> None:
        """Run a line of shell on a master."""
        self.world.sandbox("shell", f"{CLUSTER}-{member}", "bash", "-c", command).must(0)

    def back_up(self) -> None:
        """Back up; what is acknowledged from now on may be lost by this drill, and nothing before."""
        self.safe = self.writer.list_acknowledged()
        self.world.fleetkit("etcd", "backup", CLUSTER).must(0)

    def drill(
        self,
        name: str,
        hit: Sequence[str],
        give: Callable[[], None],
        mend: Callable[[], None] = lambda: None,
        *,
        also_ill: bool = False,
        notebook: bool = False,
        passes: bool = False,
    ) -> None:
        """Give a fault, hear what is said of it, mend it by its runbook, and count what was acknowledged.

        Parameters
        ----------
        hit
            The members that must be named, with the row's words.
        also_ill
            Whether the others may be ill meanwhile, as those are that lost their quorum.
        notebook
            Whether the notebook that inspects is run as well: it takes longer than some faults stand.
        passes
            Whether the fault passes by itself, and is given again where nobody looked in time, as on a busy computer.
        """
        if self.is_unsettled:
            self._settle()
        self.safe, self.is_unsettled = None, True
        self.writer.wait_for_more()
        give()
        hearing = _Hearing(DRILLS[name], hit, also_ill=also_ill, again=give if passes else lambda: None)
        inspected = hearing.hear(self)
        if notebook:
            self._run_notebook(DRILLS[name])
        started = time.monotonic()
        mend()
        wait_for("health", self._is_well, patience=_PATIENCE)
        self.writer.wait_for_more()
        took_s = time.monotonic() - started
        lost = self._count()
        self.is_unsettled = False
        acknowledged = sum(map(len, self.writer.acknowledged.values()))
        self.measured[name] = {
            "recovered_s": round(took_s, 1),
            "acknowledged": acknowledged,
            "lost": lost.count,
            "inspected": inspected,
        }

    def inspect(self) -> dict[str, Section]:
        with mock.patch.dict(os.environ, self.world.environment):
            return self.watch.read()

    def _is_well(self) -> bool:
        found = self.world.health()
        return found["verdict"] == "healthy" and not found["setback"]

    def _run_notebook(self, row: Drill) -> None:
        # Where a part cannot be read without etcd, it fails, and tells what it found all the same.
        told = run_notebook(self.world, "inspect-cluster", code=(1, 3))
        (findings,) = [
            data["findings"] for kind, data in told if kind is EventKind.FACT and data.get("about") == "findings"
        ]
        assert any(row.next in one for one in findings), findings

    def _settle(self) -> None:
        """Count no more what a drill that failed has lost: it was told there, and the next one is another."""
        self.writer.stop()
        try:
            self.writer.forget(self.writer.find_lost())
        finally:
            self.writer.start()

    def _count(self) -> Lost:
        """Return what was acknowledged and is gone, which only what a backup did not hold may be."""
        self.writer.stop()
        try:
            lost = self.writer.find_lost()
            must = lost if self.safe is None else lost & self.safe
            hashes = self.world.fleetkit("etcd", "hash", CLUSTER, "--json")
            assert must.count == 0, f"acknowledged and not there: {must}; hashes: {hashes.out}"
            assert hashes.must(0).json()["agree"]
            self.writer.forget(lost)
        finally:
            self.writer.start()
        return lost


@dataclass(slots=True)
class _Hearing:
    """What is said of a fault by an inspection and by health; both have to be heard once."""

    row: Drill
    hit: Sequence[str]
    also_ill: bool
    again: Callable[[], None]
    inspected: dict[str, Any] = field(default_factory=dict)
    told: str = ""

    def hear(self, ground: DrillGround) -> dict[str, Any]:
        def look() -> bool | NotYet[bool]:
            # At once, as some faults do not stand for long.
            heard = call_each([self._inspect, self._ask], lambda ask: ask(ground), catch=ServiceError)
            unheard = [str(reason) for reason in heard.values() if reason]
            if any("etcd is healthy:" in one for one in unheard):
                self.again()
            return NotYet("; ".join(unheard)) if unheard else True

        what = f"health and an inspection to say {self.row.verdict}: {self.row.says}"
        wait_until(look, what=what, patience=_PATIENCE)
        return self.inspected

    def _inspect(self, ground: DrillGround) -> str:
        if self.inspected:
            return ""
        began = time.monotonic()
        sections = ground.inspect()
        took_s = time.monotonic() - began
        findings = [*sections["members"].findings, *sections["quorum"].findings]
        ill = {one.split()[0]: one for one in findings if " is not healthy: " in one}
        if self._is_of_health and not self._fits(ill, "\n".join(findings)):
            return f"an inspection says {findings}"
        outcome = "failed" if any(one.unknown for one in sections.values()) else "findings" if findings else "done"
        self.inspected = {"outcome": outcome, "took_s": round(took_s, 1)}
        return ""

    def _ask(self, ground: DrillGround) -> str:
        if self.told:
            return ""
        told = ground.world.fleetkit(*self.row.told_by.split(), CLUSTER).out
        verdict = f"etcd is {self.row.verdict}:" if self._is_of_health else ""
        lines = _read_ill(told) if self._is_of_health else _find_lines(told, self.row.says)
        if verdict not in told or not self._fits(lines, told):
            return f"{self.row.told_by} says {told}"
        self.told = told
        return ""

    @property
    def _is_of_health(self) -> bool:
        return self.row.told_by == "etcd health"

    def _fits(self, ill: Mapping[str, str], text: str) -> bool:
        named = set(self.hit) <= set(ill) and (self.also_ill or set(self.hit) == set(ill))
        return named and all(self.row.says in ill[one] for one in self.hit) and self.row.next in text


def _read_ill(told: str) -> dict[str, str]:
    """Return the lines of the members that health shows as ill, by name."""
    # The column before is empty where no member could tell its id.
    lines = [line for line in told.splitlines() if line.startswith("etcd") and "no" in line.split()[1:3]]
    return {line.split()[0]: line for line in lines}


def _find_lines(told: str, words: str) -> dict[str, str]:
    """Return the lines that have some words, by the member that they begin with."""
    return {line.split()[0]: line for line in told.splitlines() if words in line}


@contextlib.contextmanager
def open_writer(world: World, *members: str) -> Iterator[Writer]:
    """Have a writer at work on members of a deployed cluster, or on all, through a tunnel of its own, for a block."""
    process = world.start("fleetkit", "tunnel", "open", CLUSTER, "--json")
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while lines[-1:] != ["}\n"]:
            lines.append(process.stdout.readline())
            assert lines[-1], "the tunnel did not open"
        endpoints = json.loads("".join(lines))["endpoints"]
        context = ssl.create_default_context(cafile=str(world.pki / "ca.crt"))
        operator = world.pki / "clients" / "operator"
        context.load_cert_chain(f"{operator}.crt", f"{operator}.key")
        writer = Writer([endpoints[name]["port"] for name in members or endpoints], context)
        writer.start()
        try:
            yield writer
        finally:
            writer.stop()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@contextlib.contextmanager
def open_ground(world: World) -> Iterator[DrillGround]:
    """Have a writer at work on a deployed cluster, and what an inspection reads at hand, for the length of a block."""
    with open_writer(world) as writer:
        with mock.patch.dict(os.environ, world.environment):
            watch = ClusterWatch(open_workspace(CLUSTER, folder=world.work))
        with watch:
            ground = DrillGround(world, writer, watch)
            yield ground
    _write_results(ground)


def _write_results(ground: DrillGround) -> None:
    """Keep what was measured where ``DRILL_RESULTS`` asks for it; what others measured there stays."""
    if (where := os.environ.get("DRILL_RESULTS")) is None:
        return
    told = ground.world.fleetkit("etcd", "status", CLUSTER, "--json").json()["members"]
    etcd = {str(one["version"]) for one in told if "version" in one}
    machine = (
        f"{os.cpu_count()} cores under {platform.system()} ({platform.machine()}), "
        f"etcd {', '.join(sorted(etcd))}, Python {platform.python_version()}"
    )
    file = Path(where)
    before = json.loads(file.read_text(encoding="utf-8"))["drills"] if file.exists() else {}
    facts = {"measured": f"{utc_now():%Y-%m-%d}", "machine": machine, "drills": {**before, **ground.measured}}
    file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
