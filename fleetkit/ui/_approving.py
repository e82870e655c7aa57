"""A plan that is shown in a browser, the field for its approval, and the button that has exactly this plan done."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, Protocol

import ipywidgets as widgets

from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.views import lines_html
from fleetkit.workflows import Approved, ChangePlan, approve

__all__ = ["Approving"]


class _Verified(Protocol):
    @property
    def findings(self) -> tuple[str, ...]:
        """What is not as it should be."""


class Approving:
    """Shows one plan at a time; what was approved is done once.

    Parameters
    ----------
    do
        Has something done in the browser's thread.
    """

    def __init__(self, do: Callable[[Callable[[], None]], None]) -> None:
        self._planned: tuple[ChangePlan, Callable[[Approved[Any]], tuple[object, _Verified]]] | None = None
        self.plan = _parts.unrecorded_html()
        # Letter by letter, the last ones would wait for the kernel, and a press of the button overtake them.
        self.approval = widgets.Text(
            description="approve", layout=widgets.Layout(width="28em"), disabled=True, continuous_update=False
        )
        self.apply = _parts.button("Apply", lambda: do(self._apply), style="danger")
        self.apply.disabled = True
        self.result = _parts.html()
        self.parts = (self.plan, _parts.row(self.approval, self.apply), self.result)

    def show(
        self,
        plan: ChangePlan,
        carry_out: Callable[[Approved[Any]], tuple[object, _Verified]],
        *,
        remarks: tuple[str, ...] = (),
    ) -> None:
        """Show a plan in place of the one before.

        Parameters
        ----------
        carry_out
            Does what was approved, looks at what came of it, and returns what both say.
        remarks
            What is to be known before, and does not stand in the plan.

        Raises
        ------
        PreconditionError
            When a guard refuses the plan, whoever approves it.
        """
        self.forget()
        plan.check()
        self._planned = (plan, carry_out)
        text = "\n\n".join([str(plan), *(f"careful: {one}" for one in remarks)])
        self.plan.value = _parts.box_html(lines_html(text))
        self.approval.placeholder = f"type {plan.cluster}"
        self.approval.disabled = self.apply.disabled = plan.is_empty

    def forget(self) -> None:
        """Show no plan, and nothing that came of one."""
        self._planned = None
        self.plan.value = self.approval.value = self.result.value = ""
        self.approval.disabled = self.apply.disabled = True

    def _apply(self) -> None:
        if self._planned is None:
            return
        plan, carry_out = self._planned
        approved = approve(plan, self.approval.value.strip())
        self.apply.disabled = True
        try:
            done, verified = carry_out(approved)
        finally:
            # What was begun is not begun again by a second press: it is planned anew.
            self.forget()
        lines = "<br>".join(map(escape, f"{done}\n{verified}".splitlines()))
        tone = Tone.CARE if verified.findings else Tone.GOOD
        self.result.value = _parts.box_html(f'<div role="status">{lines}</div>', tone=tone)
