"""The report: one file, nothing in it runs or loads, widgets and charts stand as what they showed last."""

from __future__ import annotations

import base64
import datetime as dt
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from support.runs_records import make_record, write_events

from fleetkit.core import judge_quorum
from fleetkit.runs import EventKind, Outcome, RunError, render_report
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.report._sanitizing import sanitize_html
from fleetkit.views import Measure, MemberHistory, draw_history, draw_quorum

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


def report_of(*outputs, widgets=None, **changes) -> str:
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), new_code_cell("show()", outputs=list(outputs))])
    notebook.cells[1].execution_count = 1
    if widgets:
        state = {
            name: {"model_name": f"{kind}Model", "state": state, "buffers": state.pop("buffers", [])}
            for name, (kind, state) in widgets.items()
        }
        notebook.metadata["widgets"] = {STATE: {"state": state}}
    return render_report(notebook, make_record(**changes))


def shown(**data):
    return new_output("display_data", data={name.replace("__", "/"): value for name, value in data.items()})


@pytest.mark.parametrize(
    ("markup", "clean"),
    [
        ("<b>a</b><script>alert(1)</script>b", "<b>a</b>b"),
        ("<p onclick='x()' id='failed'>a", "<p>a</p>"),
        ("<a href='javascript:x()'>a</a>", '<a rel="noreferrer noopener">a</a>'),
        ("<a href='https://x.test'>a</a>", '<a href="https://x.test" rel="noreferrer noopener">a</a>'),
        ("<img src='https://x.test/p.png'>", "<img>"),
        ("<img src='data:image/png;base64,AA'>", '<img src="data:image/png;base64,AA">'),
        ("<p style='color:red;background:url(//x);position:fixed'>a</p>", '<p style="color:red">a</p>'),
        ("<p style='background:u\\72l(//x)'>a</p>", '<p style="">a</p>'),
        ("<iframe src=x><p>in</p></iframe>after", "after"),
        ("<style>*{display:none}</style>a", "a"),
        ("<link rel=stylesheet href=//x><meta http-equiv=refresh content=0>a", "a"),
        ("<form action=x><input name=p>a</form>", "a"),
        ("</section></main><b>out", "<b>out</b>"),
        ("<div><table><tr><td>1", "<div><table><tr><td>1</td></tr></table></div>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>never closed <b>", ""),
        (
            "<svg viewBox='0 0 1 1'><script>x</script><path d='M0 0'/></svg>",
            '<svg viewBox="0 0 1 1"><path d="M0 0"></path></svg>',
        ),
        ("<svg><image href='https://x.test/p.svg'/><use href='//x#a'/></svg>", "<svg><use></use></svg>"),
        (
            "<svg><use xlink:href='https://x#a'/><a xlink:href='#a'>b</a></svg>",
            '<svg><use></use><a rel="noreferrer noopener">b</a></svg>',
        ),
        ("<svg><use xlink:href='#a' x='1'/></svg>", '<svg><use xlink:href="#a" x="1"></use></svg>'),
        (
            "<svg><pattern id='a' patternUnits='userSpaceOnUse'><rect/></pattern></svg>",
            '<svg><pattern id="a" patternUnits="userSpaceOnUse"><rect></rect></pattern></svg>',
        ),
        (
            "<svg><path fill='url(https://x.test#a)'/><rect fill='url(#a)'/></svg>",
            '<svg><path></path><rect fill="url(#a)"></rect></svg>',
        ),
        ("<svg><linearGradient id='a'/></svg>", '<svg><linearGradient id="a"></linearGradient></svg>'),
    ],
)
def test_markup_keeps_what_is_harmless_alone(markup, clean):
    assert sanitize_html(markup) == clean


def test_the_page_forbids_itself_every_script_and_request():
    page = report_of(shown(text__html="<script src='https://x.test/a.js'></script><b>kept</b>"))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline';")
    assert "<script" not in page
    assert "https://" not in page
    assert "<b>kept</b>" in page


def test_the_header_says_how_it_ended_and_with_which_parameters():
    error = RunError(kind="EtcdError", message="no leader\n  next: <wait>", cell=1, title="Verify")
    page = report_of(outcome=Outcome.FAILED, exit=1, error=error, summary="")
    assert '<header class="failed">' in page
    assert "next: &lt;wait&gt;" in page
    assert "<code>count</code>" in page
    assert 'href="#failed"' in page


def test_the_header_names_an_error_only_where_a_cell_ended_with_one():
    error = RunError(kind="EtcdError", message="no leader", cell=1, title="Verify")
    assert "It ended with an error." in report_of(outcome=Outcome.FAILED, exit=1, error=error, summary="")
    judged = report_of(outcome=Outcome.FAILED, exit=1, summary="1 unknown")
    assert "It ended with an error." not in judged
    assert "It ran to its end, and not all of it could be done or told." in judged


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_shown(outcome):
    assert f'<header class="{outcome.value}">' in report_of(outcome=outcome)


def test_streams_keep_colours_and_the_last_state_of_a_progress_line():
    page = report_of(new_output("stream", name="stdout", text="10%\r50%\r100%\n\x1b[31mred\x1b[0m <b>"))
    assert "100%\n" in page
    assert "50%" not in page
    assert '<span class="ansi-red-fg">red</span> &lt;b&gt;' in page


