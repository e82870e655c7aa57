"""The last card of a deploy: where the cluster is reached, by hand and in the record alike."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.cluster_outputs import PAGES, TOLD
from support.runs_records import make_record
from support.runs_widgets import notebook_showing
from support.ui_bench import guided_in

from fleetkit.runs import FinishedRun, Outcome, render_report
from fleetkit.runs.report import add_twins
from fleetkit.ui import DeployOutcome
from fleetkit.ui._outcome import OutcomeCard
from fleetkit.views import StepState

SOON_S = 30
PUBLIC = f"http://{PAGES['public_web']}"


def outcome_of(**changed) -> DeployOutcome:
    finished = FinishedRun(outcome=Outcome.DONE, summary="demo lives", folder=Path("runs/demo/1"))
    return DeployOutcome(finished=finished, outputs=TOLD, unread="", has_tunnel=True, **changed)


@pytest.fixture
def card(tmp_path):
    """Return the card after its button was pressed."""
    write_cluster(tmp_path)
    guided = guided_in(tmp_path)
    *before, last = [step.plan.name for step in guided.steps.steps]
    for name in before:
        guided.steps.begin(name)
        guided.steps.end(name, StepState.PASSED)
    made = OutcomeCard(guided, last, lambda _report: outcome_of(), label="Close the record")
    made.press()
    assert guided.work.join(SOON_S)
    return made


def test_the_record_has_the_same_link_and_the_same_commands_as_the_card(card) -> None:
    notebook = notebook_showing(card.widget)
    report = render_report(notebook, make_record())
    assert re.findall(r'<a href="(http[^"]*)"', report) == [PUBLIC]
    assert 'rel="noreferrer noopener"' in report
    for text in (TOLD.sshuttle, "fleetkit tunnel open demo", PAGES["fleet_ui"], "while sshuttle runs"):
        assert text in report, text
    add_twins(notebook)
    assert TOLD.sshuttle in notebook.cells[0].outputs[0].data["text/plain"]


def test_without_a_person_the_outcome_says_the_same_in_words_and_markup() -> None:
    told = outcome_of()
    for text in (TOLD.sshuttle, "fleetkit tunnel open demo", PAGES["etcd_browser"], "fleetkit inspect demo"):
        assert text in repr(told), text
        assert text in told._repr_html_(), text


def test_outputs_that_could_not_be_read_are_unknown_and_no_reason_to_hide_how_the_run_ended() -> None:
    told = dataclasses.replace(outcome_of(), outputs=None, unread="the state is <locked>")
    assert "the state is &lt;locked&gt;" in told._repr_html_()
    assert "demo lives" in repr(told)
    assert "unknown, the state is <locked>" in repr(told)
