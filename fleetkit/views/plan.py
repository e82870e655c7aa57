"""A plan as it is shown: summary by module and action, alarms about masters, rows of before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleetkit.terraform import Action, AttributeChange, Plan, ResourceChange
from fleetkit.views._frames import build_frame
from fleetkit.views.plan_markup import alarm_html, changes_html
from fleetkit.views.plan_values import show_value

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NO_CHANGES", "PlanRow", "PlanView", "sign_of"]

NO_CHANGES = "No changes."
"""The whole text of an empty plan."""

_SHOWN_ACTIONS = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.FORGET)
_SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.FORGET: "x",
}
_REASONS = {
    "create_because_lost": "somebody removed it",
    "delete_because_count_index": "no longer among its instances",
    "delete_because_each_key": "no longer among its instances",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_no_resource_config": "no longer in the configuration",
    "replace_because_tainted": "its creation broke off",
    "replace_by_request": "asked for",
    "replace_by_triggers": "what it follows changes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One change, ready to be shown.

    Attributes
    ----------
    address, module, type, action
        As in the plan; the root module is ``root``.
    sign
        ``+ ~ -/+ - x``, as Terraform writes them.
    why
        What forces a replacement or calls for a deletion; empty else.
    alarm
        What it does to a master: ``destroys``, ``replaces`` or ``stops`` one; empty else.
    attributes
        What differs.
    """

    address: str
    module: str
    type: str
    action: str
    sign: str
    why: str
    alarm: str
    attributes: tuple[AttributeChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """What a person sees of a plan before approving it.

    Attributes
    ----------
    rows
        The changes, those of masters first.
    outputs
        Names of the outputs that change.
    warnings
        What the plan alone does not mend, one sentence each.
    """

    rows: tuple[PlanRow, ...]
    outputs: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_plan(
        cls, plan: Plan, *, master_module: str = "etcd", master_types: Sequence[str] = ("aws_instance",)
    ) -> PlanView:
        """Make the view of ``plan``.

        Parameters
        ----------
        master_module, master_types
            Which resources are masters: these types, in the module of that name.
        """
        alarms = {
            one.address: "replaces" if one.action is Action.REPLACE else "destroys"
            for one in plan.destroys_or_replaces(master_module, types=master_types)
        }
        alarms.update((one.address, "stops") for one in plan.stops(master_module))
        rows = [_row(one, alarms.get(one.address, "")) for one in plan.changes]
        rows.sort(key=lambda row: not row.alarm)
        # etcd's own guard: a member without its data, whose name was in the cluster already, is not let in again.
        warnings = [
            f"{one.address} is gone, and its member's data with it: etcd does not let the new one in before the old "
            "member has been replaced, which fleetkit etcd replace does, machine and all"
            for one in plan.changes
            if one.reason == "create_because_lost" and one.is_in(master_module) and one.type in master_types
        ]
        return cls(rows=tuple(rows), outputs=tuple(one.name for one in plan.outputs), warnings=tuple(warnings))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to apply."""
        return not self.rows and not self.outputs

    @property
    def headline(self) -> str:
        """The counts in one sentence."""
        if self.is_empty:
            return NO_CHANGES
        parts = [
            f"{count} to {action}"
            for action in _SHOWN_ACTIONS
            if (count := sum(row.action == action for row in self.rows))
        ]
        moved = sum(row.action == Action.NO_OP for row in self.rows)
        parts += [f"{moved} to move or import"] if moved else []
        return f"Plan: {', '.join(parts) or 'only outputs change'}."

    @property
    def alarms(self) -> tuple[str, ...]:
        """One sentence for each master that the plan destroys, replaces or stops."""
        return tuple(
            f"This plan {row.alarm} a master: {row.address}" + (f" ({row.why})" if row.why else "")
            for row in self.rows
            if row.alarm
        )

    @property
    def text(self) -> str:
        """The plan in plain lines: headline, alarms and warnings, counts by module, one line for each change."""
        if self.is_empty:
            return NO_CHANGES
        parts = [[self.headline], [f"! {one}" for one in (*self.alarms, *self.warnings)], self._module_lines()]
        parts.append([f"{row.sign:>3} {row.address}{f'  ({row.why})' if row.why else ''}" for row in self.rows])
        if self.outputs:
            parts.append([f"outputs that change: {', '.join(self.outputs)}"])
        return "\n\n".join("\n".join(lines) for lines in parts if lines)

    @property
    def details(self) -> str:
        """The text, followed by each change's attributes before and after."""
        if self.is_empty:
            return NO_CHANGES
        lines = [self.text]
        for row in self.rows:
            lines.append(f"\n{row.sign:>3} {row.address}")
            lines += [
                f"      {one.path}: {show_value(one.before)} -> {show_value(one.after)}"
                + ("  (forces replacement)" if one.forces_replacement else "")
                for one in row.attributes
            ]
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each change."""
        return build_frame(self.rows, ("action", "address", "module", "type", "why", "alarm"))

    def summary_frame(self) -> pd.DataFrame:
        """Return the counts: one row for each module, one column for each action."""
        modules = list(dict.fromkeys(row.module for row in self.rows))
        columns = [(str(action), _counter(action)) for action in _SHOWN_ACTIONS]
        items = [[row for row in self.rows if row.module == module] for module in modules]
        return build_frame(
            items, [("module", lambda rows: rows[0].module), *columns], numbers=[name for name, _ in columns]
        )

    def attributes_frame(self, address: str | None = None) -> pd.DataFrame:
        """Return one row for each attribute that differs, of all changes or of the one at ``address``."""
        items = [(row, one) for row in self.rows if address in (None, row.address) for one in row.attributes]
        return build_frame(
            items,
            [
                ("address", lambda item: item[0].address),
                ("attribute", lambda item: item[1].path),
                ("before", lambda item: show_value(item[1].before)),
                ("after", lambda item: show_value(item[1].after)),
                ("forces replacement", lambda item: item[1].forces_replacement),
            ],
        )

    def _repr_html_(self) -> str:
        import html

        if self.is_empty:
            return f"<p>{NO_CHANGES}</p>"
        alarms = "".join(f"<p>{alarm_html(one)}</p>" for one in (*self.alarms, *self.warnings))
        table = changes_html(self.rows, in_full=True) if self.rows else ""
        outputs = f"<p>Outputs that change: {html.escape(', '.join(self.outputs))}</p>" if self.outputs else ""
        return f"<p>{html.escape(self.headline)}</p>{alarms}{table}{outputs}"

    def _module_lines(self) -> list[str]:
        frame = self.summary_frame()
        width = max([6, *(len(name) for name in frame["module"])])
        lines = [f"{'module':<{width}}" + "".join(f"{action:>9}" for action in _SHOWN_ACTIONS)]
        for values in frame.itertuples(index=False):
            lines.append(f"{values[0]:<{width}}" + "".join(f"{count or '.':>9}" for count in values[1:]))
        return lines if len(frame) else []


def sign_of(action: Action) -> str:
    """Return the sign of an action, as Terraform writes it; ``=`` where nothing happens."""
    return _SIGNS.get(action, "=")


def _row(change: ResourceChange, alarm: str) -> PlanRow:
    forced = [one.path for one in change.attributes if one.forces_replacement]
    words = _REASONS.get(change.reason, change.reason.replace("_", " "))
    why = f"because of {', '.join(forced)}" if forced else words
    if change.previous_address:
        why = f"moved from {change.previous_address}"
    elif change.import_id:
        why = f"imported from {change.import_id}"
    elif change.deposed:
        why = f"left behind by a broken replacement ({change.deposed})"
    return PlanRow(
        address=change.address,
        module=change.module.removeprefix("module.") or "root",
        type=change.type,
        action=str(change.action),
        sign=sign_of(change.action),
        why=why,
        alarm=alarm,
        attributes=change.attributes,
    )


def _counter(action: Action) -> Any:
    return lambda rows: sum(row.action == action for row in rows)
