"""The guide by keyboard alone: Tab comes to every control, in the order in which they stand, and keys press buttons."""

from __future__ import annotations

import pytest
from support.cluster_files import write_cluster
from support.guide_page import GuidePage, run_all
from support.lab_browser import open_page
from support.runs_notebooks import write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

FORM = "The cluster"
NOWHERE = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
    "FLEETKIT_ADDRESS_URL": "http://127.0.0.1:9",
}
CONTROLS = """(card) => {
  const all = card.querySelectorAll('button, input, select, textarea, summary, a[href], [tabindex="0"]');
  return [...all].filter((one) => !one.disabled && one.checkVisibility());
}"""
NAMES = f"""(card) => ({CONTROLS})(card).map((one) =>
  [...(one.labels ?? [])].map((label) => label.textContent).join(' ').trim()
  || one.getAttribute('aria-label') || one.textContent.trim())"""
FOCUS_FIRST = f"(card) => ({CONTROLS})(card)[0].focus()"
FOCUSED = f"(card) => ({CONTROLS})(card).indexOf(document.activeElement)"


@pytest.fixture
def page_of_form(chromium, jupyter_lab):
    """Open a notebook that describes a cluster and looks it over, far from any AWS."""
    write_cluster(jupyter_lab.folder, name="typed")
    shelf = jupyter_lab.folder / "notebooks" / "shelf"
    shelf.mkdir(parents=True, exist_ok=True)
    begin = f"import os\nos.environ |= {NOWHERE!r}\nfrom fleetkit import ui\nguide = ui.begin_deploy(cluster='typed')"
    write_notebook(shelf / "51-type.ipynb", f"{begin}\nguide", "guide.form()", "guide.preflight()")
    with open_page(chromium, viewport={"width": 1300, "height": 1600}) as (page, _, _):
        run_all(page, jupyter_lab.notebook_url("notebooks/shelf/51-type.ipynb"))
        guide = GuidePage(page)
        guide.wait_for("Check first", "ready")
        guide.wait_for(FORM, "not found out")
        yield page, guide


def test_tab_comes_to_every_control_in_its_order_and_each_has_a_name(page_of_form):
    page, guide = page_of_form
    card = guide.card(FORM)
    for section in ("masters", "network"):
        guide.press(FORM, f"▸ show {section}")
    names = card.evaluate(NAMES)
    assert {"region", "etcd1 zone", "etcd3 address", "Remove etcd2", "Ask AWS again"} <= set(names)
    assert [place for place, name in enumerate(names) if not name] == []
    card.evaluate(FOCUS_FIRST)
    reached = []
    for _ in names:
        reached.append(card.evaluate(FOCUSED))
        page.keyboard.press("Tab")
    assert reached == list(range(len(names)))


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_a_key_presses_a_button_and_leaves_the_notebook_as_it_is(page_of_form, key):
    page, guide = page_of_form
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    guide.card(FORM).get_by_role("button", name="▾ hide cluster", exact=True).focus()
    page.keyboard.press(key)
    guide.wait_for(FORM, "▸ show cluster")
    page.keyboard.press(key)
    guide.wait_for(FORM, "▾ hide cluster")
    guide.card("Check first").get_by_role("button", name="Check", exact=True).focus()
    page.keyboard.press(key)
    guide.wait_for("Check first", "Check again")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
