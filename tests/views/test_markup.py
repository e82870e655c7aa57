"""Tables of markup: with headings, groups, and a name for who cannot see them."""

from __future__ import annotations

from fleetkit.views import grouped_table_html, table_html


def test_a_table_has_headings_and_a_name_for_readers_aloud() -> None:
    shown = table_html(["<state>"], [["<b>ok</b>"]], label="what <it> shows")
    assert '<th scope="col"' in shown
    assert "&lt;state&gt;</th>" in shown
    assert 'aria-label="what &lt;it&gt; shows"' in shown
    assert "<b>ok</b>" in shown
    assert "rowgroup" not in shown


def test_each_group_has_its_title_over_all_columns() -> None:
    shown = grouped_table_html(["a", "b"], [("<i>first</i>", [("1", "2")]), ("second", [])], label="groups")
    assert shown.count('<th colspan="2" scope="rowgroup"') == shown.count("<tbody>") == 2
    assert shown.index("<i>first</i>") < shown.index(">2</td>") < shown.index("second")
