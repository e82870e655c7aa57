"""The browser's tree opens directory by directory, keeps what is open, and says where there is more."""

from __future__ import annotations

import pytest

from fleetkit.etcd import KeyListing, Store, StoredKey
from fleetkit.views import BranchState, KeyBrowser, root_path


def entry(name: str, *, store: Store = Store.V3) -> StoredKey:
    is_dir = name.endswith("/")
    return StoredKey(store=store, key=(name.rstrip("/") if store is Store.V2 else name).encode(), is_dir=is_dir)


def listing(path: str, *names: str, store: Store = Store.V3, following: str = "", revision: int = 7) -> KeyListing:
    keys = tuple(entry(path.rstrip("/") + "/" + one if store is Store.V2 else path + one, store=store) for one in names)
    return KeyListing(
        path=path.encode(), revision=revision, keys=keys, following=following.encode() if following else None
    )


@pytest.fixture
def browser() -> KeyBrowser:
    made = KeyBrowser(Store.V3)
    made.take(listing("", "app/", "top"))
    return made


def test_nothing_is_there_before_it_was_read() -> None:
    browser = KeyBrowser(Store.V2)
    assert (browser.is_read, browser.rows(), browser.revision) == (False, [], 0)
    assert (root_path(Store.V2), root_path(Store.V3)) == (b"/", b"")


def test_directories_open_and_close_with_all_that_is_open_in_them(browser: KeyBrowser) -> None:
    assert browser.lines == ["app/", "top"]
    assert [row.state for row in browser.rows()] == [BranchState.CLOSED, BranchState.KEY]
    browser.take(listing("app/", "a", "sub/", revision=9))
    browser.take(listing("app/sub/", "deep"))
    assert browser.lines == ["app/", "  a", "  sub/", "    deep", "top"]
    assert (browser.revision, browser.open_paths) == (9, (b"", b"app/", b"app/sub/"))
    browser.close(b"app/")
    assert browser.lines == ["app/", "top"]
    browser.take(listing("app/", "a", "sub/"))
    assert browser.lines == ["app/", "  a", "  sub/", "top"]


def test_a_directory_of_v2_closes_alone_and_not_with_one_that_begins_like_it() -> None:
    browser = KeyBrowser(Store.V2)
    browser.take(listing("/", "app/", "apple/", store=Store.V2))
    browser.take(listing("/app", "a", store=Store.V2))
    browser.take(listing("/apple", "b", store=Store.V2))
    assert browser.lines == ["app/", "  a", "apple/", "  b"]
    browser.close(b"/app")
    assert browser.lines == ["app/", "apple/", "  b"]
    browser.close(b"/")
    assert browser.lines == ["app/", "apple/"]


def test_a_listing_that_goes_on_stands_behind_what_was_there(browser: KeyBrowser) -> None:
    browser.take(listing("app/", "a", "b", following="app/c"))
    assert browser.lines == ["app/", "  a", "  b", "  … and more from app/c on", "top"]
    more = browser.rows()[3]
    assert (more.state, more.path, more.key) == (BranchState.MORE, b"app/", None)
    browser.take(listing("app/", "c"), goes_on=True)
    assert browser.lines == ["app/", "  a", "  b", "  c", "top"]


def test_a_search_is_taken_and_ended(browser: KeyBrowser) -> None:
    browser.take_hits("to", [entry("top")], whole=False)
    assert (browser.sought, [one.name for one in browser.hits], browser.hits_are_whole) == ("to", ["top"], False)
    browser.take_hits("", [entry("top")], whole=True)
    assert (browser.sought, browser.hits) == ("", ())


def test_what_is_looked_at_is_kept_until_another_is(browser: KeyBrowser) -> None:
    browser.select(entry("top"))
    browser.close(b"app/")
    assert browser.selected == entry("top")
    browser.select(None)
    assert browser.selected is None
    browser.forget()
    assert not browser.is_read
