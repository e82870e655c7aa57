"""The SSH server of a machine: its own host key, public keys alone, a shell in its root, ways onward as configured."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncssh
import pytest
from support.hall_boot import SOON, MetadataService, await_text, boot, ignition, text_of, unit
from support.hall_rooms import EVERYTHING, add_plain

from fleetkit.core import NotYet, wait_until
from fleetkit.sandbox.hall import Allow, Hall, Machine

pytestmark = pytest.mark.sandbox

T = TypeVar("T")
BASTION, MEMBER, INTERNET = "10.77.0.10", "10.77.1.10", "198.51.100.7"
HOST_KEY = "/etc/ssh/fleetkit/ssh_host_ed25519_key"
SSHD_UNIT = [
    {"name": "sshd.socket", "mask": True},
    {"name": "sshd.service", "enabled": True,
     "dropins": [{"name": "10-x.conf", "contents": "[Service]\nRestart=always\nRestartSec=5\n"}]},
]  # fmt: skip
MEMBER_CONFIG = (
    f"HostKey {HOST_KEY}\nAllowUsers core\nAuthenticationMethods publickey\nPasswordAuthentication no\n"
    "PermitRootLogin no\nUsePAM yes\nAllowTcpForwarding no\nAllowStreamLocalForwarding local\n"
    "SetEnv PATH=/usr/bin:/bin:/opt/bin\n"
)


@pytest.fixture(scope="module")
def operator_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
def host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


def boot_member(
    hall: Hall,
    metadata: MetadataService,
    host_key: Any,
    operator_key: Any,
    *,
    config: str = MEMBER_CONFIG,
    units: Any = (),
) -> Machine:
    files: dict[str, Any] = {"/etc/ssh/sshd_config": config}
    if host_key is not None:
        files[HOST_KEY] = (host_key.export_private_key(), 0o600)
    public = operator_key.export_public_key().decode()
    metadata.tell(MEMBER, user_data=ignition(files, [*SSHD_UNIT, *units]), public_key=public)
    machine = boot(hall, "etcd1", MEMBER)
    hall.set_rules(EVERYTHING)
    return machine


def dial(hall: Hall, address: str) -> socket.socket:
    """Dial until the server listens, which it does a moment after its unit counts as started."""

    def look() -> socket.socket | NotYet[socket.socket]:
        try:
            return hall.connect("operator", address, 22, 3)
        except ConnectionRefusedError as error:
            return NotYet(str(error))

    sock = wait_until(look, what=f"SSH at {address}", patience=SOON)
    sock.setblocking(False)
    return sock


def connect(
    hall: Hall,
    act: Callable[[asyncssh.SSHClientConnection], Awaitable[T]],
    *,
    host_key: Any,
    key: Any,
    user: str = "core",
) -> T:
    """Come in from the member's own network, with the host key pinned."""

    async def run() -> T:
        sock = dial(hall, MEMBER)
        known = asyncssh.import_known_hosts(f"{MEMBER} {host_key.export_public_key().decode()}")
        async with asyncssh.connect(
            MEMBER, sock=sock, username=user, client_keys=[key], known_hosts=known, agent_path=None, config=None
        ) as connection:
            return await act(connection)

    return asyncio.run(run())


async def run_command(
    connection: asyncssh.SSHClientConnection, command: str = "echo $USER $HOME; pwd; hostname"
) -> str:
    done = await connection.run(command)
    return f"{done.stdout}{done.stderr}"


def test_the_operators_key_gets_a_shell_in_the_machines_root(
    hall: Hall, metadata: MetadataService, host_key: Any, operator_key: Any
) -> None:
    add_plain(hall, "operator", INTERNET)
    machine = boot_member(hall, metadata, host_key, operator_key)
    seen = connect(hall, run_command, host_key=host_key, key=operator_key)
    assert seen.split() == ["core", "/home/core", "/home/core", "etcd1"]
    status = connect(
        hall, lambda c: run_command(c, "sudo systemctl is-active sshd; exit 3"), host_key=host_key, key=operator_key
    )
    assert status.strip() == "active"

    async def on_terminal(connection: asyncssh.SSHClientConnection) -> str:
        async with connection.create_process(term_type="xterm", term_size=(80, 24)) as shell:
            shell.stdin.write("tty; stty size; exit\n")
            return str(await shell.stdout.read())

    shown = connect(hall, on_terminal, host_key=host_key, key=operator_key)
    assert "/dev/pts/" in shown
    assert "24 80" in shown
    assert "Acceptable publickey for core" in text_of(machine, "journalctl", "-u", "sshd")


def test_strangers_and_root_and_other_users_stay_out(
    hall: Hall, metadata: MetadataService, host_key: Any, operator_key: Any
) -> None:
    add_plain(hall, "operator", INTERNET)
    boot_member(hall, metadata, host_key, operator_key)
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    for user, key in (
        ("core", stranger),
        ("root", operator_key),
        ("etcd", operator_key),
        ("nobody-knows", operator_key),
    ):
        with pytest.raises(asyncssh.PermissionDenied):
            connect(hall, run_command, host_key=host_key, key=key, user=user)
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        connect(hall, run_command, host_key=stranger, key=operator_key)