def test_an_error_shows_its_message_and_folds_its_traceback():
    page = report_of(new_output("error", ename="EtcdError", evalue="no <leader>", traceback=["\x1b[31mline\x1b[0m"]))
    assert "<strong>EtcdError</strong>" in page
    assert "no &lt;leader&gt;" in page
    assert "<summary>Traceback</summary>" in page


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"image__png": "QUJD\n", "text__html": "<b>x</b>"}, "data:image/png;base64,QUJD"),
        ({"image__svg+xml": "<svg/>"}, f"data:image/svg+xml;base64,{base64.b64encode(b'<svg/>').decode()}"),
        ({"text__markdown": "**bold**"}, "<strong>bold</strong>"),
        ({"application__json": {"a": 1}}, "&quot;a&quot;: 1"),
        ({"text__plain": "<plain>"}, "&lt;plain&gt;"),
        ({"application__vnd.plotly.v1+json": {}, "text__plain": "Figure()"}, "without a picture of itself"),
    ],
)
def test_each_kind_of_result_has_a_static_form(data, expected):
    assert expected in report_of(shown(**data))


def test_a_table_of_pandas_is_kept_as_a_table():
    import pandas as pd

    frame = pd.DataFrame({"member": ["etcd1"], "healthy": [True]})
    page = report_of(shown(text__html=frame._repr_html_()))
    assert "<td>etcd1</td>" in page
    assert "<style scoped" not in page


def test_each_table_stands_in_a_box_of_its_own():
    page = report_of(shown(text__html="<p>&lt;table</p><table><tr><td>1</td></tr></table>"))
    assert '<p>&lt;table</p><div class="table" tabindex="0" style="overflow-x:auto"><table><tr>' in page
    assert page.count("</table></div>") == 1 + page[: page.index("<main")].count("</table></div>")


def test_cells_that_never_ran_say_so():
    notebook = new_notebook(cells=[new_code_cell("never()")])
    assert "not run" in render_report(notebook, make_record())


def page_of(*sources, failed=""):
    cells = [new_markdown_cell(text) if text.startswith("#") else new_code_cell(text) for text in sources]
    for cell in cells:
        if failed and cell.source == failed:
            cell.metadata["fleetkit"] = {"status": "failed"}
    return render_report(new_notebook(cells=cells), make_record())


def test_the_contents_lead_to_every_heading_and_name_the_step_that_failed():
    plan = "## Plan <it>\n\ntext\n\n### Why `so`"
    page = page_of("# Deploy", plan, "plan()", "## Apply", "apply()", failed="apply()")
    nav = page[page.index("<nav") : page.index("</nav>")]
    entries = re.findall(r'class="level-(\d)"><a href="#([^"]+)">([^<]*)</a>(.*?)</li>', nav)
    assert entries == [
        ("1", "part-1", "Deploy", ""),
        ("2", "part-2", "Plan", ""),
        ("3", "part-3", "Why so", ""),
        ("2", "part-4", "Apply", " <strong>failed</strong>"),
    ]
    assert [page.count(f'id="{anchor}"') for _, anchor, *_ in entries] == [1, 1, 1, 1]
    assert page.index("<header") < page.index("<nav") < page.index("<main")


def test_one_heading_alone_needs_no_contents():
    assert "<nav" not in page_of("# Deploy", "deploy()")


def test_no_output_can_take_the_place_of_a_heading():
    output = shown(text__html="<h1 id='part-1'>Deploy</h1>")
    assert report_of(output).count('id="part-1"') == 1


def test_the_head_names_the_plan_and_who_approved_it(tmp_path):
    by = {"user": "ann", "host": "desk", "aws": ""}
    plan = {"operation": "deploy", "sha256": "a" * 64, "empty": False, "counts": {"create": 3, "update": 0}}
    write_events(
        tmp_path,
        (EventKind.PLAN, {**plan, "sha256": "b" * 64}),
        (EventKind.PLAN, plan),
        (EventKind.APPROVAL, {"plan_sha256": "a" * 64, "by": by, "way": "name <b>"}),
    )
    writer = RecordWriter(tmp_path)
    writer.write_report(new_notebook(), make_record())
    writer.close()
    page = (tmp_path / "report.html").read_text()
    head = page[page.index("<header") : page.index("</header>")]
    assert f"<td>deploy: 3 to create; sha256 {'a' * 64}</td>" in head
    assert f"<td>by ann, desk, by name &lt;b&gt;, for the plan {'a' * 64}</td>" in head
    assert "b" * 64 not in head


def test_a_picture_keeps_its_colours_its_hatching_and_its_marks():
    history = MemberHistory()
    for minute in (1, 2):
        at = dt.datetime(2026, 11, 25, 12, minute, tzinfo=dt.UTC)
        history.add(at, [{"name": "etcd1", "took_ms": 2.0, "db_size_bytes": 1, "raft_index": 7}])
    for drawing in (draw_quorum(judge_quorum(voters=3, healthy=2)), draw_history(history, Measure.LATENCY)):
        page = report_of(shown(text__html=drawing))
        pointed_to = set(re.findall(r'url\(#([^)]+)\)|xlink:href="#([^"]+)"', drawing))
        assert pointed_to
        for names in pointed_to:
            (name,) = filter(None, names)
            assert f'id="{name}"' in page, name
        assert page.count("<use ") == drawing.count("<use ")
