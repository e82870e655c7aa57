"""Both stores of a real etcd are watched: nothing is missed in silence, though members die and history is dropped."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.core import EtcdError, NotYet, Patience, wait_until
from fleetkit.etcd import (
    Endpoint,
    EtcdVersion,
    KeyEvent,
    KeyEventKind,
    KeyStore,
    Store,
    V2Keys,
    V3Keys,
    _v3_watch,
    compact,
    parse_endpoint,
    v3_keys,
)
from fleetkit.etcd._following import Heard, Listen, follow
from fleetkit.etcd._http import Call, make_context

pytestmark = pytest.mark.sandbox

WAIT_S = 30


@contextmanager
def watching(keys: KeyStore, path: bytes, *, since: int = 0) -> Iterator[Callable[[], KeyEvent]]:
    """Watch all below a path in a thread; what is given returns the next event."""
    stop, heard = threading.Event(), queue.SimpleQueue[KeyEvent | BaseException]()

    def run() -> None:
        try:
            for event in keys.watch(path, below=True, stop=stop, since=since):
                heard.put(event)
        except BaseException as error:  # noqa: BLE001 -- handed to the test, which raises it
            heard.put(error)

    threading.Thread(target=run, daemon=True).start()

    def hear() -> KeyEvent:
        event = heard.get(timeout=WAIT_S)
        if isinstance(event, BaseException):
            raise event
        return event

    try:
        yield hear
    finally:
        stop.set()


def test_what_expires_goes_and_is_told(keys: KeyStore) -> None:
    with watching(keys, b"/short") as hear:
        time.sleep(1)  # the watch has to begin first: what happened before it is not told
        keys.put(b"/short/lived", b"x", expected=0, ttl_s=1)
        put, gone = hear(), hear()
    assert (put.kind, put.key.key, put.key.content) == (KeyEventKind.PUT, b"/short/lived", b"x")
    # v3 tells of the end of a lease as of any deletion.
    assert gone.kind is (KeyEventKind.EXPIRE if keys.store is Store.V2 else KeyEventKind.DELETE)
    assert (gone.key.key, gone.key.content) == (b"/short/lived", None)


def test_a_watch_goes_on_through_the_loss_of_its_member_and_misses_nothing(
    one_member: EtcdCluster, keys: KeyStore
) -> None:
    begun = keys.put(b"/watched/0", b"0", expected=0)
    with watching(keys, b"/watched", since=begun.revision) as hear:
        first = keys.put(b"/watched/1", b"1", expected=0)
        assert hear().key == first
        one_member.kill("etcd1")
        one_member.start("etcd1")
        one_member.wait_healthy()
        second = keys.put(b"/watched/2", b"2", expected=0)
        assert hear().key == second
        keys.delete((second,))
        gone = hear()
    assert (gone.kind, gone.key.key) == (KeyEventKind.DELETE, b"/watched/2")


def test_what_etcd_has_dropped_is_told_as_a_gap(one_member: EtcdCluster, v2: V2Keys, v3: V3Keys) -> None:
    made = v3.put(b"/gap/1", b"1", expected=0)
    last = v3.put(b"/gap/1", b"2", expected=made.revision)
    compact(v3.endpoints, last.revision, tls=v3.tls)
    with watching(v3, b"/gap", since=made.revision - 1) as hear:
        assert hear().kind is KeyEventKind.GAP
        assert hear().key == last
    old = v2.put(b"/gap/old", b"1", expected=0)
    with Call(one_member.endpoints()[0], context=make_context(one_member.tls), deadline=time.monotonic() + 60) as call:
        for number in range(1100):
            call.ask("PUT", "/v2/keys/gap/busy", form={"value": str(number)})
    with watching(v2, b"/gap", since=old.revision) as hear:
        assert hear().kind is KeyEventKind.GAP


@pytest.mark.parametrize(
    ("trusted", "kind"), [(EtcdVersion(3, 5, 0), KeyEventKind.PUT), (EtcdVersion(9, 9, 9), KeyEventKind.GAP)]
)
def test_a_watch_of_a_quiet_key_outlives_a_compaction_where_etcd_tells_how_far_it_has_come(
    v3: V3Keys, monkeypatch: pytest.MonkeyPatch, trusted: EtcdVersion, kind: KeyEventKind
) -> None:
    reached: list[int] = []

    def follow_told(endpoints: tuple[Endpoint, ...], listen: Listen, **options: Any) -> Iterator[KeyEvent]:
        def told(call: Call, cursor: int) -> Iterator[Heard]:
            for heard in listen(call, cursor):
                reached.append(heard[0])
                yield heard

        return follow(endpoints, told, **options)

    def wait_for(count: int) -> None:
        def look() -> bool | NotYet[bool]:
            return True if len(reached) >= count else NotYet(str(reached))

        wait_until(look, what="the watch to be begun anew", patience=Patience(deadline_s=WAIT_S))

    monkeypatch.setattr(v3_keys, "follow", follow_told)
    monkeypatch.setattr(_v3_watch, "IDLE_S", 1.0)
    monkeypatch.setattr(_v3_watch, "_TELLS_PROGRESS", trusted)
    name = f"/quiet/{kind}".encode()
    quiet = v3.put(name, b"1", expected=0)
    busy = v3.put(b"/busy", b"1", expected=0)
    for _ in range(3):
        busy = v3.put(b"/busy", b"1", expected=busy.revision)
    with watching(v3, name, since=quiet.revision) as hear:
        # Two answers to each beginning where progress is told, that it was begun and how far it has come; else one.
        wait_for(2)
        assert max(reached) == (busy.revision if kind is KeyEventKind.PUT else quiet.revision)
        compact(v3.endpoints, busy.revision, tls=v3.tls)
        if kind is KeyEventKind.PUT:
            wait_for(4)
            changed = v3.put(name, b"2", expected=quiet.revision)
            event = hear()
            assert (event.kind, event.key) == (KeyEventKind.PUT, changed)
        else:
            assert hear().kind is KeyEventKind.GAP
    v3.delete((busy,))


def test_a_watch_that_nobody_can_serve_ends_with_the_reason() -> None:
    keys = V3Keys(endpoints=(parse_endpoint("127.0.0.1:1"),))
    with pytest.raises(EtcdError, match="nothing listens"):
        next(keys.watch(b"a", below=False, stop=threading.Event()))