def test_forwarding_obeys_the_configuration(
    hall: Hall, metadata: MetadataService, host_key: Any, operator_key: Any
) -> None:
    """As on a member: no way onward by TCP, but to a socket of the machine's own."""
    add_plain(hall, "operator", INTERNET)
    served = unit("app.socket", "[Socket]\nListenStream=/run/app.sock\n[Install]\nWantedBy=sockets.target\n")
    program = "import socket; c, _ = socket.socket(fileno=3).accept(); c.sendall(c.recv(9))"
    echo = {"name": "app.service", "contents": f"[Service]\nExecStart={sys.executable} -c '{program}'\n"}
    boot_member(hall, metadata, host_key, operator_key, units=[served, echo])

    async def through_stream(connection: asyncssh.SSHClientConnection) -> bytes:
        reader, writer = await connection.open_unix_connection("/run/app.sock", encoding=None)
        writer.write(b"ping")
        data: bytes = await reader.read(4)
        writer.close()
        return data

    async def through_tcp(connection: asyncssh.SSHClientConnection) -> None:
        await connection.open_connection("127.0.0.1", 22)

    assert connect(hall, through_stream, host_key=host_key, key=operator_key) == b"ping"
    with pytest.raises(asyncssh.ChannelOpenError):
        connect(hall, through_tcp, host_key=host_key, key=operator_key)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (MEMBER_CONFIG.replace("ssh_host_ed25519_key", "missing_key"), "no hostkeys available -- exiting"),
        (MEMBER_CONFIG + "PermitRootlogn yes\n", "Bad configuration option: PermitRootlogn"),
        (MEMBER_CONFIG + "Match User core\n", "Match is not known to the stand-in"),
        ("Port many\n" + MEMBER_CONFIG, "Badly formatted port number"),
    ],
)
def test_a_server_that_would_not_start_does_not_start(
    hall: Hall, metadata: MetadataService, host_key: Any, operator_key: Any, config: str, said: str
) -> None:
    machine = boot_member(hall, metadata, host_key, operator_key, config=config)
    await_text(machine, said, "journalctl", "-u", "sshd")
    assert text_of(machine, "systemctl", "is-active", "sshd").strip() != "active"


def test_the_images_own_server_answers_a_machine_without_user_data(
    hall: Hall, metadata: MetadataService, operator_key: Any
) -> None:
    """Socket-activated, with host keys that it makes itself, as Flatcar's."""
    add_plain(hall, "operator", INTERNET)
    metadata.tell(MEMBER, public_key=operator_key.export_public_key().decode())
    machine = boot(hall, "etcd1", MEMBER)
    hall.set_rules(EVERYTHING)
    hall.connect("operator", MEMBER, 22, 3).close()
    text = await_text(machine, "ssh-ed25519", "cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    host_key = asyncssh.import_public_key(text)
    assert "etcd1" in connect(hall, run_command, host_key=host_key, key=operator_key)


def test_from_the_internet_over_the_bastion_to_a_member(
    hall: Hall, metadata: MetadataService, host_key: Any, operator_key: Any
) -> None:
    """Only the bastion is reachable from outside, and it alone reaches the member."""
    add_plain(hall, "operator", INTERNET)
    boot_member(hall, metadata, host_key, operator_key)
    bastion_key = asyncssh.generate_private_key("ssh-ed25519")
    script = (
        "#!/bin/bash\nset -euo pipefail\nmkdir -p /etc/ssh/fleetkit\n"
        f"cat > {HOST_KEY} <<'KEY'\n{bastion_key.export_private_key().decode()}KEY\nchmod 0600 {HOST_KEY}\n"
        f"printf 'HostKey {HOST_KEY}\\nAllowUsers ubuntu\\n' > /etc/ssh/sshd_config.d/10-fleetkit.conf\n"
        "systemctl restart ssh\n"
    )
    metadata.tell(BASTION, user_data=script, public_key=operator_key.export_public_key().decode())
    boot(hall, "bastion", BASTION, kind="ubuntu")
    hall.set_rules(
        [
            Allow(source=INTERNET, destination=BASTION, protocol="tcp", ports=(22, 22)),
            Allow(source=BASTION, destination=MEMBER, protocol="tcp", ports=(22, 22)),
        ]
    )
    with pytest.raises(TimeoutError):
        hall.connect("operator", MEMBER, 22, 0.4)

    def known(address: str, key: Any) -> Any:
        return asyncssh.import_known_hosts(f"{address} {key.export_public_key().decode()}")

    async def run() -> str:
        sock = dial(hall, BASTION)
        options: dict[str, Any] = {"client_keys": [operator_key], "agent_path": None, "config": None}
        async with (
            asyncssh.connect(
                BASTION, sock=sock, username="ubuntu", known_hosts=known(BASTION, bastion_key), **options
            ) as first,
            first.connect_ssh(MEMBER, username="core", known_hosts=known(MEMBER, host_key), **options) as second,
        ):
            return await run_command(second)

    assert asyncio.run(run()).split()[-1] == "etcd1"
