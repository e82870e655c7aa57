"""A master boots from what Terraform renders for it; one line of that changed, and it fails as it would."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from support.rendered_master import ADDRESS, PREFIX, Master, render_master
from support.sandbox_network import BUCKET, Network

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

_PATIENCE = Patience(deadline_s=40, interval_s=0.2)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render_master(tmp_path_factory.mktemp("render"))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with Sandbox(tmp_path_factory.mktemp("s")) as sandbox:
        yield Network(sandbox).make()


@contextlib.contextmanager
def booting(network: Network, master: Master, *, without: str = "") -> Iterator[str]:
    """Run a master for the length of a block, with all its objects but one; yields its id once its boot has ended."""
    s3 = network.client("s3")
    for key, content in master.objects().items():
        if key.endswith(without or "\0"):
            s3.delete_object(Bucket=BUCKET, Key=key)
        else:
            s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    instance = network.run(master.ignition, address=ADDRESS)
    try:
        network.wait_state(instance, "booting", "running", "failed")
        yield instance
    finally:
        network.client("ec2").terminate_instances(InstanceIds=[instance])
        wait_until(
            lambda: True if network.report(instance) is None else NotYet("it is there"),
            what="the machine to go",
            patience=_PATIENCE,
        )


def run(network: Network, instance: str, *argv: str) -> str:
    done = network.sandbox.run_on(instance, argv)
    return (done.stdout + done.stderr).decode()


def await_text(network: Network, instance: str, wanted: str, *argv: str) -> None:
    def look() -> bool | NotYet[bool]:
        seen = run(network, instance, *argv)
        return True if wanted in seen else NotYet(seen[-2000:])

    wait_until(look, what=f"{wanted!r} from {' '.join(argv)}", patience=_PATIENCE)


def health(port: int = 2379) -> tuple[str, ...]:
    pki = "/etc/etcd/pki"
    shown = ("--cacert", f"{pki}/ca.crt", "--cert", f"{pki}/server.crt", "--key", f"{pki}/server.key")
    return ("curl", "-sS", "-m", "2", *shown, f"https://{ADDRESS}:{port}/health")


def test_unchanged_it_serves(network: Network, rendered: str) -> None:
    with booting(network, Master.make(rendered)) as instance:
        await_text(network, instance, '"health":"true"', *health())
        assert run(network, instance, "systemctl", "is-active", FETCH, "sshd.service").split() == ["active", "active"]


ENV, IMAGES, POINTER = "/etc/etcd/etcd.env", "/etc/fleetkit/images.env", "/etc/fleetkit/fetch.env"
MEMBER, FETCH = "etcd-member.service", "fleetkit-fetch.service"
CASES = [
    ("manifest", POINTER, f"{PREFIX}/manifest", f"{PREFIX}/manifset", FETCH, f"{PREFIX}/manifset: curl: (22)"),
    ("bucket", POINTER, f"BUCKET={BUCKET}", "BUCKET=another", FETCH, f"s3://another/{PREFIX}/manifest: curl: (22)"),
    ("region", POINTER, "REGION=us-west-2", "REGION=us-west-9", FETCH, "Could not resolve host"),
    ("program-of-fetch", FETCH, "/opt/bin/fleetkit-fetch", "/opt/bin/fleetkit-fetsh", FETCH, "No such file"),
    ("certificate-folder", MEMBER, "-v /etc/etcd/pki:/etc/etcd/pki:ro", "-v /etc/etcd/pkj:/etc/etcd/pkj:ro",
     MEMBER, "no such file"),
    ("environment-file", MEMBER, "EnvironmentFile=/etc/fleetkit/images.env", "EnvironmentFile=/etc/fleetkit/image.env",
     MEMBER, "Failed to load environment files"),
    ("docker-env-file", MEMBER, "--env-file /etc/etcd/etcd.env", "--env-file /etc/etcd.env", MEMBER, "no such file"),
    ("user", MEMBER, "--user 232:232", "--user 500:500", MEMBER, "permission denied"),
    ("program", MEMBER, "/usr/local/bin/etcd", "/usr/bin/etcd", MEMBER, "no such file"),
    ("order", MEMBER, "After=docker.service fleetkit-fetch.service", "After=docker.service", MEMBER,
     "Failed to load environment files"),
    ("host-key", "/etc/ssh/sshd_config", "HostKey /etc/ssh/fleetkit/", "HostKey /etc/ssh/fleetkid/", "sshd.service",
     "/etc/ssh/fleetkid/"),
    ("certificate-path", ENV, "ETCD_CERT_FILE=/etc/etcd/pki/server.crt", "ETCD_CERT_FILE=/etc/etcd/pki/servre.crt",
     MEMBER, "no such file"),
    ("address", ENV, f"LISTEN_CLIENT_URLS=https://{ADDRESS}", "LISTEN_CLIENT_URLS=https://10.20.1.51", MEMBER,
     "cannot assign requested address"),
    ("image", IMAGES, "quay.io/coreos/etcd", "quay.io/coreos/etdc", MEMBER, "not found"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "old", "new", "unit", "said"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_one_line_changed_keeps_it_from_serving_and_its_journal_says_why(
    network: Network, rendered: str, where: str, old: str, new: str, unit: str, said: str
) -> None:
    master = Master.make(rendered)
    master.change_line(where, old, new)
    with booting(network, master) as instance:
        await_text(network, instance, said, "journalctl", "-u", unit)


def test_a_changed_port_is_served_and_the_right_one_is_not(network: Network, rendered: str) -> None:
    master = Master.make(rendered)
    master.change_line(ENV, f"LISTEN_CLIENT_URLS=https://{ADDRESS}:2379", f"LISTEN_CLIENT_URLS=https://{ADDRESS}:2378")
    with booting(network, master) as instance:
        await_text(network, instance, '"health":"true"', *health(2378))
        assert "Failed to connect" in run(network, instance, *health())


@pytest.mark.parametrize("unit", [FETCH, MEMBER])
def test_a_unit_of_a_name_that_is_none_fails_the_boot(network: Network, rendered: str, unit: str) -> None:
    master = Master.make(rendered)
    master.change_line(f"name of {unit}", ".service", ".servise")
    with booting(network, master) as instance:
        assert "invalid systemd unit extension" in network.wait_state(instance, "failed")["failure"]


@pytest.mark.parametrize("missing", ["/etc/etcd/etcd.env", "/etc/etcd/pki/server.key", "/manifest"])
def test_an_object_that_is_missing_is_named_and_nothing_is_put_in_place(
    network: Network, rendered: str, missing: str
) -> None:
    with booting(network, Master.make(rendered), without=missing) as instance:
        await_text(network, instance, f"{missing}: curl: (22)", "journalctl", "-u", FETCH)
        assert run(network, instance, "sh", "-c", "ls /etc/etcd/etcd.env 2>/dev/null") == ""
