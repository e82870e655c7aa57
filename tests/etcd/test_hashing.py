"""Who holds something else than most is named; what was not taken of one moment is not compared."""

from __future__ import annotations

import json

import pytest
from support.http_answers import Reply, Request, serve_answers

from fleetkit.core import EtcdError, Results
from fleetkit.etcd import HashScope, MemberHash, StoreHashes, hash_kv, parse_endpoint


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


class Gateway:
    """The gateway of an etcd that hashes at a revision: 3.5.10 and later, of which no build is at hand here."""

    def __init__(self, *, revision: int, told: int) -> None:
        self.revision, self.told = revision, told
        self.asked: list[int] = []

    def __call__(self, request: Request) -> Reply:
        header = {"member_id": "1", "revision": str(self.revision)}
        answer: dict[str, object] = {"header": header}
        if request.path == "/v3/maintenance/hashkv":
            self.asked.append(int(json.loads(request.body)["revision"]))
            # As in etcd's pull request 16490, which brought the call to 3.5.
            answer |= {"hash": self.told, "compact_revision": "2"}
        return Reply(body=json.dumps(answer).encode())


def test_members_that_can_are_asked_for_the_revision_of_the_one_that_is_furthest_behind() -> None:
    ahead, behind = Gateway(revision=9, told=3305255506), Gateway(revision=7, told=3305255506)
    with serve_answers(ahead) as first, serve_answers(behind) as second:
        found = hash_kv([parse_endpoint(first), parse_endpoint(second)])
    assert ahead.asked == behind.asked == [7]
    assert found.agree
    expected = MemberHash(hash=3305255506, scope=HashScope.KEYS, revision=7, compact_revision=2)
    assert set(found.by_name.ok.values()) == {expected}


def test_a_difference_is_looked_at_again_before_it_is_told() -> None:
    one, other = Gateway(revision=7, told=5), Gateway(revision=7, told=6)
    with serve_answers(one) as first, serve_answers(other) as second:
        found = hash_kv([parse_endpoint(first), parse_endpoint(second)])
    assert found.differing == (first, second)
    assert len(one.asked) > 1
