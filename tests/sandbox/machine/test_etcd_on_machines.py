"""Three real etcd members under mutual TLS, each in a machine that booted from its own user data."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hall_boot import MetadataService, await_text, boot, text_of
from support.hall_etcd import MEMBERS, OPERATOR, Cluster, cluster_rules
from support.hall_rooms import add_plain, reaches

from fleetkit.sandbox.hall import Hall, MachineState

pytestmark = pytest.mark.sandbox

ALL_WELL = dict.fromkeys(MEMBERS, True)
ETCD_LOG = ("journalctl", "-u", "etcd-member", "--no-pager")


def start_cluster(hall: Hall, metadata: MetadataService, folder: Path) -> Cluster:
    cluster = Cluster(folder)
    add_plain(hall, "operator", OPERATOR)
    hall.set_rules(cluster_rules())
    for member, address in MEMBERS.items():
        metadata.tell(address, user_data=cluster.user_data(member))
        assert boot(hall, member, address).state is MachineState.RUNNING
    cluster.await_health(hall, ALL_WELL)
    return cluster


def test_members_find_their_quorum_and_lose_and_regain_it(
    hall: Hall, metadata: MetadataService, tmp_path: Path
) -> None:
    """One start for all of it, because forming the cluster is what takes time."""
    cluster = start_cluster(hall, metadata, tmp_path)
    # A partition: the one that is cut off has no leader, the others go on.
    hall.faults.partition(["etcd3"], ["etcd1", "etcd2"])
    cluster.await_health(hall, {"etcd1": True, "etcd2": True, "etcd3": False})
    hall.faults.heal()
    cluster.await_health(hall, ALL_WELL)
    # A cut peer port does the same; the client port still answers.
    hall.faults.cut_port("etcd3", 2380)
    cluster.await_health(hall, {"etcd1": True, "etcd3": False})
    assert reaches(hall, "operator", MEMBERS["etcd3"], 2379, timeout_s=3)
    hall.faults.heal()
    cluster.await_health(hall, ALL_WELL)
    # A frozen member answers nothing, and is back where it was when it is thawed.
    hall.freeze_machine("etcd1")
    cluster.await_health(hall, {"etcd1": False, "etcd2": True, "etcd3": True})
    hall.thaw_machine("etcd1")
    cluster.await_health(hall, ALL_WELL)
    # A stopped machine keeps its disk: its member comes back with its data.
    hall.stop_machine("etcd2")
    assert hall.machine("etcd2").state is MachineState.STOPPED
    cluster.await_health(hall, {"etcd1": True, "etcd2": False, "etcd3": True})
    hall.start_machine("etcd2")
    cluster.await_health(hall, ALL_WELL)
    # Open connections outlive their rule, so the members are started anew under rules without the peer port.
    hall.set_rules([rule for rule in cluster_rules() if rule.ports != (2380, 2380)])
    for member in ("etcd1", "etcd2"):
        hall.stop_machine(member)
        hall.start_machine(member)
    cluster.await_health(hall, dict.fromkeys(MEMBERS, False))
    hall.set_rules(cluster_rules())
    cluster.await_health(hall, ALL_WELL)


# What a changed path, address, user, program or image does is shown by `test_rendered_ignition`, on the true text.
ENV, UNIT = "/etc/etcd/etcd.env", "etcd-member.service"
WRONG_LINES = [
    ("key-outside-volumes", ENV, "/etc/etcd/pki/member.key", "/etc/keys/member.key", "no volume shows it"),
    ("peer-url", ENV, "LISTEN_PEER_URLS=https://10.77.1.10:2380", "LISTEN_PEER_URLS=nonsense", "LISTEN_PEER_URLS"),
    ("owner-of-keys", UNIT, "chown -R etcd:etcd", "chown -R nobody:nobody", "permission denied"),
    ("network", UNIT, "--network host", "--network none", "network none"),
    ("read-only", UNIT, "/var/lib/etcd:rw", "/var/lib/etcd:ro", "read-only file system"),
]


@pytest.mark.parametrize(
    ("where", "old", "new", "said"), [case[1:] for case in WRONG_LINES], ids=[case[0] for case in WRONG_LINES]
)
def test_one_wrong_line_keeps_a_member_from_starting_and_says_why(
    hall: Hall, metadata: MetadataService, tmp_path: Path, where: str, old: str, new: str, said: str
) -> None:
    metadata.tell(MEMBERS["etcd1"], user_data=Cluster(tmp_path).user_data("etcd1", change={where: (old, new)}))
    machine = boot(hall, "etcd1", MEMBERS["etcd1"])
    await_text(machine, said, *ETCD_LOG)
    await_text(machine, "Scheduled restart job", *ETCD_LOG)
    assert text_of(machine, "docker", "ps", "-q") == ""


def test_stopping_the_unit_stops_the_container_and_starting_brings_it_back(
    hall: Hall, metadata: MetadataService, tmp_path: Path
) -> None:
    metadata.tell(MEMBERS["etcd1"], user_data=Cluster(tmp_path).user_data("etcd1"))
    machine = boot(hall, "etcd1", MEMBERS["etcd1"])
    first = await_text(machine, "Up", "docker", "ps").split()[0]
    text_of(machine, "sudo", "systemctl", "stop", "etcd-member")
    assert text_of(machine, "systemctl", "is-active", "etcd-member").strip() == "inactive"
    assert text_of(machine, "docker", "ps", "-q") == ""
    assert "Exited" in text_of(machine, "docker", "ps", "-a")
    text_of(machine, "systemctl", "start", "etcd-member.service")
    second = await_text(machine, "Up", "docker", "ps").split()[0]
    assert first != second
    assert '"Running": true' in text_of(machine, "docker", "inspect", "etcd")
    assert "etcd-version" in text_of(machine, "docker", "logs", "etcd")
