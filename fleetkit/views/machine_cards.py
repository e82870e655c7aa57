"""fleet's machines as cards: who each is, and the units that it carries, the worse first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from fleetkit.fleet import MachineLoad, UnitStatus, UnitVerdict
from fleetkit.views.colours import LINE_COLOUR, SOFT_COLOUR
from fleetkit.views.markup import Tone, badge_html

__all__ = ["machine_cards_html", "machine_cards_lines", "verdict_html"]

_CARD = f"border:1px solid {LINE_COLOUR};border-radius:4px;padding:.4em .8em;flex:1 1 19em;max-width:28em;min-width:0"
_LIST = "list-style:none;margin:.2em 0 0;padding:0;max-height:12em;overflow:auto"


def verdict_html(verdict: UnitVerdict) -> str:
    """Return what has become of a unit as a badge."""
    if verdict.is_amiss:
        return badge_html(verdict, Tone.BAD)
    tones = {UnitVerdict.RUNNING: Tone.GOOD, UnitVerdict.WAITING: Tone.BUSY}
    return badge_html(verdict, tones.get(verdict, Tone.QUIET))


def machine_cards_html(loads: Iterable[MachineLoad], *, statuses: Iterable[UnitStatus]) -> str:
    """Return one card for each machine, by address: its id, metadata, how many units run, and each with its state."""
    by_name = {one.name: one for one in statuses}
    cards = "".join(_card_html(load, by_name) for load in _in_order(loads))
    if not cards:
        return f"<p>{badge_html('no machine has joined fleet', Tone.BAD)}</p>"
    style = "display:flex;flex-wrap:wrap;gap:.6em;list-style:none;margin:0;padding:0;line-height:1.5"
    return f'<ul aria-label="machines" style="{style}">{cards}</ul>'


def machine_cards_lines(loads: Iterable[MachineLoad], *, statuses: Iterable[UnitStatus]) -> list[str]:
    """Return the same in plain lines."""
    by_name = {one.name: one for one in statuses}
    lines = []
    for load in _in_order(loads):
        metadata = ",".join(f"{key}={value}" for key, value in sorted(load.machine.metadata.items()))
        head = f"{load.machine.primary_ip or load.machine.id[:8]} ({load.machine.id})"
        lines.append(f"{head}{f' {metadata}' if metadata else ''}: {_tell_load(load)}")
        lines += [
            f"  {name}: {by_name[name].verdict if name in by_name else 'not told of'}"
            for name in _worse_first(load.units, by_name)
        ]
    return lines or ["no machine has joined fleet"]


def _in_order(loads: Iterable[MachineLoad]) -> list[MachineLoad]:
    return sorted(loads, key=lambda one: (one.machine.primary_ip, one.machine.id))


def _worse_first(names: Sequence[str], by_name: Mapping[str, UnitStatus]) -> list[str]:
    order = list(UnitVerdict)
    return sorted(names, key=lambda name: (order.index(by_name[name].verdict) if name in by_name else -1, name))


def _tell_load(load: MachineLoad) -> str:
    return f"{len(load.running)} of {len(load.units)} {'unit runs' if len(load.units) == 1 else 'units run'}"


def _card_html(load: MachineLoad, by_name: Mapping[str, UnitStatus]) -> str:
    machine = load.machine
    pairs = "<br>".join(escape(f"{key}={value}") for key, value in sorted(machine.metadata.items()))
    names = _worse_first(load.units, by_name)
    units = "".join(f"<li>{_unit_html(name, by_name.get(name), machine.id)}</li>" for name in names)
    # A list that is scrolled is to be reached by keyboard as well.
    listed = f'<ul tabindex="0" aria-label="units of {escape(machine.primary_ip)}" style="{_LIST}">{units}</ul>'
    return (
        f'<li style="{_CARD}"><strong>{escape(machine.primary_ip or machine.id[:8])}</strong>'
        f'<div style="color:{SOFT_COLOUR};overflow-wrap:anywhere">{escape(machine.id)}</div>'
        f'<div style="overflow-wrap:anywhere">{pairs}</div><div>{_tell_load(load)}</div>{listed if units else ""}</li>'
    )


def _unit_html(name: str, status: UnitStatus | None, machine_id: str) -> str:
    told = f'<span style="overflow-wrap:anywhere">{escape(name)}</span> '
    if status is None:
        return told
    # Of a global unit the verdict is that of the machine where it stands worst; here it counts what this one says.
    row = next((one for one in status.states if one.machine_id == machine_id), None)
    said = f' <span style="color:{SOFT_COLOUR}">{escape(f"{row.active}, {row.sub}")}</span>' if row else ""
    return f"{told}{verdict_html(status.verdict)}{said}"
