"""The form by hand in JupyterLab: what is wrong is told as one types, and what is saved the next step sees."""

from __future__ import annotations

import pytest
from support.cluster_files import write_cluster
from support.guide_page import GuidePage, run_all
from support.lab_browser import open_page, widget_errors
from support.runs_notebooks import write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FORM = "The cluster"


@pytest.fixture
def file(jupyter_lab):
    """Return a cluster's file, below which a notebook leads through its deploy, far from any AWS."""
    file = write_cluster(jupyter_lab.folder, name="formed")
    shelf = jupyter_lab.folder / "notebooks" / "shelf"
    shelf.mkdir(parents=True, exist_ok=True)
    nowhere = {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
        "FLEETKIT_ADDRESS_URL": "http://127.0.0.1:9",
    }
    begin = f"import os\nos.environ |= {nowhere!r}\nfrom fleetkit import ui\nguide = ui.begin_deploy(cluster='formed')"
    write_notebook(shelf / "50-describe.ipynb", f"{begin}\nguide", "guide.form()", "guide.preflight()")
    return file


def test_a_wrong_field_locks_the_save_a_right_one_is_written_and_nothing_else_is(chromium, jupyter_lab, file):
    before = file.read_text()
    with open_page(chromium, viewport={"width": 1300, "height": 1600}) as (page, _, errors):
        run_all(page, jupyter_lab.notebook_url("notebooks/shelf/50-describe.ipynb"))
        guide = GuidePage(page)
        guide.wait_for("Check first", "ready")
        address = guide.card(FORM).get_by_label("operator_cidr")
        address.fill("0.0.0.0/0")
        guide.wait_for(FORM, "which is the whole internet")
        assert guide.is_locked(FORM, "Save the file")
        guide.take_pictures(FORM, "form-wrong")

        address.fill("198.51.100.8/32")
        guide.wait_for(FORM, "not saved yet")
        assert "not legal" not in guide.text(FORM)
        guide.card(FORM).get_by_text("What would be written").click()
        guide.wait_for(FORM, '+operator_cidr = "198.51.100.8/32"')
        guide.take_pictures(FORM, "form-right")
        assert file.read_text() == before
        guide.press(FORM, "Save the file")
        guide.wait_for(FORM, "✓ saved")
        key = 'operator_cidr = "198.51.100.{}/32"'
        assert file.read_text() == before.replace(key.format(7), key.format(8))
        assert not widget_errors(errors)
