"""What if, to tick: zones, members, a rule, a day; what would be lost is judged and drawn anew at each tick."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.runs import Run, Way
from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.views import (
    NO_QUORUM_UNTIL,
    Consequences,
    Fate,
    LaidMember,
    Supposition,
    draw_quorum,
    frame_html,
    judge_supposition,
    table_html,
)
from fleetkit.workflows import SupposedLosses

__all__ = ["WhatIfCard", "open_what_if"]

_TONES = {Fate.KEPT: Tone.GOOD, Fate.LOST: Tone.BAD, Fate.UNKNOWN: Tone.CARE}
_VERDICTS = {"done": ("borne", Tone.GOOD), "findings": ("lost", Tone.BAD), "failed": ("unknown", Tone.CARE)}


def open_what_if(run: Run, losses: SupposedLosses) -> Any:
    """Return the boxes to tick where a person is there to tick them; else the table of each zone and each member.

    Parameters
    ----------
    run
        The run that the notebook is part of.
    losses
        What the cluster is, and what it would lose with each.
    """
    return WhatIfCard(losses).widget if run.way is Way.BY_HAND else losses


class WhatIfCard:
    """The widget of what is supposed to be gone.

    Parameters
    ----------
    losses
        What the cluster is, and what it would lose with each zone and each member in turn.
    """

    def __init__(self, losses: SupposedLosses) -> None:
        self._layout = layout = losses.layout
        self.zones = {zone: _box(f"zone {zone}") for zone in layout.zones}
        self.members = {one.name: _box(_name_member(one)) for one in layout.members}
        flows = [("every rule stays", ""), *((flow.name, flow.name) for flow in layout.flows)]
        self.rule = widgets.Dropdown(options=flows, description="without rule", layout=widgets.Layout(width="30em"))
        # Told on Enter or when the field is left: half a date is no mistake yet.
        self.on = widgets.Text(
            description="day passed",
            placeholder="YYYY-MM-DD",
            continuous_update=False,
            layout=widgets.Layout(width="16em"),
        )
        self._problem, self._shown = _parts.html(), _parts.html()
        for control in (*self.zones.values(), *self.members.values(), self.rule, self.on):
            control.observe(lambda _change: self.draw(), names="value")
        each = f"<details><summary>Each zone and each member in turn</summary>{frame_html(losses.frame)}</details>"
        self.widget = _parts.card(
            _parts.html(f"<strong>What if</strong> {escape(layout.cluster)}, read from {escape(layout.source)}"),
            _parts.row(*self.zones.values()),
            _parts.row(*self.members.values()),
            _parts.row(self.rule, self.on),
            self._problem,
            self._shown,
            _parts.html(each),
        )
        self.draw()

    def draw(self) -> None:
        """Judge what is ticked, and show what would be lost."""
        self._problem.value = ""
        try:
            on = dt.date.fromisoformat(text) if (text := self.on.value.strip()) else None
        except ValueError:
            # What would be lost by no day that can be told is not shown, lest it be taken for the answer.
            self._shown.value = ""
            self._problem.value = _parts.alert_html(
                f"<strong>{escape(text)} is no day</strong><br>next: write it as 2027-06-30, or leave it empty"
            )
            return
        self._shown.value = _show(judge_supposition(self._layout, self._suppose(on)))

    def _suppose(self, on: dt.date | None) -> Supposition:
        return Supposition(
            zones=tuple(zone for zone, box in self.zones.items() if box.value),
            members=tuple(name for name, box in self.members.items() if box.value),
            on=on,
            rules=(self.rule.value,) if self.rule.value else (),
        )


def _show(found: Consequences) -> str:
    word, tone = _VERDICTS[found.outcome]
    badge = _parts.badge_html(word, tone)
    head = f'<div role="status">{badge} {escape(found.supposed.words)}: <strong>{escape(found.verdict)}</strong></div>'
    picture = "" if found.quorum is None else draw_quorum(found.quorum)
    notes = _list_html(f"{NO_QUORUM_UNTIL.capitalize()}:", found.impossible)
    notes += _list_html("Not read:", found.unknown if found.outcome == "failed" else ())
    rows = [
        (escape(one.name), _parts.badge_html(str(one.fate), _TONES[one.fate]), escape(one.says))
        for one in found.effects
    ]
    table = table_html(("part", "fate", "why"), rows, label="What becomes of each part")
    return _parts.box_html(f"{head}{picture}{notes}{table}")


def _list_html(title: str, lines: tuple[str, ...]) -> str:
    items = "".join(f"<li>{escape(one)}</li>" for one in lines)
    return f"<div>{title}<ul>{items}</ul></div>" if items else ""


def _box(name: str) -> widgets.Checkbox:
    return widgets.Checkbox(
        description=name, indent=False, layout=widgets.Layout(width="auto", margin="2px 16px 2px 2px")
    )


def _name_member(member: LaidMember) -> str:
    where = f" in {member.zone}" if member.zone else ""
    state = {True: "", False: ", not healthy", None: ", unknown"}[member.healthy]
    return f"member {member.name}{where}{state}{', learner' if member.is_learner else ''}"
