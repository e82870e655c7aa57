"""The private network obeys its rules, and nothing else decides."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hall_rooms import ANY, EVERYTHING, PATIENCE_S, SILENCE_S, add_plain, is_dropped, passes, reaches

from fleetkit.core import NotFoundError, NotYet, Patience, PreconditionError, wait_until
from fleetkit.sandbox.hall import Allow, Hall, HallError

pytestmark = pytest.mark.sandbox

A, B = "10.77.1.10", "10.77.2.10"
PORT = 2379


@pytest.fixture
def pair(hall: Hall) -> Iterator[socket.socket]:
    """Machines a and b, with b listening."""
    add_plain(hall, "a", A)
    add_plain(hall, "b", B)
    with hall.listen("b", B, PORT) as listener:
        yield listener


def test_a_new_hall_lets_nothing_through(hall: Hall, pair: socket.socket) -> None:
    assert is_dropped(hall, "a", pair)


@pytest.mark.parametrize(
    ("rule", "lets_through"),
    [
        (Allow(source=ANY, destination=ANY, protocol="any"), True),
        (Allow(source=A, destination=B, protocol="tcp"), True),
        (Allow(source=A, destination=B, protocol="tcp", ports=(PORT, PORT)), True),
        (Allow(source="10.77.1.0/24", destination="10.77.0.0/16", protocol="tcp", ports=(PORT - 9, PORT + 9)), True),
        (Allow(source=A, destination=B, protocol="tcp", ports=(PORT + 1, PORT + 9)), False),
        (Allow(source=A, destination=B, protocol="tcp", ports=(1, PORT - 1)), False),
        (Allow(source=B, destination=A, protocol="tcp"), False),
        (Allow(source="10.77.2.0/24", destination=B, protocol="tcp"), False),
        (Allow(source=A, destination="10.77.1.0/24", protocol="tcp"), False),
        (Allow(source=A, destination=B, protocol="udp", ports=(PORT, PORT)), False),
        (Allow(source=A, destination=B, protocol="icmp"), False),
    ],
)
def test_only_what_a_rule_allows_passes(hall: Hall, pair: socket.socket, rule: Allow, lets_through: bool) -> None:
    hall.set_rules([rule])
    assert (passes if lets_through else is_dropped)(hall, "a", pair)


def test_rules_are_replaced_as_a_whole(hall: Hall, pair: socket.socket) -> None:
    hall.set_rules(EVERYTHING)
    assert passes(hall, "a", pair)
    hall.set_rules([Allow(source=B, destination=A, protocol="any")])
    assert is_dropped(hall, "a", pair)


def test_an_open_connection_outlives_its_rule(hall: Hall, pair: socket.socket) -> None:
    hall.set_rules([Allow(source=A, destination=B, protocol="tcp", ports=(PORT, PORT))])
    with hall.connect("a", B, PORT, PATIENCE_S) as ours:
        theirs, _ = pair.accept()
        hall.set_rules([])
        with theirs:
            ours.sendall(b"ping")
            theirs.settimeout(PATIENCE_S)
            assert theirs.recv(4) == b"ping"
    assert is_dropped(hall, "a", pair)


def test_an_allowed_source_port_opens_no_forbidden_port(hall: Hall, pair: socket.socket) -> None:
    """Answers pass because they belong to a connection, not because of the port that they come from."""
    hall.set_rules([Allow(source=B, destination=A, protocol="tcp", ports=(80, 80))])
    with hall.open_socket("a") as sly:
        sly.bind((A, 80))
        sly.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            sly.connect((B, PORT))


def test_udp_obeys_the_rules_too(hall: Hall) -> None:
    add_plain(hall, "a", A)
    add_plain(hall, "b", B)
    with hall.open_socket("a", kind="udp") as sender, hall.open_socket("b", kind="udp") as receiver:
        receiver.bind((B, 53))
        receiver.settimeout(SILENCE_S)
        sender.sendto(b"forbidden", (B, 53))
        with pytest.raises(TimeoutError):
            receiver.recv(100)
        hall.set_rules([Allow(source=A, destination=B, protocol="udp", ports=(53, 53))])
        receiver.settimeout(PATIENCE_S)
        sender.sendto(b"allowed", (B, 53))
        assert receiver.recv(100) == b"allowed"


def test_an_address_that_nobody_has_stays_silent(hall: Hall) -> None:
    """As on a private network of AWS; a refusal would let a wrong address be told from a missing rule."""
    add_plain(hall, "a", A)
    hall.set_rules(EVERYTHING)
    for address in ("10.77.9.9", "198.51.100.9"):
        with pytest.raises(TimeoutError):
            hall.connect("a", address, 80, SILENCE_S)


def test_the_router_serves_metadata_and_knows_a_machine_by_its_address(hall: Hall) -> None:
    add_plain(hall, "a", A)
    with hall.listen("router", "169.254.169.254", 80) as listener, hall.connect("a", "169.254.169.254", 80, PATIENCE_S):
        connection, peer = listener.accept()
        connection.close()
    assert peer[0] == A


def test_many_rules_fit(hall: Hall, pair: socket.socket) -> None:
    others = [f"10.78.{high}.{low}" for high in range(4) for low in range(1, 251)]
    rules = [Allow(source=other, destination=B, protocol="tcp", ports=(PORT, PORT + 1)) for other in others]
    hall.set_rules([*rules, Allow(source=A, destination=B, protocol="tcp", ports=(PORT, PORT))])
    assert passes(hall, "a", pair)


@pytest.mark.parametrize("fault", ["cut_port", "cut_other_end", "partition", "unplug"])
def test_a_fault_breaks_open_and_new_connections_until_it_is_healed(
    hall: Hall, pair: socket.socket, fault: str
) -> None:
    hall.set_rules(EVERYTHING)
    with hall.connect("a", B, PORT, PATIENCE_S) as ours:
        theirs, _ = pair.accept()
        {
            "cut_port": lambda: hall.faults.cut_port("b", PORT),
            "cut_other_end": lambda: hall.faults.cut_port("a", PORT),
            "partition": lambda: hall.faults.partition(["a"], ["b"]),
            "unplug": lambda: hall.faults.unplug("b"),
        }[fault]()
        with theirs:
            ours.sendall(b"lost")
            theirs.settimeout(SILENCE_S)
            with pytest.raises(TimeoutError):
                theirs.recv(4)
            assert is_dropped(hall, "a", pair)
            hall.faults.heal()
            theirs.settimeout(PATIENCE_S * 2)
            assert theirs.recv(4) == b"lost"
    assert passes(hall, "a", pair)


def test_a_cut_port_leaves_the_others_alone(hall: Hall, pair: socket.socket) -> None:
    hall.set_rules(EVERYTHING)
    with hall.listen("b", B, PORT + 1) as other:
        hall.faults.cut_port("b", PORT)
        assert passes(hall, "a", other)


def test_names_are_known_inside_at_once_and_to_programs_that_run(hall: Hall) -> None:
    machine = add_plain(hall, "a", A)
    hall.set_hosts({"etcd1.demo.internal": "10.77.3.1"})
    loop = "while :; do getent hosts etcd1.demo.internal; sleep 0.05; done"
    with machine.exec(["bash", "-c", loop]) as running:
        assert running.stdout is not None
        assert running.stdout.readline().split()[:1] == [b"10.77.3.1"]
        hall.set_hosts({"etcd1.demo.internal": "10.77.3.2"})
        lines = running.stdout

        def look() -> bool | NotYet[bool]:
            seen = lines.readline()
            return True if seen.startswith(b"10.77.3.2") else NotYet(seen.decode())

        wait_until(look, what="the new address", patience=Patience(deadline_s=PATIENCE_S, interval_s=0.01))


def test_an_unknown_name_is_refused_without_asking_anybody(hall: Hall) -> None:
    machine = add_plain(hall, "a", A)
    assert machine.run(["getent", "hosts", "nowhere.example"], timeout_s=PATIENCE_S).returncode == 2


def test_taken_names_and_addresses_are_refused(hall: Hall) -> None:
    add_plain(hall, "a", A)
    with pytest.raises(PreconditionError, match="already"):
        add_plain(hall, "a", B)
    with pytest.raises(PreconditionError, match=A):
        add_plain(hall, "b", A)


def test_an_unknown_machine_lists_those_there_are(hall: Hall) -> None:
    add_plain(hall, "a", A)
    with pytest.raises(NotFoundError, match="known: a"):
        hall.machine("b")


def test_a_foreign_address_cannot_be_listened_on(hall: Hall) -> None:
    add_plain(hall, "a", A)
    with pytest.raises(HallError, match=B):
        hall.listen("a", B, 80)


def test_a_removed_machine_is_unreachable_and_its_address_free(hall: Hall, pair: socket.socket) -> None:
    hall.set_rules(EVERYTHING)
    pair.close()
    hall.remove_machine("b")
    assert not reaches(hall, "a", B, PORT)
    add_plain(hall, "b2", B)
    with hall.listen("b2", B, PORT) as listener:
        assert passes(hall, "a", listener)


def test_the_hosts_own_network_is_not_there(hall: Hall, tmp_path: Path) -> None:
    """A listener on the host's loopback cannot be reached from inside."""
    machine = add_plain(hall, "a", A)
    hall.set_rules(EVERYTHING)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        dialled = machine.run(["bash", "-c", f"echo > /dev/tcp/127.0.0.1/{port}"], timeout_s=PATIENCE_S)
    assert dialled.returncode != 0
    assert b"refused" in dialled.stderr
