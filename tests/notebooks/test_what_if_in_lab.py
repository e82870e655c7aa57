"""What if by keyboard alone, in JupyterLab: Tab comes to each box, Space ticks it, and the verdict says so in words."""

from __future__ import annotations

import pytest
from support.cluster_files import write_cluster
from support.guide_page import run_all
from support.lab_browser import open_page

from fleetkit.core import data_folder

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SLOW_MS = 60_000


def test_boxes_are_ticked_by_keyboard_and_each_tick_changes_the_verdict(chromium, jupyter_lab):
    write_cluster(jupyter_lab.folder, name="ticked")
    shelf = jupyter_lab.folder / "notebooks" / "diagnose"
    shelf.mkdir(parents=True, exist_ok=True)
    text = (data_folder("notebooks") / "diagnose" / "61-what-if.ipynb").read_text(encoding="utf-8")
    (shelf / "61-what-if.ipynb").write_text(text.replace('cluster = \\"\\"', 'cluster = \\"ticked\\"'))
    with open_page(chromium, viewport={"width": 1300, "height": 1600}) as (page, _, errors):
        run_all(page, jupyter_lab.notebook_url("notebooks/diagnose/61-what-if.ipynb"))
        verdict = page.locator('.jp-OutputArea-output [role="status"]')
        verdict.get_by_text("the cluster bears it").wait_for(timeout=SLOW_MS)
        page.get_by_role("checkbox", name="zone us-west-2b", exact=True).focus()
        page.keyboard.press("Space")
        verdict.get_by_text("zone us-west-2b gone").wait_for(timeout=SLOW_MS)
        page.get_by_role("img", name="Quorum degraded: 2 of 3 members healthy").wait_for(timeout=SLOW_MS)
        for _ in ("zone c", "etcd1"):
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        verdict.get_by_text("lost: quorum").wait_for(timeout=SLOW_MS)
        assert page.get_by_role("checkbox", name="member etcd1 in us-west-2a", exact=True).is_checked()
        page.get_by_role("textbox", name="day passed").fill("soon")
        page.keyboard.press("Tab")
        page.get_by_role("alert").get_by_text("soon is no day").wait_for(timeout=SLOW_MS)
        assert errors == []
