"""What a widget showed last can be read where no widget lives: in the report, and in the executed notebook."""

from __future__ import annotations

import json

import ipywidgets as w
import pytest
from support.runs_records import make_record
from support.runs_widgets import VIEW, notebook_showing, notebook_with

from fleetkit.runs import UNRECORDED, render_report
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.report import add_twins
from fleetkit.runs.report._twins import text_of


def twin_of(widget) -> tuple[str, str]:
    """Return what stands for ``widget`` in the executed notebook: HTML, and text."""
    notebook = notebook_showing(widget)
    add_twins(notebook)
    data = notebook.cells[0].outputs[0].data
    assert set(data) == {VIEW, "text/html", "text/plain"}
    assert data["text/html"] in render_report(notebook, make_record()), "the report shows the same"
    return data["text/html"], data["text/plain"]


@pytest.mark.parametrize(
    ("widget", "text"),
    [
        (lambda: w.HTML("<i>a</i><script>x</script>b", description="d"), "d ab"),
        (lambda: w.HTMLMath("<b>$x$</b>"), "$x$"),
        (lambda: w.Label("<a>"), "<a>"),
        (lambda: w.Button(description="Apply"), "Apply"),
        (lambda: w.Button(description="Apply", disabled=True), "Apply (disabled)"),
        (lambda: w.Button(icon="stop", tooltip="Cancel the apply"), "Cancel the apply"),
        (lambda: w.Text(description="name", value="demo"), "name demo"),
        (lambda: w.Text(description="name", placeholder="any"), "name empty"),
        (lambda: w.Textarea(description="notes", value="one\ntwo"), "notes\none\ntwo"),
        (lambda: w.Combobox(description="zone", options=["a"], value="b"), "zone b"),
        (lambda: w.Password(description="key", value="hunter2"), "key [hidden]"),
        (lambda: w.Dropdown(options=[("First", 1), ("Second", 2)], value=2), "Second"),
        (lambda: w.Dropdown(options=["a"], value=None), "nothing chosen"),
        (lambda: w.Select(options=["a", "b"], value="b"), "b"),
        (lambda: w.SelectMultiple(options=["a", "b", "c"], value=["a", "c"]), "a, c"),
        (lambda: w.RadioButtons(options=["a", "b"], value="b", description="way"), "way ○ a ◉ b"),
        (lambda: w.ToggleButtons(options=["a", "b"], value="a"), "◉ a ○ b"),
        (lambda: w.SelectionSlider(options=["a", "b"], value="b"), "b"),
        (lambda: w.SelectionRangeSlider(options=["a", "b", "c"], index=(0, 2)), "a to c"),
        (lambda: w.IntText(7, description="count"), "count 7"),
        (lambda: w.BoundedIntText(7, max=9), "7"),
        (lambda: w.FloatText(0.5), "0.5"),
        (lambda: w.BoundedFloatText(0.5), "0.5"),
        (lambda: w.IntSlider(7, max=9, description="size"), "size 7 (0 to 9)"),
        (lambda: w.FloatSlider(0.5, max=1), "0.5 (0 to 1)"),
        (lambda: w.FloatLogSlider(100), "100.0"),
        (lambda: w.IntRangeSlider(value=[1, 4]), "1 to 4"),
        (lambda: w.FloatRangeSlider(value=[1.5, 4]), "1.5 to 4.0"),
        (lambda: w.IntProgress(3, max=5, description="steps", bar_style="success"), "steps 3 of 5"),
        (lambda: w.FloatProgress(12.5, min=10, max=20), "12.5 of 20"),
        (lambda: w.Valid(True, description="name"), "name ✓ valid"),
        (lambda: w.Valid(False, readout="too long"), "✗ too long"),
        (lambda: w.Checkbox(True, description="sure"), "☑ sure"),
        (lambda: w.Checkbox(False, description="sure"), "☐ sure"),
        (lambda: w.ToggleButton(True, description="Pause"), "Pause (pressed)"),
        (lambda: w.TagsInput(value=["a", "b"]), "a, b"),
        (lambda: w.Play(3), "3"),
        (lambda: w.Image(value=b"ABC"), "[picture]"),
        (lambda: w.Image(value=b"https://x.test/a.png", format="url"), "a picture that was not kept"),
        (lambda: w.Video(value=b"ABC"), "a recording that was not kept"),
        (lambda: w.Output(outputs=[{"output_type": "stream", "name": "stdout", "text": "inside\n"}]), "inside"),
        (lambda: w.HBox([w.Label("a"), w.Label("b")]), "a b"),
        (lambda: w.VBox([w.Label("a"), w.Label("b")]), "a\nb"),
        (lambda: w.GridBox([w.Label("a"), w.Label("b")]), "a b"),
        (lambda: w.Tab([w.Label("a"), w.Label("b")], titles=["First"]), "First\na\nPart 2\nb"),
        (lambda: w.Accordion([w.Label("a")], titles=["First"]), "First\na"),
        (lambda: w.Stack([w.Label("a"), w.Label("b")], selected_index=1), "b"),
        (lambda: w.Stack([w.Label("a"), w.Label("b")]), ""),
        (lambda: w.TwoByTwoLayout(top_left=w.Label("a"), bottom_right=w.Label("b")), "a b"),
    ],
)
def test_each_kind_of_widget_can_be_read_without_a_style_sheet(widget, text):
    assert twin_of(widget())[1] == text


