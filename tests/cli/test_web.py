"""``fleetkit web`` serves a page at the port that it is told, and ends by Ctrl-C with all that it has opened."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.etcd_cluster import free_port
from support.fleet_served import serve_fleet
from support.fleet_worlds import every_verdict

from fleetkit.cli import main

pytestmark = pytest.mark.usefixtures("no_fleetctl_settings", "no_etcdctl_settings")


@pytest.fixture
def endpoint() -> Iterator[str]:
    with serve_fleet(every_verdict()) as url:
        yield url


@pytest.mark.parametrize("page", ["fleet", "etcd"])
def test_each_page_teaches_by_examples_and_exit_codes(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web", page, "--help"]) == 0
    told = capsys.readouterr().out
    assert f"fleetkit web {page} demo --open" in told
    assert "--endpoint" in told
    assert "Ends by Ctrl-C" in told
    assert f"default: {3000 if page == 'fleet' else 8000}" in told


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["fleet", "demo", "--endpoint", "http://127.0.0.1:1"], 2, "leave it out, or leave out CLUSTER"),
        (["fleet", "--endpoint", "http://127.0.0.1:1"], 1, "fleet at http://127.0.0.1:1 cannot be reached"),
        (["fleet", "--endpoint", "ftp://x"], 2, "scheme 'ftp'"),
        (["fleet"], 2, "fleetkit init"),
        (["etcd", "--endpoints", "127.0.0.1:1", "--command-timeout", "500ms"], 1, "nothing listens on 127.0.0.1:1"),
        (["etcd", "demo", "--endpoints", "127.0.0.1:1"], 2, "leave it out, or leave out CLUSTER"),
        (["etcd", "--hidden", "/a/../b", "--endpoints", "127.0.0.1:1"], 2, "a part of it is .."),
        (["fleet", "--port", "80"], 2, "1024<=x<=65535"),
        (["fleet", "--listen", "0.0.0.0"], 2, "is not one private address"),  # noqa: S104 -- it is refused
        (["fleet", "--listen", "9.9.9.9"], 2, "for nobody on the internet"),
        (["etcd", "--listen", "master"], 2, "'master' is no IPv4 address"),
        (["etcd", "--name", "a b"], 2, "'a b' is no name of a host"),
        (["fleets"], 2, "No such command"),
    ],
)
def test_what_cannot_be_shown_is_told_before_anything_is_served(
    argv: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["web", *argv]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_a_port_that_is_taken_is_told_with_the_way_on(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["web", "fleet", "--endpoint", endpoint, "--port", str(port)]) == 1
    told = capsys.readouterr()
    assert f"port {port} of 127.0.0.1 cannot be taken: Address already in use" in told.err
    assert "--port" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["--name", "fleet.demo.internal"], 2, "--name is for a page that others reach"),
        (["--listen", "10.99.99.99", "--allow-changes"], 2, "a page on 10.99.99.99 only shows"),
        (["--listen", "10.99.99.99"], 1, "port 3000 of 10.99.99.99 cannot be taken"),
    ],
)
def test_where_others_would_reach_it_is_judged_before_anything_is_served(
    argv: list[str], code: int, said: str, endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["web", "fleet", "--endpoint", endpoint, *argv]) == code
    told = capsys.readouterr()
    assert said in " ".join(told.err.split())
    assert told.out == ""


@pytest.mark.sandbox
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_serves_until_it_is_ended_and_then_lets_its_port_go(endpoint: str, how: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "fleetkit.cli", "web", "fleet", "--endpoint", endpoint, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"http://127.0.0.1:{port}/\n"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/")
        answer = connection.getresponse()
        shown = answer.read().decode()
        connection.close()
        process.send_signal(how)
        told = process.communicate(timeout=20)[1]
    assert (answer.status, answer.getheader("Server")) == (200, None)
    assert "fail.service" in shown
    assert process.returncode == 130
    assert [line for line in told.splitlines() if line] == ["open until Ctrl-C", "interrupted"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.sandbox
def test_callers_who_wait_for_each_other_are_no_news(endpoint: str) -> None:
    command = [sys.executable, "-m", "fleetkit.cli", "web", "fleet", "--endpoint", endpoint, "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()

        def ask(_number: int) -> int:
            with urllib.request.build_opener().open(address, timeout=60) as answer:
                return int(answer.status)

        with ThreadPoolExecutor(24) as callers:
            answers = list(callers.map(ask, range(48)))
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=20)[1]
    assert answers == [200] * 48
    assert [line for line in told.splitlines() if line] == ["open until Ctrl-C", "interrupted"]


@pytest.mark.sandbox
def test_a_token_that_is_printed_once_signs_in_where_changes_are_allowed(endpoint: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "fleetkit.cli", "web", "fleet", "--endpoint", endpoint, "--port", str(port)]
    with subprocess.Popen(
        [*command, "--allow-changes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == f"http://127.0.0.1:{port}/\n"
        words, _, token = process.stderr.readline().strip().rpartition(" ")
        assert words == "sign in for changes with:"
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

        def ask(path: str, **fields: str) -> str:
            sent = urllib.parse.urlencode(fields).encode() if fields else None
            with opener.open(f"http://127.0.0.1:{port}{path}", sent, timeout=30) as answer:
                return answer.read().decode()

        found = re.search('name="csrf_token" value="([^"]*)"', ask("/sign-in"))
        assert found
        shown = ask("/sign-in", csrf_token=found[1], token=token, next="/new-unit")
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=20)
    assert "A unit from text" in shown
    assert token not in shown + out + told
    assert process.returncode == 130
