"""``handover`` and ``takeover`` as commands: a cluster changes hands between two folders."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pyrage
import pytest
from support.cluster_files import write_cluster

from fleetkit.cli import main

CANARY = "canary-of-a-private-key"


@pytest.fixture
def giver(tmp_path: Path) -> Path:
    folder = tmp_path / "giver"
    write_cluster(folder)
    key = folder / "clusters" / "demo" / "pki" / "ca.key"
    key.parent.mkdir(parents=True)
    key.write_text(CANARY)
    return folder


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    made = pyrage.x25519.Identity.generate()
    file = tmp_path / "identity"
    file.write_text(f"{made}\n")
    file.with_suffix(".pub").write_text(f"{made.to_public()}\n")
    return file


def test_what_one_operator_packs_the_other_one_has(
    giver: Path, identity: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(giver)
    assert main(["handover", "demo", "--to-file", str(identity.with_suffix(".pub"))]) == 0
    said = capsys.readouterr()
    assert said.out == "demo.fleetkit.age\n"
    assert said.err == "packed 2 files of demo\n"
    parcel = giver / "demo.fleetkit.age"
    assert stat.S_IMODE(parcel.stat().st_mode) == 0o600
    assert CANARY.encode() not in parcel.read_bytes()

    taker = tmp_path / "taker"
    taker.mkdir()
    monkeypatch.chdir(taker)
    assert main(["takeover", str(parcel), "--identity", str(identity)]) == 0
    assert capsys.readouterr().out == "took over demo\nnext: fleetkit plan demo\n"
    assert (taker / "clusters" / "demo" / "pki" / "ca.key").read_text() == CANARY
    assert (taker / "clusters" / "demo.toml").read_text() == (giver / "clusters" / "demo.toml").read_text()
    # What is there is never written over.
    assert main(["takeover", str(parcel), "--identity", str(identity)]) == 4
    assert "there already" in capsys.readouterr().err


def test_both_tell_their_facts_as_json(
    giver: Path, identity: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(giver)
    files = ["demo.toml", "demo/pki/ca.key"]
    words = ["--to-file", str(identity.with_suffix(".pub")), "--output", "parcel", "--json"]
    assert main(["handover", "demo", *words]) == 0
    assert json.loads(capsys.readouterr().out) == {"cluster": "demo", "parcel": "parcel", "files": files}
    monkeypatch.chdir(tmp_path)
    assert main(["takeover", str(giver / "parcel"), "--identity", str(identity), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cluster": "demo", "files": files}


def test_a_parcel_that_is_there_is_not_written_over(
    giver: Path, identity: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(giver)
    (giver / "demo.fleetkit.age").write_text("of somebody else")
    assert main(["handover", "demo", "--to-file", str(identity.with_suffix(".pub"))]) == 1
    assert "demo.fleetkit.age" in capsys.readouterr().err
    assert (giver / "demo.fleetkit.age").read_text() == "of somebody else"
