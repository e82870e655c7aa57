"""What a deployed cluster tells its users: Terraform's outputs, with what only the library knows put beside them.

Terraform makes no keys, so it cannot pin them: the sshuttle command here is the library's own, and trusts the
bastion's host key alone; so is the line that lets fleetctl know whom it speaks to.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleetkit import aws
from fleetkit.core import NotFoundError
from fleetkit.pki import ClusterPki, known_hosts_line, load_pki
from fleetkit.ssh import SshTarget, sshuttle_command
from fleetkit.views import Reach, Signpost, outputs_frame, outputs_html
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.way_in import BASTION_USER, list_known_hosts, login_key_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OUTPUTS", "ClusterOutputs", "read_outputs"]

_TUNNEL_PORT = 2222
_TOLD = (
    "etcd_browser",
    "etcd_endpoints",
    "fleet_ui",
    "fleetctl_tunnel",
    "internal_web",
    "public_web",
    "zone_name",
)
_RESOURCES = (
    "load_balancers",
    "master_instance_ids",
    "pools",
    "private_subnet_ids",
    "public_subnet_ids",
    "security_groups",
    "vpc_id",
    "zone_id",
)
_BASTION = "bastion"
"""Absent where the way in is a VPN: Terraform keeps no output whose value is null."""

OUTPUTS: frozenset[str] = frozenset({*_TOLD, *_RESOURCES, _BASTION})
"""The outputs of Terraform that are read here."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClusterOutputs(Shown):
    """What a deployed cluster tells its users.

    Attributes
    ----------
    cluster
        Its name.
    public_web
        DNS name of the load balancer that the world reaches.
    public_web_resolves
        Whether that name was found when this was read; a new one takes a while to be known everywhere.
    internal_web, fleet_ui, etcd_browser
        DNS name and URLs that are reached from inside the VPC.
    etcd_endpoints
        Name of each etcd member to its client URL, from inside the VPC.
    sshuttle
        Command that brings the VPC's addresses here, with the bastion's host key pinned; empty with a VPN.
    fleetctl_tunnel
        Value of ``FLEETCTL_TUNNEL``, from inside the VPC.
    fleetctl_known_host
        The line of ``~/.fleetctl/known_hosts`` that goes with it.
    zone_name
        Name of the private zone.
    resources
        Terraform's other outputs: ids and names of what it made.
    """

    cluster: str
    public_web: str
    public_web_resolves: bool
    internal_web: str
    fleet_ui: str
    etcd_browser: str
    etcd_endpoints: Mapping[str, str]
    sshuttle: str
    fleetctl_tunnel: str
    fleetctl_known_host: str
    zone_name: str
    resources: Mapping[str, Any]

    @property
    def signposts(self) -> tuple[Signpost, ...]:
        """What people use, and from where; what this cluster does not have is left out."""
        public = Reach.ANYWHERE if self.public_web_resolves else Reach.UNRESOLVED
        pages, members = (Reach.SSHUTTLE, Reach.TUNNEL) if self.sshuttle else (Reach.VPN, Reach.VPN)
        tunnel = f"fleetkit tunnel open {self.cluster}" if self.sshuttle else ""
        fleetctl = f"FLEETCTL_TUNNEL {pages}, with the machines' key in an agent"
        told = (
            ("public_web", self.public_web, "the public web, where units of the public pool serve it", public),
            ("sshuttle", self.sshuttle, "brings the VPC's addresses to this computer while it runs", Reach.COPIED),
            ("tunnel", tunnel, "brings each etcd member to a port of this computer", Reach.COPIED),
            ("fleet_ui", self.fleet_ui, "FleetUI, once its unit runs", pages),
            ("etcd_browser", self.etcd_browser, "etcd-browser, once its unit runs", pages),
            ("internal_web", self.internal_web, "the internal web, where units of the internal pool serve it", pages),
            *((f"etcd_endpoints.{name}", url, "an etcd member", members) for name, url in self.etcd_endpoints.items()),
            ("zone_name", self.zone_name, "the private zone", Reach.INSIDE),
            ("fleetctl_tunnel", self.fleetctl_tunnel, fleetctl, Reach.COPIED),
            ("fleetctl_known_host", self.fleetctl_known_host, "goes into ~/.fleetctl/known_hosts", Reach.COPIED),
        )
        return tuple(
            Signpost(name=name, value=value, purpose=purpose, reach=reach, url=_url_of(name, value))
            for name, value, purpose, reach in told
            if value
        )

    @property
    def text(self) -> str:
        """The useful ones in plain lines: what it is for, then name and value, to be copied whole."""
        return "\n".join(f"# {one.purpose}, {one.reach}\n{one.name} = {one.value}" for one in self.signposts)

    @property
    def frame(self) -> pd.DataFrame:
        """The same as a table."""
        return outputs_frame(self.signposts)

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return outputs_html(self.signposts)


def read_outputs(workspace: Workspace) -> ClusterOutputs:
    """Read the cluster's outputs from Terraform's state.

    The file of host keys that the sshuttle command points to is written beside the cluster's certificates.

    Raises
    ------
    NotFoundError
        When the cluster is not deployed, or not wholly; says which outputs are missing.
    BusyError, TerraformError
        When they cannot be read.
    """
    cluster, paths = workspace.cluster, workspace.paths
    values = open_working_copy(workspace).outputs()
    missing = sorted({*_TOLD, *_RESOURCES} - values.keys())
    if missing:
        raise NotFoundError(
            f"the cluster {cluster.name} is not deployed" if not values else f"{cluster.name} is not deployed wholly",
            seen=f"Terraform's state has no {', '.join(missing)}",
            hint=f"fleetkit deploy {cluster.name} makes what is missing",
        )
    bastion = values[_BASTION]["public_ip"] if _BASTION in values else ""
    pki = load_pki(paths.pki, members={name: master.address for name, master in cluster.masters.items()})
    lines = list_known_hosts(cluster, pki, bastion=bastion)
    paths.known_hosts.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return ClusterOutputs(
        cluster=cluster.name,
        public_web_resolves=aws.is_known_name(values["public_web"]),
        sshuttle=_sshuttle(workspace, bastion) if bastion else "",
        fleetctl_known_host=_fleetctl_known_host(values["internal_web"], pki),
        resources={name: values[name] for name in (*_RESOURCES, _BASTION) if name in values},
        **{name: values[name] for name in _TOLD},
    )


def _url_of(name: str, value: str) -> str:
    """Return what a browser opens: a web's balancer listens on port 80, and leads on from there where it has TLS."""
    if name in ("public_web", "internal_web"):
        return f"http://{value}"
    return value if name in ("fleet_ui", "etcd_browser") else ""


def _sshuttle(workspace: Workspace, bastion: str) -> str:
    words = sshuttle_command(
        SshTarget(host=bastion, user=BASTION_USER, key_file=login_key_file(workspace.cluster)),
        [workspace.cluster.network.cidr],
        known_hosts_file=workspace.paths.known_hosts,
        config_file=workspace.settings.ssh_config,
    )
    return shlex.join(words)


def _fleetctl_known_host(name: str, pki: ClusterPki) -> str:
    # Any internal worker may answer; all of them share one host key.
    return known_hosts_line([name], pki.role_host_keys["internal"].public_line(), port=_TUNNEL_PORT)
