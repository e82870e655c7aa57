"""The form for a cluster file: fields by table, errors as one types, what would be written, and a save.

What AWS has to choose from is asked in a thread; where it cannot be read, the fields take free text all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

import ipywidgets as widgets

from fleetkit.config import Problem, Settings, describe_table
from fleetkit.core import FleetkitError
from fleetkit.ui import _parts
from fleetkit.ui._form_asking import Asking
from fleetkit.ui._form_field import FieldRow, problems_html
from fleetkit.ui._form_masters import MasterRows
from fleetkit.ui._parts import Tone
from fleetkit.ui._work import Work
from fleetkit.views import ClusterForm, FormGroup, Offers
from fleetkit.workflows import save_description

__all__ = ["FormCard"]

_OPEN = ("cluster", "network", "masters", "pools")
"""Tables whose fields a new cluster's form shows from the start; of a file that is there, the first alone."""


class FormCard:
    """The widget of the form.

    Parameters
    ----------
    form
        The form as state.
    settings
        The settings in force, for what is asked of AWS and others.
    saved
        Told when the file has been written.
    """

    def __init__(self, form: ClusterForm, *, settings: Settings, saved: Callable[[], None] | None = None) -> None:
        self.form, self._saved = form, saved
        self._lock = threading.RLock()
        self._offers: Mapping[str, Offers] = {}
        self._written: Path | None = None
        self._asking = Asking(form, settings, drafted=self._take_up, offered=self._show_offers)
        self._rows: dict[str, FieldRow] = {}
        self._sections: dict[str, _Section] = {}
        self._head, self._state, self._problem = _parts.html(), _parts.html(), _parts.html()
        self._rest, self._difference = _parts.html(), _parts.html()
        self._save = _parts.button("Save the file", self.save, style="primary")
        self._mine = _parts.button("Use my address", self._use_my_address, tooltip="Fill operator_cidr")
        self._masters = MasterRows(form, make_row=self._make_row, changed=self._change_masters)
        self.widget = _parts.card(
            self._head,
            self._asking.line,
            *self._make_sections(),
            self._rest,
            self._difference,
            _parts.row(self._save, self._asking.button, self._mine),
            self._state,
            self._problem,
        )
        self._mine.disabled = True
        self._asking.ask()
        self.draw()

    @property
    def work(self) -> Work:
        """The thread in which AWS is asked."""
        return self._asking.work

    def save(self) -> None:
        """Write the file, and say so or why not."""
        self._problem.value = ""
        try:
            self._written = save_description(self.form)
        except (FleetkitError, OSError) as error:
            self._problem.value = _parts.problem_html(error)
            return
        self.draw()
        if self._saved is not None:
            self._saved()

    def draw(self) -> None:
        """Show what follows from what is typed: errors, what would be written, and whether it may be saved."""
        with self._lock:
            problems = self.form.problems()
            count = sum(map(len, problems.values()))
            # First of all: whoever sees what is wrong finds the save locked.
            self._save.disabled = bool(count) or not self.form.is_dirty
            if self._asking.is_drafting:
                # What is being found out is no mistake of anybody's; the save stays locked meanwhile.
                problems = {path: kept for path, found in problems.items() if (kept := tuple(filter(_is_typed, found)))}
            self._draw_problems(problems)
            kind = "new file" if self.form.new else "file"
            self._head.value = _parts.box_html(
                f"<strong>The cluster</strong> as its {kind} says: {escape(str(self.form.file))}"
            )
            wrong = sum(map(len, problems.values()))
            # Before the verdict: whoever reads that and opens this finds it as it stays.
            self._difference.value = self._show_difference() if self.form.is_dirty else ""
            words = _state_words(wrong, gaps=count - wrong, is_dirty=self.form.is_dirty, written=self._written)
            self._state.value = _parts.box_html(words)

    def _draw_problems(self, problems: Mapping[str, Sequence[Problem]]) -> None:
        for path, row in self._rows.items():
            row.show_problems(problems.get(path, ()))
        for name, section in self._sections.items():
            inside = [path for path in problems if self.form.section_of(path) == name]
            own = () if name in self._rows else problems.get(name, ())
            section.show(sum(len(problems[path]) for path in inside), own)
        self._rest.value = problems_html(problems.get("", ()))

    def _show_difference(self) -> str:
        try:
            text = self.form.difference()
        except FleetkitError as error:
            return _parts.problem_html(error)
        lines = "\n".join(escape(line) for line in text.splitlines()[2:])
        return (
            "<details><summary>What would be written</summary>"
            f'<pre style="line-height:1.35;font-size:.9em;overflow-x:auto">{lines}</pre></details>'
        )

    def _make_sections(self) -> list[widgets.Widget]:
        is_open = _OPEN if self.form.new else _OPEN[:1]
        for name, groups in self.form.sections().items():
            if name == "masters":
                content: list[widgets.Widget] = [self._masters.widget]
            else:
                content = [part for group in groups for part in self._show_group(group, alone=len(groups) == 1)]
            about = groups[0].about if groups else describe_table(name)
            self._sections[name] = _Section(name, about, content, is_open=name in is_open)
        return [section.widget for section in self._sections.values()]

    def _show_group(self, group: FormGroup, *, alone: bool) -> list[widgets.Widget]:
        title = [] if alone else [_parts.html(f"<strong>{escape(group.name)}</strong>")]
        return [*title, *(self._make_row(field.path).widget for field in group.fields)]

    def _make_row(self, path: str) -> FieldRow:
        with self._lock:
            field = self.form.fields()[path]
            row = self._rows[path] = FieldRow(field, self._type, compact=path.startswith("masters."))
            row.show_offers(self._offers.get(row.outline_path, Offers()))
            return row

    def _type(self, path: str, typed: str) -> None:
        with self._lock:
            self.form.type_into(path, typed)
            self._problem.value = ""
            self.draw()
        self._asking.ask_where_moved(path)

    def _change_masters(self) -> None:
        with self._lock:
            there = self.form.fields()
            self._rows = {path: row for path, row in self._rows.items() if path in there}
            self.draw()

    def _take_up(self, text: str) -> None:
        """Show what was found out for a new file, where nothing was typed; a file that is there by now stays."""
        with self._lock:
            if self.form.new:
                self.form.take_up(text)
            fields = self.form.fields()
            for path, row in self._rows.items():
                row.follow(fields[path])
            self._masters.arrange()
            self.draw()

    def _show_offers(self, offers: Mapping[str, Offers]) -> None:
        with self._lock:
            self._offers = offers
            for row in self._rows.values():
                row.show_offers(offers.get(row.outline_path, Offers()))
            mine = offers.get("operator_cidr")
            self._mine.disabled = mine is None or not mine.options
            self.draw()

    def _use_my_address(self) -> None:
        self._rows["operator_cidr"].set(self._offers["operator_cidr"].options[0].value)


