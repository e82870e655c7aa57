"""The report in a real browser: it asks for nothing, and can be read in light and dark, wide and narrow."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from support.lab_browser import open_page
from support.runs_records import make_record

from fleetkit.runs import Outcome, RunError, render_report
from fleetkit.views import Tone, badge_html, frame_html, members_frame, table_html

pytestmark = pytest.mark.browser

WIDE = "<table><tr>" + "".join(f"<td>column-{number:04}</td>" for number in range(60)) + "</tr></table>"
HOSTILE = (
    "<script>document.title = 'taken'</script><img src='https://x.test/a.png' onerror='document.title=1'>"
    "<link rel='stylesheet' href='https://x.test/a.css'><p style='background:url(https://x.test/b.png)'>left</p>"
    "<iframe src='https://x.test'></iframe><svg><image href='https://x.test/c.svg'/></svg>"
)
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>x</script><circle r='9'/></svg>"
READ = ("h1", "a", ".outcome span", ".error pre", "summary", ".ansi-red-fg", ".ansi-green-fg", ".code .s1", ".code .c1")
MEMBERS = frame_html(
    members_frame(
        {
            "name": f"etcd{number}",
            "id": f"8211f1d0f64f3{number:03}",
            "healthy": number != 3,
            "is_leader": number == 1,
            "raft_term": 12,
            "raft_index": 1_234_567,
            "db_size_bytes": 41_000_000,
            "took_ms": 12.25,
            "version": "3.5.33",
            "alarms": ["NOSPACE"] if number == 2 else [],
            "reason": "did not answer within 5 s: the connection was refused" if number == 3 else "",
        }
        for number in (1, 2, 3)
    )
)
TALL = f'<div style="max-height:3em;overflow:auto">{"<p>line</p>" * 40}<p>the last line</p></div>'
JUDGED = table_html(
    ("state", *(f"column {number}" for number in range(5))),
    [(badge_html("not looked at", Tone.CARE), *(["words that fill a column"] * 4), "ec2:DescribeInstances" * 3)],
    label="what came of it",
)
WHOLE = ("etcd3", "unhealthy", "leader", "1234567", "3.5.33", "! not looked at")
A4_BETWEEN_MARGINS = {"width": 680, "height": 1000}
SIDEWAYS = "() => document.documentElement.scrollWidth > window.innerWidth"
REACHES = """() => [...document.querySelectorAll('.table')].map((box) => {
  box.scrollLeft = 1e6;
  const [outer, inner] = [box, box.querySelector('tr').lastElementChild].map((one) => one.getBoundingClientRect());
  return outer.right <= window.innerWidth && inner.right <= outer.right + 1;
})"""
CUT_OFF = """() => [...document.querySelectorAll('td, th')]
  .filter((cell) => cell.getBoundingClientRect().right > window.innerWidth + 1).map((cell) => cell.textContent)"""
LINES = """(word) => {
  const cell = [...document.querySelectorAll('td, th, td span')].findLast((one) => one.textContent.trim() === word);
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
}"""
CONTRAST = """([selector]) => {
  const light = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map(Number).map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = document.querySelector(selector);
  const ink = light(getComputedStyle(behind).color);
  while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
  const page = light(getComputedStyle(behind || document.body).backgroundColor);
  return (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
}"""


@pytest.fixture
def report(tmp_path):
    outputs = [
        new_output("display_data", data={"text/html": WIDE}),
        new_output("display_data", data={"text/html": MEMBERS}),
        new_output("display_data", data={"text/html": TALL}),
        new_output("display_data", data={"text/html": JUDGED}),
        new_output("display_data", data={"text/html": HOSTILE}),
        new_output("display_data", data={"image/svg+xml": SVG}),
        new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m \x1b[32mgreen\x1b[0m\n"),
        new_output("stream", name="stderr", text="x" * 400),
        new_output("error", ename="EtcdError", evalue="no leader", traceback=["trace"]),
    ]
    cell = new_code_cell("show('me')  # everything", outputs=outputs, execution_count=1)
    cell.metadata["fleetkit"] = {"status": "failed"}
    error = RunError(kind="EtcdError", message="no leader", cell=1, title="Verify")
    path = tmp_path / "report.html"
    notebook = new_notebook(cells=[new_markdown_cell("# Title\n\n[link](https://x.test)"), cell])
    path.write_text(render_report(notebook, make_record(outcome=Outcome.FAILED, exit=1, error=error)))
    return path


def test_it_asks_for_nothing_and_meets_no_error(chromium, report):
    with open_page(chromium) as (page, requests, errors):
        page.goto(report.as_uri())
        page.wait_for_load_state("networkidle")
        assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]
        assert errors == []
        assert page.title() == "10-try · demo · failed"
        assert page.locator("script, iframe, form, link[rel=stylesheet]").count() == 0


@pytest.mark.parametrize("width", [400, 800, 1280])
def test_a_wide_table_scrolls_in_its_own_box_by_keyboard_too_and_the_page_does_not(chromium, report, width):
    with open_page(chromium, viewport={"width": width, "height": 800}) as (page, _, _):
        page.goto(report.as_uri())
        assert not page.evaluate(SIDEWAYS)
        assert page.evaluate(REACHES) == [True, True, True]
        wide = page.locator(".table").first
        wide.evaluate("(box) => { box.scrollLeft = 0; box.focus(); }")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.querySelector('.table').scrollLeft > 0")


def test_on_paper_a_wide_table_shrinks_until_it_fits_and_breaks_no_short_word(chromium, report):
    with open_page(chromium, viewport=A4_BETWEEN_MARGINS) as (page, _, _):
        page.goto(report.as_uri())
        page.emulate_media(media="print")
        assert page.evaluate(CUT_OFF) == []
        assert not page.evaluate(SIDEWAYS)
        lines = {word: page.evaluate(LINES, word) for word in WHOLE}
        assert set(lines.values()) == {1}, lines


def test_on_paper_what_scrolled_on_the_screen_is_shown_in_full(chromium, report):
    with open_page(chromium, viewport=A4_BETWEEN_MARGINS) as (page, _, _):
        page.goto(report.as_uri())
        page.emulate_media(media="print")
        box = page.get_by_text("the last line").locator("xpath=..")
        assert box.evaluate("(one) => one.scrollHeight <= one.clientHeight")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(chromium, report, scheme):
    with open_page(chromium, color_scheme=scheme) as (page, _, _):
        page.goto(report.as_uri())
        backgrounds = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert backgrounds == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)")
        contrasts = {selector: page.evaluate(CONTRAST, [selector]) for selector in READ}
        assert {selector: value for selector, value in contrasts.items() if value < 4.5} == {}


def test_the_way_from_the_error_to_its_cell_works(chromium, report):
    with open_page(chromium, viewport={"width": 900, "height": 300}) as (page, _, _):
        page.goto(report.as_uri())
        page.get_by_role("link", name="Go to the cell").click()
        assert page.url.endswith("#failed")
        assert page.locator("#failed details").first.get_attribute("open") is not None


def test_on_paper_nothing_is_folded_away_or_cut_off_and_the_ink_is_dark(chromium, report):
    with open_page(chromium, viewport={"width": 700, "height": 900}, color_scheme="dark") as (page, _, _):
        page.goto(report.as_uri())
        trace = page.locator(".error details pre")
        assert not trace.is_visible()
        page.emulate_media(media="print", color_scheme="dark")
        assert trace.is_visible()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.evaluate("getComputedStyle(document.querySelector('.stderr')).whiteSpace") == "pre-wrap"
