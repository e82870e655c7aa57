"""Taking back an alarm, once its cause is gone."""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import NotFoundError
from fleetkit.etcd._changing import ask_change, plain_id
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.maintenance import list_alarms
from fleetkit.etcd.values import Alarm

__all__ = ["disarm_alarm"]


def disarm_alarm(
    endpoints: Sequence[Endpoint], alarm: Alarm, *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> None:
    """Take back exactly the alarm that is given, as `list_alarms` lists it; nothing is mended by that.

    etcd takes member id 0 for "all" when it lists them; when it disarms it answers that with success, and clears
    nothing but an alarm that was raised without a member.

    Raises
    ------
    NotFoundError
        When no such alarm is raised; lists those that are.
    EtcdError
        When no member took the change.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    body = {"action": "DEACTIVATE", "memberID": plain_id(alarm.member_id), "alarm": alarm.alarm.value}
    what = f"disarming {alarm.alarm} of {_whose(alarm)}"
    answer = ask_change(endpoints, "/v3/maintenance/alarm", body, tls=tls, limits=limits, what=what)
    if not answer.children("alarms"):
        raised = list_alarms(endpoints, tls=tls, limits=limits)
        raise NotFoundError(
            f"no alarm {alarm.alarm} of {_whose(alarm)} is raised",
            known=[f"{one.alarm} of {_whose(one)}" for one in raised],
        )


def _whose(alarm: Alarm) -> str:
    return f"member {alarm.member_id}" if alarm.member_id else "no member in particular"
