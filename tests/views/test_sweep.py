"""A sweep as rows, a table and a picture."""

from __future__ import annotations

from support.sweeps import make_sweep, swept

from fleetkit.runs.sweeps import SweepState
from fleetkit.views import (
    SWEEP_COLUMNS,
    draw_sweep,
    sweep_clusters_html,
    sweep_frame,
    sweep_html,
    sweep_table,
    tell_swept,
)

_SWEEP = make_sweep(
    swept("a", took_s=3.0, calls=12, waited_s=1.25, summary="all well"),
    swept("b", SweepState.FAILED, reason="AwsError: no\n  - because", next_step="wait", record="runs/b/1"),
    swept("c", SweepState.UNUSABLE, region="", reason="no TOML"),
)


def test_rows_tell_the_worst_first_and_an_empty_cell_where_nothing_is_known() -> None:
    rows = sweep_table(_SWEEP)
    assert rows[0] == ("failed", "b", "us-west-2", "", "", "", "AwsError: no (and 1 more line)")
    assert rows[-1] == ("done", "a", "us-west-2", "3 s", "12", "1.2 s", "all well")
    assert [row[1] for row in sweep_table(_SWEEP, done=False)] == ["b", "c"]
    assert all(len(row) == len(SWEEP_COLUMNS) for row in rows)


def test_the_table_has_the_next_steps_and_records_too() -> None:
    frame = sweep_frame(_SWEEP)
    assert list(frame.columns) == [*SWEEP_COLUMNS, "next", "record"]
    assert list(frame["next"]) == ["wait", "", ""]
    assert frame["record"][0] == "runs/b/1"


def test_the_picture_tells_each_region_in_words_as_well() -> None:
    drawn = draw_sweep(_SWEEP)
    assert 'role="img"' in drawn
    assert "look over 3 clusters: 1 failed, 1 unusable, 1 done" in drawn
    for words in ("us-west-2", "1 failed, 1 done", "region unknown", "1 unusable"):
        assert words in drawn
    assert "0 clusters" in draw_sweep(make_sweep())
    assert "look over 1 cluster: 1 done" in draw_sweep(make_sweep(swept("a")))


def test_a_notebook_shows_it_with_everything_escaped() -> None:
    evil = swept("a", SweepState.FAILED, reason="<b>", next_step="<i>", summary="<u>", record="<s>")
    shown = sweep_html(make_sweep(evil), page="<p>")
    assert not [tag for tag in ("<b>", "<i>", "<u>", "<s>") if tag in shown]
    assert "&lt;b&gt;" in shown


def test_the_table_cuts_off_no_reason_and_no_next_step() -> None:
    long = swept("a", SweepState.FAILED, reason="why " * 40, next_step="mend " * 40, record="runs/a/1", waited_s=1.0)
    table = sweep_clusters_html([long])
    for whole in ("why " * 39, "next: " + "mend " * 39, "record: runs/a/1", "1.0 s"):
        assert whole.strip() in table


def test_what_went_wrong_is_told_before_what_came_of_it() -> None:
    assert tell_swept(swept("a", summary="fine", reason="not kept")) == "not kept"
    assert tell_swept(swept("a", summary="fine")) == "fine"
