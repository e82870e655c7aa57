"""A member that left: nothing stays of its certificates and keys, and a namesake at another address gets its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.pki_made import MEMBERS, ZONE, make_demo_pki

from fleetkit.core import PreconditionError
from fleetkit.pki import ensure_pki, forget_member, list_replaced, renew_leaf

NAMES = ("members/etcd2/server", "members/etcd2/peer", "hosts/members/etcd2")


def test_one_of_the_same_name_at_another_address_gets_certificates_and_keys_of_its_own(tmp_path: Path) -> None:
    before = make_demo_pki(tmp_path / "pki")
    secret, host = before.servers["etcd2"].key.read_bytes(), before.master_host_keys["etcd2"].public_line()
    moved = {**MEMBERS, "etcd2": "10.10.9.9"}
    with pytest.raises(PreconditionError, match=r"members/etcd2/server\.crt is damaged, or is not of this cluster"):
        ensure_pki(before.folder, cluster="demo", members=moved, dns_zone=ZONE)
    assert forget_member(before.folder, "etcd2") == NAMES
    after = ensure_pki(before.folder, cluster="demo", members=moved, dns_zone=ZONE)
    assert after.made == NAMES
    assert "10.10.9.9" in after.servers["etcd2"].facts().addresses
    assert after.servers["etcd2"].key.read_bytes() != secret
    assert after.master_host_keys["etcd2"].public_line() != host


def test_what_others_have_stays_and_a_second_time_there_is_nothing_to_forget(tmp_path: Path) -> None:
    pki = make_demo_pki(tmp_path / "pki")
    renew_leaf(pki.folder, NAMES[0], members=MEMBERS, dns_zone=ZONE)
    forget_member(pki.folder, "etcd2")
    assert list_replaced(pki.folder) == ()
    assert forget_member(pki.folder, "etcd2") == ()
    assert not [path for path in pki.folder.rglob("*") if path.is_file() and "etcd2" in str(path)]
    assert make_demo_pki(pki.folder).made == NAMES


def test_where_there_are_no_certificates_at_all_nothing_is_made(tmp_path: Path) -> None:
    assert forget_member(tmp_path / "pki", "etcd2") == ()
    assert not (tmp_path / "pki").exists()
