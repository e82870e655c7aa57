"""Certificates as members serve them stand beside those that were made: the same is one thing, another is a finding."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from support.pki_made import LONG_AGO, ca_of, issue, make_demo_pki, make_foreign_ca

from fleetkit.core import EtcdError, Results
from fleetkit.pki import CertificateFacts, ClusterPki, parse_certificate_facts
from fleetkit.pki.names import Purpose
from fleetkit.workflows._certificates import join_certificates
from fleetkit.workflows._reading import Reading


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ClusterPki:
    return make_demo_pki(tmp_path_factory.mktemp("pki"))


def der_of(file: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(file.read_text())


def join(pki: ClusterPki, **swapped: bytes | EtcdError) -> Reading:
    """Join what was made with what members serve, which is the same but where something else is given."""
    made: dict[str, CertificateFacts] = {one.name: one.facts() for one in pki.certificates()}
    shown: dict[str, Any] = {name: der_of(files.certificate) for name, files in pki.servers.items()}
    readings = {"certificates": Reading(data=made), "served": Reading(data=Results({**shown, **swapped}))}
    return join_certificates(readings, cluster="demo")["certificates"]


def row(reading: Reading, name: str) -> dict[str, Any]:
    assert reading.frame is not None
    (found,) = reading.frame[reading.frame["certificate"] == name].to_dict("records")
    return {str(key): value for key, value in found.items()}


def test_what_members_serve_has_rows_of_its_own_and_the_same_is_no_finding(pki: ClusterPki) -> None:
    reading = join(pki)
    assert reading.frame is not None
    assert len(reading.frame) == len(pki.certificates()) + 3
    for name in pki.servers:
        served, made = row(reading, f"served by {name}"), row(reading, f"members/{name}/server")
        assert {**served, "certificate": ""} == {**made, "certificate": ""}
    assert (reading.findings, reading.unknown) == ((), "")
    assert reading.facts is not None
    assert "served by etcd1" in [one["name"] for one in reading.facts["certificates"]]


@pytest.mark.parametrize("foreign", [False, True], ids=["ours", "foreign"])
def test_a_swapped_certificate_is_a_finding_that_names_it(pki: ClusterPki, tmp_path: Path, foreign: bool) -> None:
    ca = make_foreign_ca(tmp_path) if foreign else ca_of(pki)
    der = der_of(issue(tmp_path, "etcd2.demo.internal", ca=ca, purpose=Purpose.MEMBER).certificate)
    (finding,) = join(pki, etcd2=der).findings
    assert finding.startswith("etcd2 serves another certificate than the one made for it: serial ")
    assert parse_certificate_facts(der).serial in finding
    assert finding.endswith("(fleetkit certificates rotate demo)")


def test_of_a_swapped_certificate_it_is_told_that_it_has_expired(pki: ClusterPki, tmp_path: Path) -> None:
    der = der_of(issue(tmp_path, "old", ca=ca_of(pki), purpose=Purpose.MEMBER, now=LONG_AGO).certificate)
    reading = join(pki, etcd2=der)
    assert row(reading, "served by etcd2")["verdict"] == "expired"
    assert len(reading.findings) == 2
    assert reading.findings[1].startswith("the certificate served by etcd2 expired: -")


def test_a_member_that_does_not_answer_is_unknown_in_its_row_and_no_finding(pki: ClusterPki) -> None:
    reading = join(pki, etcd3=EtcdError("etcd member etcd3 could not be asked"))
    found = row(reading, "served by etcd3")
    assert (found["verdict"], found["subject"], found["valid until"]) == ("unknown", "unknown", "unknown")
    assert (reading.findings, reading.unknown) == ((), "")


def test_where_no_member_could_be_asked_that_is_unknown_and_the_others_are_shown(pki: ClusterPki) -> None:
    made = {one.name: one.facts() for one in pki.certificates()}
    readings = join_certificates({"certificates": Reading(data=made)}, cluster="demo", unread="no bastion runs")
    reading = readings["certificates"]
    assert reading.unknown == "what members serve: no bastion runs"
    assert reading.frame is not None
    assert len(reading.frame) == len(made)


def test_whoever_draws_on_it_gets_what_was_made_and_what_is_served_in_its_place(
    pki: ClusterPki, tmp_path: Path
) -> None:
    made = {one.name for one in pki.certificates()}
    assert set(join(pki).data) == made
    der = der_of(issue(tmp_path, "etcd2.demo.internal", ca=ca_of(pki), purpose=Purpose.MEMBER).certificate)
    found = join(pki, etcd2=der, etcd3=EtcdError("did not answer")).data
    assert set(found) == {*made, "served by etcd2"}
    assert found["served by etcd2"].not_after == parse_certificate_facts(der).not_after


def test_certificates_that_could_not_be_read_leave_nothing_to_join() -> None:
    assert join_certificates({"served": Reading(data=Results({}))}, cluster="demo") == {}
