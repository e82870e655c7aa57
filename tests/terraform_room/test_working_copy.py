"""Plan, show, apply, look again, destroy: with a real Terraform and resources that need no provider."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from support.tf_configuration import CANARY, Bench

from fleetkit.core import MASK, NotFoundError, StalePlanError, TerraformError
from fleetkit.terraform import (
    Action,
    ApplyCompleteEvent,
    ChangeSummaryEvent,
    Event,
    PlanKind,
    PlannedChangeEvent,
    ResourceEvent,
)

pytestmark = pytest.mark.sandbox


def test_a_plan_is_saved_applied_and_then_there_is_nothing_to_do(each_bench: Bench) -> None:
    copy = each_bench.prepared()
    told: list[Event] = []
    saved = copy.plan(told.append)
    assert saved.plan.counts == {Action.CREATE: 6}
    assert {one.resource.address for one in told if isinstance(one, PlannedChangeEvent)} == {
        one.address for one in saved.plan.changes
    }
    told.clear()
    result = copy.apply(saved, told.append)
    assert (result.added, result.changed, result.removed) == (6, 0, 0)
    assert len([one for one in told if isinstance(one, ApplyCompleteEvent)]) == 6
    assert [one.operation for one in told if isinstance(one, ChangeSummaryEvent)] == ["apply"]
    assert copy.outputs()["endpoints"]["etcd3"] == "https://etcd3:2379"
    again = copy.plan()
    assert again.plan.is_empty
    assert copy.apply(again).is_empty
    assert copy.drift().is_empty


def test_the_state_names_what_exists_and_destroy_leaves_nothing(each_bench: Bench) -> None:
    copy = each_bench.prepared()
    assert copy.state() == ()
    assert copy.outputs() == {}
    copy.apply(copy.plan())
    assert {one.type for one in copy.state()} == {"terraform_data"}
    saved = copy.plan_destroy()
    assert saved.kind is PlanKind.DESTROY
    assert saved.plan.counts == {Action.DELETE: 6}
    assert copy.apply(saved).removed == 6
    assert copy.state() == ()


def test_events_of_data_sources_are_left_out(bench: Bench) -> None:
    copy = bench.deployed()
    told: list[Event] = []
    copy.plan(told.append)
    assert [one for one in told if isinstance(one, ResourceEvent)]
    assert [one for one in told if isinstance(one, ResourceEvent) and one.resource.is_data] == []


def test_no_secret_is_told_logged_or_left_readable_for_others(
    each_bench: Bench, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    each_bench.modules.joinpath("leak.tf").write_text(
        'resource "terraform_data" "leak" {\n  input = nonsensitive(var.password)\n'
        '  provisioner "local-exec" { command = "echo saying ${self.input}" }\n}\n',
        encoding="utf-8",
    )
    copy = each_bench.prepared({"password": CANARY})
    told: list[Event] = []
    saved = copy.plan(told.append)
    assert CANARY.encode() in each_bench.folder.joinpath("terraform.tfvars.json").read_bytes()
    copy.apply(saved, told.append)
    assert f"saying {MASK}" in repr(told), "the provisioner said it, and it was masked"
    everything = [told, saved, saved.plan, copy, copy.state(), copy.outputs(), caplog.text, capfd.readouterr()]
    assert CANARY not in repr(everything)
    for path in (each_bench.folder / "terraform.tfstate", each_bench.folder / "terraform.tfvars.json"):
        assert path.stat().st_mode & 0o077 == 0, f"others may read {path.name}"


def test_the_plans_file_is_private_and_gone_after_the_apply(bench: Bench) -> None:
    copy = bench.prepared({"password": CANARY})
    saved = copy.plan()
    assert saved.path.stat().st_mode & 0o077 == 0
    assert saved.path.parent.stat().st_mode & 0o077 == 0
    copy.apply(saved)
    assert list(saved.path.parent.iterdir()) == []
    with copy.plan() as other:
        assert other.path.exists()
    assert not other.path.exists()


def test_a_plan_is_refused_when_the_state_moved_since(each_bench: Bench) -> None:
    copy = each_bench.prepared()
    first, second = copy.plan(), copy.plan()
    copy.apply(first)
    with pytest.raises(StalePlanError, match="stale"):
        copy.apply(second)
    assert len(copy.state()) == 6


def test_a_plan_is_applied_once(bench: Bench) -> None:
    copy = bench.prepared()
    saved = copy.plan()
    copy.apply(saved)
    with pytest.raises(StalePlanError, match="applied or removed since"):
        copy.apply(saved)


def test_a_plan_whose_file_was_exchanged_is_refused_before_anything_happens(bench: Bench) -> None:
    copy = bench.prepared()
    shown = copy.plan()
    bench.prepared({"pool_size": 90})
    other = copy.plan()
    shown.path.write_bytes(other.path.read_bytes())
    with pytest.raises(StalePlanError, match="not the one that was shown"):
        copy.apply(shown)
    assert copy.state() == ()


def test_what_is_applied_is_what_was_shown_though_the_files_changed_since(bench: Bench) -> None:
    copy = bench.prepared()
    saved = copy.plan()
    bench.prepared({"pool_size": 90})
    copy.apply(saved)
    sizes = {one.attributes["input"] for one in copy.state() if one.name == "pool"}
    assert sizes == {2}


def test_a_changed_master_is_a_replacement_with_its_reason(bench: Bench) -> None:
    bench.deployed()
    copy = bench.prepared({"trigger": "two", "members": ["etcd1", "etcd2"]})
    doomed = {one.name: one for one in copy.plan().plan.destroys_or_replaces("etcd")}
    assert {one.action for one in doomed.values()} <= {Action.REPLACE, Action.DELETE}
    plan = copy.plan().plan
    assert plan.counts == {Action.REPLACE: 2, Action.DELETE: 1}
    assert plan.destroys_or_replaces("etcd")[0].attributes[-1].forces_replacement


def test_one_resource_can_be_replaced_or_planned_alone(bench: Bench) -> None:
    copy = bench.deployed()
    address = 'module.etcd.terraform_data.member["etcd2"]'
    (change,) = copy.plan(replace=[address]).plan.changes
    assert (change.address, change.action, change.reason) == (address, Action.REPLACE, "replace_by_request")
    bench.prepared({"trigger": "two"})
    assert [one.address for one in copy.plan(targets=[address]).plan.changes] == [address]


def test_a_resource_leaves_the_state_and_comes_back_by_import(each_bench: Bench) -> None:
    copy = each_bench.deployed()
    (login,) = [one for one in copy.state() if one.name == "login"]
    copy.remove_from_state(login.address)
    assert login.address not in {one.address for one in copy.state()}
    with pytest.raises(NotFoundError, match=r"knows no terraform_data\.login"):
        copy.remove_from_state(login.address)
    copy.import_resource(login.address, login.resource_id)
    assert login.resource_id in {one.resource_id for one in copy.state()}
    with pytest.raises(TerraformError, match="already managed"):
        copy.import_resource(login.address, login.resource_id)
    with pytest.raises(TerraformError, match="does not exist in the configuration"):
        copy.import_resource("terraform_data.none", "x")


def test_an_error_of_the_configuration_is_shown_with_its_place(bench: Bench) -> None:
    bench.modules.joinpath("bad.tf").write_text('output "x" { value = var.no_such_variable }\n', encoding="utf-8")
    with pytest.raises(TerraformError, match="Reference to undeclared input variable") as caught:
        bench.prepared().plan()
    assert "bad.tf:1" in str(caught.value)
    assert list(bench.folder.glob("plans/*")) == []


def test_a_failed_apply_keeps_what_was_done_and_the_next_one_goes_on(bench: Bench) -> None:
    leak = bench.modules / "fails.tf"
    leak.write_text(
        'resource "terraform_data" "fails" {\n  provisioner "local-exec" { command = "test -e /nonexistent" }\n}\n',
        encoding="utf-8",
    )
    copy = bench.prepared()
    with pytest.raises(TerraformError, match=r"terraform_data\.fails: local-exec provisioner error"):
        copy.apply(copy.plan())
    (broken,) = [one for one in copy.state() if one.tainted]
    assert broken.address == "terraform_data.fails"
    leak.write_text('resource "terraform_data" "fails" {}\n', encoding="utf-8")
    bench.deployed()
    assert copy.plan().plan.is_empty


def test_a_configuration_that_wants_a_newer_terraform_says_so(each_bench: Bench) -> None:
    each_bench.modules.joinpath("main.tf").write_text('terraform { required_version = ">= 99.0" }\n', encoding="utf-8")
    with pytest.raises(TerraformError, match="too old for the configuration"):
        each_bench.prepared()


def test_a_missing_cli_configuration_leaves_no_warning_in_what_is_read(bench: Bench, tmp_path: Path) -> None:
    bench.environ["TF_CLI_CONFIG_FILE"] = str(tmp_path / "gone")
    copy = bench.prepared()
    told: list[Event] = []
    copy.plan(told.append)
    assert "CLI configuration" not in repr(told)
    assert copy.warnings


def test_a_command_line_of_the_environment_does_not_bend_ours(bench: Bench) -> None:
    bench.environ.update({"TF_CLI_ARGS_plan": "-destroy", "TF_CLI_ARGS": "-no-such-option"})
    assert bench.prepared().plan().plan.counts == {Action.CREATE: 6}
