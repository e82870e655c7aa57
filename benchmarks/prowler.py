"""prowler on the same emulated account, by the checks that it and we both have: its wall time and its verdicts.

prowler needs other versions of boto3 than we do, and 2.5 GB: it lives in an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.judging import judge

__all__ = ["GOAL_PROWLER", "NEW_ENVIRONMENT", "PROWLER_CHECKS", "compare_verdicts", "judge_prowler"]

GOAL_PROWLER = 0.1
"""Ours takes at most a tenth of the wall time, both as whole commands."""

NEW_ENVIRONMENT = Path()
"""Stands for an environment that is yet to be made."""

_PROWLER = "prowler==5.46.0"

PROWLER_CHECKS: Mapping[str, tuple[str, ...]] = {
    "security-group-open-to-world": ("ec2_securitygroup_allow_ingress_from_internet_to_all_ports",),
    "ssh-open-to-world": ("ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",),
    "default-security-group-open": ("ec2_securitygroup_default_restrict_traffic",),
    "security-group-unused": ("ec2_securitygroup_not_used",),
    "network-acl-open": ("ec2_networkacl_allow_ingress_any_port",),
    "vpc-flow-logs": ("vpc_flow_logs_enabled",),
    "subnet-gives-public-address": ("vpc_subnet_no_public_ip_by_default",),
    "instance-metadata-v2": ("ec2_instance_imdsv2_enabled",),
    "volume-encrypted": ("ec2_ebs_volume_encryption",),
    "user-data-secret": ("ec2_instance_secrets_user_data",),
    "image-outdated": ("ec2_instance_with_outdated_ami",),
    "instance-managed-by-ssm": ("ec2_instance_managed_by_ssm",),
    "public-address-beyond-bastion": ("ec2_instance_public_ip",),
    "pool-scaling-group": (
        "autoscaling_group_elb_health_check_enabled",
        "autoscaling_group_multiple_az",
        "autoscaling_group_using_ec2_launch_template",
    ),
    "load-balancer-access-logs": ("elbv2_logging_enabled",),
    "load-balancer-tls-listener": ("elbv2_insecure_ssl_ciphers", "elbv2_ssl_listeners"),
    "load-balancer-balances-and-drains": ("elbv2_cross_zone_load_balancing_enabled",),
    "access-key-old": ("iam_rotate_access_key_90_days",),
    "instance-role-admin": (
        "iam_inline_policy_no_administrative_privileges",
        "iam_role_administratoraccess_policy",
    ),
    "backup-bucket-protected": (
        "s3_bucket_default_encryption",
        "s3_bucket_level_public_access_block",
        "s3_bucket_object_lock",
        "s3_bucket_object_versioning",
    ),
}
"""Each of our checks that prowler has too, to those of its checks that ask the same, in one or in several."""

_OURS = {"failed": "FAIL", "waived": "FAIL", "passed": "PASS"}
"""What is waived is as it should not be; whether that is excused is another question."""


def judge_prowler(folder: Path, cluster: str, *, environment: Path, runs: int = 1) -> dict[str, Any]:
    """Run both by the same checks, in turns, and hold the wall times and the verdicts against each other.

    Parameters
    ----------
    folder
        Where the cluster's file lies; this process's environment leads to its AWS.
    environment
        Folder of a virtual environment that has prowler; one is made for the time where it is `NEW_ENVIRONMENT`.
    """
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        made = _make_environment(Path(name, "environment")) if environment == NEW_ENVIRONMENT else environment
        region = os.environ["AWS_REGION"]
        for turn in range(runs):
            seconds, told = _run_ours(folder, cluster)
            ours.append(seconds)
            seconds, rows = _run_theirs(made / "bin" / "prowler", Path(name, str(turn)), region=region)
            theirs.append(seconds)
    result = judge(
        "audit-over-prowler",
        f"`fleetkit audit` by {len(PROWLER_CHECKS)} checks over prowler by those of its that ask the same",
        GOAL_PROWLER,
        ours,
        theirs,
        unit="s",
    )
    return {**result, "verdicts": compare_verdicts(told, rows)}


def compare_verdicts(told: Mapping[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Compare verdicts on the cluster's own resources: those that both name by the same id.

    Parameters
    ----------
    told
        What ``fleetkit audit --json`` told.
    rows
        What prowler told, as OCSF.

    Returns
    -------
    dict
        ``same``, how many verdicts are; ``differ``, each that does not, with both; ``alone``, our checks of which
        prowler told nothing for any resource of ours: that is no verdict.
    """
    theirs = dict(_their_verdicts(rows))
    same, differ, seen = 0, [], set()
    for one in told["results"]:
        check, resource, verdict = one["check"], one["resource_id"] or one["resource"], _OURS.get(one["state"])
        if (check, resource) not in theirs or verdict is None:
            continue
        seen.add(check)
        if theirs[check, resource] == verdict:
            same += 1
        else:
            differ.append(f"{check} {one['resource']}: ours {verdict}, theirs {theirs[check, resource]}")
    return {"same": same, "differ": sorted(differ), "alone": sorted(PROWLER_CHECKS.keys() - seen)}


def _their_verdicts(rows: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield our name of a check and a resource's id with the verdict, the worst of several checks."""
    of = {theirs: ours for ours, names in PROWLER_CHECKS.items() for theirs in names}
    worst: dict[tuple[str, str], str] = {}
    for row in rows:
        for resource in row["resources"]:
            # An ARN where there is one; its last part is what AWS's own calls name it by.
            for name in {resource["uid"], resource["uid"].rpartition("/")[2], resource["name"]}:
                key = of[row["metadata"]["event_code"]], name
                worst[key] = "FAIL" if "FAIL" in (worst.get(key), row["status_code"]) else row["status_code"]
    yield from worst.items()


def _run_ours(folder: Path, cluster: str) -> tuple[float, dict[str, Any]]:
    words = [str(Path(sys.executable).with_name("fleetkit")), "audit", cluster, "--json"]
    words += [word for name in PROWLER_CHECKS for word in ("--check", name)]
    started = time.perf_counter()
    ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if ended.returncode not in (0, 3):
        raise RuntimeError(f"the audit ended with {ended.returncode}: {ended.stderr}")
    told: dict[str, Any] = json.loads(ended.stdout)
    return seconds, told


def _run_theirs(program: Path, output: Path, *, region: str) -> tuple[float, list[dict[str, Any]]]:
    words = [str(program), "aws", "-f", region, "-M", "json-ocsf", "-o", str(output), "-F", "told", "-z", "--no-banner"]
    words += ["-c", *(name for names in PROWLER_CHECKS.values() for name in names)]
    started = time.perf_counter()
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if ended.returncode != 0:
        raise RuntimeError(f"prowler ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    rows: list[dict[str, Any]] = json.loads((output / "told.ocsf.json").read_text(encoding="utf-8"))
    return seconds, rows


def _make_environment(folder: Path) -> Path:
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), _PROWLER]
    subprocess.run(install, check=True)
    return folder
