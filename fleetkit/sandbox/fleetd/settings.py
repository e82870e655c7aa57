"""How a fleetd is configured: the FLEET_* variables that fleet v1.0.0 reads, with its defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.core import SettingsError

__all__ = ["FleetdSettings", "parse_duration", "parse_metadata"]

_UNITS_S = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetdSettings:
    """Settings of one fleetd; times in seconds.

    Attributes
    ----------
    https_proxy
        URL of the proxy through which etcd is reached, from HTTPS_PROXY, which every program in Go obeys.
    """

    etcd_servers: tuple[str, ...]
    ca_file: str
    cert_file: str
    key_file: str
    key_prefix: str
    request_timeout_s: float
    reconcile_interval_s: float
    agent_ttl_s: float
    public_ip: str
    metadata: Mapping[str, str]
    token_limit: int
    disable_engine: bool
    https_proxy: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> FleetdSettings:
        """Read the settings.

        Raises
        ------
        SettingsError
            When a value cannot be understood; names the variable.
        """

        def read(name: str, default: str) -> str:
            return environ.get(f"FLEET_{name}", "") or default

        try:
            return cls(
                etcd_servers=tuple(
                    one.strip() for one in read("ETCD_SERVERS", "http://127.0.0.1:2379").split(",") if one.strip()
                ),
                ca_file=read("ETCD_CAFILE", ""),
                cert_file=read("ETCD_CERTFILE", ""),
                key_file=read("ETCD_KEYFILE", ""),
                key_prefix="/" + read("ETCD_KEY_PREFIX", "/_coreos.com/fleet/").strip("/"),
                request_timeout_s=float(read("ETCD_REQUEST_TIMEOUT", "1.0")),
                reconcile_interval_s=float(read("ENGINE_RECONCILE_INTERVAL", "2")),
                agent_ttl_s=parse_duration(read("AGENT_TTL", "30s")),
                public_ip=read("PUBLIC_IP", ""),
                metadata=parse_metadata(read("METADATA", "")),
                token_limit=int(read("TOKEN_LIMIT", "100")),
                disable_engine=read("DISABLE_ENGINE", "false").lower() in ("1", "t", "true"),
                https_proxy=environ.get("HTTPS_PROXY", ""),
            )
        except ValueError as error:
            raise SettingsError("a FLEET_* variable cannot be understood", seen=str(error)) from error


def parse_duration(text: str) -> float:
    """Return the seconds of a duration as Go writes it: ``120s``, ``1m30s``.

    Raises
    ------
    ValueError
        When it is none.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration such as 30s")
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)


def parse_metadata(text: str) -> dict[str, str]:
    """Return the pairs of ``k=v,k=v``; what is no pair is left out, as fleet does."""
    pairs = (part.partition("=") for part in text.split(","))
    return {key.strip(): value.strip() for key, mark, value in pairs if mark and key.strip()}
