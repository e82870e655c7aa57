"""How the browser of units shows its table, a unit, and what that said; all of it is foreign text, and escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from fleetkit.fleet import Unit, UnitStatus, UnitVerdict
from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.views import UNIT_COLUMNS, name_machine, table_html, tell_next_step, unit_rows, verdict_html
from fleetkit.workflows import UnitReading

__all__ = ["gone_unit_html", "journals_html", "label_units", "text_html", "unit_html", "unit_table_html"]

_MOST_ROWS = 200
_MOST_SHOWN = 20_000
_PRE = "white-space:pre-wrap;overflow-wrap:anywhere;max-height:24em;overflow:auto;margin:.3em 0"


def label_units(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Return what the list says of each row of `unit_rows`, and its unit's name."""
    return [(" · ".join(filter(None, (name, verdict, machine))), name) for name, verdict, _, machine, _ in rows]


def unit_table_html(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows of `unit_rows` as a table that is scrolled where it is long."""
    cells = [
        (escape(name), verdict_html(UnitVerdict(verdict)), *map(escape, rest))
        for name, verdict, *rest in rows[:_MOST_ROWS]
    ]
    more = f"<p>… and {len(rows) - _MOST_ROWS} more: choose fewer</p>" if len(rows) > _MOST_ROWS else ""
    table = table_html(UNIT_COLUMNS, cells, label="units") if cells else "<p>none</p>"
    return f'<div tabindex="0" aria-label="table of units" style="max-height:24em;overflow:auto">{table}{more}</div>'


def unit_html(reading: UnitReading, status: UnitStatus, unit: Unit | None) -> str:
    """Return what has become of a unit: its verdict, what is to be done, and what machines say of it."""
    ((_, _, _, place, _),) = unit_rows([status], units=reading.units, machines=reading.machines)
    step = tell_next_step(status.verdict, name=status.name)
    facts = [f"asked for: {escape(status.desired_state or 'nothing')}"]
    if unit is not None and unit.current_state and not status.is_global:
        facts.append(f"what fleet made of it: {escape(unit.current_state)}")
    facts.append(f"where: {escape('on every machine that fits' if status.is_global else place or 'on no machine')}")
    rows = [
        tuple(map(escape, (name_machine(one.machine_id, reading.machines), one.load, one.active, one.sub)))
        for one in status.states
    ]
    states = table_html(("machine", "load", "active", "sub"), rows, label=f"what machines say of {status.name}")
    return _parts.box_html(
        f'<div role="status"><strong>{escape(status.name)}</strong> {verdict_html(status.verdict)} '
        f"{escape(status.reason)}</div>"
        + (f"<div><strong>next:</strong> {escape(step)}</div>" if step else "")
        + f"<div>{'<br>'.join(facts)}</div>"
        + (states if rows else "<div>no machine says anything of it</div>")
    )


def text_html(unit: Unit | None) -> str:
    """Return a unit's text as fleet has it; of one that is poisoned or unknown to fleet there is none."""
    if unit is None:
        return _parts.box_html("fleet tells no text of it")
    return _parts.box_html(f"<strong>its text</strong>{_pre_html(_begin_of(unit.text.text))}")


def gone_unit_html(name: str) -> str:
    """Return that a unit is gone."""
    badge = _parts.badge_html("gone", Tone.CARE)
    return f'<div role="status">{badge} {escape(name)}: neither fleet nor a machine knows it any more</div>'


def journals_html(journals: Mapping[str, Sequence[str]]) -> str:
    """Return what a unit said last, by where it said it."""
    parts = [
        f"<strong>what {escape(place)} said last</strong>{_pre_html(_end_of(lines))}"
        for place, lines in journals.items()
    ]
    return _parts.box_html("".join(parts))


def _end_of(lines: Sequence[str]) -> str:
    text = "\n".join(lines) or "nothing"
    return f"…\n{text[-_MOST_SHOWN:]}" if len(text) > _MOST_SHOWN else text


def _begin_of(text: str) -> str:
    rest = f"\n… and {len(text) - _MOST_SHOWN} characters more: fleetkit units show" if len(text) > _MOST_SHOWN else ""
    return text[:_MOST_SHOWN] + rest


def _pre_html(text: str) -> str:
    return f'<pre tabindex="0" style="{_PRE}">{escape(text)}</pre>'
