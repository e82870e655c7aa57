"""What a form asks of AWS and others: in a thread, with a line that says so, while its fields can be filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import ipywidgets as widgets

from fleetkit.config import Settings
from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.ui._work import Work
from fleetkit.views import ClusterForm, Offers, find_shared_causes
from fleetkit.workflows import draft_description, list_choices

__all__ = ["Asking"]

_PLACES = ("region", "network.vpc_id")
"""Fields that say where to look."""


class Asking:
    """Finds out what a new cluster's file lacks, and what AWS has to choose from.

    Parameters
    ----------
    form
        The form as state.
    settings
        The settings in force.
    drafted
        Told the draft of a new file, in the work's thread.
    offered
        Told what may be chosen by field, and why not, in the work's thread.

    Attributes
    ----------
    line, button
        The widgets: what is going on and what came of it, and a button that asks again.
    is_drafting
        Whether the gaps of a new file are being filled in.
    """

    def __init__(
        self,
        form: ClusterForm,
        settings: Settings,
        *,
        drafted: Callable[[str], None],
        offered: Callable[[Mapping[str, Offers]], None],
    ) -> None:
        self._form, self._settings = form, settings
        self._drafted, self._offered = drafted, offered
        self._asked = ("", "")
        self.work = Work()
        self.is_drafting = False
        self.line: widgets.HTML = _parts.html()
        self.button = _parts.button("Ask AWS again", self.ask, tooltip="Read again what AWS has to choose from")

    def ask(self) -> None:
        """Ask, unless that is going on already; return at once."""
        if self.work.is_running:
            return
        self.is_drafting = self._form.new
        self.button.disabled, self.button.description = True, "Asking AWS …"
        needs = "what a new cluster needs, and " if self.is_drafting else ""
        words = f"{needs}what there is to choose from; every field takes what you type meanwhile, and keeps it."
        self.line.value = _line_html(_parts.badge_html("asking AWS", Tone.BUSY), words)
        self.work.start(self._look, done=self._show, failed=self._fail)

    def ask_where_moved(self, path: str) -> None:
        """Ask again where the field at ``path`` says that it is another place to look in."""
        if path in _PLACES and self._place() != self._asked:
            self.ask()

    def _place(self) -> tuple[str, str]:
        """Return where to look; what is only half typed leads nowhere yet."""
        fields, problems = self._form.fields(), self._form.problems()
        if any(path in problems for path in _PLACES):
            return self._asked
        return fields[_PLACES[0]].value, fields[_PLACES[1]].value

    def _look(self) -> dict[str, Offers]:
        lacking: dict[str, Offers] = {}
        if self.is_drafting:
            text, lacking = draft_description(self._form.name, self._settings, region=self._place()[0])
            self.is_drafting = False
            self._drafted(text)
        while True:
            self._asked = region, vpc_id = self._place()
            found = list_choices(self._settings, region=region, vpc_id=vpc_id)
            # Somebody may have typed another place meanwhile.
            if self._place() == self._asked:
                return lacking | found

    def _show(self, offers: Mapping[str, Offers]) -> None:
        self._rest()
        shared = find_shared_causes(offers)
        self.line.value = "".join(
            _line_html(_parts.badge_html("not found out", Tone.CARE), f"{', '.join(paths)}: {cause}")
            for cause, paths in shared.items()
        )
        self._offered(
            {
                path: Offers(unknown="the reason stands at the top") if found.cause in shared else found
                for path, found in offers.items()
            }
        )

    def _fail(self, error: BaseException) -> None:
        self.is_drafting = False
        self._rest()
        self.line.value = _parts.problem_html(error)
        self._offered({})

    def _rest(self) -> None:
        self.button.disabled, self.button.description = False, "Ask AWS again"


def _line_html(badge: str, words: str) -> str:
    return f'<div role="status" style="line-height:1.45;overflow-wrap:anywhere">{badge} {escape(words)}</div>'
