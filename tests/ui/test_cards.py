"""The cards of a guided change, without a browser: what is locked, what is shown, what errors leave."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import ipywidgets as widgets
import pytest
from support.cluster_files import write_cluster
from support.ui_bench import BenchGuide, BenchResult, guided_in

from fleetkit.core import PreconditionError, StoppedError, TerraformError, WorkflowError
from fleetkit.runs import Way
from fleetkit.terraform import Plan
from fleetkit.ui._apply import ApplyCard
from fleetkit.ui._approve import ApproveCard
from fleetkit.ui._plan import DrawnPlan, PlanPanel
from fleetkit.ui._step import StepCard
from fleetkit.views import ApplyView, FailedResource, Pace, PlanView, StepState, lines_html

FIXTURES = Path(__file__).parents[1] / "terraform_room" / "fixtures"
SOON_S = 30


@dataclasses.dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan out of a recording, with the face of the workflows' own."""

    view: PlanView
    cluster: str = "demo"
    sha256: str = "5f" * 32
    beyond_terraform: tuple[str, ...] = ()
    opening: str = "This changes <demo>."

    @property
    def is_empty(self) -> bool:
        return self.view.is_empty


def recorded(name: str) -> Planned:
    plan = Plan.from_json((FIXTURES / f"plan-{name}.json").read_text())
    return Planned(view=PlanView.from_plan(plan, master_types=["terraform_data", "aws_instance"]))


def texts_in(widget: widgets.Widget) -> str:
    """Return all markup and labels below a widget that are in sight."""
    if widget.layout.display == "none":
        return ""
    own = str(getattr(widget, "value", "") or "") + str(getattr(widget, "description", "") or "")
    return own + "".join(texts_in(child) for child in getattr(widget, "children", ()))


def button_of(card: StepCard) -> widgets.Button:
    return card._go


@pytest.fixture
def guided(tmp_path):
    write_cluster(tmp_path)
    return guided_in(tmp_path)


def test_a_card_is_locked_until_its_turn_and_says_what_comes_first(guided) -> None:
    card = StepCard(guided, "plan", lambda _report: BenchResult(summary="planned"), label="Plan")
    assert button_of(card).disabled
    assert "waiting" in texts_in(card.widget)
    assert "Check first" in texts_in(card.widget)
    card.press()
    assert "has not passed" in texts_in(card.widget)
    assert guided.steps["plan"].state is StepState.WAITING
    guided.steps.begin("preflight")
    guided.steps.end("preflight", StepState.PASSED)
    assert not button_of(card).disabled


def test_a_card_shows_what_came_of_its_step_and_what_is_next(guided) -> None:
    card = StepCard(guided, "preflight", lambda _report: BenchResult(summary="all <well>"), label="Check")
    card.press()
    assert guided.work.join(SOON_S)
    shown = texts_in(card.widget)
    assert "all &lt;well&gt;" in shown
    assert "passed" in shown
    assert "Next, plan" in shown


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (TerraformError("the plan failed", seen="no <provider>", hint="mend it"), StepState.FAILED),
        (PreconditionError("a guard refuses"), StepState.REFUSED),
        (KeyError("a defect"), StepState.FAILED),
    ],
    ids=["service", "guard", "defect"],
)
def test_an_error_is_shown_and_the_step_can_be_tried_again(guided, error, state) -> None:
    def act(_report):
        raise error

    card = StepCard(guided, "preflight", act, label="Check", again="Check again")
    card.press()
    assert guided.work.join(SOON_S)
    assert guided.steps["preflight"].state is state
    shown = texts_in(card.widget)
    assert str(error.args[0]) in shown
    assert "<provider>" not in shown
    assert (button_of(card).disabled, button_of(card).description) == (False, "Check again")


def test_a_step_that_is_put_back_no_longer_shows_its_result(guided) -> None:
    card = StepCard(guided, "preflight", lambda _report: BenchResult(summary="it is well"), label="Check")
    card.press()
    assert guided.work.join(SOON_S)
    guided.steps.take_back("preflight", "The file has changed")
    assert "it is well" not in texts_in(card.widget)


