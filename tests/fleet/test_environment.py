"""fleet.env, as fleet and systemd read it."""

from __future__ import annotations

import pytest

from fleetkit.core import SettingsError
from fleetkit.fleet import render_environment

MEMBERS = {"etcd1": "10.10.3.100", "etcd2": "10.10.4.100"}


def render(metadata: dict[str, str] | None = None, *, ttl_s: float = 120) -> str:
    return render_environment(
        members=MEMBERS,
        metadata={"etcd": "master", "monitor": "yes"} if metadata is None else metadata,
        etcd_request_timeout_s=5,
        agent_ttl_s=ttl_s,
        engine_reconcile_interval_s=10,
    )


def test_every_member_is_named_under_tls_with_fleets_own_certificate() -> None:
    assert render() == (
        "FLEET_ETCD_SERVERS=https://10.10.3.100:2379,https://10.10.4.100:2379\n"
        "FLEET_ETCD_CAFILE=/etc/fleet/pki/ca.crt\n"
        "FLEET_ETCD_CERTFILE=/etc/fleet/pki/client.crt\n"
        "FLEET_ETCD_KEYFILE=/etc/fleet/pki/client.key\n"
        "FLEET_ETCD_REQUEST_TIMEOUT=5\n"
        "FLEET_AGENT_TTL=120s\n"
        "FLEET_ENGINE_RECONCILE_INTERVAL=10\n"
        "FLEETKIT_ROLE_METADATA=etcd=master,monitor=yes\n"
    )


@pytest.mark.parametrize("metadata", [{"a b": "c"}, {"a": "b,c=d"}, {"a": 'b"'}, {"a": ""}, {"a": "b\nFLEET_X=1"}])
def test_metadata_that_fleet_would_read_otherwise_is_refused(metadata: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        render(metadata)


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="longer than nothing"):
        render(ttl_s=0)
