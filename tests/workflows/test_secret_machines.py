"""Machines fetch what was delivered, over a real SSH connection; one that has not is named with what mends it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.aws_moto import run_machine
from support.aws_world import World, surrounding_world
from support.ssh_server import SshServer

from fleetkit.aws import list_objects, read_object
from fleetkit.core import SshError, WorkflowError
from fleetkit.ssh import Connection, open_connection
from fleetkit.workflows import (
    SecretsPlan,
    WayIn,
    Workspace,
    apply_secrets,
    approve,
    delivering_secrets,
    plan_secrets,
    verify_secrets,
)
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows.delivery import secret_lines
from fleetkit.workflows.supplying import ensure_certificates, supply_bucket

pytestmark = pytest.mark.sandbox

TOKEN = "CANARY-token-5c3a"
OWN = "/etc/fleetkit/secrets/token"
FILE = {"secrets.token": "env:TOKEN", "pools.internal.secrets": ["token"]}

# Whatever path a command of ours names on a machine is one below the machine's own folder here, and what the user of
# these tests has made there is root's.
SUDO = """#!/bin/bash
words=()
for word in "$@"; do
  [[ "$word" == /* ]] && word="$MACHINE_ROOT$word"
  words+=("$word")
done
[[ "$1" == stat ]] || exec "${words[@]}"
"${words[@]}" | sed "s/ $(id -un):$(id -gn)$/ root:root/"
exit "${PIPESTATUS[0]}"
"""


@dataclass(kw_only=True)
class Machines:
    """The machines of a pool, which are one folder here, behind one real SSH server."""

    world: World
    root: Path
    server: SshServer
    token: str = TOKEN
    unreachable: str = ""
    fetched: list[str] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.root / OWN.removeprefix("/")

    def open(self) -> Workspace:
        return self.world.open(TOKEN=self.token)

    def plan(self, *, everybody: bool = False) -> SecretsPlan:
        return plan_secrets(self.open(), everybody=everybody)

    def deliver(self, plan: SecretsPlan | None = None) -> str:
        return str(apply_secrets(self.open(), approve(plan or self.plan(), "demo")))

    @contextlib.contextmanager
    def open_way(self, _workspace: Workspace) -> Iterator[Machines]:
        yield self

    @contextlib.contextmanager
    def connect(self, _address: str, *, role: str) -> Iterator[Connection]:
        assert role == "internal"
        with open_connection(self.server.target, access=self.server.access) as connection:
            yield connection

    def fetch(self, _way: WayIn, machine: FleetMachine) -> None:
        """Put what the manifest names where it belongs, as the script on a machine does."""
        if machine.name == self.unreachable:
            raise SshError(f"{machine.name} cannot be reached", seen="connection refused")
        workspace = self.open()
        manifest = read_object(workspace.session, workspace.bucket, key="roles/internal/manifest")
        for line in secret_lines(manifest):
            sha256, mode, _owner, destination, key = line.split()
            content = read_object(workspace.session, workspace.bucket, key=key)
            assert hashlib.sha256(content).hexdigest() == sha256
            target = self.root / destination.removeprefix("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(content)
            target.chmod(int(mode, 8))
        self.fetched.append(machine.name)


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    root, programs = tmp_path / "machine", tmp_path / "bin"
    for folder in (root, programs):
        folder.mkdir()
    (programs / "sudo").write_text(SUDO)
    (programs / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("MACHINE_ROOT", str(root))
    with surrounding_world(tmp_path / "home", monkeypatch) as world, SshServer(tmp_path / "ssh") as server:
        world.write(**FILE)
        found = Machines(world=world, root=root, server=server)
        supply_bucket(found.open(), ensure_certificates(found.open()))
        monkeypatch.setattr(delivering_secrets, "open_way_in", found.open_way)
        monkeypatch.setattr(delivering_secrets, "fetch_files", found.fetch)
        yield found


@pytest.fixture
def running(machines: Machines) -> tuple[str, str]:
    """Start two machines of the pool, and one of another that is given nothing; return the names of the two."""
    run_machine(machines.world.session, cluster="demo", role="public")
    first, second = (run_machine(machines.world.session, cluster="demo", role="internal") for _ in range(2))
    return first, second


def test_the_machines_of_the_pool_fetch_one_after_the_other_and_are_proven_to_have_it(
    machines: Machines, running: tuple[str, str]
) -> None:
    plan = machines.plan()
    assert {one.name for one in plan.machines} == set(running)
    machines.deliver(plan)
    assert set(machines.fetched) == set(running)
    assert machines.file.read_text() == TOKEN
    verified = verify_secrets(machines.open())
    assert verified.findings == ()
    assert set(verified.machines) == set(running)


def test_a_secret_that_was_replaced_reaches_them_by_the_same_command(
    machines: Machines, running: tuple[str, str]
) -> None:
    machines.deliver()
    machines.token = "CANARY-another-token"
    machines.deliver()
    assert machines.file.read_text() == "CANARY-another-token"
    assert verify_secrets(machines.open()).findings == ()
    assert len(machines.fetched) == 2 * len(running)


def test_a_replacement_that_stopped_midway_takes_the_old_value_away_when_it_is_gone_on_with(
    machines: Machines, running: tuple[str, str]
) -> None:
    machines.deliver()
    machines.token = "CANARY-another-token"
    machines.unreachable = machines.plan().machines[-1].name
    with pytest.raises(WorkflowError, match="stopped before the end"):
        machines.deliver()
    assert any("was replaced or withdrawn" in one for one in verify_secrets(machines.open()).findings)
    machines.unreachable = ""
    machines.deliver()
    workspace = machines.open()
    (left,) = list_objects(workspace.session, workspace.bucket, prefix="roles/internal/secrets/")
    assert read_object(workspace.session, workspace.bucket, key=left.key) == b"CANARY-another-token"
    assert verify_secrets(workspace).findings == ()
    assert machines.plan().is_empty


def test_one_that_is_no_longer_wanted_is_removed_from_them(machines: Machines, running: tuple[str, str]) -> None:
    machines.deliver()
    machines.world.write()
    machines.deliver()
    assert not machines.file.exists()
    assert verify_secrets(machines.open()).findings == ()
    assert machines.plan().is_empty


def test_a_removal_that_stopped_midway_is_a_finding_and_is_gone_on_with(
    machines: Machines, running: tuple[str, str]
) -> None:
    machines.deliver()
    machines.world.write()
    machines.unreachable = machines.plan().machines[-1].name
    with pytest.raises(WorkflowError, match="stopped before the end"):
        machines.deliver()
    assert verify_secrets(machines.open()).findings == (
        f"{OWN} of internal was replaced or withdrawn, and still lies in the bucket and maybe on machines "
        "(fleetkit secrets deliver demo)",
    )
    machines.unreachable = ""
    machines.fetched.clear()
    plan = machines.plan()
    assert [(one.destination, str(one.change)) for one in plan.changes] == [(OWN, "removed")]
    machines.deliver(plan)
    assert set(machines.fetched) == set(running)
    workspace = machines.open()
    assert list_objects(workspace.session, workspace.bucket, prefix="roles/internal/secrets/") == ()
    assert verify_secrets(workspace).findings == ()
    assert machines.plan().is_empty


def spoil_content(file: Path) -> None:
    file.chmod(0o600)
    file.write_text("another's")
    file.chmod(0o400)


@pytest.mark.parametrize(
    ("spoil", "seen"),
    [
        (spoil_content, "is not what was delivered"),
        (lambda file: file.chmod(0o444), "is 0444 root:root, and was to be 0400 root:root"),
        (lambda file: file.unlink(), "is not there"),
    ],
    ids=["content", "mode", "gone"],
)
@pytest.mark.skipif(os.geteuid() != 0, reason="what machines fetch belongs to root")
def test_a_machine_that_has_something_else_is_named_with_what_mends_it(
    machines: Machines, running: tuple[str, str], spoil: object, seen: str
) -> None:
    machines.deliver()
    spoil(machines.file)  # type: ignore[operator]
    verified = verify_secrets(machines.open())
    assert set(verified.findings) == {f"{name}: {OWN} {seen} (fleetkit secrets deliver demo --all)" for name in running}
    assert verified.outcome == "findings"
    machines.deliver(machines.plan(everybody=True))
    assert verify_secrets(machines.open()).findings == ()


def test_a_machine_that_cannot_be_reached_stops_it_and_the_way_on_is_told(
    machines: Machines, running: tuple[str, str]
) -> None:
    machines.unreachable = machines.plan().machines[-1].name
    with pytest.raises(
        WorkflowError, match=r"(?s)stopped before the end.*connection refused.*deliver demo --all"
    ) as caught:
        machines.deliver()
    assert caught.value.step == machines.unreachable
    assert len(caught.value.completed) == 1
    machines.unreachable = ""
    assert machines.plan().is_empty
    machines.deliver(machines.plan(everybody=True))
    assert set(machines.fetched) == set(running)


def test_a_machine_that_cannot_be_looked_at_is_a_finding(machines: Machines, running: tuple[str, str]) -> None:
    machines.deliver()
    machines.server.kill()
    findings = verify_secrets(machines.open()).findings
    assert len(findings) == len(running)
    assert "127.0.0.1" in findings[0]
