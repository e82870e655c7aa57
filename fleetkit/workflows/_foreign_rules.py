"""Rules in the cluster's security groups that are not the cluster's own.

Terraform knows each rule as a resource of its own and does not miss what it never made, so a rule that somebody added
stands in no plan of its making, and a refresh takes it for part of the group.
What AWS lists is compared with the rules that the state knows and the plan wants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fleetkit.aws import Part, PartKind
from fleetkit.terraform import ResourceChange, StateResource
from fleetkit.workflows._adoptable import PARTS, read_path

__all__ = ["ForeignRule", "find_foreign_rules"]

_GROUP = "aws_security_group"
_RULE = "aws_security_group_rule"
_WORLD = frozenset({"0.0.0.0/0", "::/0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRule:
    """A rule that is not the cluster's own.

    Attributes
    ----------
    rule
        The rule, as AWS lists it.
    group
        Address of the group that it is in.
    """

    rule: Part
    group: str

    @property
    def is_open(self) -> bool:
        """Whether it lets the whole world in."""
        _, direction, *_, other = self.rule.key
        return direction == "ingress" and other in _WORLD

    @property
    def reason(self) -> str:
        """Why it is told."""
        wide = ", and it lets the whole world in" if self.is_open else ""
        return f"the cluster has no such rule in {self.group}{wide}"

    @property
    def words(self) -> str:
        """What it lets through: direction, protocol, ports and the other end."""
        _, direction, protocol, first, last, other = self.rule.key
        ports = first if first == last else f"{first}-{last}"
        what = "all" if protocol == "-1" else f"{protocol} {ports}"
        return f"{direction} {what} {'from' if direction == 'ingress' else 'to'} {other}"


def find_foreign_rules(
    parts: Iterable[Part], *, state: Iterable[StateResource], changes: Iterable[ResourceChange] = ()
) -> tuple[ForeignRule, ...]:
    """Return the rules in groups of the state, or that the plan adopts, which neither state nor plan has.

    Parameters
    ----------
    parts
        What AWS lists of the groups; parts of other kinds are passed over.
    state
        What Terraform's state knows.
    changes
        The plan's changes; a group that it removes takes its rules along.
    """
    state, changes = tuple(state), tuple(changes)
    groups = _groups(state, changes)
    key = PARTS[_RULE].key
    known = {key(one.attributes) for one in state if one.type == _RULE}
    known |= {key(one.after) for one in changes if one.type == _RULE and one.after is not None}
    return tuple(
        ForeignRule(rule=one, group=groups[one.key[0]])
        for one in parts
        if one.kind is PartKind.RULE and one.key[0] in groups and one.key not in known
    )


def _groups(state: Iterable[StateResource], changes: Iterable[ResourceChange]) -> Mapping[str, str]:
    """Return the id of each group to its address."""
    groups = {one.resource_id: one.address for one in state if one.type == _GROUP}
    for one in changes:
        if one.type == _GROUP and one.import_id:
            groups[one.import_id] = one.address
        elif one.type == _GROUP and one.is_destructive:
            groups.pop(read_path(one.before, "id") or "", None)
    return groups
