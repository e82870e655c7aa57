"""A command that goes on is read line by line, and is gone from the machine however it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ssh_server import SshServer

from fleetkit.core import NotYet, Patience, SshError, wait_until
from fleetkit.ssh import Connection, follow_command, leash_command, open_connection

pytestmark = pytest.mark.sandbox

PATIENCE = Patience(deadline_s=20, interval_s=0.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "machine") as server:
        yield server


@pytest.fixture
def connection(server: SshServer) -> Iterator[Connection]:
    with open_connection(server.target, access=server.access) as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    return log


def tail(log: Path) -> list[str]:
    return leash_command(["tail", "-n", "1", "-F", str(log)])


def await_gone(log: Path) -> None:
    """Wait until no process of this computer has the log's name among its words."""

    def look() -> bool | NotYet[bool]:
        words = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        left = [one for one in words if str(log).encode() in one]
        return NotYet(f"{left} run on") if left else True

    wait_until(look, what="the command to be gone", patience=PATIENCE)


def test_each_line_comes_as_it_is_written_until_it_is_stopped(connection: Connection, log: Path) -> None:
    stop = threading.Event()
    lines = follow_command(connection, tail(log), stop=stop)
    assert next(lines) == "two"
    for word in ("three", "four"):
        with log.open("a") as file:
            file.write(f"{word}\n")
        assert next(lines) == word
    stop.set()
    assert list(lines) == []
    await_gone(log)
    assert connection.is_open


def test_a_silent_command_ends_when_whoever_asked_hangs_up(server: SshServer, log: Path) -> None:
    with open_connection(server.target, access=server.access) as opened:
        lines = follow_command(opened, tail(log), stop=threading.Event())
        assert next(lines) == "two"
    await_gone(log)
    with pytest.raises(SshError, match="was lost"):
        next(lines)


def test_one_that_is_closed_in_the_middle_ends_over_there_too(connection: Connection, log: Path) -> None:
    lines = follow_command(connection, tail(log), stop=threading.Event())
    assert next(lines) == "two"
    lines.close()
    await_gone(log)


def test_one_that_ends_by_itself_says_how_and_what_it_said(connection: Connection) -> None:
    command = leash_command(["sh", "-c", "echo last; echo no such unit >&2; exit 7"])
    lines = follow_command(connection, command, stop=threading.Event())
    assert next(lines) == "last"
    with pytest.raises(SshError, match=r"ended with exit status 7.*no such unit"):
        next(lines)


def test_a_machine_that_dies_is_told_at_once(server: SshServer, connection: Connection, log: Path) -> None:
    lines = follow_command(connection, tail(log), stop=threading.Event())
    assert next(lines) == "two"
    server.kill()
    with pytest.raises(SshError, match=r"the connection to .* was lost"):
        next(lines)


def test_one_that_no_longer_answers_is_noticed(server: SshServer, log: Path) -> None:
    with open_connection(server.target, access=server.access) as opened:
        opened.limit_s = 1.0
        lines = follow_command(opened, tail(log), stop=threading.Event(), probe_s=0.3)
        assert next(lines) == "two"
        server.pause()
        try:
            with pytest.raises(SshError, match="no answer within 1 s"):
                next(lines)
        finally:
            server.resume()
