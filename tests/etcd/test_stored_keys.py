"""Keys are named as their store has them, and told so that a person sees which is which."""

from __future__ import annotations

import pytest

from fleetkit.core import SettingsError
from fleetkit.etcd import ContentKind, Store, StoredKey, normalize_key, show_revision, split_key


@pytest.mark.parametrize(
    ("text", "store", "key"),
    [
        ("/a//b/", Store.V2, b"/a/b"),
        ("a", Store.V2, b"/a"),
        ("", Store.V2, b"/"),
        ("/a//b/", Store.V3, b"/a//b/"),
        ("", Store.V3, b""),
        ("grün", Store.V3, "grün".encode()),
        ("\udcff", Store.V3, b"\xff"),
    ],
)
def test_a_key_is_read_as_its_store_has_it(text: str, store: Store, key: bytes) -> None:
    assert normalize_key(text, store=store) == key


@pytest.mark.parametrize(
    ("text", "store", "said"),
    [
        ("/a/../b", Store.V2, r"a part of it is \.\."),
        ("./a", Store.V2, r"a part of it is \."),
        ("/a\udcff", Store.V2, "is no key"),
        ("\ud800", Store.V3, "is no key"),
    ],
)
def test_what_can_be_no_key_is_refused(text: str, store: Store, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        normalize_key(text, store=store)


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        (b"/a/b", (b"/a/", b"b")),
        (b"/a/b/", (b"/a/", b"b/")),
        (b"plain", (b"", b"plain")),
        (b"/", (b"", b"/")),
        (b"a//", (b"a/", b"/")),
    ],
)
def test_a_key_has_a_directory_and_a_last_part(key: bytes, parts: tuple[bytes, bytes]) -> None:
    assert split_key(key) == parts


def test_a_directory_is_told_by_its_slash_in_both_stores() -> None:
    assert StoredKey(store=Store.V2, key=b"/_coreos.com", is_dir=True).label == "_coreos.com/"
    assert StoredKey(store=Store.V3, key=b"/registry/", is_dir=True).label == "registry/"
    assert StoredKey(store=Store.V3, key=b"/", is_dir=True).label == "/"
    assert StoredKey(store=Store.V3, key=b"a/b\n").label == "b\\n"


def test_what_was_not_read_has_no_kind() -> None:
    assert StoredKey(store=Store.V3, key=b"a").kind is None
    assert StoredKey(store=Store.V3, key=b"a", content=b"").kind is ContentKind.EMPTY


def test_revisions_go_by_the_names_of_their_stores() -> None:
    assert (show_revision(Store.V2, 7), show_revision(Store.V3, 9)) == ("modifiedIndex 7", "mod_revision 9")