def test_the_plan_is_filtered_by_action_module_and_text() -> None:
    panel, planned = PlanPanel(), recorded("create-1.11.4")
    panel.show(DrawnPlan(planned=planned, picture="<svg></svg>"))
    total = len(planned.view.rows)
    assert f"{total} of {total} changes" in texts_in(panel.widget)
    panel._module.value = "etcd"
    assert f"3 of {total} changes" in texts_in(panel.widget)
    panel._search.value = "ETCD2"
    assert f"1 of {total} changes" in texts_in(panel.widget)
    panel._search.value, panel._module.value = "", "all"
    panel._action.value = "create"
    assert f"{total} of {total} changes" in texts_in(panel.widget)
    assert "<svg>" in texts_in(panel.widget)
    assert "This changes &lt;demo&gt;." in texts_in(panel.widget)


def test_a_chosen_change_shows_each_attribute_before_and_after() -> None:
    panel, planned = PlanPanel(), recorded("replace-1.11.4-provider-3.39.0")
    panel.show(DrawnPlan(planned=planned, picture=""))
    row = next(row for row in planned.view.rows if any(one.forces_replacement for one in row.attributes))
    assert "before and after" not in texts_in(panel.widget)
    panel._chosen.value = row.address
    assert "before and after" in texts_in(panel.widget)
    assert "forces replacement" in texts_in(panel.widget)


def test_what_befalls_a_master_is_told_in_words_beside_the_colour() -> None:
    view = PlanView.from_plan(
        Plan.from_json((FIXTURES / "plan-change-1.11.4.json").read_text()), master_types=["terraform_data"]
    )
    assert view.alarms
    panel = PlanPanel()
    panel.show(DrawnPlan(planned=Planned(view=view), picture=""))
    shown = texts_in(panel.widget)
    for row in view.rows:
        if row.alarm:
            assert f"{row.alarm} a master" in shown
    assert "This plan" in shown


def test_what_is_done_beside_terraform_is_not_headed_by_no_changes() -> None:
    beside = "stopped, to be started:\n  > master i-1 (demo-etcd1): it is stopped"
    planned = Planned(view=PlanView.from_plan(Plan()), beyond_terraform=(beside,))
    panel = PlanPanel()
    panel.show(DrawnPlan(planned=planned, picture=""))
    assert "master i-1 (demo-etcd1)" in texts_in(panel.widget)
    assert "No changes." not in texts_in(panel.widget)


@pytest.mark.parametrize(
    ("paragraph", "shown"),
    [
        ("lost is <what> was written since", "<p>lost is &lt;what&gt; was written since</p>"),
        (
            "what is there now:\n  - 3 keys",
            f"<details open><summary>what is there now (1)</summary>{lines_html('  - 3 keys')}",
        ),
        ("these:" + 9 * "\n  - one", "<details><summary>these (9)</summary><pre "),
    ],
)
def test_what_is_lost_is_seen_without_a_click_and_a_long_list_is_folded(paragraph: str, shown: str) -> None:
    panel = PlanPanel()
    planned = Planned(view=PlanView.from_plan(Plan()), beyond_terraform=(paragraph,))
    panel.show(DrawnPlan(planned=planned, picture=""))
    assert shown in panel._summary.value


def test_a_lost_master_is_warned_of_in_the_guide_too() -> None:
    warning = "a master is gone, and its data with it"
    panel = PlanPanel()
    view = dataclasses.replace(recorded("create-1.11.4").view, warnings=(warning,))
    panel.show(DrawnPlan(planned=Planned(view=view), picture=""))
    assert warning in texts_in(panel.widget)


def test_the_approval_shows_the_fingerprint_and_hands_on_what_was_typed(guided) -> None:
    given = []
    card = ApproveCard(guided, "approve", lambda _report: given.append(guided.approve), label="Approve")
    assert card._field.disabled
    guided.planned = recorded("create-1.11.4")
    for name in ("preflight", "plan"):
        guided.steps.begin(name)
        guided.steps.end(name, StepState.PASSED)
    assert "5f" * 32 in texts_in(card.widget)
    assert not card._field.disabled
    card._field.value = " demo "
    card.press()
    assert guided.work.join(SOON_S)
    assert given == ["demo"]


