"""A whole sandbox in loopback mode says so, fetches by the roles' grants, and refuses what it cannot do."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sandbox_network import BUCKET, OBJECT, Network, ignition

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

_PATIENCE = Patience(deadline_s=40, interval_s=0.1)
_CONTENT = b"from the bucket\n"
_MANIFEST = f"{hashlib.sha256(_CONTENT).hexdigest()} 0640 root:core /etc/fetched roles/master/content\n"
_POINTER = f"FLEETKIT_BUCKET={BUCKET}\nFLEETKIT_REGION=us-west-2\nFLEETKIT_MANIFEST={OBJECT}\n"


def fleetkit(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from fleetkit.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the folder in which a command brought a sandbox up."""
    folder = tmp_path_factory.mktemp("loopback")
    up = fleetkit("sandbox", "up", "--network", "loopback", "--lifetime", "10m", cwd=folder)
    assert up.returncode == 0, up.stderr
    assert "in loopback mode because it was asked for; not covered:" in up.stderr
    assert "  - security groups" in up.stderr
    yield folder
    assert fleetkit("sandbox", "down", cwd=folder).returncode == 0
    assert sorted(one.name for one in (folder / ".sandbox").iterdir()) == ["daemon.log", "lock"]


@pytest.fixture(scope="module")
def network(workspace: Path) -> Network:
    made = Network(Sandbox(workspace / ".sandbox")).make()
    made.client("s3").put_object(Bucket=BUCKET, Key="roles/master/content", Body=_CONTENT)
    made.client("s3").put_object(Bucket=BUCKET, Key=OBJECT, Body=_MANIFEST.encode())
    return made


def test_its_status_says_the_mode_why_and_what_is_not_covered(workspace: Path) -> None:
    found = json.loads(fleetkit("sandbox", "status", "--json", cwd=workspace).stdout)
    assert (found["network"], found["why_network"]) == ("loopback", "it was asked for")
    assert found["problems"] == []
    shown = fleetkit("sandbox", "status", cwd=workspace).stdout
    assert "loopback because it was asked for" in shown
    assert "etcd            3.5.1 (below 3.5.33, the oldest for real machines)\n" in shown
    for line in found["not_covered"]:
        assert f"not covered     {line}\n" in shown


def test_a_machine_fetches_with_its_role_as_soon_as_the_grant_is_there(network: Network) -> None:
    network.client("iam").delete_role_policy(RoleName="master", PolicyName="fetch")
    instance = network.run(ignition(files={"/etc/fleetkit/fetch.env": _POINTER}))
    log = Path(network.wait_state(instance, "running")["log"])
    wait_until(
        lambda: True if "status 403" in log.read_text() else NotYet(log.read_text()),
        what="the fetch to be denied",
        patience=_PATIENCE,
    )
    place = log.parent / "root" / "etc" / "fetched"
    assert not place.exists()
    network.grant()
    wait_until(
        lambda: True if "the machine is up" in log.read_text() else NotYet(log.read_text()),
        what="the fetch to be allowed",
        patience=_PATIENCE,
    )
    assert (place.read_bytes(), place.stat().st_mode & 0o777) == (_CONTENT, 0o640)
    network.client("ec2").terminate_instances(InstanceIds=[instance])
    wait_until(lambda: NotYet("it is there") if log.exists() else True, what="the machine to go", patience=_PATIENCE)


def test_what_would_run_on_this_computer_is_refused_with_what_to_do(workspace: Path, network: Network) -> None:
    instance = network.run(ignition())
    network.wait_state(instance, "running")
    mark = workspace / "ran"
    for words in (("exec", "--", "touch", str(mark)), ("shell", instance, "touch", str(mark))):
        refused = fleetkit("sandbox", *words, cwd=workspace)
        assert refused.returncode == 4, refused.stderr
        assert "loopback mode" in refused.stderr
        assert "fleetkit tunnel open" in refused.stderr
    assert not mark.exists()


def test_a_fault_is_refused_and_none_stands(workspace: Path) -> None:
    refused = fleetkit("sandbox", "fault", "freeze", "demo-etcd1", cwd=workspace)
    assert refused.returncode == 4, refused.stderr
    assert "loopback mode" in refused.stderr
    assert json.loads(fleetkit("sandbox", "fault", "list", "--json", cwd=workspace).stdout) == []


def test_credentials_of_the_starter_are_no_business_of_machines(network: Network) -> None:
    """A machine's init is started by the daemon, whose own environment may hold what is not a machine's."""
    instance = network.run(ignition())
    folder = str(Path(network.wait_state(instance, "running")["log"]).parent)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                line, environ = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            except OSError:
                # It ended while it was looked at, or is somebody else's.
                continue
            if folder.encode() in line:
                names = {one.partition(b"=")[0].decode() for one in environ.split(b"\0") if one}
                assert names <= {"LANG", "PATH", "PYTHONPATH", "TMPDIR", "LC_CTYPE"}
                return
    pytest.fail("its init is not there")
