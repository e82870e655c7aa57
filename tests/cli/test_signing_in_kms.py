"""``FLEETKIT_SIGNING_KEY``: a key in KMS signs records that prove themselves without it, and tell where it was away."""

from __future__ import annotations

import json

import boto3
import pytest
from support.runs_notebooks import records_under, start_python, write_notebook, write_recorded_notebook

from fleetkit.cli import main
from fleetkit.sandbox.aws.patches import SIGNING_KEYS, applied

pytestmark = pytest.mark.sandbox

REGION = "eu-west-1"
BEGIN = (
    "from fleetkit import workflows\n"
    "run = workflows.begin_run(notebook='10-try.ipynb', cluster='demo', parameters={'count': count})\n"
)
LOSE_THE_KEY = (
    "import os, urllib.request\n"
    "from fleetkit.core import NotYet, Patience, wait_until\n"
    "def wait_for(kind):\n"
    '    line = f\'"kind":"{kind}"\'.encode()\n'
    "    look = lambda: line in (run.folder / 'journal.jsonl').read_bytes() or NotYet('no such line')\n"
    "    wait_until(look, what=kind, patience=Patience(deadline_s=60, interval_s=0.1))\n"
    "wait_for('signature')\n"
    "asked = urllib.request.Request(os.environ['AWS_ENDPOINT_URL'] + '/moto-api/reset', method='POST')\n"
    "urllib.request.urlopen(asked).close()"
)


@pytest.fixture
def kms(s3_server, monkeypatch):
    """Give a client of the KMS that the same server emulates, and that signs like AWS's."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    client = boto3.client("kms", region_name=REGION)
    with applied(SIGNING_KEYS):
        yield client
    client.close()


@pytest.fixture
def folder(tmp_path, monkeypatch, kms):
    """Give a folder to work in; a key in KMS signs what is done there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEETKIT_HOME", str(tmp_path / "home"))
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "demo.toml").touch()
    choose_key(kms, monkeypatch)
    return tmp_path


def choose_key(kms, monkeypatch, spec="ECC_NIST_P256"):
    made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    monkeypatch.setenv("FLEETKIT_SIGNING_KEY", f"awskms:{made['KeyMetadata']['Arn']}")


def show_key(capsys):
    capsys.readouterr()
    assert main(["key", "show"]) == 0
    return capsys.readouterr().out.strip()


