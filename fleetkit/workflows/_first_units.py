"""The units that a cluster's deploy host starts: read from their folder, checked, and written for a shell to send."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fleetkit.config import Cluster
from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.fleet import (
    DesiredState,
    UnitText,
    expand_names,
    is_template,
    order_units,
    read_unit_files,
    template_of,
    unit_body,
    unit_path,
)
from fleetkit.workflows._workspace import Workspace

__all__ = ["read_first_units", "render_first_units"]


def read_first_units(workspace: Workspace) -> bytes:
    """Return what the cluster's deploy host sends to fleet; nothing where it has none, or the file names no folder.

    Raises
    ------
    NotFoundError
        When the folder is not there or has no unit file, or an instance has no template in it.
    PreconditionError
        When fleet would not take a file as it is.
    """
    host = workspace.cluster.deploy_host
    if not (host.enabled and host.units):
        return b""
    folder = workspace.folder / host.units
    files = read_unit_files([folder])
    fatal = [f"{one.unit}:{one.line}: {one.seen}; legal: {one.legal}" for one in files.findings if one.is_fatal]
    if fatal:
        raise PreconditionError(
            f"the deploy host of {workspace.cluster.name} would send unit files that fleet does not take",
            seen="; ".join(fatal),
            hint=f"fleetkit units lint {host.units} tells of all findings; mend the files, and do the same again",
        )
    return render_first_units(_add_instances(files.units, workspace.cluster))


def render_first_units(units: Mapping[str, UnitText]) -> bytes:
    """Write units in the order in which they are sent, a line each: the path of the request, a space, its body.

    A template is only kept by fleet; everything else is launched.
    """
    lines = []
    for name in (name for wave in order_units(units).waves for name in wave):
        desired = DesiredState.INACTIVE if is_template(name) else DesiredState.LAUNCHED
        body = json.dumps(unit_body(units[name], desired), separators=(",", ":"))
        lines.append(f"{unit_path(name)} {body}\n")
    return "".join(lines).encode("ascii")


def _add_instances(units: Mapping[str, UnitText], cluster: Cluster) -> dict[str, UnitText]:
    found = dict(units)
    for name in (name for pattern in cluster.deploy_host.instances for name in expand_names(pattern)):
        if name in units:
            continue
        template = template_of(name)
        if template not in units:
            raise NotFoundError(
                f"deploy_host.instances names {name}, and {cluster.deploy_host.units} has no {template}",
                known=sorted(one for one in units if is_template(one)),
            )
        found[name] = units[template]
    return found
