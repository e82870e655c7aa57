"""A unit as ``systemctl`` shows it."""

from __future__ import annotations

from datetime import UTC, datetime

from fleetkit.sandbox.machine.systemd.live import Live

__all__ = ["absent_properties", "describe", "read_properties"]


def absent_properties(name: str, *, load: str) -> dict[str, str]:
    """Return the properties of a unit that does not live, with the state of its file."""
    return {"Id": name, "LoadState": load, "ActiveState": "inactive", "SubState": "dead"}


def read_properties(live: Live) -> dict[str, str]:
    """Return a unit's properties by their names."""
    return {
        "Id": live.name,
        "Description": live.unit.description,
        "LoadState": "loaded",
        "ActiveState": live.active,
        "SubState": live.sub,
        "Result": live.result,
        "MainPID": str(live.main_pid),
        "FragmentPath": live.unit.path,
    }


def describe(live: Live) -> str:
    """Return what ``systemctl status`` says of a unit before its journal."""
    detail = f"Result: {live.result}" if live.active == "failed" else live.sub
    since = datetime.fromtimestamp(live.since, UTC).strftime("%a %F %T UTC")
    lines = [
        f"{'●' if live.active == 'active' else '○'} {live.name} - {live.unit.description}",
        f"     Loaded: loaded ({live.unit.path})",
        f"     Active: {live.active} ({detail}) since {since}",
    ]
    if live.main_pid:
        lines.append(f"   Main PID: {live.main_pid}")
    return "\n".join(lines) + "\n"
