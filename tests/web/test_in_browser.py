"""Both pages in a real browser whose scripts are switched off, worked by keyboard alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from support.etcd_cluster import free_port
from support.fleet_served import serve_fleet
from support.fleet_worlds import World
from support.kept_keys import KeptKeys, place_of
from support.lab_browser import open_page
from werkzeug.serving import WSGIRequestHandler, make_server

from fleetkit.etcd import Store
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.web import ChangeDesk, PageSettings, make_etcd_app, make_fleet_app
from fleetkit.workflows import FleetReader

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_TABS = 120
FOCUSED = """() => {
  const one = document.activeElement;
  const label = one.labels?.length ? one.labels[0] : one;
  return label.textContent.replace(/\\s+/g, ' ').trim();
}"""
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"
NAMELESS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea')]
  .filter((one) => !(one.labels?.length ? one.labels[0] : one).textContent.trim()).map((one) => one.outerHTML)"""
SIDEWAYS = "() => document.documentElement.scrollWidth > window.innerWidth"


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        """Keep silent."""


@contextlib.contextmanager
def served(app: Flask, port: int) -> Iterator[str]:
    """Serve an application in a thread, as waitress does where nobody has to end it."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def walk_to(page: Any, name: str) -> None:
    """Press Tab until what has this name is reached, and see that one can see where one is."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            assert page.evaluate(OUTLINE) == "solid", name
            return
    raise AssertionError(f"Tab does not come to {name!r}")


def press(page: Any, name: str) -> None:
    """Come to a link or a button by Tab, press it, and wait for the page that follows."""
    walk_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def type_into(page: Any, name: str, text: str) -> None:
    """Come to a field by Tab, and write into it in place of what it holds."""
    walk_to(page, name)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def test_units_are_found_and_keys_are_written_by_keyboard_without_a_script(
    chromium: Any, world: World, stores: dict[Store, KeptKeys], desk: ChangeDesk, token: str
) -> None:
    stores[Store.V3].put(b"<img src=x onerror=alert(1)>", b"<script>alert(1)</script>", expected=0)
    ports = free_port(), free_port()
    places = {store: place_of(one) for store, one in stores.items()}
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(FleetReader(parse_fleet_endpoint(stack.enter_context(serve_fleet(world)))))
        fleet_app = make_fleet_app(reader, PageSettings(owner="demo", port=ports[0], desk=desk))
        etcd_app = make_etcd_app(places, PageSettings(owner="demo", port=ports[1], desk=desk))
        urls = [stack.enter_context(served(*one)) for one in zip((fleet_app, etcd_app), ports, strict=True)]
        page, requests, errors = stack.enter_context(open_page(chromium, java_script_enabled=False))

        page.goto(urls[0])
        press(page, "Choose which are listed")
        type_into(page, "Part of the name", "fail")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.locator("section[aria-labelledby=units] tbody tr").count() == 1
        press(page, "fail.service")
        assert page.title().startswith("fail.service: failed")
        assert page.evaluate(NAMELESS) == []

        page.goto(urls[1])
        press(page, "Sign in for changes")
        type_into(page, "Token", token)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        press(page, "v3 store")
        assert page.evaluate(NAMELESS) == []
        press(page, "top")
        press(page, "Write it")
        type_into(page, "Value", "written by keyboard")
        press(page, "Show the plan")
        assert "written by keyboard" in page.locator("main").text_content()
        type_into(page, "Approval", "demo")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.locator("[role=status]").text_content().strip().startswith("Done")
        assert stores[Store.V3].get(b"top").content == b"written by keyboard"
        press(page, "Go on")
        assert page.locator("pre").first.text_content() == "written by keyboard"

        # The other page has another port, and so a cookie of its own: nobody was signed out by it.
        page.goto(urls[0])
        assert page.get_by_text("Sign in for changes").count() == 1
        page.goto(f"{urls[1]}v3/")
        assert page.get_by_text("Sign out").count() == 1
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert not page.evaluate(SIDEWAYS)
        assert [one for one in requests if not one.startswith(tuple(urls))] == []
        assert errors == []
