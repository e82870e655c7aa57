"""Trees are opened as far as is asked, and say where there is more; values stand in them only where asked for."""

from __future__ import annotations

import pytest
from support.kept_keys import KeptKeys, place_of

from fleetkit.core import NotFoundError
from fleetkit.etcd import Store
from fleetkit.workflows import KeyTrees, find_keys, read_key_tree

VALUES = {"/app/config": b'{"size": 3}', "/app/sub/deep": b"\0", "/app/sub/other": b"hunter2", "/top": b""}


@pytest.fixture(params=list(Store))
def keys(request: pytest.FixtureRequest) -> KeptKeys:
    return KeptKeys.of(VALUES, store=request.param)


def test_a_whole_tree_has_every_key(keys: KeptKeys) -> None:
    tree = read_key_tree(place_of(keys), path=b"/")
    assert tree.whole
    assert [line.strip() for line in tree.browser.lines] == ["app/", "config", "sub/", "deep", "other", "top"]
    assert tree.summary == f"{keys.store}: 4 keys and 2 directories at revision 5"


def test_what_was_not_opened_was_not_read_and_is_told(keys: KeptKeys) -> None:
    tree = read_key_tree(place_of(keys), path=b"/", depth=1)
    assert [line.strip() for line in tree.browser.lines] == ["app/", "top"]
    assert (tree.whole, keys.asked) == (False, [b"/"])
    assert tree.summary.endswith("; there is more than was opened")
    short = read_key_tree(place_of(keys), path=b"/", most=1)
    assert not short.whole
    assert "… and more from" in str(short)


@pytest.mark.parametrize("store", list(Store))
def test_at_the_limit_no_directory_is_opened_any_more(store: Store) -> None:
    keys = KeptKeys.of({f"/{one}/{two}": b"x" for one in "abc" for two in "12"}, store=store)
    tree = read_key_tree(place_of(keys), path=b"/", most=4)
    assert [one.rstrip(b"/") for one in keys.asked] == [b"", b"/a"]
    assert [line.strip() for line in tree.browser.lines] == ["a/", "1", "… and more from /a/2 on", "b/", "c/"]
    assert not tree.whole
    assert read_key_tree(place_of(keys), path=b"/", most=10).whole


def test_values_stand_in_no_table_unless_they_are_asked_for(keys: KeptKeys) -> None:
    silent, telling = (read_key_tree(place_of(keys), path=b"/", values=values) for values in (False, True))
    assert "hunter2" not in f"{silent}{silent._repr_html_()}"
    assert "hunter2" in telling._repr_html_()
    assert list(silent.frame.columns) == ["key", "kind", "size", "revision", "expires"]
    assert dict(zip(telling.frame["key"], telling.frame["value"], strict=True))["/app/sub/deep"] == "00"


def test_a_directory_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFoundError, match="/nothing"):
        read_key_tree(place_of(KeptKeys.of(VALUES, store=Store.V2)), path=b"/nothing")


def test_keys_are_found_by_a_part_of_their_names_and_without_values(keys: KeptKeys) -> None:
    hits, whole = find_keys(place_of(keys), "DEE", most=10)
    assert ([one.name for one in hits], whole) == (["/app/sub/deep"], True)
    assert hits[0].content is None
    hits, whole = find_keys(place_of(keys), "app", most=2)
    assert (len(hits), whole) == (2, False)
    assert find_keys(place_of(keys), "nothing", most=2) == ((), True)


def test_both_stores_are_told_in_one_sentence() -> None:
    v2, v3 = (read_key_tree(place_of(KeptKeys.of(VALUES, store=store))) for store in Store)
    trees = KeyTrees(cluster="demo", v2=v2, v3=v3)
    assert trees.summary.startswith("demo: v2: 4 keys and 2 directories at revision 5, v3: 4 keys and 3 directories")
    assert trees.outcome == "done"
