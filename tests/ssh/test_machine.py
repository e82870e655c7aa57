"""Commands on a machine and its unix sockets, over a real SSH server."""

from __future__ import annotations

import http.client
import http.server
import io
import socketserver
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ssh_server import SshServer

from fleetkit.core import SshError
from fleetkit.ssh import Connection, SshTarget, open_connection, open_unix_socket, run_command, sshuttle_command

pytestmark = pytest.mark.sandbox


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SshServer(tmp_path / "machine") as server, open_connection(server.target, access=server.access) as opened:
        yield opened


def test_words_are_quoted_and_a_line_is_the_shells(connection: Connection) -> None:
    assert run_command(connection, ["printf", "%s|", "a b", "$HOME", ";"]).stdout == "a b|$HOME|;|"
    assert run_command(connection, "echo one; echo two >&2").stderr == "two\n"


def test_standard_input_reaches_the_command(connection: Connection) -> None:
    assert run_command(connection, ["cat"], stdin=b"some\ntext").stdout == "some\ntext"
    large = b"0123456789" * 100_000
    assert run_command(connection, ["wc", "-c"], stdin=io.BytesIO(large)).stdout.strip() == str(len(large))


def test_much_output_on_both_streams_arrives_whole(connection: Connection) -> None:
    result = run_command(
        connection, "head -c 3000000 /dev/zero | tr '\\0' a; head -c 300000 /dev/zero | tr '\\0' b >&2"
    )
    assert (len(result.stdout), len(result.stderr)) == (3_000_000, 300_000)


def test_a_failing_command_says_what_it_said(connection: Connection) -> None:
    with pytest.raises(SshError, match=r"exit status 3.*: no such luck"):
        run_command(connection, "echo no such luck >&2; exit 3")
    assert run_command(connection, "exit 3", check=False).exit_status == 3


def test_a_command_that_does_not_end_is_given_up_at_its_limit(connection: Connection) -> None:
    started = time.monotonic()
    with pytest.raises(SshError, match="did not end"):
        run_command(connection, ["sleep", "2"], limit_s=0.3)
    assert time.monotonic() - started < 1.8
    assert run_command(connection, ["echo", "still here"]).stdout == "still here\n"


def test_a_closed_connection_is_an_error_of_ours(connection: Connection) -> None:
    connection.close()
    with pytest.raises(SshError, match="could not be run"):
        run_command(connection, ["true"])


class _Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked_on = threading.Event()

    def do_GET(self) -> None:
        body = (b"x" * 100_000) if self.path == "/long" else f"you asked {self.path}".encode()
        self.send_response(200)
        if self.path == "/unmeasured":
            self.send_header("Connection", "close")
            self.close_connection = True
            self.end_headers()
            # http.client closes its socket now, before it has read the body that is still to come.
            self.asked_on.wait(5)
            self.wfile.write(body)
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "a unix socket"

    def log_message(self, *_remark: object) -> None:
        return


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@pytest.fixture
def api() -> Iterator[str]:
    # Not in tmp_path: a unix socket's path holds 107 bytes, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="fk-") as folder, _UnixServer(f"{folder}/api.sock", _Api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"{folder}/api.sock"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "length"), [("/machines", len("you asked /machines")), ("/unmeasured", 21), ("/long", 100_000)]
)
def test_http_is_spoken_over_a_unix_socket_of_the_machine(
    connection: Connection, api: str, path: str, length: int
) -> None:
    # This is the test that fails when a new paramiko opens channels in another way than StreamLocalTransport expects.
    client = http.client.HTTPConnection("localhost")
    client.sock = open_unix_socket(connection, api)
    try:
        for _ in range(1 if path == "/unmeasured" else 2):
            _Api.asked_on.clear()
            client.request("GET", path)
            with client.getresponse() as answer:
                _Api.asked_on.set()
                assert answer.status == 200
                assert len(answer.read()) == length
    finally:
        client.close()


def test_other_channels_are_opened_as_ever_while_unix_sockets_are(connection: Connection, api: str) -> None:
    outputs: list[str] = []
    threads = [
        threading.Thread(target=lambda: outputs.append(run_command(connection, ["echo", "fine"]).stdout))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    sockets = [open_unix_socket(connection, api) for _ in range(4)]
    for thread in threads:
        thread.join()
    for opened in sockets:
        opened.close()
    assert outputs == ["fine\n"] * 4


def test_a_socket_that_is_not_there_is_named(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(SshError, match=r"no\.sock of .* could not be opened"):
        open_unix_socket(connection, str(tmp_path / "no.sock"))
    with pytest.raises(SshError, match="AllowStreamLocalForwarding"):
        open_unix_socket(connection, "/forbidden.sock")


def test_a_unix_socket_is_bounded_in_time(connection: Connection) -> None:
    # The kernel takes connections for this server, and nobody ever serves them.
    with (
        tempfile.TemporaryDirectory(prefix="fk-") as folder,
        _UnixServer(f"{folder}/mute.sock", socketserver.BaseRequestHandler),
    ):
        opened = open_unix_socket(connection, f"{folder}/mute.sock")
        opened.settimeout(0.2)
        with pytest.raises(TimeoutError), opened.makefile() as file:
            file.read(1)
        opened.close()


def test_the_sshuttle_command_pins_the_key_and_names_the_network() -> None:
    words = sshuttle_command(
        SshTarget(host="203.0.113.9", user="ubuntu", key_file=Path("keys/demo key")),
        ["10.10.0.0/16"],
        known_hosts_file=Path("clusters/demo/known_hosts"),
        config_file=Path("ssh_config"),
    )
    assert words[0] == "sshuttle"
    assert words[-3:] == ("--remote", "ubuntu@203.0.113.9", "10.10.0.0/16")
    ssh = words[words.index("--ssh-cmd") + 1]
    for expected in (
        "StrictHostKeyChecking=yes",
        'UserKnownHostsFile="clusters/demo/known_hosts"',
        "HostKeyAlias=203.0.113.9",
        "-i 'keys/demo key'",
        "-F ssh_config",
    ):
        assert expected in ssh
