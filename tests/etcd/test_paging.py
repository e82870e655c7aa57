"""No key of the v3 store is missed and none comes twice, however long a page is and whatever is written meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from fleetkit.etcd import Store, StoredKey
from fleetkit.etcd._paging import KeyPage, list_children, prefix_end, walk_pages

KEYS = st.sets(
    st.binary(min_size=1, max_size=3)
    | st.lists(st.sampled_from([b"", b"a", b"b", b"a0", b"\xff", b"\0"]), min_size=1, max_size=5)
    .map(b"/".join)
    .filter(bool),
    max_size=40,
)
PREFIXES = st.sampled_from([b"", b"a", b"a/", b"/", b"a/b/", b"\xff", b"\xff\xff", b"nothing/"])
LIMITS = st.integers(min_value=1, max_value=5)


class MovingStore:
    """Answers ranges as etcd does, and gets a key and loses one with every answer: a new revision each time."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self.revisions = [sorted(keys)]
        self.asked = 0

    def fetch(self, start: bytes, end: bytes, *, limit: int, revision: int) -> KeyPage:
        self.asked += 1
        now = revision or len(self.revisions)
        keys = [one for one in self.revisions[now - 1] if one >= start and (end == b"\0" or one < end)]
        self.revisions.append(sorted({*self.revisions[-1][1:], b"a/new%d" % self.asked, b"\0%d" % self.asked}))
        found = tuple(StoredKey(store=Store.V3, key=one, revision=now) for one in keys[:limit])
        return KeyPage(keys=found, more=len(keys) > limit, revision=len(self.revisions) - 1 if not revision else now)


def begins(keys: Iterable[bytes], prefix: bytes) -> list[bytes]:
    return sorted(one for one in keys if one.startswith(prefix))


def children(keys: Iterable[bytes], prefix: bytes) -> list[bytes]:
    """Return what lies directly below a prefix, in the order of a listing, reckoned from all keys."""
    found = set()
    for one in begins(keys, prefix):
        head, slash, _ = one[len(prefix) :].partition(b"/")
        found.add(prefix + head + slash)
    return sorted(found)


@given(KEYS, PREFIXES, LIMITS)
def test_a_walk_yields_every_key_of_its_first_revision_once(keys: set[bytes], prefix: bytes, limit: int) -> None:
    store = MovingStore(keys)
    pages = list(walk_pages(store.fetch, prefix, limit=limit))
    assert [one.key for page in pages for one in page.keys] == begins(keys, prefix)
    assert {page.revision for page in pages} == {1}


@given(KEYS, PREFIXES, LIMITS, st.integers(min_value=1, max_value=7))
def test_children_are_listed_once_each_and_a_listing_that_ended_goes_on(
    keys: set[bytes], prefix: bytes, limit: int, most: int
) -> None:
    store, found, start, revision = MovingStore(keys), [], None, 0
    while True:
        listing = list_children(store.fetch, prefix, limit=limit, most=most, start=start, revision=revision)
        found += [(one.key, one.is_dir) for one in listing.keys]
        assert len(listing.keys) <= most
        start, revision = listing.following, listing.revision
        if start is None:
            break
    assert [key for key, _ in found] == children(keys, prefix)
    # A key whose own name ends with a slash is a directory: what lies below it begins with it.
    assert all(is_dir == key[len(prefix) :].endswith(b"/") for key, is_dir in found)


def test_what_lies_in_a_directory_is_passed_over_and_not_read() -> None:
    store = MovingStore([b"a/%04d" % number for number in range(1000)] + [b"b/1", b"c"])
    listing = list_children(store.fetch, b"", limit=10, most=100)
    assert [one.label for one in listing.keys] == ["a/", "b/", "c"]
    assert store.asked == 2


@given(st.binary(max_size=4), st.binary(max_size=4))
def test_the_end_of_a_prefix_parts_what_begins_with_it_from_what_does_not(prefix: bytes, key: bytes) -> None:
    end = prefix_end(prefix)
    within = key >= prefix and (end == b"\0" or key < end)
    assert within is key.startswith(prefix)
