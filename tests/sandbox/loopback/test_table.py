"""One table says where private addresses and paths of machines are on this computer, and leads nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.sandbox.loopback import Row, Table
from fleetkit.sandbox.loopback.table import lowest_free_port

OWN, OTHER = "10.10.3.100", "10.10.4.100"
TABLE = Table(
    lowest_port=1024,
    rows={
        OWN: Row(address=OWN, loopback="127.9.0.1", root="/box/one/root"),
        OTHER: Row(address=OTHER, loopback="127.9.0.2", root="/box/two/root"),
    },
    names={"etcd2.demo.internal": OTHER, "s3.us-west-2.amazonaws.com": OTHER},
)


@pytest.mark.parametrize(
    ("host", "port", "place"),
    [
        (OTHER, 2379, ("127.9.0.2", 2379)),
        (OTHER, 22, ("127.9.0.2", 20022)),
        ("etcd2.demo.internal", 2380, ("127.9.0.2", 2380)),
        ("S3.us-west-2.amazonaws.com", 443, ("127.9.0.2", 20443)),
        ("127.0.0.1", 2379, ("127.9.0.1", 2379)),
        ("localhost", 80, ("127.9.0.1", 20080)),
    ],
)
def test_an_address_or_name_has_its_place(host: str, port: int, place: tuple[str, int]) -> None:
    assert TABLE.place(host, port, own=OWN) == place


@pytest.mark.parametrize("host", ["10.10.9.9", "127.9.0.2", "example.org", "192.168.1.1", ""])
def test_what_is_no_machine_leads_nowhere(host: str) -> None:
    """Neither a neighbour of the operator's nor another port of this computer is ever dialled for a machine."""
    with pytest.raises(LookupError, match="no machine"):
        TABLE.place(host, 2379, own=OWN)


def test_ports_that_may_be_bound_stay_as_they_are() -> None:
    allowed = Table(lowest_port=0, rows=TABLE.rows)
    assert allowed.place(OTHER, 22, own=OWN) == ("127.9.0.2", 22)
    assert TABLE.port(0) == 0


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/etc/etcd/pki/ca.crt", "/box/one/root/etc/etcd/pki/ca.crt"),
        ("/var/lib/../lib/etcd", "/box/one/root/var/lib/etcd"),
        ("/../../../etc/shadow", "/box/one/root/etc/shadow"),
        ("//etc/hosts", "/box/one/root/etc/hosts"),
        ("/", "/box/one/root"),
    ],
)
def test_a_path_lies_in_the_machines_folder_whatever_is_in_it(path: str, place: str) -> None:
    assert TABLE.path(path, own=OWN) == Path(place)


def test_a_path_that_is_not_absolute_is_refused() -> None:
    with pytest.raises(LookupError, match="not an absolute path"):
        TABLE.path("etc/passwd", own=OWN)


def test_a_caller_is_known_by_its_private_address() -> None:
    assert TABLE.address_at("127.9.0.2") == OTHER
    assert TABLE.address_at("127.0.0.1") == "127.0.0.1"


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    TABLE.write(tmp_path / "table.json")
    assert Table.read(tmp_path / "table.json") == TABLE


def test_where_the_kernel_does_not_say_the_usual_ports_are_kept_off(tmp_path: Path) -> None:
    setting = tmp_path / "start"
    assert lowest_free_port(setting) == 1024
    setting.write_text("80\n")
    assert lowest_free_port(setting) == 80