class _Section:
    """The fields of one table of the file, behind a button that shows and hides them."""

    def __init__(self, name: str, about: str, content: list[widgets.Widget], *, is_open: bool) -> None:
        self._name = name
        self._box = widgets.VBox(content, layout=_body_layout(is_shown=is_open))
        self._problems = _parts.html()
        self._button = _parts.button(name, self._turn)
        self._badge = _parts.html()
        self._is_open = is_open
        self.widget = widgets.VBox(
            [
                _parts.row(self._button, _parts.html(f"&nbsp;{escape(about)}&nbsp;"), self._badge),
                self._problems,
                self._box,
            ],
            layout=_parts.shared(widgets.Layout, border_top=_parts.BORDER, padding="4px 0"),
        )
        self._draw()

    def show(self, wrong: int, problems: Sequence[Problem]) -> None:
        """Say how many of its fields are not legal; what is wrong with the table itself stands under its name."""
        self._badge.value = _parts.badge_html(f"{wrong} not legal", Tone.BAD) if wrong else ""
        self._problems.value = problems_html(problems)

    def _turn(self) -> None:
        self._is_open = not self._is_open
        self._draw()

    def _draw(self) -> None:
        self._button.description = f"{'▾ hide' if self._is_open else '▸ show'} {self._name}"
        self._box.layout = _body_layout(is_shown=self._is_open)


def _body_layout(*, is_shown: bool) -> widgets.Layout:
    return _parts.shared(widgets.Layout, padding="0 0 0 8px", display="" if is_shown else "none")


def _is_typed(problem: Problem) -> bool:
    return problem.seen != "missing"


def _state_words(wrong: int, *, gaps: int, is_dirty: bool, written: Path | None) -> str:
    if wrong:
        return f"{_parts.badge_html(f'{wrong} not legal', Tone.BAD)} nothing can be saved until that is mended"
    if gaps:
        return f"{_parts.badge_html(f'{gaps} to be filled in', Tone.BUSY)} nothing can be saved until that is done"
    if is_dirty:
        return f"{_parts.badge_html('legal', Tone.GOOD)} not saved yet"
    if written is not None:
        # Drawn anew whenever AWS answers, so it is state and not a message: what was saved must not be unsaid.
        return f"{_parts.badge_html('saved', Tone.GOOD)} {escape(str(written))}"
    return f"{_parts.badge_html('legal', Tone.GOOD)} nothing has been changed"
