"""Who speaks to whom: the security module's own table of flows, read from its text.

It is read where nobody runs Terraform: for pictures, and for what a rule that is missing would stop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.core import TerraformError, data_folder

__all__ = ["Flow", "list_flows"]

_ENTRY = re.compile(
    r"(?P<https>var\.https \? \[)?(?:\[for \w+ in (?P<each>[^:\n]+) : )?"
    r'\{\s*from = (?P<source>[^,]+), to = (?P<target>[^,]+), port = "(?P<port>[^"]+)", why = "(?P<why>[^"]+)"\s*\}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One flow, which is one rule out of a group and one into another.

    Attributes
    ----------
    source, target
        Groups such as ``master`` and ``lb-public``, or places: ``operator``, ``vpn``, ``world``.
    port
        Name of the port, such as ``etcd-peer``.
    why
        What it is for.
    """

    source: str
    target: str
    port: str
    why: str

    @property
    def name(self) -> str:
        """The name under which Terraform and the rules' descriptions know it."""
        return f"{self.port}-from-{self.source}-to-{self.target}"


def list_flows(*, vpn: bool = False, https: bool = False, deploy_host: bool = False) -> tuple[Flow, ...]:
    """Return the flows of a cluster, in the order of the module's table.

    Parameters
    ----------
    vpn
        Whether the way in is a VPN, and no bastion.
    https
        Whether the public load balancer has a certificate.
    deploy_host
        Whether there is a deploy host.

    Raises
    ------
    TerraformError
        When the table has another shape than this knows.
    """
    file = data_folder("terraform") / "modules" / "security" / "flows.tf"
    text = file.read_text(encoding="utf-8")
    found = list(_ENTRY.finditer(text))
    if not found or len(found) != len(re.findall(r"\bfrom = ", text)):
        raise TerraformError(f"the table of flows in {file} has another shape", hint="mend its reader")
    pools, bastion = ["internal", "public"], [] if vpn else ["bastion"]
    fleet = ["master", *pools, *(["deploy"] if deploy_host else [])]
    loops = {
        "concat(local.fleet, local.bastion)": [{"role": one} for one in fleet + bastion],
        "local.bastion": [{"role": one} for one in bastion],
        "local.fleet": [{"role": one} for one in fleet],
        "local.pools": [{"role": one} for one in pools],
        "setproduct(local.pools, local.pools)": [
            {"pair[0]": one, "pair[1]": other} for one in pools for other in pools
        ],
    }
    way_in = {"local.way_in": "vpn" if vpn else "bastion"}
    flows: list[Flow] = []
    for entry in found:
        if entry["each"] and entry["each"] not in loops:
            raise TerraformError(f"the table of flows in {file} loops over {entry['each']}", hint="mend its reader")
        if https or not entry["https"]:
            words = loops[entry["each"]] if entry["each"] else [{}]
            flows += [_read_entry(entry, way_in | one) for one in words]
    return tuple(flows)


def _read_entry(entry: re.Match[str], words: Mapping[str, str]) -> Flow:
    source, target = (words.get(entry[end], entry[end].strip('"')) for end in ("source", "target"))
    return Flow(source=source, target=target, port=entry["port"], why=entry["why"])
