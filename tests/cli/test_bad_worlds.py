"""What surrounds the command is wrong: a bastion that refuses, a port that is taken, a provider that will not start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws, make_subnet, make_vpc, run_machine
from support.cli_misuse import Case, Misuse, snapshot
from support.pki_made import make_demo_pki
from support.ssh_server import SshServer, make_key, taken_port
from support.tf_aws import unpack_provider, write_cli_configuration

from fleetkit.aws import AwsSession

pytestmark = pytest.mark.sandbox


@pytest.fixture
def misuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Misuse:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Misuse(folder=folder, monkeypatch=monkeypatch, capsys=capsys)


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as found:
        yield found


@pytest.fixture
def bastion(misuse: Misuse, session: AwsSession, tmp_path: Path) -> Iterator[SshServer]:
    """Give a deployed cluster as AWS and its folder know it; its bastion is an SSH server on loopback."""
    subnet = make_subnet(session, make_vpc(session, cluster="demo"), cidr="10.10.0.0/24")
    machine = run_machine(session, subnet_id=subnet, cluster="demo", role="bastion", name="demo-bastion")
    address = session.ec2.allocate_address(Domain="vpc")
    session.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=machine)
    server = tmp_path / "bastion"
    server.mkdir()
    pki = make_demo_pki(misuse.folder / "clusters" / "demo" / "pki")
    host = pki.role_host_keys["bastion"]
    shutil.copy(host.private, server / "host_key")
    shutil.copy(host.public, server / "host_key.pub")
    with SshServer(server) as running:
        config = tmp_path / "ssh_config"
        config.write_text(
            f"Host {address['PublicIp']}\n  HostName 127.0.0.1\n  Port {running.port}\n"
            f"  HostKeyAlias {address['PublicIp']}\n",
            encoding="utf-8",
        )
        misuse.setenv(FLEETKIT_SSH_CONFIG=str(config))
        misuse.write(key_file=str(running.key("client")))
        yield running


def test_a_bastion_that_refuses_the_key_says_which_were_offered(misuse: Misuse, bastion: SshServer) -> None:
    other = bastion.folder / "other_key"
    make_key(other)
    misuse.write(key_file=str(other))
    words = ("refuses", "other_key", "next:")
    for argv in (("tunnel", "open", "demo"), ("etcd", "health", "demo")):
        misuse.check(Case(name="refused", argv=argv, code=1, words=words, prepare=lambda _misuse: None))


def test_a_key_file_that_is_missing_is_named(misuse: Misuse, bastion: SshServer) -> None:
    misuse.write(key_file="/nowhere/id_ed25519")
    words = ("/nowhere/id_ed25519", "next:")
    misuse.check(
        Case(name="missing", argv=("tunnel", "open", "demo"), code=2, words=words, prepare=lambda _misuse: None)
    )


def test_a_local_port_that_is_taken_is_named(misuse: Misuse, bastion: SshServer) -> None:
    with taken_port() as port:
        argv = ("tunnel", "open", "demo", "--port", str(port))
        words = ("a local port is taken", f"{port} for etcd1", "next: stop what listens there")
        misuse.check(Case(name="taken", argv=argv, code=1, words=words, prepare=lambda _misuse: None))


def test_a_bastion_with_another_host_key_is_refused(misuse: Misuse, bastion: SshServer) -> None:
    pki = misuse.folder / "clusters" / "demo" / "pki"
    shutil.rmtree(pki)
    make_demo_pki(pki)
    words = ("host key", "expected", "next:")
    misuse.check(
        Case(name="foreign", argv=("tunnel", "open", "demo"), code=1, words=words, prepare=lambda _misuse: None)
    )


def test_a_provider_that_will_not_start_is_named_and_nothing_is_made(
    misuse: Misuse, session: AwsSession, tmp_path: Path
) -> None:
    mirror = unpack_provider(tmp_path / "mirror")
    programs = [file for file in mirror.rglob("terraform-provider-aws*") if file.is_file()]
    assert programs
    for program in programs:
        program.unlink()
        program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        program.chmod(0o755)
    misuse.write()
    misuse.setenv(TF_CLI_CONFIG_FILE=str(write_cli_configuration(tmp_path / "terraformrc", mirror)))
    before = snapshot(misuse.folder)
    said = misuse.run("plan", "demo")
    assert said.code == 1, said.out + said.err
    assert "the provider of the configuration will not start" in said.err
    assert "next: remove the folder .terraform" in said.err
    assert "Traceback" not in said.err
    assert snapshot(misuse.folder) == before
    assert session.s3.list_buckets()["Buckets"] == []
