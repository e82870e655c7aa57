"""What certificates state, and the lines made of host keys."""

from __future__ import annotations

import datetime as dt
import re
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from support.pki_made import LONG_AGO, ca_of, issue, make_demo_pki, make_foreign_ca

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.pki import is_signed_by, known_hosts_line, parse_certificate_facts, read_certificate_facts


def test_facts_of_a_member_say_where_and_how_long_it_is_valid(tmp_path: Path) -> None:
    facts = make_demo_pki(tmp_path / "pki").servers["etcd1"].facts()
    now = dt.datetime.now(dt.UTC)
    assert facts.subject == "etcd1.demo.internal"
    assert facts.issuer == "fleetkit demo CA"
    assert facts.dns_names == ("etcd1.demo.internal", "localhost")
    assert facts.addresses == ("10.10.3.100", "127.0.0.1")
    assert 363 <= facts.days_left(now) <= 365
    assert not facts.is_expired(now)
    assert not facts.is_ca
    assert re.fullmatch(r"[0-9a-f]{64}", facts.fingerprint)


def test_a_peer_certificate_does_not_name_loopback(tmp_path: Path) -> None:
    facts = make_demo_pki(tmp_path / "pki").peers["etcd1"].facts()
    assert facts.addresses == ("10.10.3.100",)
    assert "localhost" not in facts.dns_names


def test_the_ca_lives_ten_years(tmp_path: Path) -> None:
    facts = make_demo_pki(tmp_path / "pki").ca.facts()
    assert facts.is_ca
    assert 3650 <= facts.days_left(dt.datetime.now(dt.UTC)) <= 3652


def test_an_expired_certificate_has_fewer_than_no_days_left(tmp_path: Path) -> None:
    pki = make_demo_pki(tmp_path / "pki")
    facts = read_certificate_facts(issue(tmp_path, "old", ca=ca_of(pki), now=LONG_AGO).certificate)
    now = dt.datetime.now(dt.UTC)
    assert facts.is_expired(now)
    assert facts.days_left(now) < 0


def test_a_ca_of_the_same_name_is_told_apart_by_its_signature(tmp_path: Path) -> None:
    pki = make_demo_pki(tmp_path / "pki")
    foreign = make_foreign_ca(tmp_path / "foreign")
    leaf = pki.clients["operator"].certificate
    assert is_signed_by(leaf, pki.ca.certificate)
    assert not is_signed_by(leaf, foreign.certificate)


def test_the_files_make_a_tls_context_of_the_standard_library(tmp_path: Path) -> None:
    pki = make_demo_pki(tmp_path / "pki")
    context = ssl.create_default_context(cafile=pki.ca.certificate)
    context.load_cert_chain(pki.clients["operator"].certificate, pki.clients["operator"].key)
    assert context.get_ca_certs()


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nothing\.crt"):
        read_certificate_facts(tmp_path / "nothing.crt")
    broken = tmp_path / "broken.crt"
    broken.write_bytes(b"\x80 not a certificate")
    with pytest.raises(SettingsError, match=r"broken\.crt holds no certificate"):
        read_certificate_facts(broken)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_certificate_facts(tmp_path)


def test_a_known_hosts_line_names_every_way_to_the_machine() -> None:
    line = known_hosts_line(["10.10.3.100", "etcd1.demo.internal"], "ssh-ed25519 AAAAC3 someone@somewhere")
    assert line == "10.10.3.100,etcd1.demo.internal ssh-ed25519 AAAAC3"
    assert known_hosts_line(["127.0.0.1"], "ssh-ed25519 AAAAC3", port=2222).startswith("[127.0.0.1]:2222 ")


@pytest.mark.parametrize(("names", "key"), [([], "ssh-ed25519 A"), (["a b"], "ssh-ed25519 A"), (["a"], "nonsense")])
def test_a_line_that_no_ssh_would_understand_is_refused(names: list[str], key: str) -> None:
    with pytest.raises(SettingsError):
        known_hosts_line(names, key)


def test_what_somebody_shows_states_the_same_as_its_file(tmp_path: Path) -> None:
    made = make_demo_pki(tmp_path / "pki").servers["etcd1"]
    der = ssl.PEM_cert_to_DER_cert(made.certificate.read_text())
    assert parse_certificate_facts(der) == replace(made.facts(), path=None)


def test_what_is_shown_and_is_no_certificate_is_refused() -> None:
    with pytest.raises(SettingsError, match="shown as a certificate"):
        parse_certificate_facts(b"hello")
