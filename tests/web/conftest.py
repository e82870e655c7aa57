"""Fixtures of the tests of pages: a fleet and two stores as pages show them, and who looks at them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.fleet_served import serve_fleet
from support.fleet_worlds import World, every_verdict
from support.kept_keys import KeptKeys, place_of
from support.lab_browser import chromium
from support.web_pages import Visitor

from fleetkit.etcd import Store
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.web import ChangeDesk, PageSettings, SignIn, make_etcd_app, make_fleet_app
from fleetkit.workflows import FleetReader, Reporter

__all__ = ["chromium", "desk", "fleet", "keys", "stores", "token", "told", "world"]

TOKEN = "a-token-that-was-printed"


@pytest.fixture
def told() -> list[str]:
    """Return what stands in the terminal."""
    return []


@pytest.fixture
def desk(told: list[str]) -> Iterator[ChangeDesk]:
    with ChangeDesk(SignIn(TOKEN), report=Reporter(note=told.append)) as made:
        yield made


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
def world() -> World:
    return every_verdict()


@pytest.fixture
def fleet(world: World) -> Iterator[Visitor]:
    with serve_fleet(world) as url, FleetReader(parse_fleet_endpoint(url)) as reader:
        yield Visitor(make_fleet_app(reader, PageSettings(owner="demo", port=3000)))


@pytest.fixture
def stores() -> dict[Store, KeptKeys]:
    v2 = KeptKeys.of(
        {"/_coreos.com/fleet/engine/version": b"1", "/app/a": b'{"size":3}', "/app/deep/b": b"x"}, store=Store.V2
    )
    v3 = KeptKeys.of({"app/a": b'{"size":3}', "app/b": b"\0\1", "top": b"one\ntwo", "\u00fc ber": b"text"})
    return {one.store: one for one in (v2, v3)}


@pytest.fixture
def keys(stores: dict[Store, KeptKeys]) -> Visitor:
    places = {store: place_of(one) for store, one in stores.items()}
    return Visitor(make_etcd_app(places, PageSettings(owner="demo", port=3000)))
