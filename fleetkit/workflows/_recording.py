"""What a record is told of a workflow's results: plain facts for whoever audits, compares or draws them later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fleetkit.runs import EventKind
from fleetkit.terraform import ApplyCompleteEvent, ApplyErroredEvent, ApplyResult, Event
from fleetkit.views import PlanView
from fleetkit.workflows._reporting import Reporter

if TYPE_CHECKING:
    from fleetkit.workflows._check_lines import CheckLine
    from fleetkit.workflows.inspecting import Section

__all__ = ["record_applied", "record_checks", "record_plan", "record_sections", "recorded"]


class _Plan(Protocol):
    @property
    def operation(self) -> Any: ...

    @property
    def sha256(self) -> str: ...

    @property
    def is_empty(self) -> bool: ...

    @property
    def view(self) -> PlanView: ...

    @property
    def beyond_terraform(self) -> tuple[str, ...]: ...


P = TypeVar("P", bound=_Plan)


def record_plan(told: Reporter, plan: P) -> P:
    """Record what a plan would do, in counts and by its fingerprint, and return it."""
    told.record(
        EventKind.PLAN,
        {
            "operation": str(plan.operation),
            "sha256": plan.sha256,
            "empty": plan.is_empty,
            "counts": dict(Counter(str(one.action) for one in plan.view.rows)),
            "alarms": list(plan.view.alarms),
            "beyond_terraform": list(plan.beyond_terraform),
        },
    )
    return plan


def recorded(told: Reporter) -> Callable[[Event], None]:
    """Return who is told Terraform's events: the record of each change that is done, then whoever follows them."""

    def tell(event: Event) -> None:
        if isinstance(event, ApplyCompleteEvent):
            facts = {"address": event.resource.address, "action": event.action, "id": event.resource_id}
            told.record(EventKind.CHANGE, {**facts, "took_s": event.elapsed_s})
        elif isinstance(event, ApplyErroredEvent):
            facts = {"address": event.resource.address, "action": event.action}
            told.record(EventKind.FAILED, {**facts, "took_s": event.elapsed_s})
        told.event(event)

    return tell


def record_applied(told: Reporter, result: ApplyResult | None, **beside: tuple[str, ...]) -> None:
    """Record what an apply came to, and what was done beside Terraform."""
    counts: dict[str, Any] = {}
    if result is not None:
        counts = {
            "added": result.added,
            "changed": result.changed,
            "removed": result.removed,
            "imported": result.imported,
            "took_s": round(result.took_s, 3),
        }
    told.record(EventKind.CHANGE, {"terraform": counts, **{name: list(words) for name, words in beside.items()}})


def record_checks(told: Reporter, lines: tuple[CheckLine, ...]) -> None:
    """Record what preflight saw."""
    seen = [{"check": one.check_id, "status": str(one.status), "seen": one.seen} for one in lines]
    told.record(EventKind.FACT, {"about": "preflight", "lines": seen})


def record_sections(told: Reporter, sections: Mapping[str, Section]) -> None:
    """Record what an inspection read, part by part, and what it found."""
    for name, section in sections.items():
        if section.facts is not None:
            told.record(EventKind.FACT, {"about": name, **section.facts})
    findings = [one for section in sections.values() for one in section.findings]
    unknown = [{"name": name, "why": one.unknown} for name, one in sections.items() if one.unknown]
    told.record(EventKind.FACT, {"about": "findings", "findings": findings})
    told.record(EventKind.FACT, {"about": "unknown", "unknown": unknown})
