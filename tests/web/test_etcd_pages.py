"""The page of an etcd opens both stores, finds keys, and shows each value as what it is."""

from __future__ import annotations

import pytest
from support.kept_keys import KeptKeys
from support.web_pages import Visitor

from fleetkit.core import EtcdError
from fleetkit.etcd import Store
from fleetkit.web._key_names import read_key, write_key


def listed(visitor: Visitor) -> list[str]:
    return [row[0].partition(" about")[0] for row in visitor.seen.rows[1:]]


def test_it_begins_with_the_tree_in_which_fleet_keeps_its_state(keys: Visitor) -> None:
    assert keys.get("/").headers["Location"] == "/v2/"
    keys.get("/v2/")
    assert listed(keys) == ["▸ _coreos.com/", "▸ app/"]
    assert {"v2 store", "v3 store"} <= set(keys.seen.links)


def test_a_directory_opens_and_closes_with_what_is_in_it(keys: Visitor) -> None:
    page = keys.get("/v2/")
    page = keys.get(page.links["▸ app/"])
    assert listed(keys) == ["▸ _coreos.com/", "▾ app/", "a", "▸ deep/"]
    page = keys.get(page.links["▸ deep/"])
    assert listed(keys) == ["▸ _coreos.com/", "▾ app/", "a", "▾ deep/", "b"]
    keys.get(page.links["▾ app/"])
    assert listed(keys) == ["▸ _coreos.com/", "▸ app/"]


def test_the_v3_store_opens_at_its_slashes(keys: Visitor) -> None:
    page = keys.get("/v3/")
    assert listed(keys) == ["▸ app/", "top", "ü ber"]
    keys.get(page.links["▸ app/"])
    assert listed(keys) == ["▾ app/", "a", "b", "top", "ü ber"]


def test_what_was_open_and_is_gone_is_left_out(keys: Visitor, stores: dict[Store, KeptKeys]) -> None:
    page = keys.get("/v2/")
    where = page.links["▸ app/"]
    for key in [one for one in stores[Store.V2].kept if one.startswith(b"/app")]:
        del stores[Store.V2].kept[key]
    assert keys.get(where).status == 200
    assert listed(keys) == ["▸ _coreos.com/"]


def test_a_long_directory_is_listed_in_parts(keys: Visitor, stores: dict[Store, KeptKeys]) -> None:
    for number in range(250):
        stores[Store.V3].put(b"m/%03d" % number, b"x", expected=0)
    page = keys.get(keys.get("/v3/").links["▸ m/"])
    assert "… and more from m/200 on" in page.text
    page = keys.get(page.links["List more"])
    assert "249" in listed(keys)
    assert "and more" not in page.text


@pytest.mark.parametrize(
    ("store", "key", "value", "facts"),
    [
        ("v3", "app/a", "{\n  &#34;size&#34;: 3\n}", "mod_revision 2, created at 2, json, 10 B, never expires"),
        ("v3", "app/b", ">00 01</pre>", "bytes, 2 B"),
        ("v3", "top", ">one\ntwo</pre>", "text, 7 B"),
        ("v3", "%C3%BC%20ber", ">text</pre>", "text, 4 B"),
        ("v2", "/_coreos.com/fleet/engine/version", ">1</pre>", "modifiedIndex 2"),
    ],
)
def test_a_key_is_told_with_its_value_as_what_it_is(
    keys: Visitor, store: str, key: str, value: str, facts: str
) -> None:
    page = keys.get(f"/{store}/key?key={key.replace('%', '%25')}")
    assert page.status == 200
    assert value in page.markup
    assert facts in page.text


def test_each_link_of_a_tree_leads_to_its_key(keys: Visitor) -> None:
    page = keys.get("/v3/")
    assert keys.get(page.links["ü ber"]).status == 200
    assert "ü ber" in keys.seen.text


def test_seconds_to_live_are_told(keys: Visitor, stores: dict[Store, KeptKeys]) -> None:
    stores[Store.V2].put(b"/soon", b"x", expected=0, ttl_s=27)
    keys.get("/v2/")
    assert ["soon", "text", "1 B", "5", "in 27 s"] in keys.seen.rows
    assert "expires in 27 s" in keys.get("/v2/key?key=/soon").text