@pytest.mark.parametrize(
    ("widget", "markup"),
    [
        (
            lambda: w.IntProgress(3, max=5, description="steps", bar_style="success"),
            '<b>steps</b> <progress class="success" max="5" value="3"></progress> 3 of 5',
        ),
        (lambda: w.FloatProgress(12.5, min=10, max=20), 'max="10" value="2.5"'),
        (lambda: w.HTML("<i>a</i><script>x</script>"), "<i>a</i></span>"),
        (lambda: w.Button(description="<b>"), '<span class="pressable">&lt;b&gt;</span>'),
        (lambda: w.Image(value=b"ABC"), 'src="data:image/png;base64,QUJD'),
        (lambda: w.Image(value=b"ABC", format="svg+xml"), 'src="data:image/svg+xml;base64,QUJD'),
        (lambda: w.Tab([w.Label("a")]), "<details open><summary>Part 1</summary>"),
    ],
)
def test_bars_pictures_and_markup_stand_as_such(widget, markup):
    assert markup in twin_of(widget())[0]


def test_a_widget_that_nobody_here_knows_shows_its_value():
    notebook = notebook_with("m", {"m": {"model_name": "UnheardModel", "state": {"value": 7}}})
    add_twins(notebook)
    assert notebook.cells[0].outputs[0].data["text/plain"] == "7"


def test_what_is_hidden_stays_hidden_and_a_loop_of_boxes_ends():
    box = w.VBox([w.Label("gone", layout={"display": "none"}), w.Label("dim", layout={"visibility": "hidden"})])
    notebook = notebook_showing(box)
    states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    states[box.model_id]["state"]["children"].append(f"IPY_MODEL_{box.model_id}")
    add_twins(notebook)
    lines = notebook.cells[0].outputs[0].data["text/plain"].splitlines()
    assert set(lines) == {"a widget whose state was not kept"}


def test_a_view_whose_state_was_not_kept_is_left_as_it_is():
    notebook = notebook_with("m", {})
    add_twins(notebook)
    assert set(notebook.cells[0].outputs[0].data) == {VIEW, "text/plain"}


def test_text_has_a_line_for_each_row_and_block():
    assert text_of("<h2>a <b>b</b></h2>\n<p>c<br>d</p><table><tr><td>1</td><td>2</td></tr></table>") == "a b\nc\nd\n1 2"


@pytest.mark.parametrize(
    ("widget", "value"),
    [(w.HTML, "<pre>hunter2</pre>"), (w.Textarea, "hunter2"), (w.Text, "hunter2")],
    ids=["markup", "lines", "line"],
)
def test_what_is_for_the_person_alone_is_shown_to_them_and_not_kept(tmp_path, widget, value):
    made = widget(value, description="value")
    made.add_class(UNRECORDED)
    writer = RecordWriter(tmp_path, secrets=set())
    shown = notebook_showing(w.VBox([made, w.Label("seen")]))
    writer.write_notebook(shown)
    writer.write_report(shown, make_record())
    writer.close()
    for file in ("notebook.ipynb", "report.html"):
        text = (tmp_path / file).read_text()
        assert "hunter2" not in text
        assert "[not kept in the record]" in text
    assert made.value == value


def test_the_record_has_twins_and_no_secret_however_html_writes_it(tmp_path):
    secret = "canary<5f2c>&'9e17ab"
    box = w.VBox([w.Password(value="hunter2"), w.Label(f"it is {secret}"), w.HTML(f"<b>{secret}</b>")])
    writer = RecordWriter(tmp_path, secrets={secret})
    writer.write_notebook(notebook_showing(box))
    writer.close()
    text = (tmp_path / "notebook.ipynb").read_text()
    (output,) = json.loads(text)["cells"][0]["outputs"]
    assert output["data"]["text/plain"].startswith("[hidden]\nit is ")
    assert VIEW in output["data"]
    assert [word for word in ("hunter2", "canary", "5f2c", "9e17ab") if word in text] == []
