"""A plan as typed values: what would change, and nothing of what merely differs from the state."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fleetkit.core import Redactor, TerraformError
from fleetkit.terraform._masking import collect_secrets, mask_value
from fleetkit.terraform.changes import UNKNOWN, Action, AttributeChange, ResourceChange

__all__ = ["STOPPING_ATTRIBUTES", "Drift", "OutputChange", "Plan", "read_plan"]

STOPPING_ATTRIBUTES = frozenset({"instance_type", "user_data", "user_data_base64", "ebs_optimized"})
"""Attributes of an aws_instance whose change in place makes the provider stop the instance and start it again."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputChange:
    """An output whose value changes; masked where sensitive."""

    name: str
    action: Action
    before: Any
    after: Any
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Pending changes: how the configuration differs from the state.

    Attributes
    ----------
    changes
        One for each resource that changes, in Terraform's order.
    outputs
        One for each output that changes.
    unchanged
        How many resources stay as they are.
    terraform_version
        The version that made the plan.
    """

    changes: tuple[ResourceChange, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    unchanged: int = 0
    terraform_version: str = ""

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what ``terraform show -json PLANFILE`` writes; drift in it is left out, `Drift` has that.

        Raises
        ------
        TerraformError
            When the text is not such a plan.
        """
        return read_plan(text)[0]

    @classmethod
    def _build(cls, fields: Mapping[str, Any], redactor: Redactor) -> Plan:
        entries = [one for one in fields.get("resource_changes", ()) if one.get("mode") == "managed"]
        lost = {
            one["address"] for one in fields.get("resource_drift", ()) if one["change"]["actions"] == [Action.DELETE]
        }
        resources = [_told_if_lost(ResourceChange.from_json(one, redactor=redactor), lost) for one in entries]
        outputs = [_output(name, one, redactor) for name, one in sorted(fields.get("output_changes", {}).items())]
        changes = tuple(one for one in resources if one.is_change)
        return cls(
            changes=changes,
            outputs=tuple(one for one in outputs if one.action is not Action.NO_OP),
            unchanged=len(resources) - len(changes),
            terraform_version=fields["terraform_version"],
        )

    @property
    def is_empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not self.changes and not self.outputs

    @property
    def counts(self) -> dict[Action, int]:
        """How many resources each action befalls; actions without any are left out."""
        return dict(Counter(one.action for one in self.changes))

    @property
    def counts_by_module(self) -> dict[str, dict[Action, int]]:
        """The same for each module address; the root is the empty one."""
        modules = dict.fromkeys(one.module for one in self.changes)
        return {module: dict(Counter(one.action for one in self.changes if one.module == module)) for module in modules}

    def destroys_or_replaces(
        self, module: str | None = None, *, types: Iterable[str] | None = None
    ) -> tuple[ResourceChange, ...]:
        """Return the changes after which an object that exists now will exist no more.

        Parameters
        ----------
        module
            Name of a module, looked for at any depth; None for all of the plan.
        types
            Resource types to look at, such as ``aws_instance``; None for all.
        """
        return tuple(one for one in self._within(module, types) if one.is_destructive)

    def stops(self, module: str | None = None) -> tuple[ResourceChange, ...]:
        """Return the updates in place that make an instance stop and start again, in the module of that name."""
        return tuple(
            one
            for one in self._within(module, ("aws_instance",))
            if one.action is Action.UPDATE
            and any(attribute.path in STOPPING_ATTRIBUTES for attribute in one.attributes)
        )

    def _within(self, module: str | None, types: Iterable[str] | None) -> list[ResourceChange]:
        wanted = None if types is None else set(types)
        return [
            one
            for one in self.changes
            if (module is None or one.is_in(module)) and (wanted is None or one.type in wanted)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the world differs from the state, which says nothing about pending changes.

    Attributes
    ----------
    changes
        One for each resource that was changed (``update``) or removed (``delete``) by somebody else.
    """

    changes: tuple[ResourceChange, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Drift:
        """Read what ``terraform show -json`` writes of a plan made with ``-refresh-only``.

        An attribute that was absent and is now empty, zero or false has not drifted: providers return it
        so on the first reading after a creation.

        Raises
        ------
        TerraformError
            When the text is not such a plan.
        """
        return _read(text, cls._build)

    @classmethod
    def _build(cls, fields: Mapping[str, Any]) -> Drift:
        redactor = _plan_redactor(fields)
        entries = [one for one in fields.get("resource_drift", ()) if one.get("mode") == "managed"]
        found = [_without_first_readings(ResourceChange.from_json(one, redactor=redactor)) for one in entries]
        return cls(changes=tuple(one for one in found if _is_drift(one)))

    @property
    def is_empty(self) -> bool:
        """Whether the world is as the state has it."""
        return not self.changes


def read_plan(text: str) -> tuple[Plan, Redactor]:
    """Read a plan as `Plan.from_json` does, and return a redactor beside it that knows the plan's secrets."""

    def build(fields: Mapping[str, Any]) -> tuple[Plan, Redactor]:
        redactor = _plan_redactor(fields)
        return Plan._build(fields, redactor), redactor

    return _read(text, build)


def _plan_redactor(fields: Mapping[str, Any]) -> Redactor:
    """Return a redactor for every text that the plan's JSON marks as sensitive, anywhere in it."""
    secrets: set[str] = set()
    changes = [one["change"] for part in ("resource_changes", "resource_drift") for one in fields.get(part, ())]
    for change in [*changes, *fields.get("output_changes", {}).values()]:
        for side in ("before", "after"):
            secrets.update(collect_secrets(change.get(side), change.get(f"{side}_sensitive")))
    declared = fields.get("configuration", {}).get("root_module", {}).get("variables", {})
    for name, variable in fields.get("variables", {}).items():
        secrets.update(collect_secrets(variable.get("value"), declared.get(name, {}).get("sensitive", False)))
    return Redactor(secrets)


def _read(text: str, build: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        return build(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TerraformError(
            "the plan that Terraform wrote cannot be read",
            seen=f"{type(error).__name__}: {error}",
            hint="this Terraform may be newer than what was tested; try the version named in the README",
        ) from error


def _output(name: str, fields: Mapping[str, Any], redactor: Redactor) -> OutputChange:
    after = UNKNOWN if fields.get("after_unknown") is True else fields.get("after")
    sensitive = bool(fields.get("before_sensitive") or fields.get("after_sensitive"))
    return OutputChange(
        name=name,
        action=Action.from_json(fields["actions"]),
        before=mask_value(fields.get("before"), sensitive, redactor=redactor),
        after=mask_value(after, sensitive, redactor=redactor),
        sensitive=sensitive,
    )


def _told_if_lost(change: ResourceChange, lost: Container[str]) -> ResourceChange:
    """Give what is created because somebody removed it a reason of our own; Terraform has none for creations."""
    is_lost = change.action is Action.CREATE and not change.reason and change.address in lost
    return replace(change, reason="create_because_lost") if is_lost else change


def _without_first_readings(change: ResourceChange) -> ResourceChange:
    """Leave out the attributes that the provider merely read for the first time."""
    if change.action is not Action.UPDATE:
        return change
    return replace(change, attributes=tuple(one for one in change.attributes if not _is_first_reading(one)))


def _is_first_reading(one: AttributeChange) -> bool:
    empty_before = one.before is None or one.before in _NOTHING
    return empty_before and (one.after is None or one.after in _NOTHING or (one.before is None and one.after == 0))


def _is_drift(change: ResourceChange) -> bool:
    return change.is_change and (change.action is not Action.UPDATE or bool(change.attributes))


_NOTHING: tuple[Any, ...] = ("", [], {})
