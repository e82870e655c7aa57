"""Endpoints, TLS files, limits and the environment file: what is taken, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.pki_made import make_demo_pki

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.etcd import (
    Endpoint,
    EtcdLimits,
    TlsFiles,
    parse_endpoint,
    read_health,
    render_environment,
    render_restore_options,
)

MEMBERS = {"etcd1": "10.10.3.100", "etcd2": "10.10.4.100", "etcd3": "10.10.5.100"}


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port"),
    [
        ("https://10.10.3.100:2379", "https", "10.10.3.100", 2379),
        ("http://127.0.0.1:4001/", "http", "127.0.0.1", 4001),
        ("etcd1.demo.internal", "http", "etcd1.demo.internal", 2379),
        (" 10.10.3.100:2379 ", "http", "10.10.3.100", 2379),
        ("https://[::1]:2379", "https", "::1", 2379),
    ],
)
def test_endpoints_are_read_as_etcdctl_reads_them(text: str, scheme: str, host: str, port: int) -> None:
    endpoint = parse_endpoint(text)
    assert (endpoint.scheme, endpoint.host, endpoint.address, endpoint.port) == (scheme, host, host, port)


@pytest.mark.parametrize(
    "text", ["", "unix:///run/etcd.sock", "https://", "https://host:x", "https://host:99999", "https://h/v2", "u@h:1"]
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not an endpoint of etcd"):
        parse_endpoint(text)


def test_half_a_client_certificate_is_refused() -> None:
    with pytest.raises(SettingsError, match="a client certificate was given without its key"):
        TlsFiles(certificate=Path("a.crt"))
    with pytest.raises(SettingsError, match="a client key was given without its certificate"):
        TlsFiles(key=Path("a.key"))


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="longer than nothing"):
        EtcdLimits(total_s=0)


def test_a_key_of_another_certificate_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    pki = make_demo_pki(tmp_path / "pki")
    endpoint = Endpoint(name="etcd1", host="etcd1", address="127.0.0.1", port=1)
    crossed = TlsFiles(
        ca=pki.ca.certificate, certificate=pki.clients["ui"].certificate, key=pki.clients["operator"].key
    )
    with pytest.raises(SettingsError, match="KEY_VALUES_MISMATCH"):
        read_health([endpoint], tls=crossed)
    with pytest.raises(SettingsError, match=r"gone\.crt is not there"):
        read_health([endpoint], tls=TlsFiles(ca=tmp_path / "gone.crt"))


def test_no_endpoint_and_one_given_twice_are_refused() -> None:
    with pytest.raises(SettingsError, match="no endpoint"):
        read_health([])
    with pytest.raises(SettingsError, match="given twice"):
        read_health([parse_endpoint("127.0.0.1:1")] * 2)


def render(**changed: object) -> str:
    settings: dict[str, object] = {
        "name": "etcd2",
        "members": MEMBERS,
        "token": "demo.internal",
        "heartbeat_ms": 100,
        "election_ms": 1000,
        "quota_bytes": 2 * 1024**3,
    }
    return render_environment(**(settings | changed))  # type: ignore[arg-type] # some are wrong on purpose


def test_the_environment_of_a_member() -> None:
    lines = dict(line.split("=", 1) for line in render().splitlines())
    assert lines["ETCD_NAME"] == "etcd2"
    assert lines["ETCD_ENABLE_V2"] == "true"
    assert lines["ETCD_LISTEN_CLIENT_URLS"] == "https://10.10.4.100:2379,https://127.0.0.1:2379"
    assert lines["ETCD_INITIAL_ADVERTISE_PEER_URLS"] == "https://10.10.4.100:2380"
    assert lines["ETCD_INITIAL_CLUSTER"] == (
        "etcd1=https://10.10.3.100:2380,etcd2=https://10.10.4.100:2380,etcd3=https://10.10.5.100:2380"
    )
    assert lines["ETCD_INITIAL_CLUSTER_STATE"] == "new"
    assert (lines["ETCD_CLIENT_CERT_AUTH"], lines["ETCD_PEER_CLIENT_CERT_AUTH"]) == ("true", "true")
    assert lines["ETCD_QUOTA_BACKEND_BYTES"] == "2147483648"
    assert lines["ETCD_METRICS"] == "extensive"
    # systemd and docker's --env-file disagree on quotes, so there are none.
    assert not set("\"' ") & set(render())


def test_a_member_is_restored_for_what_it_starts_with() -> None:
    lines = dict(line.split("=", 1) for line in render(token="demo-2").splitlines())
    options = dict(
        one.removeprefix("--").split("=", 1)
        for one in render_restore_options(name="etcd2", members=MEMBERS, token="demo-2")
    )
    assert options == {
        "name": lines["ETCD_NAME"],
        "initial-cluster": lines["ETCD_INITIAL_CLUSTER"],
        "initial-cluster-token": lines["ETCD_INITIAL_CLUSTER_TOKEN"],
        "initial-advertise-peer-urls": lines["ETCD_INITIAL_ADVERTISE_PEER_URLS"],
    }
    with pytest.raises(NotFoundError, match="etcd9"):
        render_restore_options(name="etcd9", members=MEMBERS, token="demo-2")


@pytest.mark.parametrize(
    "intervals",
    [
        {"heartbeat_ms": 0},
        {"heartbeat_ms": 100, "election_ms": 400},
        {"election_ms": 60_000},
    ],
)
def test_intervals_with_which_etcd_would_not_start_are_refused(intervals: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="would not start"):
        render(**intervals)


def test_an_unknown_member_lists_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="known: etcd1, etcd2, etcd3"):
        render(name="etcd9")
    with pytest.raises(SettingsError, match="new or existing"):
        render(state="old")
