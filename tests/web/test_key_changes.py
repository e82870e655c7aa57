"""Keys are changed only as it was shown and approved, and only while they are what was shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.kept_keys import KeptKeys, place_of
from support.web_pages import Page, Visitor

from fleetkit.config import Approval, ApprovalKind
from fleetkit.etcd import Store
from fleetkit.web import ChangeDesk, PageSettings, make_etcd_app


def sign_in(desk: ChangeDesk, stores: dict[Store, KeptKeys], token: str, **known: object) -> Visitor:
    places = {store: place_of(one, **known) for store, one in stores.items()}
    visitor = Visitor(make_etcd_app(places, PageSettings(owner="demo", port=3000, desk=desk)))
    visitor.sign_in(token)
    return visitor


@pytest.fixture
def visitor(desk: ChangeDesk, stores: dict[Store, KeptKeys], token: str) -> Visitor:
    return sign_in(desk, stores, token)


@pytest.fixture
def v3(stores: dict[Store, KeptKeys]) -> KeptKeys:
    return stores[Store.V3]


def edit(visitor: Visitor, key: str, value: str, **fields: str) -> Page:
    visitor.get(f"/v3/edit?key={key}")
    return visitor.press("Show the plan", value=value, **fields)


def test_a_key_is_written_once_its_plan_was_approved(visitor: Visitor, v3: KeptKeys, told: list[str]) -> None:
    visitor.get("/v3/key?key=top")
    visitor.get(visitor.seen.links["Write it"])
    page = visitor.press("Show the plan", value="three")
    assert "Write top in the v3 store of demo." in page.text
    assert "one\n  two" in page.markup
    assert "three" in page.markup
    assert "Nothing has changed yet" in page.text
    assert v3.get(b"top").content == b"one\ntwo"
    page = visitor.press("Apply", approval="demo")
    assert page.status == 200
    assert "Done wrote top, mod_revision 6" in page.text
    assert "all as they were left" in page.text
    assert v3.get(b"top").content == b"three"
    assert visitor.get(page.links["Go on"]).text.startswith("To what this page shows etcd of demo")
    assert "three" in visitor.seen.text
    assert told[0].startswith("Write top in the v3 store of demo. Plan ")
    assert "approved by its name" in told[0]
    assert "three" not in "".join(told)


def test_what_a_field_holds_comes_back_as_it_was(visitor: Visitor, v3: KeptKeys) -> None:
    for value in (b"one\ntwo", b"\n\nbegins with blank lines", b"a\tb  \n", "ü “x” <&>".encode(), b""):
        v3.kept.pop(b"odd", None)
        v3.put(b"odd", value, expected=0)
        visitor.get("/v3/edit?key=odd")
        page = visitor.press("Show the plan")
        assert "Nothing to do" in page.text, value
        assert "Apply" not in page.main


def test_a_conflict_is_told_with_both_values_and_can_be_decided_anew(visitor: Visitor, v3: KeptKeys) -> None:
    visitor.get("/v3/edit?key=top")
    form = visitor.seen
    v3.put(b"top", b"somebody else's", expected=v3.get(b"top").revision)
    page = visitor.press("Show the plan", value="mine")
    assert page.status == 409
    assert "has changed since it was at 4" in page.text
    assert "somebody else's" in page.text
    assert page.field("value") == "mine"
    assert form.field("revision") == "4"
    assert page.field("revision") == "6"
    visitor.press("Show the plan")
    visitor.press("Apply", approval="demo")
    assert v3.get(b"top").content == b"mine"


def test_a_conflict_after_the_plan_is_told_with_both_values_and_nothing_is_written(
    visitor: Visitor, v3: KeptKeys
) -> None:
    edit(visitor, "top", "mine")
    v3.put(b"top", b"somebody else's", expected=v3.get(b"top").revision)
    page = visitor.press("Apply", approval="demo")
    assert page.status == 409
    assert "has changed since it was read" in page.text
    assert "What is there now mod_revision 6" in page.text
    assert "somebody else's" in page.text
    assert "mine" in page.text
    assert v3.get(b"top").content == b"somebody else's"


def test_a_key_that_went_meanwhile_is_told_so(visitor: Visitor, v3: KeptKeys) -> None:
    visitor.get("/v3/edit?key=top")
    del v3.kept[b"top"]
    page = visitor.press("Show the plan", value="mine")
    assert page.status == 409
    assert "it is not there" in page.text


def test_a_new_key_never_becomes_a_write_over_one_that_is_there(visitor: Visitor, v3: KeptKeys) -> None:
    visitor.get(visitor.get("/v3/").links["Create a key"])
    for _ in range(2):
        page = visitor.press("Show the plan", name="top", value="mine")
        assert page.status == 409
        assert "top is there already" in page.text
        assert "one\ntwo" in page.markup
    page = visitor.press("Show the plan", name="fresh/one", ttl="60")
    assert "Create fresh/one" in page.text
    assert "expires in 60 s" in page.text
    visitor.press("Apply", approval="demo")
    assert (v3.get(b"fresh/one").content, v3.get(b"fresh/one").ttl_s) == (b"mine", 60)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "the key has no name"),
        ({"name": "a", "ttl": "soon"}, "'soon' is no number of seconds"),
        ({"name": "a", "ttl": "-1"}, "'-1' is no number of seconds"),
    ],
    ids=str,
)
def test_a_form_that_is_wrong_is_shown_again_with_what_was_written(
    visitor: Visitor, fields: dict[str, str], said: str
) -> None:
    visitor.get("/v3/new")
    page = visitor.press("Show the plan", value="what I wrote", **fields)
    assert page.status == 400
    assert said in page.text
    assert page.field("value") == "what I wrote"


def test_a_directory_of_v2_is_made_and_a_key_in_it(visitor: Visitor, stores: dict[Store, KeptKeys]) -> None:
    visitor.get("/v2/new")
    visitor.press("Show the plan", name="/made", directory="1")
    visitor.press("Apply", approval="demo")
    assert stores[Store.V2].get(b"/made").is_dir
    visitor.get(visitor.get("/v2/key?key=/made").links["Create a key in it"])
    assert visitor.seen.field("name") == "/made/"


def test_what_belongs_to_fleet_is_warned_of(visitor: Visitor) -> None:
    visitor.get("/v2/edit?key=/_coreos.com/fleet/engine/version")
    assert "careful: this is fleet's own state" in visitor.press("Show the plan", value="2").text


@pytest.mark.parametrize("said", ["", "Demo", "other", "x.json", "/etc/passwd"])
def test_without_its_approval_nothing_is_written(visitor: Visitor, v3: KeptKeys, said: str) -> None:
    edit(visitor, "top", "mine")
    page = visitor.press("Apply", approval=said)
    assert page.status == 403
    assert "the plan for demo is not approved" in page.text
    assert "next: type demo" in page.text
    assert "passwd" not in page.text
    assert v3.get(b"top").content == b"one\ntwo"
    visitor.press("Apply", approval="demo")
    assert v3.get(b"top").content == b"mine"


def test_a_change_is_made_once_however_often_it_is_asked_for(visitor: Visitor, v3: KeptKeys) -> None:
    page = edit(visitor, "top", "mine")
    visitor.press("Apply", approval="demo")
    after = v3.get(b"top").revision
    visitor.seen = page
    page = visitor.press("Apply", approval="demo")
    assert "Done" in page.text
    assert v3.get(b"top").revision == after


def test_where_the_cluster_file_demands_it_the_sha256_is_what_approves(
    desk: ChangeDesk, stores: dict[Store, KeptKeys], token: str
) -> None:
    visitor = sign_in(desk, stores, token, rules=Approval(required=ApprovalKind.SHA256))
    page = edit(visitor, "top", "mine")
    assert "type the plan's sha256" in page.text
    assert visitor.press("Apply", approval="demo").status == 403
    sha256 = page.text.partition("sha256 of the plan: ")[2].split()[0]
    visitor.press("Apply", approval=sha256)
    assert stores[Store.V3].get(b"top").content == b"mine"


def test_where_only_a_signed_approval_counts_no_page_takes_one(
    desk: ChangeDesk, stores: dict[Store, KeptKeys], token: str, tmp_path: Path
) -> None:
    visitor = sign_in(desk, stores, token, rules=Approval(required=ApprovalKind.SIGNED))
    page = edit(visitor, "top", "mine")
    assert "cannot be approved on a page" in page.text
    assert "Apply" not in page.main
    visitor.get("/v3/new")
    page = visitor.post(f"/changes/{next(iter(desk._kept))}", approval=str(tmp_path / "a.json"))
    assert page.status == 403
    assert stores[Store.V3].get(b"top").content == b"one\ntwo"


def test_a_key_is_deleted_while_it_is_what_was_shown(visitor: Visitor, v3: KeptKeys) -> None:
    visitor.get("/v3/key?key=top")
    seen = visitor.seen
    v3.put(b"top", b"newer", expected=v3.get(b"top").revision)
    assert visitor.press("Delete it").status == 409
    assert seen.field("revision") == "4"
    visitor.get("/v3/key?key=top")
    page = visitor.press("Delete it")
    assert "then: gone" in page.text
    visitor.press("Apply", approval="demo")
    assert b"top" not in v3.kept


def test_all_below_a_directory_is_deleted_and_copied(visitor: Visitor, stores: dict[Store, KeptKeys]) -> None:
    v2 = stores[Store.V2]
    visitor.get("/v2/key?key=/app")
    visitor.get(visitor.seen.links["Copy all below it"])
    visitor.press("Show the plan", target="/app2")
    visitor.press("Apply", approval="demo")
    assert v2.get(b"/app2/deep/b").content == b"x"
    visitor.get("/v2/key?key=/app")
    page = visitor.press("Delete all below it")
    assert "to be deleted:" in page.text
    visitor.press("Apply", approval="demo")
    assert not [key for key in v2.kept if key.startswith(b"/app/")]


def test_all_keys_that_begin_so_are_deleted_from_a_search(visitor: Visitor, v3: KeptKeys) -> None:
    visitor.get("/v3/search?below=app/")
    visitor.press("Delete all below it")
    visitor.press("Apply", approval="demo")
    assert sorted(v3.kept) == [b"top", "ü ber".encode()]
    assert "Delete all below it" not in visitor.get("/v3/search?text=top").markup


def test_a_copy_overwrites_nothing(visitor: Visitor, v3: KeptKeys) -> None:
    visitor.get(visitor.get("/v3/key?key=top").links["Copy it"])
    assert visitor.press("Show the plan", target="app/a").status == 409
    visitor.get("/v3/copy?key=top")
    visitor.press("Show the plan", target="copy of it")
    visitor.press("Apply", approval="demo")
    assert v3.get(b"copy of it").content == b"one\ntwo"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"\0\1", "bytes that are no text"),
        (b"a\r\nb", "its lines end in a way"),
        (b"AKIAABCDEFGHIJKLMNOP", "what looks like a secret"),
    ],
)
def test_what_a_field_cannot_hold_or_may_not_show_stays_out_of_it(
    visitor: Visitor, v3: KeptKeys, value: bytes, why: str
) -> None:
    v3.put(b"odd", value, expected=0)
    page = visitor.get("/v3/edit?key=odd")
    assert why in page.text
    assert page.field("value") == ""
    assert "AKIA" not in page.markup
    assert "AKIA" not in visitor.press("Show the plan", value="new").markup


def test_a_plan_that_was_forgotten_is_told_so(visitor: Visitor) -> None:
    assert visitor.get("/changes/no-such").status == 404
    assert "plan it again" in visitor.seen.text


def test_what_was_written_into_a_form_never_becomes_markup(visitor: Visitor) -> None:
    hostile = "</textarea><script>alert(1)</script>"
    visitor.get("/v3/new")
    page = visitor.press("Show the plan", name=hostile, value=hostile, ttl="x")
    assert "<script" not in page.markup
    assert page.field("value") == hostile
    page = visitor.press("Show the plan", ttl="")
    assert "<script" not in page.markup
    assert hostile in page.text.replace("< /", "</")
