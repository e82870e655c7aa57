"""What a unit starts sees nothing of the operator, of the host's sockets, or of other processes."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hall_boot import MetadataService, boot, ignition, text_of, unit

from fleetkit.sandbox.hall import Hall, Machine

pytestmark = pytest.mark.sandbox

ADDRESS = "10.77.1.10"


@pytest.fixture
def machine(hall: Hall, metadata: MetadataService) -> Machine:
    metadata.tell(ADDRESS, user_data=ignition())
    return boot(hall, "m", ADDRESS)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("canary of the operator")
    return path


@pytest.fixture
def host_socket(tmp_path: Path) -> Iterator[Path]:
    """Open a socket such as Docker's, in the host's file system and in its abstract names."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


def test_a_unit_cannot_read_the_operators_files(hall: Hall, metadata: MetadataService, secret: Path) -> None:
    script = (
        f"cat {secret} /proc/1/root{secret} /root/.ssh/* /root/.bash* {Path.home()}/.profile; ls {Path.cwd()}/tests"
    )
    thief = f"[Service]\nType=oneshot\nExecStart=-/bin/sh -c '{script}'\n"
    metadata.tell(ADDRESS, user_data=ignition(units=[unit("thief.service", thief)]))
    machine = boot(hall, "m", ADDRESS)
    log = text_of(machine, "journalctl", "-u", "thief")
    assert "canary" not in log
    assert log.count("No such file") >= 5


def test_a_unit_cannot_reach_a_socket_of_the_host(hall: Hall, metadata: MetadataService, host_socket: Path) -> None:
    script = (
        f"for s in {host_socket} /var/run/docker.sock /run/docker.sock; do curl -sS --unix-socket $s http://x/; done"
    )
    caller = f"[Service]\nType=oneshot\nExecStart=-/bin/sh -c '{script}'\n"
    metadata.tell(ADDRESS, user_data=ignition(units=[unit("caller.service", caller)]))
    log = text_of(boot(hall, "m", ADDRESS), "journalctl", "-u", "caller")
    assert log.count("curl: (7)") == 3


def test_other_processes_are_not_there(hall: Hall, metadata: MetadataService, machine: Machine) -> None:
    metadata.tell("10.77.1.11", user_data=ignition())
    boot(hall, "other", "10.77.1.11")
    listed = text_of(machine, "sh", "-c", "echo /proc/[0-9]*").split()
    assert len(listed) < 8
    done = machine.run(["sh", "-c", f"kill -0 {os.getpid()}; ls /proc/{os.getpid()}"], timeout_s=10)
    assert done.returncode != 0


ATTEMPTS = (
    "mount -t tmpfs none /mnt",
    "mount -o remount,rw /usr",
    "unshare --user true",
    "unshare --net true",
    "ip link set eth0 down",
    "ip address add 10.77.9.9/32 dev eth0",
    "touch /usr/bin/x",
    "touch /x",
    "test -w /proc/sys/net/ipv4/ip_forward",
    "test -w /proc/sys/kernel/hostname",
    "test -w /proc/1/comm",
    "test -e /sys/class",
    "test -e /dev/vda -o -e /dev/sda -o -e /dev/mem -o -e /dev/kmsg",
    "mknod /var/disk b 8 0",
    "hostname changed",
    "chown --help >/dev/null; /usr/bin/chown 232 /etc/hostname",
)


def test_neither_a_unit_nor_a_program_has_powers(hall: Hall, metadata: MetadataService) -> None:
    """Both ways into a machine: what init starts, and what the controller starts beside it."""
    script = "#!/bin/bash\n" + "".join(f"({one}) 2>/dev/null && echo 'SUCCEEDED: {one}'\n" for one in ATTEMPTS)
    script += "grep -E '^(Cap|NoNewPrivs)' /proc/self/status\necho all tried\n"
    tried = unit("tried.service", "[Service]\nType=oneshot\nExecStart=/opt/bin/try\n")
    metadata.tell(ADDRESS, user_data=ignition({"/opt/bin/try": (script, 0o755)}, [tried]))
    machine = boot(hall, "m", ADDRESS)
    for seen in (text_of(machine, "journalctl", "-u", "tried"), text_of(machine, "/opt/bin/try")):
        assert "all tried" in seen
        assert "SUCCEEDED" not in seen
        values = dict(line.split(":\t") for line in seen.splitlines() if ":\t" in line)
        assert values.pop("NoNewPrivs") == "1"
        assert set(values.values()) == {"0" * 16}


def test_init_tells_nothing_of_the_operators_environment(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = text_of(machine, "sh", "-c", "tr '\\0' '\\n' < /proc/1/environ")
    assert "AWS_" not in seen
    assert "HOME=" not in seen


def test_what_a_machine_writes_stays_in_its_folder(machine: Machine, tmp_path: Path) -> None:
    text_of(machine, "sh", "-c", "echo x > /etc/mine; echo x > /tmp/mine; echo x > /var/mine")
    assert (machine.folder / "root/etc/mine").exists()
    assert not Path("/etc/mine").exists()
    assert not Path(tempfile.gettempdir(), "mine").exists()
