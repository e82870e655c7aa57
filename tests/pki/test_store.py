"""The pki folder: made once, private, and never replaced."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import stat
from pathlib import Path

import pytest
from support.pki_made import MEMBERS, ZONE, ca_of, issue, make_demo_pki, make_foreign_ca

from fleetkit.core import BusyError, NotFoundError, PreconditionError, SettingsError
from fleetkit.pki import CLIENT_NAMES, HOST_KEY_ROLES, ensure_pki, load_pki


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "clusters" / "demo" / "pki"


def test_the_first_call_makes_all_and_the_second_none(folder: Path) -> None:
    first = make_demo_pki(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    second = make_demo_pki(folder)
    expected = 1 + 2 * len(MEMBERS) + len(CLIENT_NAMES) + len(MEMBERS) + len(HOST_KEY_ROLES)
    assert len(first.made) == expected
    assert second.made == ()
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_member_gets_its_own_and_nobody_elses_is_touched(folder: Path) -> None:
    make_demo_pki(folder)
    grown = make_demo_pki(folder, members={**MEMBERS, "etcd4": "10.10.3.101"})
    assert set(grown.made) == {"members/etcd4/server", "members/etcd4/peer", "hosts/members/etcd4"}


def test_all_is_private_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        make_demo_pki(folder)
    finally:
        os.umask(before)
    paths = [folder, *folder.rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_no_temporary_file_is_left(folder: Path) -> None:
    make_demo_pki(folder)
    assert list(folder.rglob(".*")) == []


def test_an_interrupted_call_is_completed_with_the_key_it_left(folder: Path) -> None:
    pki = make_demo_pki(folder)
    key = pki.clients["fleet"].key.read_bytes()
    pki.clients["fleet"].certificate.unlink()
    assert make_demo_pki(folder).made == ("clients/fleet",)
    assert pki.clients["fleet"].key.read_bytes() == key


def test_a_public_host_key_that_is_missing_is_written_again(folder: Path) -> None:
    pki = make_demo_pki(folder)
    line = pki.role_host_keys["bastion"].public_line()
    pki.role_host_keys["bastion"].public.unlink()
    assert make_demo_pki(folder).made == ()
    assert pki.role_host_keys["bastion"].public_line() == line


@pytest.mark.parametrize(
    "damaged",
    ["ca.crt", "ca.key", "members/etcd1/server.crt", "clients/operator.key", "hosts/roles/bastion_ed25519_key"],
)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_damaged_file_is_named_and_left_alone(folder: Path, damaged: str, content: bytes) -> None:
    make_demo_pki(folder)
    (folder / damaged).write_bytes(content)
    with pytest.raises(PreconditionError, match="is damaged, or is not of this cluster") as caught:
        make_demo_pki(folder)
    assert str(folder / damaged.rsplit(".", 1)[0]) in str(caught.value)
    assert (folder / damaged).read_bytes() == content


def test_a_key_of_another_certificate_is_refused(folder: Path) -> None:
    pki = make_demo_pki(folder)
    shutil.copyfile(pki.clients["ui"].key, pki.clients["fleet"].key)
    with pytest.raises(PreconditionError, match=r"does not belong to the private key fleet\.key"):
        make_demo_pki(folder)


def test_a_certificate_of_another_ca_is_refused(folder: Path, tmp_path: Path) -> None:
    pki = make_demo_pki(folder)
    other = issue(tmp_path / "other", "fleet", ca=make_foreign_ca(tmp_path / "other"))
    shutil.copyfile(other.certificate, pki.clients["fleet"].certificate)
    shutil.copyfile(other.key, pki.clients["fleet"].key)
    with pytest.raises(PreconditionError, match="not signed by this cluster's CA"):
        make_demo_pki(folder)


def test_the_ca_of_another_cluster_is_refused(folder: Path) -> None:
    make_demo_pki(folder)
    with pytest.raises(PreconditionError, match="fleetkit other CA"):
        ensure_pki(folder, cluster="other", members=MEMBERS, dns_zone=ZONE)


def test_a_member_that_moved_is_refused_and_both_addresses_are_named(folder: Path) -> None:
    make_demo_pki(folder)
    with pytest.raises(PreconditionError) as caught:
        make_demo_pki(folder, members={**MEMBERS, "etcd1": "10.10.3.222"})
    assert "10.10.3.100" in str(caught.value)
    assert "10.10.3.222" in str(caught.value)


def test_a_lost_ca_is_not_made_anew_under_certificates_that_it_signed(folder: Path) -> None:
    pki = make_demo_pki(folder)
    pki.ca.certificate.unlink()
    pki.ca.key.unlink()
    with pytest.raises(PreconditionError, match="was signed with it"):
        make_demo_pki(folder)
    assert not pki.ca.key.exists()


def test_a_lost_private_key_is_refused(folder: Path) -> None:
    pki = make_demo_pki(folder)
    pki.ca.key.unlink()
    with pytest.raises(PreconditionError, match=r"private key ca\.key is missing"):
        make_demo_pki(folder)


@pytest.mark.parametrize("name", [".", "ca.key", "hosts/roles/bastion_ed25519_key"])
def test_what_others_can_read_is_refused(folder: Path, name: str) -> None:
    make_demo_pki(folder)
    (folder / name).chmod(0o755 if name == "." else 0o644)
    with pytest.raises(PreconditionError, match="others can reach") as caught:
        make_demo_pki(folder)
    assert "chmod" in str(caught.value)


def test_two_at_once_is_refused(folder: Path) -> None:
    make_demo_pki(folder)
    holder = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="another process"):
            make_demo_pki(folder)
    finally:
        os.close(holder)
    assert make_demo_pki(folder).made == ()


def test_an_address_that_is_none_is_refused_before_anything_is_made(folder: Path) -> None:
    with pytest.raises(SettingsError, match="member etcd1"):
        make_demo_pki(folder, members={"etcd1": "etcd1.example"})
    assert not folder.exists()


def test_loading_names_what_is_missing(folder: Path) -> None:
    pki = make_demo_pki(folder)
    assert load_pki(folder, members=MEMBERS).clients == pki.clients
    pki.clients["operator"].key.unlink()
    with pytest.raises(NotFoundError, match=r"clients/operator\.key"):
        load_pki(folder, members=MEMBERS)


def test_an_expired_certificate_is_kept_because_rotation_is_a_verb_of_its_own(folder: Path) -> None:
    pki = make_demo_pki(folder)
    old = issue(folder.parent / "old", "fleet", ca=ca_of(pki), now=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    shutil.copyfile(old.certificate, pki.clients["fleet"].certificate)
    shutil.copyfile(old.key, pki.clients["fleet"].key)
    assert make_demo_pki(folder).made == ()


def test_member_certificates_serve_and_call_and_client_certificates_only_call(folder: Path) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

    pki = make_demo_pki(folder)

    def usages(path: Path) -> set[object]:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)

    both = {Usage.SERVER_AUTH, Usage.CLIENT_AUTH}
    assert usages(pki.servers["etcd1"].certificate) == both
    assert usages(pki.peers["etcd1"].certificate) == both
    assert usages(pki.clients["fleet"].certificate) == {Usage.CLIENT_AUTH}
