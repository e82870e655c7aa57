"""How a member can fail, each shown by a small server on loopback: the trouble and the reason are the right ones."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.pki_made import ca_of, issue, make_demo_pki

from fleetkit.etcd import Endpoint, EtcdLimits, LocalFacts, MemberHealth, TlsFiles, Trouble, Verdict, read_health
from fleetkit.pki.names import Purpose

Serve = Callable[[socket.socket], None]
QUICK = EtcdLimits(total_s=0.3)


@contextlib.contextmanager
def served(serve: Serve) -> Iterator[int]:
    """Serve every connection with ``serve`` for the length of a block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client, contextlib.suppress(OSError):
                    serve(client)

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def answer(body: object, *, status: int = 200) -> Serve:
    """Serve one HTTP answer to each request of a connection."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def serve(client: socket.socket) -> None:
        with client.makefile("rb") as lines:
            while line := lines.readline():
                if not line.strip():
                    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n"
                    client.sendall(head.encode() + content)

    return serve


def ask(
    port: int, *, scheme: str = "http", tls: TlsFiles | None = None, limits: EtcdLimits = QUICK, **known: object
) -> MemberHealth:
    endpoint = Endpoint(name="etcd1", host="etcd1.demo.internal", address="127.0.0.1", port=port, scheme=scheme)
    (member,) = read_health([endpoint], tls=tls, limits=limits, **known).members  # type: ignore[arg-type]
    return member


@pytest.mark.parametrize(
    ("body", "status", "trouble", "said"),
    [
        ({"health": "true", "reason": ""}, 200, None, ""),
        ({"health": "false", "reason": "RAFT NO LEADER"}, 503, Trouble.NO_QUORUM, "sees no leader"),
        (
            {"health": "false", "reason": "QGET ERROR:etcdserver: request timed out"},
            503,
            Trouble.NO_QUORUM,
            "a read through the quorum failed: etcdserver: request timed out",
        ),
        ({"health": "false", "reason": "ALARM NOSPACE"}, 503, Trouble.NO_QUORUM, "alarm NOSPACE, and a read"),
        ({"health": "false"}, 503, Trouble.NO_QUORUM, "without a reason"),
        (b"<html>welcome</html>", 200, Trouble.ODD_ANSWER, "its answer is not etcd's: 200 '<html>welcome</html>'"),
        ({"status": "UP"}, 200, Trouble.ODD_ANSWER, "is not etcd's"),
    ],
)
def test_what_a_member_says_is_understood(body: object, status: int, trouble: Trouble | None, said: str) -> None:
    with served(answer(body, status=status)) as port:
        member = ask(port)
    assert member.trouble is trouble
    assert said in member.reason


def test_what_is_not_http_is_named() -> None:
    with served(lambda client: client.sendall(b"220 mail ready\r\n")) as port:
        member = ask(port)
    assert member.trouble is Trouble.ODD_ANSWER
    assert "not HTTP" in member.reason


def hold(client: socket.socket) -> None:
    """Read, and never answer, until the other side hangs up."""
    while client.recv(65536):
        pass


def test_a_member_that_does_not_speak_tls_in_time_is_silent() -> None:
    # On a busy computer a shorter limit has passed before a connection is even asked for.
    with served(hold) as port:
        member = ask(port, scheme="https", limits=EtcdLimits(total_s=1.5))
    assert member.trouble is Trouble.SILENT
    assert "did not speak TLS within 1.5 s" in member.reason


def test_a_member_that_takes_the_request_and_does_not_answer_is_silent() -> None:
    with served(hold) as port:
        assert ask(port).trouble is Trouble.SILENT


def test_silence_is_explained_by_our_copy_of_an_expired_certificate() -> None:
    facts = LocalFacts(
        server_not_after={"etcd1": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, now=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    )
    with served(hold) as port:
        assert "its server certificate expired on 2026-01-01" in ask(port, scheme="https", facts=facts).reason


def test_facts_are_only_read_when_a_failure_asks_for_them() -> None:
    def read() -> LocalFacts:
        raise AssertionError("nobody needs this")

    with served(answer({"health": "true"})) as port:
        assert ask(port, facts=read).healthy


def test_a_tunnel_is_asked_for_what_it_knows() -> None:
    with served(lambda _client: None) as port:
        member = ask(port, scheme="https", explain=lambda name: f"the bastion forbids {name}")
    assert member.trouble is Trouble.DOWN
    assert member.reason.endswith("the bastion forbids etcd1")


def test_plain_http_behind_an_https_endpoint_is_named() -> None:
    with served(lambda client: client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        member = ask(port, scheme="https")
    assert member.trouble is Trouble.PLAIN_HTTP
    assert "does not speak TLS" in member.reason


def test_a_name_that_does_not_resolve_is_our_trouble() -> None:
    endpoint = Endpoint(name="etcd1", host="etcd1", address="etcd1.invalid", port=2379)
    found = read_health([endpoint], limits=QUICK)
    assert found.members[0].trouble in (Trouble.UNRESOLVED, Trouble.SILENT)
    assert not found.members[0].healthy


def test_a_name_server_that_is_silent_does_not_hold_us_past_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def resolve(*_asked: object, **_options: object) -> list[object]:
        released.wait(10)
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    started = time.monotonic()
    found = read_health([Endpoint(name="etcd1", host="etcd1", address="etcd1", port=2379, scheme="http")], limits=QUICK)
    took = time.monotonic() - started
    released.set()
    assert took < 3 * QUICK.total_s
    assert found.verdict is Verdict.LOST
    assert "no answer within 0.3 s" in found.members[0].reason


def tls_server(
    tmp_path: Path, *, not_before: dt.datetime | None = None, name: str = "etcd1.demo.internal"
) -> tuple[Serve, TlsFiles]:
    """Return a TLS server with a certificate of the cluster's CA, and what a client needs to call it."""
    pki = make_demo_pki(tmp_path / "pki")
    pair = issue(tmp_path, "served", ca=ca_of(pki), dns_names=(name,), purpose=Purpose.MEMBER, now=not_before)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    plain = answer({"health": "true"})

    def serve(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as secure:
            plain(secure)

    return serve, TlsFiles(ca=pki.ca.certificate)


@pytest.mark.parametrize(
    ("not_before", "name", "trouble", "said"),
    [
        (None, "etcd1.demo.internal", None, ""),
        (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "etcd1.demo.internal", Trouble.SERVER_CERTIFICATE_EXPIRED, "expired"),
        (
            dt.datetime.now(dt.UTC) + dt.timedelta(days=2),
            "etcd1.demo.internal",
            Trouble.SERVER_CERTIFICATE_EXPIRED,
            "not valid yet, or our clock is behind",
        ),
        (None, "etcd2.demo.internal", Trouble.NAME_MISMATCH, "does not name etcd1.demo.internal"),
    ],
)
def test_a_members_certificate_is_judged(
    tmp_path: Path, not_before: dt.datetime | None, name: str, trouble: Trouble | None, said: str
) -> None:
    serve, tls = tls_server(tmp_path, not_before=not_before, name=name)
    with served(serve) as port:
        member = ask(port, scheme="https", tls=tls)
    assert member.trouble is trouble
    assert said in member.reason


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (None, "it has expired, is of another CA, or is missing"),
        (LocalFacts(client_given=False), "none was given"),
        (
            LocalFacts(
                client_not_after=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), now=dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
            ),
            "expired on 2026-01-01T00:00:00Z",
        ),
        (
            LocalFacts(
                client_not_before=dt.datetime(2026, 3, 1, tzinfo=dt.UTC), now=dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
            ),
            "not valid before 2026-03-01",
        ),
        (LocalFacts(client_trusted=False), "signed by another CA"),
        (LocalFacts(client_trusted=True), "the member trusts another CA, or its clock is wrong"),
    ],
)
def test_a_refused_client_certificate_is_told_apart_by_local_facts(facts: LocalFacts | None, said: str) -> None:
    from fleetkit.etcd.trouble import explain_refusal

    assert said in explain_refusal(facts)


def test_a_network_without_a_route_is_our_trouble_and_the_way_is_asked_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dial(*_asked: object, **_options: object) -> socket.socket:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", dial)
    endpoints = [Endpoint(name=f"etcd{n}", host=f"etcd{n}", address="127.0.0.1", port=2379) for n in (1, 2, 3)]
    found = read_health(endpoints, limits=QUICK, explain=lambda name: f"is the VPN to {name} connected?")
    assert found.verdict is Verdict.UNKNOWN
    for member in found.members:
        assert member.trouble is Trouble.NO_ROUTE
        assert member.reason.endswith(f"Network is unreachable: is the VPN to {member.name} connected?")
