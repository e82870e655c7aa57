"""Re-issuing a leaf: another certificate for the same key and names, and the one before kept until it is let go."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.pki_made import LONG_AGO, MEMBERS, ZONE, make_demo_pki

from fleetkit.core import NotFoundError
from fleetkit.pki import ClusterPki, forget_replaced, is_signed_by, list_replaced, load_pki, renew_leaf

NAME = "members/etcd2/server"


@pytest.fixture
def pki(tmp_path: Path) -> ClusterPki:
    return make_demo_pki(tmp_path / "pki")


def renew(pki: ClusterPki, name: str = NAME, **options: object) -> None:
    renew_leaf(pki.folder, name, members=MEMBERS, dns_zone=ZONE, **options)  # type: ignore[arg-type]


def test_the_certificate_is_another_one_for_the_same_key_and_names(pki: ClusterPki) -> None:
    files = pki.servers["etcd2"]
    before, key = files.facts(), files.key.read_bytes()
    renew(pki)
    after = files.facts()
    assert after.serial != before.serial
    assert (after.subject, after.dns_names, after.addresses) == (before.subject, before.dns_names, before.addresses)
    assert files.key.read_bytes() == key
    assert is_signed_by(files.certificate, pki.ca.certificate)
    # A key that does not belong to the certificate would be refused here.
    assert make_demo_pki(pki.folder).made == ()


def test_what_machines_had_is_kept_until_it_is_let_go_however_often_it_is_renewed(pki: ClusterPki) -> None:
    before = pki.servers["etcd2"].certificate.read_bytes()
    assert list_replaced(pki.folder) == ()
    renew(pki, now=LONG_AGO)
    renew(pki)
    assert list_replaced(pki.folder) == (NAME,)
    assert (pki.folder / "replaced" / f"{NAME}.crt").read_bytes() == before
    assert load_pki(pki.folder, members=MEMBERS).servers["etcd2"].facts().not_before.year > LONG_AGO.year
    forget_replaced(pki.folder, NAME)
    forget_replaced(pki.folder, NAME)
    assert list_replaced(pki.folder) == ()


@pytest.mark.parametrize("name", ["ca", "members/etcd9/server", "../secret"])
def test_a_leaf_that_the_cluster_does_not_have_is_refused_and_the_others_are_listed(pki: ClusterPki, name: str) -> None:
    with pytest.raises(NotFoundError, match=f"no certificate {name}") as refused:
        renew(pki, name)
    assert NAME in refused.value.known
