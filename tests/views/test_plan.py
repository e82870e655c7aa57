"""What a person sees of a plan: counts, alarms about masters first, before and after, and one text when empty."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from fleetkit.terraform import Plan
from fleetkit.views import NO_CHANGES, PlanView, colours
from fleetkit.views.plan_values import show_value

FIXTURES = Path(__file__).parents[1] / "terraform_room" / "fixtures"
MASTERS: dict[str, Any] = {"master_types": ("terraform_data",)}


def view(name: str, **options: Any) -> PlanView:
    return PlanView.from_plan(Plan.from_json((FIXTURES / name).read_text(encoding="utf-8")), **options)


def test_an_empty_plan_is_told_in_exactly_these_words() -> None:
    empty = view("plan-empty-1.11.4.json")
    assert empty.is_empty
    assert NO_CHANGES == "No changes."
    assert empty.text == empty.details == empty.headline == "No changes."
    assert empty._repr_html_() == "<p>No changes.</p>"
    assert empty.to_frame().empty
    assert list(empty.to_frame().columns) == ["action", "address", "module", "type", "why", "alarm"]
    assert empty.summary_frame().empty


def test_the_summary_counts_by_module_and_action() -> None:
    shown = view("plan-change-1.11.4.json", **MASTERS)
    assert shown.headline == "Plan: 3 to update, 2 to replace, 1 to delete."
    counts = shown.summary_frame().set_index("module")
    assert counts.loc["etcd"].to_dict() == {"create": 0, "update": 0, "replace": 2, "delete": 1, "forget": 0}
    assert counts.loc['workers["public"]', "update"] == 1
    assert counts.loc["root", "update"] == 1
    assert 'workers["internal"]' in shown.text


def test_every_destroy_and_replace_of_a_master_is_flagged_and_comes_first() -> None:
    shown = view("plan-change-1.11.4.json", **MASTERS)
    assert shown.alarms == (
        'This plan replaces a master: module.etcd.terraform_data.member["etcd1"] (because of triggers_replace)',
        'This plan replaces a master: module.etcd.terraform_data.member["etcd2"] (because of triggers_replace)',
        'This plan destroys a master: module.etcd.terraform_data.member["etcd3"] (no longer among its instances)',
    )
    assert [bool(row.alarm) for row in shown.rows] == [True] * 3 + [False] * 3
    lines = shown.text.splitlines()
    assert lines[0] == shown.headline
    assert [line for line in lines if line.startswith("! ")] == [f"! {alarm}" for alarm in shown.alarms]


def test_a_replaced_instance_is_a_master_by_default() -> None:
    shown = view("plan-replace-1.11.4-provider-3.39.0.json")
    assert shown.alarms == (
        'This plan replaces a master: module.etcd[0].aws_instance.member["etcd1"] (because of user_data)',
    )


@pytest.mark.parametrize(("module", "flagged"), [("module.etcd", True), ("module.workers", False)])
def test_a_master_that_an_update_would_stop_is_flagged(module: str, flagged: bool) -> None:
    change = {
        "address": f"{module}.aws_instance.member",
        "module_address": module,
        "mode": "managed",
        "type": "aws_instance",
        "name": "member",
        "change": {"actions": ["update"], "before": {"instance_type": "a"}, "after": {"instance_type": "b"}},
    }
    plan = Plan.from_json(json.dumps({"terraform_version": "1", "resource_changes": [change]}))
    expected = ("This plan stops a master: module.etcd.aws_instance.member",) if flagged else ()
    assert PlanView.from_plan(plan).alarms == expected


def test_before_and_after_stand_side_by_side_with_secrets_masked() -> None:
    shown = view("plan-change-1.11.4.json", **MASTERS)
    rows = shown.attributes_frame("terraform_data.login").to_dict("records")
    assert rows[0] == {
        "address": "terraform_data.login",
        "attribute": "input.password",
        "before": "[redacted]",
        "after": "[redacted]",
        "forces replacement": False,
    }
    assert "triggers_replace: one -> two  (forces replacement)" in shown.details
    assert "canary" not in shown.details + shown._repr_html_() + repr(shown)


def test_only_changed_outputs_are_no_empty_plan() -> None:
    output = {"actions": ["update"], "before": 1, "after": 2}
    plan = Plan.from_json(json.dumps({"terraform_version": "1", "output_changes": {"url": output}}))
    shown = PlanView.from_plan(plan)
    assert shown.text == "Plan: only outputs change.\n\noutputs that change: url"


def test_a_page_escapes_what_a_configuration_may_hold() -> None:
    change = {
        "address": 'module.etcd.aws_instance.m["<b>"]',
        "mode": "managed",
        "type": "aws_instance",
        "name": "m",
        "change": {"actions": ["delete"], "before": {"id": "<script>"}, "after": None},
    }
    plan = Plan.from_json(json.dumps({"terraform_version": "1", "resource_changes": [change]}))
    page = PlanView.from_plan(plan)._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_long_values_are_cut_and_say_how_long_they_were() -> None:
    assert show_value("a" * 70) == "a" * 60 + "... (70 characters)"
    assert show_value("two\nlines") == "two lines"
    assert show_value({"b": 1, "a": [True, None]}) == '{"a": [true, null], "b": 1}'
    assert show_value(None) == "(none)"


def test_a_master_that_is_gone_is_no_alarm_but_a_warning_that_its_machine_alone_does_not_bring_it_back() -> None:
    change = {"actions": ["create"], "before": None, "after": {}}
    gone = {"address": 'module.etcd.aws_instance.member["etcd3"]', "module_address": "module.etcd", "mode": "managed"}
    gone |= {"type": "aws_instance", "name": "member", "change": change}
    fields: dict[str, Any] = {"terraform_version": "1.11.4", "resource_changes": [gone]}
    assert PlanView.from_plan(Plan.from_json(json.dumps(fields))).warnings == ()
    fields["resource_drift"] = [{**gone, "change": {**change, "actions": ["delete"]}}]
    shown = PlanView.from_plan(Plan.from_json(json.dumps(fields)))
    assert shown.alarms == ()
    assert '! module.etcd.aws_instance.member["etcd3"] is gone, and its member\'s data with it' in shown.text
    assert "(somebody removed it)" in shown.text
    assert shown.warnings[0].split(":")[0].replace('"', "&quot;").replace("'", "&#x27;") in shown._repr_html_()


def test_a_page_has_a_table_by_module_each_with_its_counts_and_masters_in_words_and_red_on_top() -> None:
    page = view("plan-change-1.11.4.json", **MASTERS)._repr_html_()
    heads = [html.unescape(re.sub(r"<[^>]*>|&nbsp;", "", one)) for one in re.findall(r"<th colspan.*?</th>", page)]
    assert [" ".join(head.split()) for head in heads] == [
        "etcd -/+ 2 to replace - 1 to delete",
        "root ~ 1 to update",
        'workers["internal"] ~ 1 to update',
        'workers["public"] ~ 1 to update',
    ]
    marks = re.findall(r'<strong style="color:([^"]*)">✗ (\w+ a master)</strong>', page)
    assert [words for _, words in marks] == ["replaces a master", "replaces a master", "destroys a master"]
    assert {colour for colour, _ in marks} == {colours.BAD_COLOUR}


def test_a_page_shows_before_and_after_of_what_changes_with_secrets_masked_and_of_nothing_else() -> None:
    shown = view("plan-change-1.11.4.json", **MASTERS)
    page = shown._repr_html_()
    changed = [row for row in shown.rows if row.action in ("update", "replace") and row.attributes]
    assert page.count("<summary>before and after</summary>") == len(changed) < len(shown.rows)
    for row in changed:
        assert html.escape(f"before and after of {row.address}") in page
    assert "<code>input.password</code>" in page
    assert "[redacted]" in page
    assert "canary" not in page
    assert "✗ forces replacement" in page
    assert "<details>" not in view("plan-create-1.11.4.json", **MASTERS)._repr_html_()
