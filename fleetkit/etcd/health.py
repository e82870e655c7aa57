"""Health of the members: whether they are well, and why not.

As etcdctl does, a member counts as healthy when a read through the quorum succeeds and no alarm is raised.
Beyond that, each failure gets its reason, and a failure on our own side is kept apart from one of the member.
"""

from __future__ import annotations

import http
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fleetkit.etcd._answers import Answer
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._failures import CallError
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call
from fleetkit.etcd._roll import Roll
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.trouble import LocalFacts, Trouble, explain_refusal, explain_silence
from fleetkit.etcd.values import AlarmKind, Member
from fleetkit.etcd.verdict import ClusterHealth, MemberHealth, judge_cluster

__all__ = ["read_health"]

_Explain = Callable[[str], str | None]
"""Asks whoever made the way to a member, such as a tunnel, what it knows of a failure; by endpoint's name."""

_Facts = LocalFacts | Callable[[], LocalFacts]
"""What local files say of certificates, or what reads them once it matters: reading costs more than the health."""

_ALARM_MEANINGS = {
    AlarmKind.NOSPACE: "its quota is reached, and no writes are taken; fleetkit etcd alarms tells what mends it",
    AlarmKind.CORRUPT: "a member's data differs from the others'; fleetkit etcd hash names it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inquiry:
    context: ssl.SSLContext | None
    facts: _Facts | None
    explain: _Explain | None
    roll: Roll


def read_health(
    endpoints: Sequence[Endpoint],
    *,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
    facts: _Facts | None = None,
    explain: _Explain | None = None,
) -> ClusterHealth:
    """Ask all members at once for their health, and judge the cluster.

    Parameters
    ----------
    endpoints
        Whom to ask.
    tls
        Certificates to call with.
    limits
        Seconds for all together; a paused member costs that once, not once for each.
    facts
        What local files say of the certificates, or what reads it when a failure asks for it;
        without it, reasons are less exact.
    explain
        Is asked for what the maker of the way knows of a member that could not be reached.

    Returns
    -------
    ClusterHealth
        A member that fails is part of it, never an error.

    Raises
    ------
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    limits = limits or EtcdLimits()
    inquiry = _Inquiry(context=context_for(endpoints, tls), facts=facts, explain=explain, roll=Roll())

    def ask(endpoint: Endpoint, deadline: float) -> MemberHealth:
        return _examine(endpoint, deadline, inquiry)

    deadline = time.monotonic() + limits.total_s
    found = ask_each(endpoints, ask, limits=limits)
    answered = [endpoint for endpoint in endpoints if _has_answered(found[endpoint.name])]
    inquiry.roll.complete(answered, context=inquiry.context, deadline=deadline)
    asked: list[MemberHealth] = []
    for endpoint in endpoints:
        health = found[endpoint.name]
        if isinstance(health, Exception):
            # Its thread did not even report a time-out in time, as when a name server is silent.
            health = _unhealthy(endpoint, Trouble.SILENT, str(getattr(health, "reason", health)), limits.total_s * 1000)
        asked.append(_identify(health, inquiry.roll.find(endpoint)))
    return judge_cluster(asked, voters=inquiry.roll.voters)


def _examine(endpoint: Endpoint, deadline: float, inquiry: _Inquiry) -> MemberHealth:
    started = time.monotonic()
    try:
        with Call(endpoint, context=inquiry.context, deadline=deadline) as call:
            trouble, reason = _read_answer(call, call.ask("GET", "/health"))
            took_ms = (time.monotonic() - started) * 1000
            inquiry.roll.read_once(call)
    except CallError as error:
        took_ms = (time.monotonic() - started) * 1000
        return _unhealthy(endpoint, *_sharpen(error, endpoint, inquiry), took_ms)
    if trouble is not None:
        return _unhealthy(endpoint, trouble, reason, took_ms)
    return MemberHealth(name=endpoint.name, id="", healthy=True, reason="", took_ms=round(took_ms, 1))


def _has_answered(found: MemberHealth | Exception) -> bool:
    spoke = (None, Trouble.ALARM, Trouble.NO_QUORUM)
    return isinstance(found, MemberHealth) and found.trouble in spoke


def _unhealthy(endpoint: Endpoint, trouble: Trouble, reason: str, took_ms: float) -> MemberHealth:
    return MemberHealth(
        name=endpoint.name, id="", healthy=False, reason=reason, took_ms=round(took_ms, 1), trouble=trouble
    )


def _identify(health: MemberHealth, member: Member | None) -> MemberHealth:
    if member is None:
        return health
    remark = "learner: it does not vote yet" if member.is_learner and health.healthy else health.reason
    return replace(health, name=member.name or health.name, id=member.id, is_learner=member.is_learner, reason=remark)


def _read_answer(call: Call, answer: Answer) -> tuple[Trouble | None, str]:
    said = answer.body if isinstance(answer.body, dict) else {}
    if "health" not in said:
        return Trouble.ODD_ANSWER, f"its answer is not etcd's: {answer.status} {str(answer.body)[:80]!r}"
    if answer.status == http.HTTPStatus.OK and said["health"] in ("true", True):
        return None, ""
    reason = str(said.get("reason", ""))
    if reason.startswith("ALARM"):
        return _read_alarm(call, reason.removeprefix("ALARM").strip())
    if reason == "RAFT NO LEADER":
        return Trouble.NO_QUORUM, "it sees no leader: the quorum is lost, or an election is under way"
    if reason.startswith("QGET ERROR"):
        return Trouble.NO_QUORUM, f"a read through the quorum failed: {reason.removeprefix('QGET ERROR:').strip()}"
    return Trouble.NO_QUORUM, f"it says that it is not healthy: {reason or 'without a reason'}"


def _read_alarm(call: Call, alarm: str) -> tuple[Trouble, str]:
    # An alarm hides everything else in etcd's answer, so the read through the quorum is made for itself.
    # It is not asked for its health with alarms left out: 3.5 leaves out only one of several members' same alarm.
    read = call.ask("POST", "/v3/kv/range", {"key": "AA==", "count_only": True})
    if read.status != http.HTTPStatus.OK:
        return Trouble.NO_QUORUM, f"alarm {alarm}, and a read through the quorum failed"
    meaning = _ALARM_MEANINGS[AlarmKind(alarm)] if alarm in AlarmKind.__members__ else "etcd raised it"
    return Trouble.ALARM, f"alarm {alarm}: {meaning}"


def _sharpen(error: CallError, endpoint: Endpoint, inquiry: _Inquiry) -> tuple[Trouble, str]:
    if error.trouble is Trouble.CLIENT_REFUSED:
        return error.trouble, explain_refusal(_read_facts(inquiry))
    if error.trouble in (Trouble.SILENT, Trouble.DOWN):
        expired = explain_silence(endpoint.name, _read_facts(inquiry))
        if expired is not None:
            trouble = Trouble.SERVER_CERTIFICATE_EXPIRED if error.trouble is Trouble.SILENT else error.trouble
            return trouble, f"{error.reason}: {expired}"
    is_on_the_way = error.trouble is Trouble.NO_ROUTE or not error.trouble.is_ours
    known = inquiry.explain(endpoint.name) if inquiry.explain is not None and is_on_the_way else None
    return error.trouble, error.reason if known is None else f"{error.reason}: {known}"


def _read_facts(inquiry: _Inquiry) -> LocalFacts | None:
    return inquiry.facts() if callable(inquiry.facts) else inquiry.facts
