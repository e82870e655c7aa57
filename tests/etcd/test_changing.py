"""A change that failed is told with what is known of it: refused, or maybe done all the same."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from support.http_answers import Reply, Request, serve_answers

from fleetkit.core import EtcdError, StalePlanError
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


def answer_v3(asked: Request, answers: dict[str, Any]) -> Reply:
    """Answer as these say, and 503 where they say nothing."""
    found = {"/v3/maintenance/status": LEADS, **answers}.get(asked.path)
    if found is None:
        return Reply(status=503, body=json.dumps({"error": "etcdserver: request timed out"}).encode())
    return Reply(body=json.dumps(found).encode())


WRITTEN = {"key": base64.b64encode(b"/a").decode(), "mod_revision": "9", "create_revision": "7", "lease": "12"}
DONE = {"succeeded": True, "responses": [{}, {"response_range": {"kvs": [WRITTEN]}}]}
MOVED = {"responses": [{"response_range": {"kvs": [WRITTEN]}}]}
GRANTED = {"ID": "12", "TTL": "60"}


@pytest.mark.parametrize(("ttl_s", "left_s"), [(None, None), (60, 60), (0, None)])
def test_what_was_written_is_no_failure_though_its_lease_cannot_be_asked_any_more(
    ttl_s: int | None, left_s: int | None
) -> None:
    answers = {"/v3/kv/txn": DONE, "/v3/lease/grant": GRANTED}
    with serve_answers(lambda asked: answer_v3(asked, answers)) as address:
        keys = V3Keys(endpoints=(parse_endpoint(address),))
        made = keys.put(b"/a", b"", expected=7, ttl_s=ttl_s)
    assert (made.revision, made.ttl_s) == (9, left_s)


def test_a_key_that_has_moved_is_told_though_the_lease_for_it_cannot_be_taken_back() -> None:
    answers = {"/v3/kv/txn": MOVED, "/v3/lease/grant": GRANTED}
    with serve_answers(lambda asked: answer_v3(asked, answers)) as address:
        keys = V3Keys(endpoints=(parse_endpoint(address),))
        with pytest.raises(StalePlanError, match="it was at mod_revision 7, and it is at 9"):
            keys.put(b"/a", b"", expected=7, ttl_s=60)
