"""One change of one resource, out of Terraform's JSON, with sensitive values masked."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetkit.core import Redactor
from fleetkit.terraform._addresses import module_names
from fleetkit.terraform._masking import is_marked, mask_value

__all__ = ["UNKNOWN", "Action", "AttributeChange", "ResourceChange"]

UNKNOWN = "(known after apply)"
"""Stands for a value that only the apply will tell."""


class Action(enum.StrEnum):
    """What is to happen to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"
    FORGET = "forget"
    NO_OP = "no-op"

    @classmethod
    def from_json(cls, actions: list[str]) -> Action:
        """Read Terraform's list: a replacement is written as a deletion and a creation, in either order.

        Raises
        ------
        ValueError
            For a list that is not known.
        """
        if sorted(actions) in (["create", "delete"], ["create", "forget"]):
            return cls.REPLACE
        if len(actions) != 1:
            raise ValueError(f"unknown actions {actions!r}")
        return cls(actions[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute that differs.

    Attributes
    ----------
    path
        Dotted, with positions in brackets: ``root_block_device[0].volume_size``.
    before, after
        The values; masked where sensitive, `UNKNOWN` where only the apply will tell.
    sensitive
        Whether the value is kept from sight.
    forces_replacement
        Whether this difference is why the resource is replaced.
    """

    path: str
    before: Any
    after: Any
    sensitive: bool = False
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What is to happen, or has happened, to one resource.

    Attributes
    ----------
    address, module, type, name
        Where it is; ``module`` is the module's address, empty for the root.
    action
        What happens to it.
    reason
        Terraform's word for why it is replaced or deleted, such as ``replace_because_tainted``, or
        ``create_because_lost`` where the state has it and the world no longer does; else empty.
    before, after
        All attributes, masked; None where it does not exist.
    attributes
        Those that differ, in order of their paths.
    deposed
        Key of an old object that a broken replacement left behind, else empty.
    previous_address
        Where it was, when it moves; else empty.
    import_id
        What it is imported from, else empty.
    """

    address: str
    module: str
    type: str
    name: str
    action: Action
    reason: str = ""
    before: Mapping[str, Any] | None = field(default=None, repr=False)
    after: Mapping[str, Any] | None = field(default=None, repr=False)
    attributes: tuple[AttributeChange, ...] = ()
    deposed: str = ""
    previous_address: str = ""
    import_id: str = ""

    @classmethod
    def from_json(cls, fields: Mapping[str, Any], *, redactor: Redactor) -> ResourceChange:
        """Read one entry of ``resource_changes`` or ``resource_drift``.

        Raises
        ------
        KeyError, TypeError, ValueError
            When the entry has another shape.
        """
        change = fields["change"]
        importing = change.get("importing") or {}
        return cls(
            address=fields["address"],
            module=fields.get("module_address", ""),
            type=fields["type"],
            name=fields["name"],
            action=Action.from_json(change["actions"]),
            reason=fields.get("action_reason", ""),
            before=mask_value(change.get("before"), change.get("before_sensitive"), redactor=redactor),
            after=mask_value(change.get("after"), change.get("after_sensitive"), redactor=redactor),
            attributes=_attribute_changes(change, redactor=redactor),
            deposed=fields.get("deposed", ""),
            previous_address=fields.get("previous_address", ""),
            import_id=str(importing.get("id", "")),
        )

    @property
    def modules(self) -> tuple[str, ...]:
        """Names of the modules on the way to it, without instance keys."""
        return module_names(self.address)

    @property
    def is_change(self) -> bool:
        """Whether anything happens: reading a data source is none, a move or an import is one."""
        if self.action in (Action.NO_OP, Action.READ):
            return bool(self.previous_address or self.import_id)
        return True

    @property
    def is_destructive(self) -> bool:
        """Whether the object that exists now will exist no more."""
        return self.action in (Action.DELETE, Action.REPLACE)

    def is_in(self, module: str) -> bool:
        """Whether it lies in the module of that name, at any depth; the empty name means the root alone."""
        return module in self.modules if module else not self.modules


def _attribute_changes(change: Mapping[str, Any], *, redactor: Redactor) -> tuple[AttributeChange, ...]:
    if change["actions"] in (["no-op"], ["read"]):
        return ()
    forcing = {_join(path) for path in change.get("replace_paths", ())}
    found = []
    for path, before, after, marked in _differences(
        change.get("before"),
        change.get("after"),
        unknown=change.get("after_unknown") if change.get("after") is not None else None,
        marks=(change.get("before_sensitive"), change.get("after_sensitive")),
    ):
        shown = _join(path)
        found.append(
            AttributeChange(
                path=shown,
                before=mask_value(before, marked, redactor=redactor),
                after=after if after is UNKNOWN else mask_value(after, marked, redactor=redactor),
                sensitive=marked,
                forces_replacement=any(_covers(one, shown) for one in forcing),
            )
        )
    return tuple(found)


_Path = tuple[str | int, ...]


def _differences(
    before: Any, after: Any, *, unknown: Any, marks: tuple[Any, Any], path: _Path = ()
) -> Iterator[tuple[_Path, Any, Any, bool]]:
    if unknown is True:
        yield path, before, UNKNOWN, any(map(is_marked, marks))
    elif True in [mark for mark in marks if isinstance(mark, bool)]:
        if before != after:
            yield path, before, after, True
    elif _is_container(before, after, dict, unknown):
        for name in sorted({*(before or {}), *(after or {}), *(unknown if isinstance(unknown, dict) else {})}):
            below = tuple(mark.get(name) if isinstance(mark, dict) else None for mark in marks)
            yield from _differences(
                (before or {}).get(name),
                (after or {}).get(name),
                unknown=unknown.get(name) if isinstance(unknown, dict) else None,
                marks=(below[0], below[1]),
                path=(*path, name),
            )
    elif _is_container(before, after, list, unknown):
        for place in range(max(len(before or ()), len(after or ()))):
            below = tuple(_item(mark, place) for mark in marks)
            yield from _differences(
                _item(before, place),
                _item(after, place),
                unknown=_item(unknown, place),
                marks=(below[0], below[1]),
                path=(*path, place),
            )
    elif before != after:
        yield path, before, after, False


def _is_container(before: Any, after: Any, kind: type, unknown: Any) -> bool:
    known = [value for value in (before, after) if value is not None]
    if not known:
        return isinstance(unknown, kind) and bool(unknown)
    return all(isinstance(value, kind) for value in known) and any(known)


def _item(values: Any, place: int) -> Any:
    return values[place] if isinstance(values, list) and place < len(values) else None


def _join(path: list[str | int] | _Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _covers(forcing: str, shown: str) -> bool:
    return shown == forcing or shown.startswith((f"{forcing}.", f"{forcing}["))
