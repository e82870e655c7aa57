"""How each command goes that changes keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._changes import carry_out

if TYPE_CHECKING:
    from fleetkit.workflows import ChangedKeys, KeyChange, KeyPlace, KeysPlan

__all__ = ["carry_out_keys", "revision_option"]

revision_option = click.option(
    "--revision",
    type=click.IntRange(1),
    metavar="N",
    help="Refuse unless the key is at this revision, as kv get and kv ls tell it.",
)


def carry_out_keys(place: KeyPlace, plan: KeysPlan, *, given: str, as_json: bool) -> int:
    """Lead a change of keys to its end, and return the exit code."""
    from fleetkit.workflows import apply_key_changes, verify_key_changes

    return carry_out(
        plan,
        given=given,
        apply=lambda approved: apply_key_changes(place, approved),
        verify=lambda changed: verify_key_changes(place, changed),
        told={
            "store": plan.store,
            "changes": [_tell_change(one) for one in plan.changes],
            "warnings": plan.warnings,
        },
        as_json=as_json,
        tell_applied=_tell_changed,
    )


def _tell_change(change: KeyChange) -> dict[str, Any]:
    from fleetkit.etcd import show_key
    from fleetkit.views import key_facts, value_facts

    before = None if change.before is None else key_facts(change.before)
    after = None if change.deletes else value_facts(change.content)
    return {"key": show_key(change.key), "before": before, "after": after}


def _tell_changed(changed: ChangedKeys) -> dict[str, Any]:
    from fleetkit.views import key_facts

    return {
        "written": [key_facts(one) for one in changed.written],
        "deleted": [one.name for one in changed.deleted],
    }