def test_the_time_left_is_told_where_an_earlier_run_says_how_that_went(guided) -> None:
    card = ApplyCard(guided, "apply", lambda _report: "done", label="Apply")
    view = ApplyView(total=4, done=2)
    began = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)
    assert "left" not in "".join(card._progress_lines(view, 0.0))
    card._pace = Pace.from_moments(began, [began + dt.timedelta(seconds=one) for one in (10, 20, 30, 100)])
    assert "2 of 4 done" in card._progress_lines(view, 0.0)[0]
    assert "about 1 min 20 s left as an earlier run went" in card._progress_lines(view, 0.0)[0]
    assert "left" not in "".join(card._progress_lines(ApplyView(total=4, done=4), 0.0))


def apply_that(guided, error: Exception) -> ApplyCard:
    """Return the card of an apply that was asked to stop, and then ended with ``error``."""
    guided.planned = SimpleNamespace(saved=SimpleNamespace(plan=Plan()))
    for name in ("preflight", "plan", "approve"):
        guided.steps.begin(name)
        guided.steps.end(name, StepState.PASSED)

    def act(_report):
        guided.stop.ask()
        raise error

    card = ApplyCard(guided, "apply", act, label="Apply")
    card.press()
    assert guided.work.join(SOON_S)
    return card


def test_a_cancelled_apply_says_what_it_left_and_names_one_way_on(guided) -> None:
    error = StoppedError("the deploy of demo was stopped", step="terraform", completed=["bucket"], hint="do it again")
    card = apply_that(guided, error)
    shown = texts_in(card.widget)
    assert "cancelled" in shown
    for text in ("the deploy of demo was stopped", "Completed before that: bucket.", "Terraform had changed nothing"):
        assert text in shown
    assert shown.count("Next") == 1
    assert "go back to &#x27;Plan&#x27;: plan, and look at what would change" in shown
    assert "again" not in shown


def test_what_fails_while_an_apply_is_asked_to_stop_is_no_cancel(guided) -> None:
    error = WorkflowError("the deploy of demo failed", step="bucket", seen="access denied", hint="mend it")
    shown = texts_in(apply_that(guided, error).widget)
    assert guided.steps["apply"].state is StepState.FAILED
    assert "access denied" in shown
    assert "mend it" in shown


def test_what_a_stop_broke_off_is_not_called_failed(guided) -> None:
    card = ApplyCard(guided, "apply", lambda _report: "done", label="Apply")
    view = ApplyView(total=2, failed={"aws_lb.b": FailedResource(address="aws_lb.b", action="create")})
    assert "failed" in "".join(card._progress_lines(view, 0.0))
    card._bar.bar_style = "warning"
    assert "failed" not in "".join(card._progress_lines(view, 0.0))
    assert "aws_lb.b" in "".join(view.left_behind)


def test_a_file_that_changed_takes_everything_back(tmp_path, guided) -> None:
    guided.open()
    guided.steps.begin("preflight")
    guided.steps.end("preflight", StepState.PASSED)
    with (tmp_path / "clusters" / "demo.toml").open("a") as file:
        file.write("# another line\n")
    card = StepCard(guided, "plan", lambda _report: guided.workspace, label="Plan")
    card.press()
    assert guided.work.join(SOON_S)
    assert guided.steps["plan"].state is StepState.REFUSED
    assert guided.steps["preflight"].state is StepState.READY
    assert "has changed since the first step" in texts_in(card.widget)
    assert guided.steps.next_words.startswith("The cluster file has changed.")


def test_without_a_person_a_step_does_its_work_at_once_and_raises_what_fails(tmp_path) -> None:
    write_cluster(tmp_path)
    guide = BenchGuide(guided_in(tmp_path, way=Way.UNATTENDED), SimpleNamespace(), {})
    with pytest.raises(PreconditionError, match="Check first"):
        guide.approve()
    assert guide.preflight().ok
    with pytest.raises(AttributeError):
        guide.plan()
    with pytest.raises(PreconditionError, match="Plan"):
        guide.approve()
