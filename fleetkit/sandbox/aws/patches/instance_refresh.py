"""Instance refresh: a pool whose template changed is replaced one instance after the other.

moto has no such operation.
The request only notes what is to be replaced; `advance_refreshes`, called by the sandbox's loop, takes the steps, each
after the machine before it is up.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import ABSENT, Patch, Replacement

__all__ = ["INSTANCE_REFRESH", "advance_refreshes"]

_UNDER_WAY = ("Pending", "InProgress")


def _refreshes_of(group: Any) -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = group.__dict__.setdefault("instance_refreshes", [])
    return held


def _group_named(response: Any) -> Any:
    from moto.autoscaling.exceptions import ValidationError

    name = response._get_param("AutoScalingGroupName")
    groups = response.autoscaling_backend.autoscaling_groups
    if name not in groups:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return groups[name]


def _make_start(_original: None) -> Callable[[Any], Any]:
    def start_instance_refresh(self: Any) -> Any:
        from moto.autoscaling.exceptions import AutoscalingClientError
        from moto.core.responses import ActionResult

        group = _group_named(self)
        if any(refresh["Status"] in _UNDER_WAY for refresh in _refreshes_of(group)):
            raise AutoscalingClientError(
                "InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution"
            )
        waiting = [state.instance.id for state in group.instance_states]
        refresh = {
            "InstanceRefreshId": str(uuid.uuid4()),
            "AutoScalingGroupName": group.name,
            "Status": "Pending",
            "StartTime": dt.datetime.now(dt.UTC),
            "PercentageComplete": 0,
            "InstancesToUpdate": len(waiting),
            "waiting": waiting,
            "total": len(waiting),
            "launched": None,
        }
        _refreshes_of(group).append(refresh)
        return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})

    return start_instance_refresh


def _make_describe(_original: None) -> Callable[[Any], Any]:
    def describe_instance_refreshes(self: Any) -> Any:
        from moto.core.responses import ActionResult

        wanted = self._get_param("InstanceRefreshIds", [])
        shown = [
            {key: value for key, value in refresh.items() if key[0].isupper()}
            for refresh in reversed(_refreshes_of(_group_named(self)))
            if not wanted or refresh["InstanceRefreshId"] in wanted
        ]
        return ActionResult({"InstanceRefreshes": shown})

    return describe_instance_refreshes


def _make_cancel(_original: None) -> Callable[[Any], Any]:
    def cancel_instance_refresh(self: Any) -> Any:
        from moto.autoscaling.exceptions import AutoscalingClientError
        from moto.core.responses import ActionResult

        for refresh in _refreshes_of(_group_named(self)):
            if refresh["Status"] in _UNDER_WAY:
                refresh["Status"] = "Cancelled"
                return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})
        raise AutoscalingClientError(
            "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found"
        )

    return cancel_instance_refresh


def advance_refreshes(backend: Any, *, is_up: Callable[[str], bool]) -> None:
    """Take the next step of each refresh of a region that can take one.

    Parameters
    ----------
    backend
        moto's auto scaling backend of the region.
    is_up
        Says of an instance id whether its machine has booted.
    """
    for group in list(backend.autoscaling_groups.values()):
        for refresh in _refreshes_of(group):
            if refresh["Status"] in _UNDER_WAY and (refresh["launched"] is None or is_up(refresh["launched"])):
                _replace_next(backend, group, refresh)


def _replace_next(backend: Any, group: Any, refresh: dict[str, Any]) -> None:
    present = {state.instance.id for state in group.instance_states}
    refresh["waiting"] = [one for one in refresh["waiting"] if one in present]
    done = refresh["total"] - len(refresh["waiting"])
    refresh["InstancesToUpdate"] = len(refresh["waiting"])
    refresh["PercentageComplete"] = 100 * done // max(refresh["total"], 1)
    if not refresh["waiting"]:
        refresh.update(Status="Successful", PercentageComplete=100, EndTime=dt.datetime.now(dt.UTC), launched=None)
        return
    refresh["Status"] = "InProgress"
    leaving = refresh["waiting"].pop(0)
    backend.ec2_backend.terminate_instances([leaving])
    backend.elbv2_backend.notify_terminate_instances([leaving])
    backend.notify_terminate_instances([leaving])
    arrived = [state.instance.id for state in group.instance_states if state.instance.id not in present]
    refresh["launched"] = arrived[0] if arrived else None


_RESPONSE = "moto.autoscaling.responses:AutoScalingResponse"

INSTANCE_REFRESH = Patch(
    name="instance-refresh",
    promise="a pool's instances are replaced, one after the other, by instances of the template's present version",
    replacements=(
        Replacement(target=f"{_RESPONSE}.start_instance_refresh", digest=ABSENT, wrap=_make_start),
        Replacement(target=f"{_RESPONSE}.describe_instance_refreshes", digest=ABSENT, wrap=_make_describe),
        Replacement(target=f"{_RESPONSE}.cancel_instance_refresh", digest=ABSENT, wrap=_make_cancel),
    ),
)
