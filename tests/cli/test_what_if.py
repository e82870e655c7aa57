"""``fleetkit what-if`` needs nothing but the cluster file, and ends as what it found asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.pki_made import make_demo_pki

from fleetkit.cli import main
from fleetkit.cli._exit import ExitCode


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a cluster file, with AWS out of reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    write_cluster(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "verdict"),
    [
        (["--zone", "us-west-2b"], ExitCode.DONE, "the cluster bears it"),
        (["--member", "etcd1"], ExitCode.DONE, "the cluster bears it"),
        (["--zone", "us-west-2a"], ExitCode.FINDINGS, "lost: way in, egress"),
        (["--member", "etcd1", "--member", "etcd2"], ExitCode.FINDINGS, "lost: quorum"),
        (["--zone", "us-west-2b", "--member", "etcd1"], ExitCode.FINDINGS, "lost: quorum"),
        (
            ["--rule", "ssh-from-operator-to-bastion"],
            ExitCode.FINDINGS,
            "lost: way in, rule ssh-from-operator-to-bastion",
        ),
        (["--on", "2027-06-30"], ExitCode.FAILED, "unknown: certificates"),
        (["--member", "etcd1", "--live"], ExitCode.FAILED, "unknown: quorum, pool internal"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_it_exits_as_the_cluster_bears_it_or_not(
    arguments: list[str], code: ExitCode, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["what-if", "demo", *arguments]) == code
    assert capsys.readouterr().out.splitlines()[-1].startswith(verdict)


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (["--zone", "us-west-2z"], "known: us-west-2a, us-west-2b, us-west-2c"),
        (["--member", "etcd9"], "known: etcd1, etcd2, etcd3"),
        (["--rule", "ssh"], "ssh-from-operator-to-bastion"),
        (["--on", "June"], "'June' does not match the format '%Y-%m-%d'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_unknown_name_is_refused_with_the_known_ones(
    arguments: list[str], known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["what-if", "demo", *arguments]) == ExitCode.WRONG_USE
    said = capsys.readouterr()
    assert said.out == ""
    assert known in said.err


def test_json_is_the_same_judgement_in_typed_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-if", "demo", "--zone", "us-west-2a", "--member", "etcd2", "--json"]) == ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    assert (told["cluster"], told["outcome"]) == ("demo", "findings")
    assert told["supposed"] == {"zones": ["us-west-2a"], "members": ["etcd2"], "on": None, "rules": []}
    assert told["quorum"] == {"state": "lost", "voters": 3, "healthy": 1, "required": 2, "tolerates": 0}
    assert len(told["impossible"]) == 3
    effects = {one["name"]: one for one in told["effects"]}
    assert {"part", "name", "fate", "says", "before", "left"} == set(effects["quorum"])
    assert (effects["pool public"]["left"], effects["pool public"]["fate"]) == (2, "kept")


def test_without_an_option_each_zone_and_each_member_is_taken_away_in_turn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-if", "demo"]) == ExitCode.FINDINGS
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines[2:-1]]
    assert [row[0] + " " + row[1] for row in rows] == [
        *(f"zone us-west-2{one}" for one in "abc"),
        *(f"member etcd{one}" for one in (1, 2, 3)),
    ]
    assert lines[-1] == "demo bears 5 of 6 single losses of a zone or a member"
    assert main(["what-if", "demo", "--json"]) == ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    assert [one["outcome"] for one in told["cases"]] == ["findings", *["done"] * 5]


def test_a_date_takes_the_certificates_that_have_run_out(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki = make_demo_pki(at_home / "clusters" / "demo" / "pki")
    last = pki.clients["operator"].facts().not_after.date()
    assert main(["what-if", "demo", "--on", "2000-01-01"]) == ExitCode.DONE
    capsys.readouterr()
    assert main(["what-if", "demo", "--on", str(last)]) == ExitCode.FINDINGS
    assert f"runs out on {last}: no command and no notebook reads etcd" in capsys.readouterr().out
