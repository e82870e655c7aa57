"""The tunnel against a real SSH server: pinned, bound to loopback, mended on the same ports, and clean when closed."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import queue
import socket
import socketserver
import subprocess
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from support.debian_programs import require_program
from support.ssh_server import QUICK, SshServer, make_key, taken_port

from fleetkit.core import NotFoundError, NotYet, Patience, SettingsError, SshError, wait_until
from fleetkit.ssh import (
    Forward,
    KnownHosts,
    SshAccess,
    SshLimits,
    SshTarget,
    Tunnel,
    TunnelEvent,
    TunnelState,
    open_connection,
    run_command,
)

pytestmark = pytest.mark.sandbox

PATIENCE = Patience(deadline_s=15, interval_s=0.05)


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class _EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def echo() -> Iterator[int]:
    with _EchoServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "bastion") as running:
        yield running


def say(address: tuple[str, int], text: bytes) -> bytes:
    """Send ``text`` and read as much back; empty when the connection is closed."""
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(text)
        got = b""
        while len(got) < len(text):
            data = client.recv(65536)
            if not data:
                break
            got += data
        return got


def wait_for(tunnel: Tunnel, state: TunnelState) -> None:
    wait_until(
        lambda: True if tunnel.state is state else NotYet(str(tunnel.state)), what=f"it is {state}", patience=PATIENCE
    )


def to(port: int, name: str = "echo", local_port: int = 0) -> Forward:
    return Forward(name=name, host="127.0.0.1", port=port, local_port=local_port)


def test_several_forwards_each_reach_their_own_destination(server: SshServer, echo: int) -> None:
    with (
        _EchoServer(("127.0.0.1", 0), _Shout) as other,
        Tunnel(server.target, [to(echo, "one"), to(other.server_address[1], "two")], access=server.access) as tunnel,
    ):
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            assert say(tunnel.local_address("one"), b"hello") == b"hello"
            assert say(tunnel.local_address("two"), b"hello") == b"HELLO"
            assert set(tunnel.local_ports) == {"one", "two"}
            assert tunnel.state is TunnelState.OPEN
        finally:
            other.shutdown()
            thread.join()


class _Shout(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(self.request.recv(65536).upper())


def test_a_large_transfer_arrives_whole(server: SshServer, echo: int) -> None:
    payload = os.urandom(3 * 1024 * 1024)
    with (
        Tunnel(server.target, [to(echo)], access=server.access) as tunnel,
        socket.create_connection(tunnel.local_address("echo"), timeout=30) as client,
    ):
        sender = threading.Thread(target=client.sendall, args=(payload,))
        sender.start()
        got = bytearray()
        while len(got) < len(payload):
            data = client.recv(65536)
            assert data
            got += data
        sender.join()
    assert bytes(got) == payload


def test_nothing_but_loopback_is_listened_on(server: SshServer, echo: int) -> None:
    with Tunnel(server.target, [to(echo, "one"), to(echo, "two")], access=server.access) as tunnel:
        listening = _listening_addresses()
        for port in tunnel.local_ports.values():
            assert listening[port] == {"127.0.0.1"}


def _listening_addresses() -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for line in Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        words = line.split()
        if words[3] == "0A":
            address, port = words[1].split(":")
            shown = ".".join(str(byte) for byte in reversed(bytes.fromhex(address)))
            found.setdefault(int(port, 16), set()).add(shown)
    return found


def test_small_messages_do_not_wait_for_each_other(server: SshServer, echo: int) -> None:
    with (
        Tunnel(server.target, [to(echo)], access=server.access) as tunnel,
        socket.create_connection(tunnel.local_address("echo"), timeout=5) as client,
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted = next(iter(_handlers(tunnel).values()))
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert tunnel.bastion.transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def _handlers(tunnel: Tunnel) -> dict[threading.Thread, socket.socket]:
    def look() -> dict[threading.Thread, socket.socket] | NotYet[dict[threading.Thread, socket.socket]]:
        assert tunnel._forwarder is not None
        return dict(tunnel._forwarder._serving) or NotYet("nobody is served")

    return wait_until(look, what="a client to be served", patience=PATIENCE)


def test_a_wrong_host_key_is_refused_with_both_fingerprints(server: SshServer, echo: int, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    line = (tmp_path / "other.pub").read_text(encoding="ascii")
    wrong = KnownHosts.from_lines([f"127.0.0.1 {line}"])
    with pytest.raises(SshError, match="shows another host key than the pinned one") as caught:
        Tunnel(server.target, [to(echo)], access=replace(server.access, known_hosts=wrong)).open()
    assert wrong.keys_for("127.0.0.1")[0].fingerprint in str(caught.value)
    assert server.host_key.fingerprint in str(caught.value)
    assert not caught.value.transient


def test_a_host_key_of_another_kind_is_refused_too(server: SshServer, echo: int) -> None:
    line = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA=="
    wrong = KnownHosts.from_lines([f"127.0.0.1 {line}"])
    with pytest.raises(SshError, match=r"expected ecdsa-sha2-nistp256 .* seen ssh-ed25519"):
        Tunnel(server.target, [to(echo)], access=replace(server.access, known_hosts=wrong)).open()


def test_an_unknown_host_is_never_trusted(server: SshServer, echo: int) -> None:
    with pytest.raises(SshError, match="no host key is known") as caught:
        Tunnel(server.target, [to(echo)], access=replace(server.access, known_hosts=KnownHosts())).open()
    assert server.host_key.fingerprint in str(caught.value)


def test_a_refused_key_names_what_was_tried(server: SshServer, echo: int, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    with pytest.raises(SshError, match="does not let ubuntu in") as caught:
        Tunnel(replace(server.target, key_file=tmp_path / "stranger"), [to(echo)], access=server.access).open()
    assert str(tmp_path / "stranger") in str(caught.value)


def test_a_key_with_a_passphrase_says_how_to_go_on(server: SshServer, echo: int, tmp_path: Path) -> None:
    make_key(tmp_path / "locked", passphrase=b"open sesame")
    with pytest.raises(SshError, match=r"has a passphrase; add it to the agent: ssh-add .*locked"):
        Tunnel(replace(server.target, key_file=tmp_path / "locked"), [to(echo)], access=server.access).open()


def test_a_missing_key_file_is_named(server: SshServer, echo: int, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="none_key is not there"):
        Tunnel(replace(server.target, key_file=tmp_path / "none_key"), [to(echo)], access=server.access).open()


def test_a_taken_port_is_named_and_nothing_is_left_open(server: SshServer, echo: int) -> None:
    before = threading.active_count()
    with taken_port() as port:
        tunnel = Tunnel(server.target, [to(echo, "free"), to(echo, "wanted", port)], access=server.access)
        with pytest.raises(SshError, match=f"local port is taken: {port} for wanted"):
            tunnel.open()
    wait_until(
        lambda: True if threading.active_count() <= before else NotYet("threads"), what="the end", patience=PATIENCE
    )


def test_a_bastion_that_is_down_is_named(server: SshServer, echo: int) -> None:
    server.kill()
    with pytest.raises(SshError, match="cannot be reached") as caught:
        Tunnel(server.target, [to(echo)], access=server.access).open()
    assert caught.value.transient


def test_a_bastion_that_says_nothing_is_told_from_one_that_is_down(server: SshServer, echo: int) -> None:
    server.pause()
    limits = SshLimits(connect_s=0.5)
    with pytest.raises(SshError, match="did not speak SSH"):
        Tunnel(server.target, [to(echo)], access=replace(server.access, limits=limits)).open()


def test_a_name_that_does_not_resolve_is_named(server: SshServer, echo: int) -> None:
    target = replace(server.target, host="bastion.invalid")
    with pytest.raises(SshError, match=r"bastion\.invalid does not resolve"):
        Tunnel(target, [to(echo)], access=server.access).open()


def test_a_forbidden_destination_is_explained(tmp_path: Path, echo: int) -> None:
    with (
        SshServer(tmp_path / "strict", forbidden=(f"127.0.0.1:{echo}",)) as server,
        Tunnel(server.target, [to(echo)], access=server.access) as tunnel,
    ):
        assert tunnel.explain("echo") is None
        assert say(tunnel.local_address("echo"), b"hello") == b""
        assert tunnel.explain("echo") == f"the bastion forbids connections to 127.0.0.1:{echo}"
        error = tunnel.check_forwards().failed["echo"]
        assert isinstance(error, SshError)
        assert "forbids" in str(error)
        assert "PermitOpen" in str(error)


def test_a_destination_that_is_down_is_explained(server: SshServer, echo: int) -> None:
    with taken_port() as port:
        pass
    with Tunnel(server.target, [to(echo, "up"), to(port, "down")], access=server.access) as tunnel:
        checked = tunnel.check_forwards()
        assert set(checked.ok) == {"up"}
        assert "could not connect" in str(checked.failed["down"])
        assert say(tunnel.local_address("down"), b"hello") == b""
        assert tunnel.explain("down") == f"the bastion could not connect to 127.0.0.1:{port}"


def test_a_killed_bastion_is_noticed_and_the_same_ports_work_once_it_is_back(server: SshServer, echo: int) -> None:
    events: queue.Queue[TunnelEvent] = queue.Queue()
    with Tunnel(server.target, [to(echo)], access=server.access, on_event=events.put) as tunnel:
        address = tunnel.local_address("echo")
        assert say(address, b"before") == b"before"
        killed = time.monotonic()
        server.kill()
        wait_for(tunnel, TunnelState.LOST)
        assert time.monotonic() - killed < 5
        with pytest.raises(SshError, match="is lost"):
            tunnel.check()
        server.start()
        wait_for(tunnel, TunnelState.OPEN)
        assert tunnel.local_address("echo") == address
        assert say(address, b"after") == b"after"
    states = [events.get_nowait().state for _ in range(events.qsize())]
    assert states == [TunnelState.OPEN, TunnelState.LOST, TunnelState.OPEN, TunnelState.CLOSED]


def test_a_frozen_bastion_is_noticed_within_five_seconds_with_the_limits_as_they_come(
    server: SshServer, echo: int
) -> None:
    access = replace(server.access, limits=SshLimits())
    with Tunnel(server.target, [to(echo)], access=access) as tunnel:
        address = tunnel.local_address("echo")
        assert say(address, b"before") == b"before"
        frozen = time.monotonic()
        server.pause()
        wait_for(tunnel, TunnelState.LOST)
        assert time.monotonic() - frozen < 5
        server.resume()
        wait_for(tunnel, TunnelState.OPEN)
        assert say(address, b"after") == b"after"


def test_clients_of_a_frozen_bastion_are_hung_up_on_instead_of_waiting(server: SshServer, echo: int) -> None:
    with Tunnel(server.target, [to(echo)], access=server.access) as tunnel:
        with socket.create_connection(tunnel.local_address("echo"), timeout=5) as client:
            client.sendall(b"one")
            assert client.recv(10) == b"one"
            server.pause()
            client.sendall(b"two")
            assert client.recv(10) == b""
        server.resume()


def test_a_bastion_that_comes_back_as_another_machine_is_not_trusted(server: SshServer, echo: int) -> None:
    with Tunnel(server.target, [to(echo)], access=server.access) as tunnel:
        server.kill()
        old = server.host_key
        make_key(server.key("host"))
        server.start()
        wait_for(tunnel, TunnelState.FAILED)
        with pytest.raises(SshError, match="is failed") as caught:
            tunnel.check()
        assert old.fingerprint in str(caught.value)
        assert server.host_key.fingerprint in str(caught.value)
        assert say(tunnel.local_address("echo"), b"hello") == b""


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_closing_leaves_no_thread_and_no_file_even_with_a_client_that_stays(server: SshServer, echo: int) -> None:
    def round_trip() -> None:
        with Tunnel(server.target, [to(echo, "one"), to(echo, "two")], access=server.access) as tunnel:
            staying = socket.create_connection(tunnel.local_address("one"), timeout=5)
            staying.sendall(b"hello")
            assert staying.recv(10) == b"hello"
        assert staying.recv(10) == b""
        staying.close()

    round_trip()
    settled = threading.active_count(), _open_files()
    for _ in range(3):
        round_trip()

    def look() -> bool | NotYet[bool]:
        # The echo server's own threads end a moment after their clients.
        now = threading.active_count(), _open_files()
        return True if now <= settled and now[1] <= settled[1] else NotYet(f"{now} after {settled}")

    wait_until(look, what="all threads and files to be gone", patience=PATIENCE)


@pytest.mark.parametrize("state", ["frozen", "dead"])
def test_closing_while_the_bastion_is_away_is_quick(server: SshServer, echo: int, state: str) -> None:
    tunnel = Tunnel(server.target, [to(echo)], access=server.access)
    tunnel.open()
    server.pause() if state == "frozen" else server.kill()
    wait_for(tunnel, TunnelState.LOST)
    started = time.monotonic()
    tunnel.close()
    assert time.monotonic() - started < 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("watch-", "Srv-"))]
    if state == "frozen":
        server.resume()


@pytest.mark.parametrize(
    ("where", "name"), [(socket, "create_connection"), (paramiko.Transport, "start_client")], ids=["dialled", "begun"]
)
def test_closing_ends_an_attempt_that_has_just_begun(
    server: SshServer, echo: int, monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    """The close comes between the call that takes the connection and the one that would wait for an answer."""
    at_it, closing = threading.Event(), threading.Event()
    real = getattr(where, name)
    tunnel = Tunnel(server.target, [to(echo)], access=server.access)
    tunnel.open()

    def held_up(*arguments: object, **options: object) -> object:
        if not threading.current_thread().name.startswith("watch-"):
            return real(*arguments, **options)
        at_it.set()
        assert closing.wait(5)
        time.sleep(0.2)
        return real(*arguments, **options)

    monkeypatch.setattr(where, name, held_up)
    server.pause()
    assert at_it.wait(10)
    started = time.monotonic()
    threading.Timer(0.1, closing.set).start()
    tunnel.close()
    assert time.monotonic() - started < 2
    server.resume()


def test_closing_does_not_wait_for_a_probe_that_hangs(server: SshServer, echo: int) -> None:
    patient = SshLimits(probe_interval_s=0.01, probe_timeout_s=4)
    tunnel = Tunnel(server.target, [to(echo)], access=replace(server.access, limits=patient))
    tunnel.open()
    server.pause()
    frozen = time.monotonic()
    wait_until(
        lambda: True if time.monotonic() > frozen + 0.3 else NotYet("..."), what="a probe to hang", patience=PATIENCE
    )
    started = time.monotonic()
    tunnel.close()
    assert time.monotonic() - started < 2
    server.resume()


class _Flood(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.request.sendall(b"x" * 65536)


def test_closing_does_not_wait_for_a_client_that_does_not_read(server: SshServer) -> None:
    with _EchoServer(("127.0.0.1", 0), _Flood) as flood:
        thread = threading.Thread(target=flood.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        tunnel = Tunnel(server.target, [to(flood.server_address[1])], access=server.access)
        tunnel.open()
        with socket.create_connection(tunnel.local_address("echo"), timeout=5) as client:
            stuck = _handlers(tunnel)
            wait_until(lambda: _waits_to_send(client), what="the buffers to be full", patience=PATIENCE)
            started = time.monotonic()
            tunnel.close()
            assert time.monotonic() - started < 2
            assert not any(handler.is_alive() for handler in stuck)
        flood.shutdown()
        thread.join()


def _waits_to_send(client: socket.socket) -> bool | NotYet[bool]:
    """Return whether what waits for the client has stopped to grow."""
    waiting = array.array("i", [0])
    fcntl.ioctl(client, termios.FIONREAD, waiting)
    seen = waiting[0]
    time.sleep(0.2)
    fcntl.ioctl(client, termios.FIONREAD, waiting)
    return True if 0 < seen == waiting[0] else NotYet(f"{waiting[0]} bytes")


def test_an_unknown_forward_lists_the_known_ones(server: SshServer, echo: int) -> None:
    with (
        Tunnel(server.target, [to(echo)], access=server.access) as tunnel,
        pytest.raises(NotFoundError, match="known: echo"),
    ):
        tunnel.local_address("etcd9")
    with pytest.raises(SshError, match="is closed"):
        tunnel.check()


def test_two_forwards_of_one_name_are_refused() -> None:
    access = SshAccess(known_hosts=KnownHosts())
    with pytest.raises(SettingsError, match="each with its own name"):
        Tunnel(SshTarget(host="127.0.0.1"), [to(1), to(2)], access=access)


def test_a_second_machine_is_reached_through_the_tunnels_bastion(server: SshServer, echo: int, tmp_path: Path) -> None:
    with SshServer(tmp_path / "member", user="core") as member:
        tunnel = Tunnel(server.target, [to(echo)], access=server.access)
        with tunnel, open_connection(member.target, access=member.access, via=tunnel.bastion) as connection:
            assert run_command(connection, ["echo", "a  b"]).stdout == "a  b\n"
            connection.close()
            assert tunnel.bastion.is_open


def test_ssh_config_maps_the_name_and_the_key_stays_pinned_under_the_asked_one(server: SshServer, echo: int) -> None:
    config = server.folder / "config"
    config.write_text(
        f"Host 203.0.113.9\n  HostName 127.0.0.1\n  Port {server.port}\n  User ubuntu\n"
        f"  IdentityFile {server.key('client')}\n  IdentitiesOnly yes\n",
        encoding="utf-8",
    )
    line = Path(f"{server.key('host')}.pub").read_text(encoding="ascii")
    access = SshAccess(known_hosts=KnownHosts.from_lines([f"203.0.113.9 {line}"]), config_file=config, limits=QUICK)
    with Tunnel(SshTarget(host="203.0.113.9"), [to(echo)], access=access) as tunnel:
        assert say(tunnel.local_address("echo"), b"hello") == b"hello"


def test_a_jump_host_of_ssh_config_is_gone_through_with_its_own_pinned_key(
    server: SshServer, echo: int, tmp_path: Path
) -> None:
    with SshServer(tmp_path / "jump", user="porter") as jump:
        user_known_hosts = tmp_path / "user_known_hosts"
        public = Path(f"{jump.key('host')}.pub").read_text(encoding="ascii")
        user_known_hosts.write_text(f"[127.0.0.1]:{jump.port} {public}", encoding="utf-8")
        config = tmp_path / "config"
        config.write_text(
            f"Host bastion\n  HostName 127.0.0.1\n  Port {server.port}\n  ProxyJump jump\n"
            f"Host jump\n  HostName 127.0.0.1\n  Port {jump.port}\n  User porter\n"
            f"  IdentityFile {jump.key('client')}\n  UserKnownHostsFile {user_known_hosts}\n",
            encoding="utf-8",
        )
        target = SshTarget(host="bastion", user="ubuntu", key_file=server.key("client"))
        with Tunnel(target, [to(echo)], access=replace(server.access, config_file=config)) as tunnel:
            assert say(tunnel.local_address("echo"), b"hello") == b"hello"
            jump.kill()
            wait_for(tunnel, TunnelState.LOST)
        user_known_hosts.write_text("", encoding="utf-8")
        jump.start()
        with pytest.raises(SshError, match=r"jump .* shows another host key"):
            Tunnel(target, [to(echo)], access=replace(server.access, config_file=config)).open()


def test_a_locked_key_that_the_agent_holds_lets_us_in(
    server: SshServer, echo: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent_program, add_program = require_program("ssh-agent"), require_program("ssh-add")
    # Not in tmp_path: a unix socket's path holds 107 bytes, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="fk-") as folder:
        agent = subprocess.Popen([agent_program, "-D", "-a", f"{folder}/agent"], stdout=subprocess.DEVNULL)
        try:
            monkeypatch.setenv("SSH_AUTH_SOCK", f"{folder}/agent")
            wait_until(
                lambda: True if Path(folder, "agent").exists() else NotYet("no socket"), what="it", patience=PATIENCE
            )
            subprocess.run([add_program, "-q", str(server.key("client"))], check=True)
            _lock(server.key("client"))
            with Tunnel(server.target, [to(echo)], access=server.access) as tunnel:
                assert say(tunnel.local_address("echo"), b"hello") == b"hello"
            # And where no file is named at all.
            with Tunnel(replace(server.target, key_file=None), [to(echo)], access=server.access) as tunnel:
                assert say(tunnel.local_address("echo"), b"hello") == b"hello"
        finally:
            agent.kill()
            agent.wait()


def _lock(path: Path) -> None:
    """Put a passphrase on a private key file."""
    from cryptography.hazmat.primitives import serialization as form

    key = form.load_ssh_private_key(path.read_bytes(), password=None)
    path.write_bytes(
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.BestAvailableEncryption(b"open sesame"))
    )
