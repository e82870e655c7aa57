"""The guide of a defragmentation, by hand and over real members: its cards lead from the plan to the closed record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ipywidgets as widgets
import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster
from support.ui_bench import guided_in

from fleetkit.core import QuorumAtRiskError
from fleetkit.runs import Outcome, Way
from fleetkit.ui import DefragmentGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import DEFRAGMENT_STEPS, StepState
from fleetkit.workflows import defragmenting

pytestmark = pytest.mark.sandbox

SOON_S = 60


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def folder(etcd: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    write_cluster(tmp_path)
    monkeypatch.setattr(defragmenting, "open_way_in", etcd.open_way)
    with emulated_aws():
        yield tmp_path
    etcd.mend()


def shown(widget: widgets.Widget) -> str:
    if widget.layout.display == "none":
        return ""
    return str(getattr(widget, "value", "") or "") + "".join(shown(one) for one in getattr(widget, "children", ()))


def press(guided: GuidedRun, name: str) -> str:
    """Press a step's button, and return what its card shows at the end."""
    card = guided._cards[name]
    card.press()
    assert guided.work.join(SOON_S)
    return shown(card.widget)


def test_by_hand_the_cards_lead_from_the_plan_to_the_closed_record(folder: Path, etcd: EtcdCluster) -> None:
    guided = guided_in(folder, steps=DEFRAGMENT_STEPS)
    guide = DefragmentGuide(guided, compact=False, everybody=True)
    for step in DEFRAGMENT_STEPS:
        getattr(guide, step.name)()
    leader = etcd.leader()

    planned = press(guided, "plan")
    assert "rewrites the backends of 3 members of demo" in planned
    assert "No changes." not in planned
    assert planned.index("in this order") < planned.index(f"{leader} (leader)")
    assert guided.planned.sha256 in shown(guided._cards["approve"].widget)
    assert "is not approved" in press(guided, "approve")
    assert etcd.leader() == leader

    guided._cards["approve"]._field.value = "demo"
    press(guided, "approve")
    assert "gave back" in press(guided, "apply")
    assert etcd.leader() != leader
    assert "all 3 members of demo are well and hold the same" in press(guided, "verify")
    press(guided, "outcome")
    assert {step.state for step in guided.steps.steps} == {StepState.PASSED}
    assert guided.run._sink.finished == [(Outcome.DONE, guided.verified.summary)]


def test_with_nobody_there_a_member_that_is_down_ends_it_at_the_approval(folder: Path, etcd: EtcdCluster) -> None:
    etcd.kill(next(name for name in etcd.members if name != etcd.leader()))
    guided = guided_in(folder, way=Way.UNATTENDED, approve="demo", steps=DEFRAGMENT_STEPS)
    guide = DefragmentGuide(guided, compact=False, everybody=True)
    assert "cannot be defragmented now" in str(guide.plan())
    with pytest.raises(QuorumAtRiskError, match="2 of 3 voters serve"):
        guide.approve()