def verify(capsys, *arguments):
    capsys.readouterr()
    code = main(["runs", "verify", "latest", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def by_command(path, folder):
    process = start_python(["-m", "fleetkit.cli", "run", path.name, "--cluster", "demo", "--quiet"], folder=folder)
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 0, said
    return said


def by_papermill(path, folder):
    process = start_python(["-m", "papermill", str(path), str(folder / "out.ipynb")], folder=folder)
    return process.communicate(timeout=90)[0]


def by_engine(path, folder):
    arguments = ["-m", "papermill", "--engine", "fleetkit", "-p", "cluster", "demo", str(path), "out.ipynb"]
    return start_python(arguments, folder=folder).communicate(timeout=90)[0]


@pytest.mark.parametrize("drive", [by_command, by_papermill, by_engine])
def test_a_record_that_kms_signed_proves_itself_by_the_public_key_alone_whoever_ran_the_notebook(
    folder, capsys, monkeypatch, drive
):
    drive(write_notebook(folder / "10-try.ipynb", "## Set up", BEGIN, "## Outcome", "run.finish()"), folder)
    key = show_key(capsys)
    # Whoever proves it has no key, no credentials and no AWS.
    monkeypatch.delenv("FLEETKIT_SIGNING_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    code, proof = verify(capsys, "--key", key)
    assert (code, proof["state"], proof["flaws"], proof["remarks"]) == (0, "closed", [], [])
    assert (proof["keys"], proof["signed"]) == ([key], proof["lines"])
    assert not (folder / "home" / "signing.key").exists()
    journal = records_under(folder)[0] / "journal.jsonl"
    content = journal.read_bytes()
    place = content.rindex(b'"signature":"') + 30
    journal.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    code, proof = verify(capsys, "--key", key)
    assert (code, proof["state"]) == (1, "broken")


def test_the_key_is_shown_by_its_public_half_and_one_that_is_not_there_is_named(folder, capsys, monkeypatch):
    assert main(["key", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["public_key"].startswith("p256:")
    assert shown["kms_key"].startswith("arn:aws:kms:eu-west-1:")
    monkeypatch.setenv("FLEETKIT_SIGNING_KEY", "awskms:alias/nobody")
    assert main(["key", "show"]) == 1
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    assert main(["key", "show"]) == 2
    assert "there is no key alias/nobody in KMS: asked eu-west-1" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["away", "of another kind", "misspelt"])
def test_a_run_that_nobody_could_sign_for_does_not_begin(folder, kms, capsys, monkeypatch, way):
    path = write_recorded_notebook(folder / "10-try.ipynb", "print(1)")
    if way == "away":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        expected = 1, "cannot ask AWS for the public key of arn:aws:kms:eu-west-1:"
    elif way == "of another kind":
        choose_key(kms, monkeypatch, spec="ECC_NIST_P384")
        expected = 2, "cannot sign records and approvals: it is ECC_NIST_P384, for SIGN_VERIFY"
    else:
        monkeypatch.setenv("FLEETKIT_SIGNING_KEY", "records")
        expected = 2, "FLEETKIT_SIGNING_KEY names no key: 'records'"
    assert main(["run", path.name, "--cluster", "demo"]) == expected[0]
    said = capsys.readouterr().err
    assert expected[1] in said
    assert "next: " in said
    assert not (folder / "runs").exists()


def test_by_hand_too_a_run_that_nobody_could_sign_for_does_not_begin(folder, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    path = write_notebook(folder / "10-try.ipynb", "## Set up", BEGIN, "## Change", "open('changed', 'w').close()")
    said = by_papermill(path, folder)
    assert "cannot ask AWS for the public key of" in said
    assert not (folder / "runs").exists()
    assert not (folder / "changed").exists()


@pytest.mark.parametrize("drive", [by_command, by_engine])
def test_a_key_that_goes_away_in_the_middle_stops_no_run_and_the_record_says_how_far_it_is_signed(
    folder, capsys, drive
):
    path = write_recorded_notebook(folder / "10-try.ipynb", "## Lose the key", LOSE_THE_KEY, "## Go on", "print(count)")
    key = show_key(capsys)
    assert "the end of the record is not signed: AWS refused a signature by the key" in drive(path, folder)
    (record,) = records_under(folder)
    assert json.loads((record / "run.json").read_text())["outcome"] == "done"
    code, proof = verify(capsys, "--key", key)
    assert (code, proof["state"], proof["flaws"], proof["keys"]) == (3, "open", [], [key])
    assert 0 < proof["signed"] < proof["lines"]
    assert f"no signature vouches for the last {proof['lines'] - proof['signed']} of" in proof["remarks"][1]
    assert "NotFoundException" in proof["remarks"][2]


def test_by_hand_too_the_last_cell_says_that_nobody_signs_any_more(folder, capsys):
    # Nothing is signed where nothing new is told.
    fact = "from fleetkit.runs import EventKind\nrun.record(EventKind.FACT, {'about': 'members', 'members': []})"
    lose = f"{LOSE_THE_KEY}\n{fact}\nwait_for('unsigned')"
    by_papermill(write_notebook(folder / "10-try.ipynb", "## Set up", BEGIN, "## Lose", lose, "run.finish()"), folder)
    assert "the record could not be signed lately: AWS refused a signature" in (folder / "out.ipynb").read_text()
    code, proof = verify(capsys)
    assert (code, proof["state"], proof["flaws"]) == (3, "open", [])
    assert 0 < proof["signed"] < proof["lines"]