def test_a_directory_of_v2_has_a_page_and_no_value(keys: Visitor) -> None:
    page = keys.get("/v2/key?key=/app")
    assert page.status == 200
    assert "has no value" in page.text


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v3/search?below=app/", ["app/a", "app/b"]),
        ("/v3/search?below=app/&text=B", ["app/b"]),
        ("/v3/search?text=op", ["top"]),
        ("/v2/search?text=VERSION", ["/_coreos.com/fleet/engine/version"]),
        ("/v3/search?below=none", ["none"]),
    ],
)
def test_keys_are_found_by_what_they_begin_with_and_by_a_part_of_their_name(
    keys: Visitor, path: str, found: list[str]
) -> None:
    keys.get(path)
    assert listed(keys) == found


def test_a_search_that_finds_too_many_says_so(keys: Visitor, stores: dict[Store, KeptKeys]) -> None:
    for number in range(250):
        stores[Store.V3].put(b"m/%03d" % number, b"x", expected=0)
    assert "200 keys, and there are more: ask for less" in keys.get("/v3/search?below=m").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v4/", 404),
        ("/v3/key?key=nobody", 404),
        ("/v2/key?key=/nobody", 404),
        ("/v2/key?key=/app/../x", 400),
        ("/v2/key?key=%25ff", 400),
        ("/v3/key?key=%25ff", 404),
    ],
)
def test_what_is_not_there_and_what_cannot_be_is_told(keys: Visitor, path: str, status: int) -> None:
    assert keys.get(path).status == status


def test_keys_and_values_are_shown_as_text_and_never_become_markup(
    keys: Visitor, stores: dict[Store, KeptKeys]
) -> None:
    hostile = b"<script>alert(1)</script>"
    stores[Store.V3].put(hostile, hostile + b'"><img src=x onerror=alert(1)>', expected=0)
    for path in (
        "/v3/",
        f"/v3/?open={write_key(b'<script>alert(1)</').replace('%', '%25')}",
        f"/v3/key?key={write_key(hostile).replace('%', '%25')}",
        "/v3/search?text=%3Cscript%3E",
        "/v3/key?key=%253Cscript%253E",
    ):
        markup = keys.get(path).markup
        assert "<script" not in markup
        assert "<img" not in markup


def test_a_value_that_looks_like_a_secret_is_not_shown(keys: Visitor, stores: dict[Store, KeptKeys]) -> None:
    stores[Store.V3].put(b"s", b"AKIAABCDEFGHIJKLMNOP", expected=0)
    page = keys.get("/v3/key?key=s")
    assert "[redacted]" in page.text
    assert "AKIA" not in page.markup


def test_a_very_long_value_is_cut_and_that_is_said(keys: Visitor, stores: dict[Store, KeptKeys]) -> None:
    stores[Store.V3].put(b"long", b"x" * 20_005, expected=0)
    assert "5 characters more are not shown" in keys.get("/v3/key?key=long").text


def test_an_etcd_that_cannot_be_read_is_an_error_and_never_an_empty_tree(
    keys: Visitor, stores: dict[Store, KeptKeys], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_what: object, **_options: object) -> None:
        raise EtcdError("the keys could not be read", seen="no member answers", hint="fleetkit etcd health")

    monkeypatch.setattr(KeptKeys, "list_children", fail)
    page = keys.get("/v3/")
    assert page.status == 502
    assert "the keys could not be read seen: no member answers next: fleetkit etcd health" in page.text


def test_a_tree_is_read_anew_only_where_that_is_asked_for_and_without_a_form(keys: Visitor) -> None:
    page = keys.get("/v2/")
    assert "http-equiv" not in page.markup
    page = keys.get(page.links["Read anew every 10 s"])
    assert 'content="10"' in page.markup
    assert "<form" not in page.markup
    page = keys.get(page.links["▸ app/"])
    assert 'content="10"' in page.markup
    assert "http-equiv" not in keys.get(page.links["Stop that"]).markup
    assert "▾ app/" in listed(keys)


@pytest.mark.parametrize("key", [b"", b"/app/a", b"a b", b"\xff\xfe", "ü".encode(), b"a%2fb", b"a&b=c#d?e", b"\n\0"])
def test_any_key_survives_an_address(key: bytes) -> None:
    word = write_key(key)
    assert word.isascii()
    assert read_key(word, store=Store.V3) == key
