"""A deploy's notebook and a destroy that are killed half-way through their apply, and what goes on for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from support.account_census import compare_account, read_state
from support.recovery_deploys import Deploy, run_fleetkit
from support.runs_notebooks import records_under

from fleetkit.aws import open_session
from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.runs import EventKind, JournalEvent, read_journal

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]

ENOUGH = 20
"""So many creations, and the kill comes: there is a network, and no machine yet."""

BEFORE_APPLY = ["Parameters", "Parameters", "Deploy a cluster", "Describe", "Check first", "Plan", "Approve"]


@pytest.fixture
def small(place: Path, environ: dict[str, str]) -> dict[str, str]:
    """Have the file of demo say the least that is a cluster: one master, no worker."""
    file = place / "clusters" / "demo.toml"
    document: Any = tomlkit.parse(file.read_text())
    for name in ("etcd2", "etcd3"):
        del document["masters"][name]
    # With three zones or more no zone may hold the whole quorum.
    del document["zones"][2], document["network"]["public_subnets"][2], document["network"]["private_subnets"][2]
    for pool in document["pools"].values():
        pool["desired"] = 0
    file.write_text(tomlkit.dumps(document))
    return environ


def steps_ended(events: list[JournalEvent]) -> list[str]:
    return [str(one.data["step"]) for one in events if one.kind is EventKind.STEP_ENDED]


def journal_under(place: Path) -> list[JournalEvent]:
    """Return what the journal of the only run tells so far; nothing where there is none yet."""
    journals = list((place / "runs").glob("demo/*/journal.jsonl"))
    return list(read_journal(journals[0].parent)) if journals else []


def created(events: list[JournalEvent]) -> list[str]:
    changes = [one.data for one in events if one.kind is EventKind.CHANGE]
    return [one["address"] for one in changes if one.get("action") == "create"]


def counts(events: list[JournalEvent]) -> dict[str, int]:
    return next(dict(one.data["counts"]) for one in events if one.kind is EventKind.PLAN)


def proof_of(place: Path, environ: dict[str, str], record: Path, key: str) -> tuple[int, dict[str, Any]]:
    ended = run_fleetkit(place, environ, "runs", "verify", record.name, "--key", key, "--json")
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.slow
def test_a_deploy_whose_run_was_killed_is_gone_on_for_and_makes_only_what_is_missing(
    place: Path, small: dict[str, str]
) -> None:
    state = place / "clusters" / "demo" / "terraform" / "terraform.tfstate"
    with Deploy(place, "demo", environ=small, by=("run", "deploy-cluster", "--cluster")) as first:
        wait_until(
            lambda: (
                first.process.poll() is not None
                or len(created(journal_under(place))) >= ENOUGH
                or NotYet("not half-way yet")
            ),
            what="the middle of the apply",
            patience=Patience(deadline_s=240, interval_s=0.2),
        )
        first.kill_runner_and_kernel()
    (killed,) = records_under(place)
    before, there = list(read_journal(killed)), len(read_state(state))
    key = run_fleetkit(place, small, "key", "show").stdout.strip()
    assert steps_ended(before) == BEFORE_APPLY
    assert len(created(before)) <= there < counts(before)["create"]
    code, proof = proof_of(place, small, killed, key)
    assert (code, proof["state"], proof["flaws"]) == (3, "open", [])

    with Deploy(place, "demo", environ=small, by=("run", "--resume", "latest", "--cluster")) as second:
        assert second.finish() == 0, second.tail
    _, resumed = records_under(place)
    after = list(read_journal(resumed))
    assert steps_ended(after) == [*BEFORE_APPLY, "Apply", "Verify", "Outcome"]
    assert counts(after) == {"create": counts(before)["create"] - there}, "what is there is not made again"
    assert len(created(after)) == counts(after)["create"]
    assert not set(created(after)) & set(created(before))
    assert [one.data["ok"] for one in after if one.kind is EventKind.VERIFIED] == [True]
    assert compare_account(open_session(small["AWS_REGION"]), "demo", state) == [], "nothing was made twice"
    plan = run_fleetkit(place, small, "plan", "demo")
    assert (plan.returncode, plan.stdout.strip()) == (0, "No changes."), plan.stdout + plan.stderr

    said = json.loads((resumed / "run.json").read_text())
    assert (said["outcome"], said["resumes"], after[0].data["resumes"]) == ("done", killed.name, killed.name)
    assert killed.name in (resumed / "report.html").read_text()
    code, proof = proof_of(place, small, resumed, key)
    assert (code, proof["state"], proof["flaws"]) == (0, "closed", [])
    assert proof_of(place, small, killed, key)[0] == 3, "what came after it closes no record that was cut off"


@pytest.mark.slow
def test_a_destroy_that_was_killed_goes_on_whether_its_etcd_can_still_be_asked_or_not(
    place: Path, small: dict[str, str]
) -> None:
    assert run_fleetkit(place, small, "deploy", "demo", "--approve", "demo").returncode == 0
    with Deploy(place, "demo", environ=small, by=("destroy",)) as first:
        # The rules of the security groups go early: what is cut off then stands behind a closed door.
        assert first.run_until("deleted module.security.aws_security_group_rule"), first.tail
        first.kill()
    said = "\n".join(first.lines)
    assert said.index("Backed up and proven") < said.index("deleted module."), "nothing went before the backup"
    with Deploy(place, "demo", environ=small, by=("destroy",)) as second:
        assert second.finish() == 0, second.tail
    again = "\n".join(second.lines)
    reasons = ("Backed up and proven", "that was cut off made it", "it has no", "nothing leads to its members")
    assert any(reason in again for reason in reasons), again
    assert "nothing of demo is left" in again
    kept = json.loads(run_fleetkit(place, small, "etcd", "backups", "demo", "--json").stdout)["backups"]
    assert {one["state"] for one in kept} == {"proven"}
