"""Keys of both stores of a real etcd: listed, changed on a condition, watched; etcdctl says what is there."""

from __future__ import annotations

import base64
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.core import EtcdError, NotFoundError, NotYet, Patience, SettingsError, StalePlanError, wait_until
from fleetkit.etcd import (
    ContentKind,
    Endpoint,
    EtcdVersion,
    KeyEvent,
    KeyEventKind,
    KeyStore,
    Store,
    StoredKey,
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


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    """Run one member: quorums are no matter here."""
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        yield running


@pytest.fixture
def v2(cluster: EtcdCluster) -> V2Keys:
    return V2Keys(endpoints=cluster.endpoints(), tls=cluster.tls)


@pytest.fixture
def v3(cluster: EtcdCluster) -> V3Keys:
    return V3Keys(endpoints=cluster.endpoints(), tls=cluster.tls)


@pytest.fixture(params=list(Store))
def keys(request: pytest.FixtureRequest) -> KeyStore:
    return request.getfixturevalue(request.param.value)


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


def labels(keys: KeyStore, path: bytes, *, most: int = 100) -> list[str]:
    return [one.label for one in keys.list_children(path, most=most).keys]


def test_a_key_is_created_read_changed_and_deleted_only_while_it_is_what_it_was(keys: KeyStore) -> None:
    key = b"/life/one"
    made = keys.put(key, b"1", expected=0)
    assert keys.get(key) == made
    assert (made.content, made.created, made.ttl_s) == (b"1", made.revision, None)
    with pytest.raises(StalePlanError, match="it was not there, and it is there"):
        keys.put(key, b"again", expected=0)
    changed = keys.put(key, b"2", expected=made.revision)
    assert (changed.created, changed.content) == (made.revision, b"2")
    with pytest.raises(StalePlanError, match=rf"{made.revision}, and it is at {changed.revision}"):
        keys.put(key, b"lost update", expected=made.revision)
    with pytest.raises(StalePlanError, match="has changed since it was read"):
        keys.delete((made,))
    assert keys.get(key) == changed
    keys.delete((changed,))
    with pytest.raises(NotFoundError, match="/life/one"):
        keys.get(key)
    with pytest.raises(StalePlanError, match="it is gone"):
        keys.put(key, b"3", expected=changed.revision)
    with pytest.raises(StalePlanError, match="it is gone"):
        keys.delete((changed,))


def test_a_time_to_live_is_given_kept_through_a_change_and_taken_away(keys: KeyStore) -> None:
    made = keys.put(b"/ttl", b"1", expected=0, ttl_s=500)
    kept = keys.put(b"/ttl", b"2", expected=made.revision)
    for one in (made, kept, keys.get(b"/ttl")):
        assert one.ttl_s is not None
        assert 400 < one.ttl_s <= 500
    assert bool(kept.lease) is (keys.store is Store.V3)
    for_ever = keys.put(b"/ttl", b"3", expected=kept.revision, ttl_s=0)
    assert (for_ever.ttl_s, for_ever.lease, keys.get(b"/ttl").ttl_s) == (None, "", None)
    keys.delete((for_ever,))


def test_a_time_to_live_is_told_as_etcd_gave_it(v3: V3Keys) -> None:
    made = v3.put(b"least", b"1", expected=0, ttl_s=1)
    assert made.ttl_s is not None
    assert made.ttl_s > 1
    v3.delete((made,))


def test_what_expires_goes_and_is_told(keys: KeyStore) -> None:
    with watching(keys, b"/short") as hear:
        time.sleep(1)  # the watch has to begin first: what happened before it is not told
        keys.put(b"/short/lived", b"x", expected=0, ttl_s=1)
        put, gone = hear(), hear()
    assert (put.kind, put.key.key, put.key.content) == (KeyEventKind.PUT, b"/short/lived", b"x")
    # v3 tells of the end of a lease as of any deletion.
    assert gone.kind is (KeyEventKind.EXPIRE if keys.store is Store.V2 else KeyEventKind.DELETE)
    assert (gone.key.key, gone.key.content) == (b"/short/lived", None)


def test_a_lease_that_nobody_needs_is_not_left_behind(cluster: EtcdCluster, v3: V3Keys) -> None:
    made = v3.put(b"leased", b"1", expected=0)
    before = cluster.etcdctl("lease", "list").stdout
    with pytest.raises(StalePlanError):
        v3.put(b"leased", b"2", expected=made.revision + 5, ttl_s=600)
    assert cluster.etcdctl("lease", "list").stdout == before


def test_hidden_keys_are_shown_where_they_belong_though_no_listing_has_them(v2: V2Keys) -> None:
    v2.put(b"/_coreos.com/fleet/engine/version", b"1", expected=0)
    v2.put(b"/app/_ours/deep/_er/x", b"1", expected=0)
    v2.put(b"/app/seen", b"1", expected=0)
    named = V2Keys(
        endpoints=v2.endpoints, tls=v2.tls, roots=("/", "/_coreos.com", "/app/_ours/deep/_er", "/_not/there")
    )
    assert [one for one in labels(v2, b"/") if one in ("_coreos.com/", "app/")] == ["_coreos.com/", "app/"]
    assert "_not/" not in labels(named, b"/")
    assert labels(v2, b"/app") == ["seen"]
    assert labels(named, b"/app") == ["_ours/", "seen"]
    assert labels(named, b"/app/_ours") == ["deep/"]
    assert labels(named, b"/app/_ours/deep") == ["_er/"]
    walked = {one.key for listing in named.walk(b"/") for one in listing.keys}
    assert walked >= {b"/_coreos.com/fleet/engine/version", b"/app/_ours/deep/_er/x", b"/app/seen", b"/app"}
    assert b"/app/_ours/deep/_er/x" not in {one.key for listing in v2.walk(b"/") for one in listing.keys}


def test_a_tree_of_v2_goes_from_its_leaves_up_and_keeps_what_changed(v2: V2Keys) -> None:
    for name in (b"/tree/a/1", b"/tree/a/2", b"/tree/b"):
        v2.put(name, b"x", expected=0)
    seen = (*(one for listing in v2.walk(b"/tree") for one in listing.keys), v2.get(b"/tree"))
    v2.put(b"/tree/a/1", b"y", expected=v2.get(b"/tree/a/1").revision)
    gone: list[StoredKey] = []
    with pytest.raises(StalePlanError, match="/tree/a/1 has changed"):
        v2.delete(seen, on_deleted=gone.append)
    assert [one.name for one in gone] == ["/tree/b", "/tree/a/2"]
    assert labels(v2, b"/tree") == ["a/"]
    assert labels(v2, b"/tree/a") == ["1"]
    left = (*(one for listing in v2.walk(b"/tree") for one in listing.keys), v2.get(b"/tree"))
    v2.put(b"/tree/_hidden", b"x", expected=0)
    with pytest.raises(SettingsError, match="keys that begin with _ are in no listing"):
        v2.delete(left)


@pytest.mark.parametrize(
    ("key", "content", "expected", "said"),
    [
        (b"/dir", b"x", 0, "it is there"),
        (b"/file/below", b"x", 0, "is a key with a value"),
        (b"/", b"x", 0, "root itself"),
        (b"/bytes", b"\xff", 0, "holds text alone"),
    ],
)
def test_what_v2_cannot_hold_is_refused_in_words(
    v2: V2Keys, key: bytes, content: bytes, expected: int, said: str
) -> None:
    for name, value in ((b"/dir", None), (b"/file", b"x")):
        if name.decode().strip("/") not in {one.rstrip("/") for one in labels(v2, b"/")}:
            v2.put(name, value, expected=0)
    with pytest.raises((SettingsError, StalePlanError), match=said):
        v2.put(key, content, expected=expected)


def test_v3_has_no_directories_and_no_empty_key(v3: V3Keys) -> None:
    with pytest.raises(SettingsError, match="no directories"):
        v3.put(b"a/", None, expected=0)
    for ask in (lambda: v3.get(b""), lambda: v3.put(b"", b"x", expected=0)):
        with pytest.raises(SettingsError, match="no empty key"):
            ask()


def test_keys_of_v3_go_together_or_not_at_all(v3: V3Keys) -> None:
    made = tuple(v3.put(b"many/%03d" % number, b"x", expected=0) for number in range(130))
    v3.put(b"many/120", b"y", expected=made[120].revision)
    gone: list[StoredKey] = []
    with pytest.raises(StalePlanError, match=f"many/120.*{made[120].revision}, and it is at"):
        v3.delete(made, on_deleted=gone.append)
    assert gone == []
    assert len(next(v3.walk(b"many/")).keys) == 130
    now = tuple(next(v3.walk(b"many/")).keys)
    moved = v3.put(b"many/129", b"y", expected=now[129].revision)
    with pytest.raises(StalePlanError, match="many/129 has changed"):
        v3.delete(now, on_deleted=gone.append)
    assert [one.key for one in gone] == [one.key for one in now[:128]]
    assert [one.key for one in next(v3.walk(b"many/")).keys] == [b"many/128", b"many/129"]
    v3.delete((now[128], moved))
    assert next(v3.walk(b"many/")).keys == ()


def test_a_walk_of_v3_is_of_one_revision_whatever_is_written_meanwhile(cluster: EtcdCluster, v3: V3Keys) -> None:
    for number in range(10):
        v3.put(b"walk/%d" % number, b"%d" % number, expected=0)
    paged = V3Keys(endpoints=v3.endpoints, tls=v3.tls, page_keys=3)
    pages = paged.walk(b"walk/", values=True)
    first = next(pages)
    cluster.etcdctl("del", "walk/5")
    cluster.etcdctl("put", "walk/4a", "new")
    found = [*first.keys, *(one for page in pages for one in page.keys)]
    assert [(one.key, one.content) for one in found] == [(b"walk/%d" % one, b"%d" % one) for one in range(10)]
    listing = paged.list_children(b"walk/", most=4)
    cluster.etcdctl("del", "walk/6")
    rest = paged.list_children(b"walk/", most=100, start=listing.following, revision=listing.revision)
    assert [one.label for one in (*listing.keys, *rest.keys)] == ["0", "1", "2", "3", "4", "4a", "6", "7", "8", "9"]


def test_a_revision_that_was_compacted_meanwhile_is_an_error_and_no_short_list(v3: V3Keys) -> None:
    made = [v3.put(b"gone/%d" % number, b"x", expected=0) for number in range(4)]
    paged = V3Keys(endpoints=v3.endpoints, tls=v3.tls, page_keys=2)
    pages = paged.walk(b"gone/")
    next(pages)
    after = v3.put(b"gone/later", b"x", expected=0)
    compact(v3.endpoints, after.revision, tls=v3.tls)
    with pytest.raises(EtcdError, match="compacted"):
        next(pages)
    assert after.revision > made[-1].revision


def test_bytes_of_v3_come_back_as_they_went(v3: V3Keys) -> None:
    content = bytes(range(256))
    made = v3.put(b"\xff\0bin", content, expected=0)
    assert (v3.get(b"\xff\0bin").content, made.kind) == (content, ContentKind.BYTES)
    assert "\\xff\\x00bin" in labels(v3, b"")


def test_a_watch_goes_on_through_the_loss_of_its_member_and_misses_nothing(
    cluster: EtcdCluster, keys: KeyStore
) -> None:
    begun = keys.put(b"/watched/0", b"0", expected=0)
    with watching(keys, b"/watched", since=begun.revision) as hear:
        first = keys.put(b"/watched/1", b"1", expected=0)
        assert hear().key == first
        cluster.kill("etcd1")
        cluster.start("etcd1")
        cluster.wait_healthy()
        second = keys.put(b"/watched/2", b"2", expected=0)
        assert hear().key == second
        keys.delete((second,))
        gone = hear()
    assert (gone.kind, gone.key.key) == (KeyEventKind.DELETE, b"/watched/2")


def test_what_etcd_has_dropped_is_told_as_a_gap(cluster: EtcdCluster, v2: V2Keys, v3: V3Keys) -> None:
    made = v3.put(b"/gap/1", b"1", expected=0)
    last = v3.put(b"/gap/1", b"2", expected=made.revision)
    compact(v3.endpoints, last.revision, tls=v3.tls)
    with watching(v3, b"/gap", since=made.revision - 1) as hear:
        assert hear().kind is KeyEventKind.GAP
        assert hear().key == last
    old = v2.put(b"/gap/old", b"1", expected=0)
    with Call(cluster.endpoints()[0], context=make_context(cluster.tls), deadline=time.monotonic() + 60) as call:
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


def test_etcdctl_agrees(cluster: EtcdCluster, v2: V2Keys, v3: V3Keys) -> None:
    v3.put(b"agreed", b"3", expected=0)
    v2.put(b"/agreed", b"2", expected=0)
    assert cluster.etcdctl("get", "agreed", "--print-value-only").stdout == "3\n"
    assert cluster.etcdctl_v2("get", "/agreed").stdout == "2\n"
    assert base64.b64encode(v3.get(b"agreed").content or b"") == b"Mw=="
    assert StoredKey(store=Store.V2, key=b"/agreed").name == v2.get(b"/agreed").name
