"""A change that failed is told with what is known of it: refused, or maybe done all the same."""

from __future__ import annotations

import json

import pytest
from support.http_answers import Reply, Request, serve_answers

from fleetkit.core import EtcdError
from fleetkit.etcd import Store, V2Keys, V3Keys, parse_endpoint

LEADS = {"header": {"member_id": "1"}, "leader": "1", "raftTerm": "2"}
LOOK_FIRST = "whether it was done is not known: look before you try again"


def write(store: Store, reply: Reply) -> EtcdError:
    """Have a member that knows its leader answer a write so."""

    def answer(asked: Request) -> Reply:
        return Reply(body=json.dumps(LEADS).encode()) if asked.path == "/v3/maintenance/status" else reply

    with serve_answers(answer) as address:
        endpoints = (parse_endpoint(address),)
        keys = V2Keys(endpoints=endpoints) if store is Store.V2 else V3Keys(endpoints=endpoints)
        with pytest.raises(EtcdError) as failed:
            keys.put(b"/a", b"1", expected=0)
    return failed.value


@pytest.mark.parametrize(
    ("store", "status", "said"),
    [
        (Store.V3, 503, {"error": "etcdserver: request timed out", "code": 14}),
        (Store.V3, 500, {"error": "etcdserver: server stopped", "code": 2}),
        (Store.V2, 500, {"errorCode": 300, "message": "Raft Internal Error", "cause": "etcdserver: request timed out"}),
    ],
)
def test_a_change_that_the_member_gave_up_may_have_been_done(store: Store, status: int, said: object) -> None:
    failed = write(store, Reply(status=status, body=json.dumps(said).encode()))
    assert failed.transient
    assert LOOK_FIRST in (failed.hint or "")


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [
        (400, "etcdserver: mvcc: database space exceeded", None),
        (503, "etcdserver: no leader", "without a quorum nothing can be changed"),
    ],
)
def test_a_change_that_was_refused_was_not_done(status: int, error: str, hint: str | None) -> None:
    failed = write(Store.V3, Reply(status=status, body=json.dumps({"error": error}).encode()))
    assert LOOK_FIRST not in (failed.hint or "")
    assert (failed.hint or "").startswith(hint or "")
