"""Whoever has the token signs in; nobody else changes anything, and no other page does it for them."""

from __future__ import annotations

import pytest
from support.kept_keys import KeptKeys, place_of
from support.web_pages import HOST, Visitor

from fleetkit.etcd import Store
from fleetkit.web import ChangeDesk, PageSettings, make_etcd_app


@pytest.fixture
def visitor(desk: ChangeDesk, stores: dict[Store, KeptKeys]) -> Visitor:
    places = {store: place_of(one) for store, one in stores.items()}
    return Visitor(make_etcd_app(places, PageSettings(owner="demo", port=3000, desk=desk)))


def test_a_token_signs_in_and_a_sign_out_ends_that(visitor: Visitor, token: str) -> None:
    assert "Create a key" not in visitor.get("/v3/").links
    visitor.get(visitor.seen.links["Sign in for changes"])
    page = visitor.press("Sign in", token=token)
    assert "Create a key" in page.links
    assert "Sign in for changes" not in page.links
    page = visitor.press("Sign out")
    assert "Sign in for changes" in visitor.get("/v3/").links


@pytest.mark.parametrize("said", ["", "guess", "a-token-that-was-printe", "tökén", "\ud800"])
def test_another_token_is_refused(visitor: Visitor, said: str) -> None:
    page = visitor.sign_in(said.encode("utf-8", "replace").decode())
    assert page.status == 403
    assert "that is not the token" in page.text
    assert "Create a key" not in visitor.get("/v3/").links


def test_the_cookie_is_for_this_page_alone_and_for_no_script(visitor: Visitor, token: str) -> None:
    visitor.get("/sign-in")
    sent = {"csrf_token": visitor.seen.field("csrf_token"), "token": token}
    cookie = visitor.client.post("/sign-in", data=sent, base_url=f"http://{HOST}").headers["Set-Cookie"]
    assert cookie.startswith("fleetkit-3000=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Expires" not in cookie
    assert "Max-Age" not in cookie
    assert token not in cookie


def test_a_cookie_that_was_kept_is_worth_nothing_after_a_sign_out(visitor: Visitor, token: str) -> None:
    visitor.sign_in(token)
    kept = visitor.client.get_cookie("fleetkit-3000", domain="127.0.0.1")
    assert kept is not None
    visitor.get("/v3/")
    visitor.press("Sign out")
    visitor.client.set_cookie("fleetkit-3000", kept.value, domain="127.0.0.1")
    assert "Create a key" not in visitor.get("/v3/").links


def test_a_cookie_of_another_process_is_worth_nothing(
    visitor: Visitor, desk: ChangeDesk, stores: dict[Store, KeptKeys], token: str
) -> None:
    visitor.sign_in(token)
    kept = visitor.client.get_cookie("fleetkit-3000", domain="127.0.0.1")
    assert kept is not None
    places = {store: place_of(one) for store, one in stores.items()}
    other = Visitor(make_etcd_app(places, PageSettings(owner="demo", port=3000, desk=desk)))
    other.client.set_cookie("fleetkit-3000", kept.value, domain="127.0.0.1")
    assert "Create a key" not in other.get("/v3/").links


@pytest.mark.parametrize(
    "path", ["/v3/put", "/v3/copy", "/v3/delete", "/v2/delete", "/changes/x", "/sign-in", "/sign-out"]
)
def test_a_form_without_its_token_is_refused_whoever_is_signed_in(visitor: Visitor, token: str, path: str) -> None:
    visitor.sign_in(token)
    for fields in ({}, {"csrf_token": "guess"}):
        page = visitor.send(path, key="top", revision="4", **fields)
        assert page.status == 400
        assert "CSRF" in page.text
    assert visitor.get("/v3/key?key=top").status == 200


@pytest.mark.parametrize("path", ["/v3/put", "/v3/copy", "/v3/delete", "/changes/x"])
def test_nobody_who_is_not_signed_in_changes_anything(visitor: Visitor, path: str) -> None:
    visitor.get("/sign-in")
    page = visitor.post(path, key="top", revision="4")
    assert page.status == 403
    assert "nobody is signed in here" in page.text


@pytest.mark.parametrize("path", ["/v3/new", "/v3/edit?key=top", "/v3/copy?key=top", "/changes/x"])
def test_a_form_leads_to_the_sign_in_and_that_back_to_the_form(visitor: Visitor, token: str, path: str) -> None:
    assert visitor.get(path).status == 302
    visitor.get(visitor.seen.headers["Location"])
    visitor.press("Sign in", token=token)
    there = visitor.client.get(path, base_url=f"http://{HOST}")
    assert visitor.seen.markup.split("csrf_token")[0] == there.get_data(as_text=True).split("csrf_token")[0]


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", "/\n/x", ""]
)
def test_a_sign_in_leads_to_no_foreign_page(visitor: Visitor, token: str, where: str) -> None:
    visitor.get("/sign-in")
    sent = {"csrf_token": visitor.seen.field("csrf_token"), "token": token, "next": where}
    assert visitor.client.post("/sign-in", data=sent, base_url=f"http://{HOST}").headers["Location"] == "/"


def test_a_form_that_no_store_could_hold_is_not_read(visitor: Visitor, token: str) -> None:
    visitor.sign_in(token)
    visitor.get("/v3/new")
    page = visitor.press("Show the plan", name="a", value="x" * 2_200_000)
    assert page.status == 413
    assert "This did not work" in page.text


def test_a_page_that_only_reads_has_no_sign_in(keys: Visitor) -> None:
    assert "Sign in for changes" not in keys.get("/v3/").links
    assert keys.get("/sign-in").status == 404
    assert keys.get("/v3/new").status == 404
    assert "Set-Cookie" not in keys.get("/v3/").headers
