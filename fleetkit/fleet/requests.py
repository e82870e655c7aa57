"""How a unit is asked for: the path and the body of the request, for whoever sends it."""

from __future__ import annotations

import urllib.parse
from typing import Any

from fleetkit.fleet.unit_text import UnitText
from fleetkit.fleet.values import DesiredState

__all__ = ["ROOT", "unit_body", "unit_path"]

ROOT = "/fleet/v1"


def unit_path(name: str) -> str:
    """Return the path of a unit, which the name stands in as one part whatever it consists of."""
    return f"{ROOT}/units/{urllib.parse.quote(name, safe='')}"


def unit_body(unit: UnitText, desired: DesiredState) -> dict[str, Any]:
    """Return what a PUT says that creates a unit, or replaces one that is made of something else."""
    return {"options": [one.to_json() for one in unit.options], "desiredState": str(desired)}
