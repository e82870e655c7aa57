"""A flow log that names its log group by ARN, as Terraform does, writes there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["FLOW_LOG_GROUPS"]


def _wrap_create(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_flow_logs(self: Any, *args: Any, **kwargs: Any) -> Any:
        made, unsuccessful = original(self, *args, **kwargs)
        for log in made:
            if log.log_destination_type == "cloud-watch-logs" and log.log_destination and not log.log_group_name:
                _look_for_group(self, log)
        return made, unsuccessful

    return create_flow_logs


def _look_for_group(backend: Any, log: Any) -> None:
    """Judge by the group that is meant; moto looks for one without a name."""
    from moto.logs.models import logs_backends

    # arn:aws:logs:REGION:ACCOUNT:log-group:NAME, and ":*" behind it where somebody wrote that.
    name = log.log_destination.split(":", 6)[6].removesuffix(":*")
    if name in logs_backends[backend.account_id][backend.region_name].groups:
        log.deliver_logs_status, log.deliver_logs_error_message = "SUCCESS", None


FLOW_LOG_GROUPS = Patch(
    name="flow-log-groups",
    promise="a flow log that names an existing log group by ARN is delivered",
    replacements=(
        Replacement(
            target="moto.ec2.models.flow_logs:FlowLogsBackend.create_flow_logs",
            digest="e01cd02a2520",
            wrap=_wrap_create,
        ),
    ),
)
