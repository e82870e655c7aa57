"""Fixtures of the tests of workflows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.fleet_served import serve_fleet
from support.fleet_told import ToldFleet
from support.runs_s3 import here, s3, s3_server

from fleetkit.fleet import FleetEndpoint, parse_fleet_endpoint

__all__ = ["endpoint", "fleet", "here", "s3", "s3_server"]


@pytest.fixture
def fleet() -> ToldFleet:
    """Return a fleet that does what it is told; modules that need another have one of their own."""
    return ToldFleet()


@pytest.fixture
def endpoint(fleet: ToldFleet) -> Iterator[FleetEndpoint]:
    """Serve that fleet."""
    with serve_fleet(fleet.answer) as url:
        yield parse_fleet_endpoint(url)
