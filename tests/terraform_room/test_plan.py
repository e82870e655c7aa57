"""A plan becomes typed values: what changes, why, and nothing that is secret or merely drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.tf_configuration import CANARY

from fleetkit.core import MASK, TerraformError
from fleetkit.terraform import UNKNOWN, Action, Drift, Plan

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = ("1.11.4", "1.15.5")
AWS = "1.11.4-provider-3.39.0"


def read(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


def entry(actions: list[str], *, address: str = "aws_instance.a", **change: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"address": address, "mode": "managed", "type": "aws_instance", "name": "a"}
    fields.update(
        {name: change.pop(name) for name in ("deposed", "previous_address", "module_address") if name in change}
    )
    fields["change"] = {"actions": actions, "before": None, "after": None, **change}
    return fields


def plan_of(*changes: dict[str, Any], **more: Any) -> Plan:
    return Plan.from_json(json.dumps({"terraform_version": "1.11.4", "resource_changes": changes, **more}))


@pytest.mark.parametrize("version", VERSIONS)
def test_counts_are_by_action_and_by_module(version: str) -> None:
    plan = Plan.from_json(read(f"plan-change-{version}.json"))
    assert plan.counts == {Action.UPDATE: 3, Action.REPLACE: 2, Action.DELETE: 1}
    assert plan.counts_by_module == {
        "": {Action.UPDATE: 1},
        "module.etcd": {Action.REPLACE: 2, Action.DELETE: 1},
        'module.workers["internal"]': {Action.UPDATE: 1},
        'module.workers["public"]': {Action.UPDATE: 1},
    }
    assert plan.unchanged == 0
    assert plan.terraform_version == version


@pytest.mark.parametrize("version", VERSIONS)
def test_a_replacement_says_which_attribute_forces_it(version: str) -> None:
    plan = Plan.from_json(read(f"plan-change-{version}.json"))
    member = next(one for one in plan.changes if one.address.endswith('member["etcd1"]'))
    assert member.reason == "replace_because_cannot_update"
    by_path = {one.path: one for one in member.attributes}
    assert (by_path["triggers_replace"].before, by_path["triggers_replace"].after) == ("one", "two")
    assert [one.path for one in member.attributes if one.forces_replacement] == ["triggers_replace"]
    assert by_path["id"].after == UNKNOWN
    assert "input" not in by_path


@pytest.mark.parametrize("version", VERSIONS)
def test_a_guard_can_ask_what_happens_to_the_masters(version: str) -> None:
    plan = Plan.from_json(read(f"plan-change-{version}.json"))
    doomed = [one.address for one in plan.destroys_or_replaces("etcd")]
    assert doomed == [f'module.etcd.terraform_data.member["etcd{number}"]' for number in (1, 2, 3)]
    assert plan.destroys_or_replaces("workers") == ()
    assert plan.destroys_or_replaces("etcd", types=["aws_instance"]) == ()
    assert len(plan.destroys_or_replaces()) == 3


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["plan-create", "plan-change", "plan-empty"])
def test_no_secret_survives_the_reading(name: str, version: str) -> None:
    """The builtin resource hands its input back in ``output``, which bears no mark of being sensitive."""
    text = read(f"{name}-{version}.json")
    assert CANARY in text
    plan = Plan.from_json(text)
    told = repr(plan) + repr([(one.before, one.after, one.attributes) for one in plan.changes])
    assert CANARY not in told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_changed_secret_shows_as_changed_and_masked(version: str) -> None:
    plan = Plan.from_json(read(f"plan-change-{version}.json"))
    login = next(one for one in plan.changes if one.name == "login")
    (password,) = [one for one in login.attributes if one.path == "input.password"]
    assert (password.before, password.after, password.sensitive) == (MASK, MASK, True)
    (output,) = [one for one in plan.outputs if one.name == "password"]
    assert (output.before, output.after, output.sensitive) == (MASK, MASK, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plan_without_changes_is_empty(version: str) -> None:
    plan = Plan.from_json(read(f"plan-empty-{version}.json"))
    assert plan.is_empty
    assert (plan.counts, plan.unchanged) == ({}, 6)


def test_drift_in_a_plan_is_no_change() -> None:
    fields = json.loads(read("plan-empty-1.11.4.json"))
    fields["resource_drift"] = json.loads(read(f"drift-{AWS}.json"))["resource_drift"]
    assert Plan.from_json(json.dumps(fields)).is_empty


def test_only_a_changed_output_is_something_to_apply() -> None:
    output = {"actions": ["update"], "before": "a", "after": "b", "before_sensitive": False, "after_sensitive": False}
    plan = plan_of(output_changes={"url": output})
    assert not plan.is_empty
    assert plan.outputs[0].after == "b"


def test_reading_a_data_source_during_the_apply_is_no_change() -> None:
    reading = {**entry(["read"]), "mode": "data"}
    assert plan_of(reading).is_empty


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["create"], Action.CREATE),
        (["update"], Action.UPDATE),
        (["delete", "create"], Action.REPLACE),
        (["create", "delete"], Action.REPLACE),
        (["delete"], Action.DELETE),
        (["forget"], Action.FORGET),
    ],
)
def test_every_action_is_known(actions: list[str], action: Action) -> None:
    assert plan_of(entry(actions)).changes[0].action is action


def test_a_move_and_an_import_are_changes_though_nothing_else_happens() -> None:
    moved = entry(["no-op"], previous_address="aws_instance.old")
    imported = entry(["no-op"], importing={"id": "i-1"})
    plan = plan_of(moved, imported, entry(["no-op"]))
    assert [(one.previous_address, one.import_id) for one in plan.changes] == [("aws_instance.old", ""), ("", "i-1")]
    assert plan.unchanged == 1


def test_an_object_left_behind_by_a_broken_replacement_counts_as_deleted() -> None:
    (change,) = plan_of(entry(["delete"], deposed="a1b2", before={"id": "i-1"})).changes
    assert (change.deposed, change.is_destructive) == ("a1b2", True)


def test_modules_are_found_at_any_depth_and_whatever_their_keys_hold() -> None:
    address = 'module.a["module.etcd.x\\"]"].module.b[0].aws_instance.c'
    (change,) = plan_of(entry(["delete"], address=address)).changes
    assert change.modules == ("a", "b")
    assert not change.is_in("etcd")
    assert plan_of(entry(["delete"])).changes[0].is_in("")


@pytest.mark.parametrize(
    ("before", "after", "stops"),
    [
        ({"instance_type": "t3.small"}, {"instance_type": "t3.large"}, True),
        ({"user_data": "a"}, {"user_data": "b"}, True),
        ({"tags": {"a": "1"}}, {"tags": {"a": "2"}}, False),
    ],
)
def test_an_update_that_stops_an_instance_is_told_from_one_that_does_not(
    before: dict[str, Any], after: dict[str, Any], stops: bool
) -> None:
    plan = plan_of(entry(["update"], address="module.etcd.aws_instance.a", before=before, after=after))
    assert bool(plan.stops("etcd")) is stops
    assert plan.stops("workers") == ()


def test_differences_are_found_inside_lists_and_blocks() -> None:
    before = {"disk": [{"size": 30, "kind": "gp3"}], "groups": ["a", "b"], "same": {"x": 1}}
    after = {"disk": [{"size": 50, "kind": "gp3"}], "groups": ["a"], "same": {"x": 1}}
    (change,) = plan_of(entry(["delete", "create"], before=before, after=after, replace_paths=[["disk", 0]])).changes
    assert [(one.path, one.before, one.after, one.forces_replacement) for one in change.attributes] == [
        ("disk[0].size", 30, 50, True),
        ("groups[1]", "b", None, False),
    ]


def test_a_sensitive_block_is_masked_as_a_whole_and_its_texts_wherever_they_stand() -> None:
    (change,) = plan_of(
        entry(
            ["update"],
            before={"login": {"user": "operator", "pass": "hunter22"}, "copy": "old"},
            after={"login": {"user": "operator", "pass": "hunter23"}, "copy": "is hunter23!"},
            before_sensitive={"login": True},
            after_sensitive={"login": True},
        )
    ).changes
    assert change.after == {"login": MASK, "copy": f"is {MASK}!"}
    assert "hunter" not in repr(change.attributes)


def test_a_replaced_instance_is_read_from_a_real_plan() -> None:
    plan = Plan.from_json(read(f"plan-replace-{AWS}.json"))
    (change,) = plan.destroys_or_replaces("etcd", types=["aws_instance"])
    assert [one.path for one in change.attributes if one.forces_replacement] == ["user_data"]


def test_drift_is_what_somebody_else_changed() -> None:
    drift = Drift.from_json(read(f"drift-{AWS}.json"))
    (change,) = drift.changes
    assert change.address == "aws_cloudwatch_log_group.flow"
    assert [(one.path, one.before, one.after) for one in change.attributes] == [("retention_in_days", 30, 7)]


def test_attributes_that_were_absent_and_are_now_empty_have_not_drifted() -> None:
    text = read(f"drift-none-{AWS}.json")
    assert json.loads(text)["resource_drift"]
    assert Drift.from_json(text).is_empty


def test_of_several_attributes_only_those_that_somebody_changed_are_shown() -> None:
    before = {"id": "r", "ttl": None, "records": None, "name": "etcd1", "weight": 5}
    after = {"id": "r", "ttl": 0, "records": [], "name": "etcd9", "weight": 0}
    changed = entry(["update"], before=before, after=after)
    drift = Drift.from_json(json.dumps({"terraform_version": "1", "resource_drift": [changed]}))
    assert [one.path for one in drift.changes[0].attributes] == ["name", "weight"]


def test_an_alias_record_read_for_the_first_time_has_not_drifted() -> None:
    before = {"id": "r", "ttl": None, "records": None, "set_identifier": None}
    changed = entry(["update"], before=before, after={"id": "r", "ttl": 0, "records": [], "set_identifier": ""})
    assert Drift.from_json(json.dumps({"terraform_version": "1", "resource_drift": [changed]})).is_empty


def test_a_removed_resource_has_drifted() -> None:
    gone = entry(["delete"], before={"id": "i-1"})
    drift = Drift.from_json(json.dumps({"terraform_version": "1", "resource_drift": [gone]}))
    assert [one.action for one in drift.changes] == [Action.DELETE]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"resource_changes": [{"mode": "managed"}], "terraform_version": "1"}']
)
def test_a_plan_of_another_shape_is_an_error_and_never_an_empty_plan(text: str) -> None:
    with pytest.raises(TerraformError, match="cannot be read"):
        Plan.from_json(text)


def test_an_action_that_is_not_known_is_an_error() -> None:
    with pytest.raises(TerraformError, match="explode"):
        plan_of(entry(["explode"]))


def test_what_is_created_anew_because_somebody_removed_it_is_told_from_what_is_new() -> None:
    drift = [entry(["delete"], address="aws_instance.a"), entry(["update"], address="aws_instance.b")]
    created = [entry(["create"], address=f"aws_instance.{name}") for name in "abc"]
    plan = plan_of(*created, resource_drift=drift)
    assert [one.reason for one in plan.changes] == ["create_because_lost", "", ""]
