"""What a hall is told is checked before anything is done with it."""

from __future__ import annotations

from typing import Any

import pytest

from fleetkit.core import SettingsError
from fleetkit.sandbox.hall import Allow, MachineSpec

SPEC: dict[str, Any] = {"machine_id": "i-1", "hostname": "etcd1", "address": "10.0.0.1", "kind": "plain"}
RULE: dict[str, Any] = {"source": "10.0.0.0/8", "destination": "10.0.0.1", "protocol": "tcp", "ports": (1, 2)}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"machine_id": "../x"}, "../x"),
        ({"machine_id": "router"}, "router"),
        ({"hostname": "Not a name"}, "Not a name"),
        ({"address": "10.0.0.300"}, "10.0.0.300"),
        ({"address": "10.0.0.0/24"}, "10.0.0.0/24"),
        ({"kind": "windows"}, "windows"),
    ],
)
def test_a_wrong_machine_is_refused_naming_what_was_seen(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match="machine") as caught:
        MachineSpec(**{**SPEC, **changed})
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"source": "10.0.0.1/8"}, "10.0.0.1/8"),
        ({"destination": "etcd1"}, "etcd1"),
        ({"protocol": "sctp"}, "sctp"),
        ({"ports": (5, 4)}, "(5, 4)"),
        ({"ports": (0, 70000)}, "(0, 70000)"),
        ({"protocol": "icmp"}, "icmp"),
    ],
)
def test_a_wrong_rule_is_refused_naming_what_was_seen(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Allow(**{**RULE, **changed})
    assert named in str(caught.value)
