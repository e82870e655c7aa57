"""What Terraform says while it works, as typed values: one per line of its ``-json`` output.

The shapes are those of Terraform's "Machine-Readable UI", version 1.2. A line that is not
understood becomes `OtherEvent`; a newer Terraform never breaks a run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.terraform.diagnostics import Diagnostic

__all__ = [
    "ApplyCompleteEvent",
    "ApplyErroredEvent",
    "ApplyProgressEvent",
    "ApplyStartEvent",
    "ChangeSummaryEvent",
    "DiagnosticEvent",
    "Event",
    "OtherEvent",
    "OutputsEvent",
    "PlannedChangeEvent",
    "RefreshCompleteEvent",
    "RefreshStartEvent",
    "ResourceDriftEvent",
    "ResourceEvent",
    "ResourceRef",
    "parse_event",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRef:
    """The resource that an event is about.

    Attributes
    ----------
    address
        The whole address: ``module.etcd.aws_instance.member["etcd1"]``.
    module
        The address of its module, empty for the root.
    type, name
        As in the configuration.
    is_data
        Whether it is a data source, which is only read.
    """

    address: str
    module: str
    type: str
    name: str
    is_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Any event.

    Attributes
    ----------
    kind
        Terraform's own word for the type of the message.
    at
        The moment, as Terraform wrote it.
    message
        The sentence for people.
    """

    kind: str
    at: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent(Event):
    """An event that carries nothing but its message, or one that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticEvent(Event):
    """An error or a warning."""

    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSummaryEvent(Event):
    """The count of changes, at the end of ``operation``: ``plan``, ``apply`` or ``destroy``."""

    operation: str
    added: int
    changed: int
    removed: int
    imported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsEvent(Event):
    """The names of the outputs; their values are read with ``outputs()``."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEvent(Event):
    """Any event about one resource."""

    resource: ResourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChangeEvent(ResourceEvent):
    """The plan holds a change; ``reason`` says why a resource is replaced or deleted, if Terraform does."""

    action: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDriftEvent(ResourceEvent):
    """The world differs from the state; this is no pending change."""

    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyStartEvent(ResourceEvent):
    """Work on a resource began; ``action`` is ``create``, ``update`` or ``delete``."""

    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyProgressEvent(ResourceEvent):
    """Work on a resource goes on; Terraform says so every ten seconds."""

    action: str
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyCompleteEvent(ResourceEvent):
    """Work on a resource ended well; ``resource_id`` is empty after a deletion."""

    action: str
    elapsed_s: float
    resource_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyErroredEvent(ResourceEvent):
    """Work on a resource failed; a diagnostic says why."""

    action: str
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshStartEvent(ResourceEvent):
    """A resource of the state is being read."""

    resource_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshCompleteEvent(ResourceEvent):
    """A resource of the state was read."""

    resource_id: str


def parse_event(line: str, *, redact: Callable[[str], str] = str) -> Event:
    """Read one line of ``-json`` output; never fails.

    Parameters
    ----------
    line
        The line; one that is not JSON, such as a crash report, becomes an `OtherEvent` of kind ``text``.
    redact
        Is applied to every text in it.
    """
    try:
        fields = json.loads(line)
    except ValueError:
        return OtherEvent(kind="text", at="", message=redact(line))
    if not isinstance(fields, dict):
        return OtherEvent(kind="text", at="", message=redact(line))
    fields = _redact_tree(fields, redact)
    common = {
        "kind": str(fields.get("type", "")),
        "at": str(fields.get("@timestamp", "")),
        "message": str(fields.get("@message", "")),
    }
    build = _BUILDERS.get(common["kind"])
    if build is not None:
        try:
            return build(fields, common)
        except (AttributeError, KeyError, TypeError, ValueError):
            # A known type in an unknown shape, which a newer Terraform may send.
            return OtherEvent(**common)
    return OtherEvent(**common)


def _redact_tree(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redact_tree(inner, redact) for name, inner in value.items()}
    if isinstance(value, list):
        return [_redact_tree(inner, redact) for inner in value]
    return value


def _resource(fields: Mapping[str, Any]) -> ResourceRef:
    inner = fields["resource"]
    return ResourceRef(
        address=inner["addr"],
        module=inner["module"],
        type=inner["resource_type"],
        name=inner["resource_name"],
        # Not the address: a data source of a module starts with the module's name.
        is_data=inner["resource"].startswith("data."),
    )


def _hook(fields: Mapping[str, Any], common: Mapping[str, str]) -> dict[str, Any]:
    hook = fields["hook"]
    return {**common, "resource": _resource(hook), "action": str(hook["action"])}


def _refresh(fields: Mapping[str, Any], common: Mapping[str, str]) -> dict[str, Any]:
    hook = fields["hook"]
    return {**common, "resource": _resource(hook), "resource_id": str(hook.get("id_value", ""))}


def _elapsed(fields: Mapping[str, Any]) -> float:
    return float(fields["hook"]["elapsed_seconds"])


def _summary(fields: Mapping[str, Any], common: Mapping[str, str]) -> Event:
    changes = fields["changes"]
    return ChangeSummaryEvent(
        **common,
        operation=str(changes["operation"]),
        added=int(changes["add"]),
        changed=int(changes["change"]),
        removed=int(changes["remove"]),
        imported=int(changes.get("import", 0)),
    )


def _planned(fields: Mapping[str, Any], common: Mapping[str, str]) -> Event:
    change = fields["change"]
    return PlannedChangeEvent(
        **common, resource=_resource(change), action=str(change["action"]), reason=change.get("reason")
    )


def _complete(fields: Mapping[str, Any], common: Mapping[str, str]) -> Event:
    return ApplyCompleteEvent(
        **_hook(fields, common), elapsed_s=_elapsed(fields), resource_id=str(fields["hook"].get("id_value", ""))
    )


_BUILDERS: dict[str, Callable[[dict[str, Any], dict[str, str]], Event]] = {
    "apply_complete": _complete,
    "apply_errored": lambda f, c: ApplyErroredEvent(**_hook(f, c), elapsed_s=_elapsed(f)),
    "apply_progress": lambda f, c: ApplyProgressEvent(**_hook(f, c), elapsed_s=_elapsed(f)),
    "apply_start": lambda f, c: ApplyStartEvent(**_hook(f, c)),
    "change_summary": _summary,
    "diagnostic": lambda f, c: DiagnosticEvent(**c, diagnostic=Diagnostic.from_json(f["diagnostic"])),
    "outputs": lambda f, c: OutputsEvent(**c, names=tuple(f["outputs"])),
    "planned_change": _planned,
    "refresh_complete": lambda f, c: RefreshCompleteEvent(**_refresh(f, c)),
    "refresh_start": lambda f, c: RefreshStartEvent(**_refresh(f, c)),
    "resource_drift": lambda f, c: ResourceDriftEvent(
        **c, resource=_resource(f["change"]), action=str(f["change"]["action"])
    ),
}
