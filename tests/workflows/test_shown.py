"""Results stand in a notebook as words and tables."""

from __future__ import annotations

import inspect

import pytest
from IPython.core.formatters import DisplayFormatter

from fleetkit import workflows
from fleetkit.views import lines_html
from fleetkit.workflows._shown import Shown
from fleetkit.workflows.emptying import Emptiness, Sweep
from fleetkit.workflows.preflight import CheckLine, CheckStatus, Preflight

SHOWN = (
    workflows.AppliedDeploy,
    workflows.AppliedDestroy,
    workflows.Approved,
    workflows.Audit,
    workflows.AuditChange,
    workflows.AuditPart,
    workflows.AuditTrend,
    workflows.CheckedAlerts,
    workflows.ClusterOutputs,
    workflows.ClusterSweep,
    workflows.DeployPlan,
    workflows.DestroyPlan,
    workflows.DrilledBackup,
    workflows.Emptiness,
    workflows.EvidenceProof,
    workflows.Inspection,
    workflows.KeyTrees,
    workflows.MadeEvidence,
    workflows.Overview,
    workflows.PastAudit,
    workflows.PastAudits,
    workflows.PastScrapes,
    workflows.Preflight,
    workflows.Section,
    workflows.SeenUnits,
    workflows.SupposedLosses,
    workflows.Sweep,
    workflows.SweptClusters,
    workflows.TakenBackup,
    workflows.VerifiedCleaning,
    workflows.VerifiedDefragment,
    workflows.VerifiedDnsSync,
    workflows.VerifiedDrain,
    workflows.VerifiedKeys,
    workflows.VerifiedReboot,
    workflows.VerifiedRebalance,
    workflows.VerifiedRefresh,
    workflows.VerifiedReplace,
    workflows.VerifiedResize,
    workflows.VerifiedRestore,
    workflows.VerifiedRotation,
    workflows.VerifiedSecrets,
    workflows.VerifiedUnits,
    workflows.VerifiedUpgrade,
    workflows.VerifiedDeploy,
)


def show(value):
    """Return what a kernel would send of a value."""
    data, _ = DisplayFormatter().format(value)
    return data


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.__name__)
def test_whatever_a_notebook_shows_has_words_of_its_own(kind):
    assert kind.__str__ is not object.__str__
    assert kind.__repr__ is Shown.__repr__
    assert hasattr(kind, "_repr_html_")


def test_every_result_of_a_workflow_that_has_an_outcome_is_among_them():
    classes = [value for name in workflows.__all__ if inspect.isclass(value := getattr(workflows, name))]
    assert {one for one in classes if hasattr(one, "outcome")} <= set(SHOWN)


def test_words_replace_the_innards_in_both_forms():
    data = show(Sweep(cluster="demo", removed=("volume <vol-1>",)))
    assert data["text/plain"] == "Left over, and removed:\n  - volume <vol-1>"
    assert data["text/html"] == lines_html("Left over, and removed:\n  - volume <vol-1>")


def test_a_preflight_is_a_table_with_what_must_be_mended_on_top():
    lines = (
        CheckLine(check_id="zones", status=CheckStatus.OK, seen="three"),
        CheckLine(check_id="key-pair", status=CheckStatus.FAILURE, seen="no <key>", mend="make one"),
    )
    data = show(Preflight(cluster="demo", lines=lines))
    assert data["text/html"].index("no &lt;key&gt;") < data["text/html"].index("three")
    assert "make one" in data["text/html"]
    assert "1 failures, 0 warnings, 2 looked at" in data["text/plain"]
    assert "next: make one" in data["text/plain"]


def test_a_bucket_that_is_still_there_is_no_emptiness():
    empty = {"cluster": "demo", "account_id": "1", "region": "us-west-2", "at": "now", "foreign": (), "kept": ()}
    assert Emptiness(**empty, left=(), bucket="").outcome == "done"
    full = Emptiness(**empty, left=(), bucket="fleetkit-demo")
    assert full.outcome == "failed"
    assert "bucket fleetkit-demo" in str(full)
