"""What the audit is measured beside: its calls made again by bare clients, an account of others, and prowler."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import REGION, emulated_aws, make_vpc

from benchmarks import __main__ as program
from benchmarks.asked import ask_again, note_requests
from benchmarks.audit_calls import keep_audit, measure_audit_calls
from benchmarks.judging import judge
from benchmarks.prowler import NEW_ENVIRONMENT, PROWLER_CHECKS, compare_verdicts
from fleetkit.aws import AwsSession, list_subnets, read_bucket_settings
from fleetkit.checks import ClusterFact, Facts, load_checks, run_checks
from fleetkit.core import AwsError, call_each, utc_now
from fleetkit.workflows import Audit


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as opened:
        yield opened


def test_what_was_asked_is_asked_again_and_nothing_else(session: AwsSession) -> None:
    vpc = make_vpc(session)
    with note_requests() as asked:
        list_subnets(session, vpc)
        with pytest.raises(AwsError):
            read_bucket_settings(session, "nowhere")
    with note_requests() as again:
        ask_again(asked, region=REGION)
    assert {operation for _, operation, _ in asked.requests} > {"DescribeSubnets", "GetBucketVersioning"}
    assert sorted(map(repr, again.requests)) == sorted(map(repr, asked.requests))
    assert 1 <= again.at_once <= asked.at_once


def test_the_most_requests_under_way_at_once_are_told(session: AwsSession) -> None:
    vpc = make_vpc(session)
    with note_requests() as asked:
        list_subnets(session, vpc)
    assert asked.at_once == 1
    # Each waits for the other one once it is under way: how fast either is then says nothing.
    both = threading.Barrier(2, timeout=30)

    def meet(**_: Any) -> None:
        both.wait()

    session.ec2.meta.events.register("before-call.ec2.DescribeSubnets", meet)
    with note_requests() as asked:
        assert not call_each(range(4), lambda _: list_subnets(session, vpc), at_once=2).failed
    assert asked.at_once == 2


def row(check: str, verdict: str, uid: str) -> dict[str, Any]:
    return {"metadata": {"event_code": check}, "status_code": verdict, "resources": [{"uid": uid, "name": "any"}]}


def result(check: str, resource_id: str, state: str) -> dict[str, str]:
    return {"check": check, "resource": f"the {resource_id}", "resource_id": resource_id, "state": state}


def test_verdicts_are_compared_where_both_speak_of_the_same_resource() -> None:
    told = {
        "results": [
            result("volume-encrypted", "vol-1", "passed"),
            result("volume-encrypted", "vol-2", "failed"),
            result("network-acl-open", "acl-1", "waived"),
            result("load-balancer-tls-listener", "arn:aws:x:y/lb-1", "passed"),
            result("vpc-flow-logs", "vpc-1", "passed"),
        ]
    }
    rows = [
        row("ec2_ebs_volume_encryption", "PASS", "arn:aws:ec2:r:1:volume/vol-1"),
        row("ec2_ebs_volume_encryption", "PASS", "arn:aws:ec2:r:1:volume/vol-2"),
        row("ec2_ebs_volume_encryption", "FAIL", "arn:aws:ec2:r:1:volume/vol-of-others"),
        row("ec2_networkacl_allow_ingress_any_port", "FAIL", "arn:aws:ec2:r:1:network-acl/acl-1"),
        row("elbv2_ssl_listeners", "FAIL", "arn:aws:x:y/lb-1"),
        row("elbv2_insecure_ssl_ciphers", "PASS", "arn:aws:x:y/lb-1"),
    ]
    found = compare_verdicts(told, rows)
    assert found["same"] == 2
    assert found["differ"] == [
        "load-balancer-tls-listener the arn:aws:x:y/lb-1: ours PASS, theirs FAIL",
        "volume-encrypted the vol-2: ours FAIL, theirs PASS",
    ]
    # Of a check without a row nobody knows whether it passed.
    assert "vpc-flow-logs" in found["alone"]
    assert "volume-encrypted" not in found["alone"]


def test_every_check_that_prowler_has_too_is_one_of_ours() -> None:
    assert PROWLER_CHECKS.keys() <= {one.id for one in load_checks()}
    names = [name for theirs in PROWLER_CHECKS.values() for name in theirs]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("words", "given"), [(["--prowler"], NEW_ENVIRONMENT), (["--prowler", "somewhere"], Path("somewhere"))]
)
def test_prowler_is_run_only_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], given: Path
) -> None:
    asked: list[Path | None] = []

    def measure(*, prowler: Path | None = None) -> list[dict[str, Any]]:
        asked.append(prowler)
        return [judge("x", "X", 1.0, [1.0], [1.0], unit="s")]

    monkeypatch.setattr(program, "measure_auditing", measure)
    monkeypatch.setattr(program, "MEASUREMENTS", {"audit": measure})
    output = ["--output", str(tmp_path / "results.json")]
    assert program.main(output) == 0
    assert program.main([*words, *output]) == 0
    assert asked == [None, given]


def test_an_audit_that_could_not_read_something_is_no_measurement() -> None:
    known = Audit(cluster="demo", at="", results=(), calls={}, budget=1)
    assert keep_audit(known) is known
    (check,) = [one for one in load_checks() if one.id == "vpc-flow-logs"]
    cluster = ClusterFact(name="demo", region=REGION, now=utc_now(), masters={}, pools={})
    results = run_checks([check], Facts(cluster, read={}, unread={"flow_logs": "it was refused"}), waivers=[])
    with pytest.raises(RuntimeError, match="could not be read"):
        keep_audit(Audit(cluster="demo", at="", results=results, calls={}, budget=1))


@pytest.mark.sandbox
@pytest.mark.slow
def test_a_small_measurement_of_calls_keeps_to_its_goals() -> None:
    few, many, crowded = measure_audit_calls(runs=1, foreign=3)
    assert few["met"]
    assert many["met"]
    assert many["ours"]["median"] > few["ours"]["median"]
    assert crowded["same_calls"]
