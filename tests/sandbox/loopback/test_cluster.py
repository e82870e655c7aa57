"""Without namespaces there are still a real etcd with its quorum, a bastion that leads to it, and a clean end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from support.hall_etcd import MEMBERS
from support.loopback_world import BASTION, LoopbackWorld, loopback_world

from fleetkit.core import NotYet, Patience, PreconditionError, wait_until
from fleetkit.sandbox.hall import HallError, MachineSpec
from fleetkit.ssh import open_connection, open_unix_socket, run_command

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

_SECOND = Patience(deadline_s=1.0, interval_s=0.01)
_TESTS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackWorld]:
    # A deep folder: sockets of machines must be reached all the same.
    folder = tmp_path_factory.mktemp("deep") / ("deep-" * 12)
    folder.mkdir()
    with loopback_world(folder) as made:
        made.boot()
        yield made


def processes_of(folder: Path) -> dict[int, str]:
    """Return the processes that have to do with a folder: pid to command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or entry.name == str(os.getpid()):
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environ = (entry / "environ").read_bytes() if line else b""
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            # It ended while it was looked at.
            continue
        if state != "Z" and (str(folder) in line or str(folder).encode() in environ):
            found[int(entry.name)] = line
    return found


def test_three_members_have_their_quorum_through_the_bastion(world: LoopbackWorld) -> None:
    """Peers and callers alike check the members' own certificates, which name private addresses alone."""
    with world.tunnel() as tunnel:
        world.await_health(tunnel, *MEMBERS)
        assert world.health(tunnel).verdict == "healthy"
        world.hall.stop_machine("etcd2")
        assert world.hall.machine("etcd2").state == "stopped"
        world.await_health(tunnel, "etcd1", "etcd3")
        world.hall.start_machine("etcd2")
        world.await_health(tunnel, *MEMBERS)
        world.hall.reboot_machine("etcd3")
        world.await_health(tunnel, *MEMBERS)


def test_the_bastion_leads_to_machines_and_nowhere_else(world: LoopbackWorld) -> None:
    with open_connection(world.target(), access=world.access()) as connection:
        for host, port in (("10.99.0.1", 2379), ("127.0.0.1", 2379), ("127.9.9.9", 22)):
            with pytest.raises(paramiko.ChannelException):
                connection.transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0))


def test_a_machines_unix_socket_is_reached_in_its_own_folder(world: LoopbackWorld) -> None:
    path = world.hall.table.path("/run/here.sock", own=BASTION)
    path.parent.mkdir(exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{folder}/here.sock")
        os.close(folder)
        listener.listen()
        with (
            open_connection(world.target(), access=world.access()) as connection,
            contextlib.closing(open_unix_socket(connection, "/run/here.sock")) as near,
        ):
            far, _ = listener.accept()
            with far:
                near.sendall(b"here")
                far.settimeout(5)
                assert far.recv(4) == b"here"


def test_a_command_is_refused_and_runs_nowhere(world: LoopbackWorld, tmp_path: Path) -> None:
    with open_connection(world.target(), access=world.access()) as connection:
        done = run_command(connection, f"touch {tmp_path}/ran", check=False)
    assert done.exit_status == 1
    assert "loopback mode" in done.stderr
    assert not (tmp_path / "ran").exists()
    with pytest.raises(PreconditionError, match="loopback mode"):
        world.hall.machine("etcd1").exec(["touch", f"{tmp_path}/ran"])


def test_nothing_listens_past_loopback(world: LoopbackWorld) -> None:
    """Every listening socket of every machine is at an address of 127/8: etcd's two, SSH's and the relay's of each."""
    inodes = set()
    for pid in processes_of(world.hall.folder):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            target = str(fd.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [
        bytes.fromhex(words[1].split(":")[0])[::-1] for words in lines if words[3] == "0A" and words[9] in inodes
    ]
    assert len(listening) >= 4 * len(MEMBERS)
    assert {address[0] for address in listening} == {127}
    assert not any(line.split()[9] in inodes for line in Path("/proc/net/tcp6").read_text().splitlines()[1:])


def test_an_address_is_given_once_and_only_its_own_machine_listens_there(world: LoopbackWorld) -> None:
    with pytest.raises(PreconditionError, match="is taken"):
        world.hall.add_machine(MachineSpec(machine_id="x", hostname="x", address=MEMBERS["etcd1"], kind="plain"))
    world.hall.add_machine(MachineSpec(machine_id="plain", hostname="plain", address="10.77.9.50", kind="plain"))
    with pytest.raises(HallError, match="not its address"):
        world.hall.listen("plain", MEMBERS["etcd1"], 80)
    with world.hall.listen("plain", "10.77.9.50", 80) as listener:
        with world.hall.connect("etcd1", "10.77.9.50", 80, 2.0), listener.accept()[0]:
            pass
        with world.hall.connect("etcd1", "10.77.9.50", 80, 2.0):
            connection, (caller, _) = listener.accept()
            connection.close()
    assert caller == MEMBERS["etcd1"]
    with pytest.raises(ConnectionRefusedError, match="no machine"):
        world.hall.connect("plain", "10.77.200.1", 80, 2.0)
    world.hall.remove_machine("plain")


def test_broken_user_data_fails_the_machine_with_the_reason(world: LoopbackWorld) -> None:
    world.add("broken", "10.77.9.60", '{"ignition": {"version": "9.9.9"}}')
    world.await_state("broken", "failed")
    assert "9.9.9" in (world.hall.machine("broken").failure or "")
    world.hall.remove_machine("broken")


@pytest.mark.parametrize("victim", ["parent", "init"])
def test_nothing_is_left_a_second_after_a_kill(tmp_path: Path, victim: str) -> None:
    """Of a parent, all machines and programs go; of a machine's init, its programs do."""
    command = [sys.executable, str(_TESTS / "support" / "loopback_world.py"), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": f"{_TESTS}:{_TESTS.parent}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "up\n"
            running = processes_of(tmp_path)
            assert sum("etcdbin/etcd" in line for line in running.values()) == 3
            if victim == "parent":
                parent.send_signal(signal.SIGKILL)
                of_victim = tmp_path
            else:
                of_victim = tmp_path / "hall" / "machines" / "etcd1"
                os.kill(next(pid for pid, line in running.items() if str(of_victim) in line), signal.SIGKILL)

            def look() -> bool | NotYet[bool]:
                left = processes_of(of_victim)
                return NotYet(str(left)) if left else True

            wait_until(look, what="all to end", patience=_SECOND)
        finally:
            parent.kill()
