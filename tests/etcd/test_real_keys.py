"""Keys of both stores of a real etcd: listed, and changed on a condition; etcdctl says what is there."""

from __future__ import annotations

import base64

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.core import EtcdError, NotFoundError, SettingsError, StalePlanError
from fleetkit.etcd import (
    ContentKind,
    KeyStore,
    Store,
    StoredKey,
    V2Keys,
    V3Keys,
    compact,
)

pytestmark = pytest.mark.sandbox


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


def test_a_lease_that_nobody_needs_is_not_left_behind(one_member: EtcdCluster, v3: V3Keys) -> None:
    made = v3.put(b"leased", b"1", expected=0)
    before = one_member.etcdctl("lease", "list").stdout
    with pytest.raises(StalePlanError):
        v3.put(b"leased", b"2", expected=made.revision + 5, ttl_s=600)
    assert one_member.etcdctl("lease", "list").stdout == before


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


def test_a_walk_of_v3_is_of_one_revision_whatever_is_written_meanwhile(one_member: EtcdCluster, v3: V3Keys) -> None:
    for number in range(10):
        v3.put(b"walk/%d" % number, b"%d" % number, expected=0)
    paged = V3Keys(endpoints=v3.endpoints, tls=v3.tls, page_keys=3)
    pages = paged.walk(b"walk/", values=True)
    first = next(pages)
    one_member.etcdctl("del", "walk/5")
    one_member.etcdctl("put", "walk/4a", "new")
    found = [*first.keys, *(one for page in pages for one in page.keys)]
    assert [(one.key, one.content) for one in found] == [(b"walk/%d" % one, b"%d" % one) for one in range(10)]
    listing = paged.list_children(b"walk/", most=4)
    one_member.etcdctl("del", "walk/6")
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


def test_etcdctl_agrees(one_member: EtcdCluster, v2: V2Keys, v3: V3Keys) -> None:
    v3.put(b"agreed", b"3", expected=0)
    v2.put(b"/agreed", b"2", expected=0)
    assert one_member.etcdctl("get", "agreed", "--print-value-only").stdout == "3\n"
    assert one_member.etcdctl_v2("get", "/agreed").stdout == "2\n"
    assert base64.b64encode(v3.get(b"agreed").content or b"") == b"Mw=="
    assert StoredKey(store=Store.V2, key=b"/agreed").name == v2.get(b"/agreed").name
