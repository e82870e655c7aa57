"""``fleetkit audit`` and ``fleetkit checks``: what they say, in which form, and with which exit code."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from junitparser import JUnitXml
from support.audits import make_audit, write_audit
from support.aws_moto import emulated_aws, make_vpc, tag_specification
from support.cluster_files import write_cluster

from fleetkit.aws import AwsSession
from fleetkit.checks import load_checks
from fleetkit.cli import main

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as opened:
        yield opened


@pytest.fixture(autouse=True)
def world(session: AwsSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a cluster of one security group, which nothing wears."""
    write_cluster(tmp_path)
    monkeypatch.chdir(tmp_path)
    session.ec2.create_security_group(
        GroupName="demo-master", Description="m", VpcId=make_vpc(session, cluster="demo"),
        TagSpecifications=tag_specification("security-group", "demo", "master"),
    )  # fmt: skip


def test_a_finding_is_told_with_its_reason_and_exits_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--check", "security-group-unused"]) == 3
    told = capsys.readouterr().out
    assert "failed  low       security-group-unused  master    nothing wears it" in told
    assert "1 check of demo: 1 failed\n" in told
    assert "calls to AWS, of 346 that it might have made" in told


def test_what_is_as_demanded_is_told_where_asked_and_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--check", "ssh-open-to-world"]) == 0
    assert "ssh-open-to-world" not in capsys.readouterr().out
    assert main(["audit", "demo", "--check", "ssh-open-to-world", "--all"]) == 0
    assert "passed  high      ssh-open-to-world  default   no rule lets everybody in by SSH" in capsys.readouterr().out


def test_what_nobody_can_tell_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--check", "vpc-flow-logs", "--budget", "1"]) == 1
    assert "the budget of 1 calls is spent" in capsys.readouterr().out


def test_what_weighs_less_than_asked_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--check", "security-group-unused", "--fail-on", "medium"]) == 0
    assert "nothing wears it" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--json"], ["--format", "json"]])
def test_as_json_it_holds_the_evidence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--check", "security-group-unused", *words]) == 3
    told = json.loads(capsys.readouterr().out)
    (failed,) = [one for one in told["results"] if one["state"] == "failed"]
    assert (failed["resource"], failed["evidence"]) == ("master", {"worn_by": []})
    assert told["outcome"] == "findings"
    assert told["waivers"] == []


def test_as_csv_it_has_a_line_for_each_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--check", "security-group-unused", "--format", "csv"]) == 3
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(one["state"], one["resource"]) for one in rows] == [("failed", "master")]


UNUSED = ["audit", "demo", "--check", "security-group-unused"]


def test_each_form_goes_to_standard_output_alone_and_keeps_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    told = {}
    for form in ("sarif", "ocsf", "junit", "html"):
        assert main([*UNUSED, "--format", form]) == 3
        out, err = capsys.readouterr()
        assert "reading facts for 1 check of demo" in err
        told[form] = out
    assert json.loads(told["sarif"])["runs"][0]["results"][0]["kind"] == "fail"
    assert [one["class_uid"] for one in json.loads(told["ocsf"])] == [2003]
    assert JUnitXml.fromstring(told["junit"].encode()).failures == 1
    assert told["html"].startswith("<!DOCTYPE html>")
    assert told["html"].endswith("</html>\n")


@pytest.mark.parametrize("form", ["table", "json", "csv", "sarif", "ocsf", "junit", "html"])
def test_a_file_holds_what_standard_output_would(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
    monkeypatch.setattr("fleetkit.workflows._audit_reading.utc_now", lambda: moment)
    assert main([*UNUSED, "--format", form]) == 3
    shown = capsys.readouterr().out
    assert main([*UNUSED, "--format", form, "--output", "told"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "1 check of demo: 1 failed\nwritten to told" in err
    assert (tmp_path / "told").read_text() == shown


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "told"
    file.write_text("before")

    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fleetkit.cli._files.os.fchmod", fill)
    assert main([*UNUSED, "--output", "told"]) == 1
    assert "told: No space left on device" in capsys.readouterr().err
    assert file.read_text() == "before"
    assert [one.name for one in tmp_path.glob(".told*")] == []


def test_a_file_keeps_its_mode_and_a_link_leads_on(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    assert main([*UNUSED, "--format", "csv", "--output", "link"]) == 3
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text().startswith("state,severity")
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


def test_where_records_tell_of_earlier_audits_the_table_and_the_page_tell_what_is_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_audit(tmp_path / "runs", make_audit({("security-group-unused", "old"): "failed"}))
    assert main(UNUSED) == 3
    told = capsys.readouterr().out
    assert "since the audit of 2026-03-01T04:05:07Z: 1 new, 1 mended\n" in told
    assert "  new: low security-group-unused master: nothing wears it\n" in told
    assert "  mended: low security-group-unused old: it is failed\n" in told
    assert main([*UNUSED, "--format", "html"]) == 3
    assert "Findings of each audit, by severity" in capsys.readouterr().out


def test_who_keeps_no_records_is_told_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(UNUSED) == 3
    assert "earlier audit" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--json", "--format", "sarif"], "--json and --format sarif are two forms"),
        (["--output", "none/told"], "none is no folder"),
        (["--format", "colour"], "'colour' is not one of"),
        (["--check", "colour"], "there is no check 'colour'"),
        (["--fail-on", "colour"], "'colour' is not one of"),
        (["--budget", "0"], "0 is not in the range"),
    ],
)
def test_wrong_use_is_told_with_what_is_legal(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("output", "writable", "said"), [(".", True, "it is a folder"), ("a", False, "may not write")])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_asked(
    output: str, writable: bool, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: writable)
    assert main(["audit", "demo", "--output", output]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "reading facts" not in err


def test_output_that_nobody_can_take_ends_with_1_and_no_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "fleetkit.cli", "checks", "list"], stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr == "error: No space left on device\n  next: free some space, then run the same again\n"


def test_the_summary_says_why_nobody_can_tell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--check", "vpc-flow-logs", "--budget", "1"]) == 1
    assert (
        "1 unknown; unknown is vpc-flow-logs, since flow logs of the VPC could not be read" in capsys.readouterr().out
    )


def test_a_waiver_that_excuses_nothing_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [{"check": "ssh-open-to-world", "resource": "*", "reason": "it was so", "who": "ada", "until": TODAY}]
    write_cluster(tmp_path, waivers=found)
    assert main(["audit", "demo", "--check", "ssh-open-to-world"]) == 3
    assert "unmatched  low       ssh-open-to-world  *" in capsys.readouterr().out
    assert main(["audit", "demo", "--check", "ssh-open-to-world", "--json"]) == 3
    assert [one["flaw"] for one in json.loads(capsys.readouterr().out)["waivers"]] == ["unmatched"]


def test_checks_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks", "list"]) == 0
    told = capsys.readouterr().out
    assert all(one.id in told for one in load_checks())
    assert main(["checks", "list", "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [one.id for one in load_checks()]
    assert main(["checks", "show", "vpc-flow-logs"]) == 0
    told = capsys.readouterr().out
    assert "Flow logs are on." in told
    assert "takes: ec2:DescribeFlowLogs, ec2:DescribeSecurityGroups" in told
    assert main(["checks", "show", "vpc-flow-logs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["permissions"][0] == "ec2:DescribeFlowLogs"
    assert main(["checks", "show", "colour"]) == 2
