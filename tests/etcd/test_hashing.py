"""Who holds something else than most is named; what was not taken of one moment is not compared."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from support.http_answers import SilentHandler, serve_handler

from fleetkit.core import EtcdError, Results
from fleetkit.etcd import EtcdLimits, HashScope, MemberHash, StoreHashes, hash_kv, parse_endpoint


def hashes(*told: int | None, revisions: tuple[int, ...] = (7, 7, 7)) -> StoreHashes:
    found: dict[str, MemberHash | Exception] = {}
    for number, (value, revision) in enumerate(zip(told, revisions, strict=False), 1):
        one = MemberHash(hash=value, scope=HashScope.KEYS, revision=revision, compact_revision=-1) if value else None
        found[f"etcd{number}"] = one or EtcdError("it does not answer")
    return StoreHashes(by_name=Results(found))


@pytest.mark.parametrize(
    ("told", "differing", "agree"),
    [
        ((5, 5, 5), (), True),
        ((5, 6, 5), ("etcd2",), False),
        ((5, 6, 7), ("etcd1", "etcd2", "etcd3"), False),
        ((5, 6), ("etcd1", "etcd2"), False),
        ((5, 5, None), (), False),
        ((5, None, 6), ("etcd1", "etcd3"), False),
        ((None, None), (), False),
    ],
)
def test_who_differs_from_most_is_named(told: tuple[int | None, ...], differing: tuple[str, ...], agree: bool) -> None:
    found = hashes(*told)
    assert (found.differing, found.agree) == (differing, agree)


def test_hashes_of_different_moments_are_not_compared() -> None:
    found = hashes(5, 6, 5, revisions=(7, 8, 7))
    assert (found.is_comparable, found.differing, found.agree) == (False, (), False)


@dataclass(slots=True)
class Gateway:
    """The gateway of an etcd that hashes at a revision: 3.5.10 and later, of which no build is at hand here."""

    revision: int
    told: int
    asked: list[int] = field(default_factory=list)
    asked_at: float = 0.0

    def answer(self, path: str, body: bytes) -> bytes:
        answer: dict[str, object] = {"header": {"member_id": "1", "revision": str(self.revision)}}
        if path == "/v3/maintenance/hashkv":
            self.asked_at = time.monotonic()
            self.asked.append(int(json.loads(body)["revision"]))
            # As in etcd's pull request 16490, which brought the call to 3.5.
            answer |= {"hash": self.told, "compact_revision": "2"}
        return json.dumps(answer).encode()


@contextlib.contextmanager
def served(gateway: Gateway) -> Iterator[str]:
    class Handler(SilentHandler):
        protocol_version = "HTTP/1.1"  # both questions come over one connection

        def do_POST(self) -> None:  # noqa: N802 -- the base class looks for this name
            content = gateway.answer(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with serve_handler(Handler) as url:
        yield url


def test_members_that_can_are_asked_for_the_revision_of_the_one_that_is_furthest_behind() -> None:
    ahead, behind = Gateway(revision=9, told=3305255506), Gateway(revision=7, told=3305255506)
    with served(ahead) as first, served(behind) as second:
        found = hash_kv([parse_endpoint(first), parse_endpoint(second)])
    assert ahead.asked == behind.asked == [7]
    assert found.agree
    expected = MemberHash(hash=3305255506, scope=HashScope.KEYS, revision=7, compact_revision=2)
    assert set(found.by_name.ok.values()) == {expected}


def test_most_of_the_time_is_left_for_hashing_where_a_member_is_silent() -> None:
    limits, gateway = EtcdLimits(total_s=1.0), Gateway(revision=7, told=5)
    with socket.create_server(("127.0.0.1", 0)) as silent, served(gateway) as speaks:
        started = time.monotonic()
        found = hash_kv(
            [parse_endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}"), parse_endpoint(speaks)], limits=limits
        )
    assert (list(found.by_name.ok), len(found.by_name.failed)) == ([speaks], 1)
    assert gateway.asked_at - started < limits.total_s / 2


def test_a_difference_is_looked_at_again_before_it_is_told() -> None:
    one, other = Gateway(revision=7, told=5), Gateway(revision=7, told=6)
    with served(one) as first, served(other) as second:
        found = hash_kv([parse_endpoint(first), parse_endpoint(second)])
    assert found.differing == (first, second)
    assert len(one.asked) > 1
