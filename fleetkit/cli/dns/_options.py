"""What the commands about names have in common: another fleet to read, and what is told of services as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from fleetkit.fleet import FleetEndpoint
    from fleetkit.workflows import DnsSyncPlan

__all__ = ["endpoint_option", "facts_of"]

F = TypeVar("F", bound=Callable[..., Any])


def _parse(_context: click.Context, _parameter: click.Parameter, text: str | None) -> FleetEndpoint | None:
    from fleetkit.fleet import parse_fleet_endpoint

    return None if text is None else parse_fleet_endpoint(text)


def endpoint_option(command: F) -> F:
    """Give a command ``--endpoint``; the cluster is named beside it, for the zone is the cluster's."""
    return click.option(
        "--endpoint", metavar="URL", callback=_parse,
        help="Read this fleet and ask its machines directly, with no way in: unix:///run/fleet.sock on a machine of "
        "the cluster, or http://host:port.",
    )(command)  # fmt: skip


def facts_of(plan: DnsSyncPlan) -> dict[str, Any]:
    """Return what is known of services and their names."""
    return {
        "zone": plan.zone.name,
        "asked": plan.asked,
        "changes": plan.facts["changes"],
        "keys": plan.facts["keys"],
        "findings": plan.findings,
        "services": [
            {
                "name": service.name,
                "instances": [
                    {
                        "unit": one.instance.unit,
                        "address": one.instance.address,
                        "port": one.instance.port,
                        "probe": str(one.instance.probe),
                        "health": one.health,
                        "reason": one.reason,
                        "is_named": one.instance in service.named,
                    }
                    for one in service.instances
                ],
                "findings": service.findings,
            }
            for service in plan.services
        ],
    }
