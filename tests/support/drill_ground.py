"""The cluster that is drilled: masters alone, a steady writer, and one course that every drill takes."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.acknowledged_writes import Writer
from support.drill_table import DRILLS
from support.e2e_world import CLUSTER, World, leader, wait_for

from fleetkit.core import NotYet, Patience, utc_now, wait_until

_PATIENCE = Patience(deadline_s=60, interval_s=0.5)
_MEMBERS = ["etcd1", "etcd2", "etcd3"]


@dataclass(slots=True)
class DrillGround:
    """A deployed cluster under a writer, and what was measured on it."""

    world: World
    writer: Writer
    recovered: dict[str, dict[str, Any]] = field(default_factory=dict)

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
        return [name for name in _MEMBERS if name != led]

    def fault(self, verb: str, members: Sequence[str], *words: str) -> None:
        self.world.sandbox_fault(verb, *(f"{CLUSTER}-{name}" for name in members), *words)

    def heal(self) -> None:
        self.world.sandbox_fault("heal")

    def run_on(self, member: str, command: str) -> None:
        """Run a line of shell on a master."""
        self.world.sandbox("shell", f"{CLUSTER}-{member}", "bash", "-c", command).must(0)

    def drill(
        self,
        name: str,
        hit: Sequence[str],
        give: Callable[[], None],
        mend: Callable[[], None] = lambda: None,
        *,
        also_ill: bool = False,
    ) -> None:
        """Give a fault, hear what is said of it, mend it by its runbook, and count what was acknowledged.

        Parameters
        ----------
        hit
            The members that health must name, with the row's words.
        also_ill
            Whether the others may be ill meanwhile, as those are that lost their quorum.
        """
        row = DRILLS[name]
        self.writer.wait_for_more()
        give()

        def is_said() -> bool | NotYet[bool]:
            told = self.world.fleetkit("etcd", "health", CLUSTER).out
            ill = _read_ill(told)
            fits = (
                f"etcd is {row.verdict}:" in told
                and set(hit) <= set(ill)
                and (also_ill or set(hit) == set(ill))
                and all(row.says in ill[one] for one in hit)
                and row.next in told
            )
            return True if fits else NotYet(told)

        wait_until(is_said, what=f"health to say {row.verdict}: {row.says}", patience=_PATIENCE)
        started = time.monotonic()
        mend()
        wait_for("health", lambda: self.world.health()["verdict"] == "healthy", patience=_PATIENCE)
        self.writer.wait_for_more()
        took_s = time.monotonic() - started
        self._count(name, took_s)

    def _count(self, name: str, took_s: float) -> None:
        self.writer.stop()
        try:
            lost = self.writer.find_lost()
            hashes = self.world.fleetkit("etcd", "hash", CLUSTER, "--json")
            assert lost.count == 0, f"acknowledged and not there: {lost}; hashes: {hashes.out}"
            assert hashes.must(0).json()["agree"]
        finally:
            self.writer.start()
        acknowledged = sum(map(len, self.writer.acknowledged.values()))
        self.recovered[name] = {"s": round(took_s, 1), "acknowledged": acknowledged}


def _read_ill(told: str) -> dict[str, str]:
    """Return the lines of the members that health shows as ill, by name."""
    # The column before is empty where no member could tell its id.
    lines = [line for line in told.splitlines() if line.startswith("etcd") and "no" in line.split()[1:3]]
    return {line.split()[0]: line for line in lines}


@contextlib.contextmanager
def open_ground(world: World) -> Iterator[DrillGround]:
    """Have a writer at work on a deployed cluster, through a tunnel of its own, for the length of a block."""
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
        writer = Writer([one["port"] for one in endpoints.values()], context)
        writer.start()
        ground = DrillGround(world, writer)
        try:
            yield ground
        finally:
            writer.stop()
        _write_results(ground)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def _write_results(ground: DrillGround) -> None:
    """Keep what was measured where ``DRILL_RESULTS`` asks for it."""
    if (where := os.environ.get("DRILL_RESULTS")) is None:
        return
    etcd = {str(one["version"]) for one in ground.world.fleetkit("etcd", "status", CLUSTER, "--json").json()["members"]}
    machine = (
        f"{os.cpu_count()} cores under {platform.system()} ({platform.machine()}), "
        f"etcd {', '.join(sorted(etcd))}, Python {platform.python_version()}"
    )
    facts = {"measured": f"{utc_now():%Y-%m-%d}", "machine": machine, "recovered": ground.recovered}
    Path(where).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
