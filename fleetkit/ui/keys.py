"""The browser of keys: both stores of a cluster's etcd as trees that open, with search, values, and what happens now.

Reading goes on in a thread of its own, over one way in that stays open until the browser is closed.
It changes nothing unless it was opened for that; values are for the person before it, and come into no record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.core import NotFoundError
from fleetkit.etcd import Store, StoredKey
from fleetkit.runs import Run, Way
from fleetkit.ui import _parts
from fleetkit.ui._jobs import Jobs
from fleetkit.ui._key_changes import KeyChanges
from fleetkit.ui._key_value import gone_html, search_html, show_rows, value_html
from fleetkit.ui._key_watch import KeyWatch
from fleetkit.ui._parts import Tone
from fleetkit.views import BranchState, KeyBrowser, TreeRow
from fleetkit.workflows import KeyPlace, KeyTrees, Reporter, Workspace, find_keys, open_key_places

__all__ = ["KeysCard", "open_key_browser"]

_MOST_LISTED = 200
_MOST_HITS = 200

_Places = Mapping[Store, KeyPlace]


def open_key_browser(run: Run, trees: KeyTrees, *, workspace: Workspace, changes: bool = False) -> Any:
    """Return the browser where a person is there to use it; else the trees that were read.

    Parameters
    ----------
    run
        The run that the notebook is part of; changes are recorded in it, without values.
    trees
        What was read of both stores.
    workspace
        The cluster.
    changes
        Whether keys may be changed, each time with an approval.
    """
    if run.way is not Way.BY_HAND:
        return trees
    report = Reporter(record=run.record)
    return KeysCard(lambda: open_key_places(workspace), owner=trees.cluster, changes=changes, report=report).widget


class KeysCard:
    """The widget of the browser. Its thread ends with `close`, and with the kernel.

    Parameters
    ----------
    open_places
        Opens both stores; called once, in the thread.
    owner
        Whose they are.
    changes
        Whether keys may be changed.
    report
        Told of changes.
    """

    def __init__(
        self,
        open_places: Callable[[], AbstractContextManager[_Places]],
        *,
        owner: str,
        changes: bool = False,
        report: Reporter | None = None,
    ) -> None:
        self.browsers = {store: KeyBrowser(store) for store in Store}
        self._owner = owner
        self._jobs = Jobs(
            open_places,
            name="keys",
            ends=self._tell_rest,
            failed=self._show_problem,
            closed=lambda: self._draw_head("closed", Tone.QUIET),
        )
        self._rows: list[TreeRow] = []
        self._drawing = False
        self._wanted = 0
        self._build(changes=changes, report=report or Reporter())
        self.do(self._read_root)
        self._jobs.start()

    def _build(self, *, changes: bool, report: Reporter) -> None:
        self.head, self.problem, self.note = _parts.html(), _parts.html(), _parts.html()
        self.store = widgets.Dropdown(
            options=[(f"{one} store", one) for one in Store], description="etcd's", layout=widgets.Layout(width="14em")
        )
        self.sought = widgets.Text(
            description="search",
            placeholder="part of a name, then Enter",
            continuous_update=False,
            layout=widgets.Layout(width="26em"),
        )
        self.tree = widgets.Select(
            description="keys", rows=16, layout=widgets.Layout(width="auto", flex="1 1 26em", min_width="20em")
        )
        self.toggle = _parts.button("Open or close", self.open_or_close, tooltip="Of the directory that is chosen")
        self.again = _parts.button("Read again", self.refresh)
        self.end = _parts.button("Close the browser", self.close)
        self.value = _parts.unrecorded_html()
        self.watch = KeyWatch(self._watched, failed=self._show_problem)
        self.changes = KeyChanges(self, report=report) if changes else None
        self.store.observe(lambda _change: self._switch(), "value")
        self.sought.observe(lambda _change: self.do(self._search), "value")
        self.tree.observe(lambda _change: self._choose(), "index")
        beside = _parts.row(self.tree, self.value)
        self.widget = _parts.card(
            self.head,
            _parts.row(self.store, self.sought, self.again, self.watch.button, self.end),
            self.problem,
            self.note,
            beside,
            _parts.row(self.toggle),
            self.watch.shown,
            *([self.changes.widget] if self.changes else []),
        )
        self._draw_head("reading", Tone.BUSY)

    @property
    def browser(self) -> KeyBrowser:
        """The state of the store that is looked at."""
        return self.browsers[self.store.value]

    @property
    def place(self) -> KeyPlace:
        """Where that store is read and changed."""
        return self._places[self.store.value]

    @property
    def _places(self) -> _Places:
        return self._jobs.opened or {}

    @property
    def chosen(self) -> TreeRow | None:
        """The row that is chosen."""
        index = self.tree.index
        return None if index is None or index >= len(self._rows) else self._rows[index]

    def do(self, job: Callable[[], None]) -> None:
        """Have something done in the browser's thread, after what is under way."""
        self.problem.value = ""
        self._jobs.do(job)

    def open_or_close(self) -> None:
        """Open the directory that is chosen, close it, or list more of it."""
        row = self.chosen
        if row is not None and row.state is not BranchState.KEY:
            browser = self.browser
            self.do(lambda: self._turn(browser, row))

    def refresh(self) -> None:
        """Read anew all that is open, and the key that is looked at."""
        self.do(self.read_again)

    def close(self) -> None:
        """End the thread, after what is under way, and close the way in."""
        self.watch.close()
        for one in (self.store, self.sought, self.tree, self.toggle, self.again, self.end, self.watch.button):
            one.disabled = True
        self._jobs.close()

    def rest(self, timeout_s: float) -> bool:
        """Wait until all is done that was asked for; return whether it is."""
        return self._jobs.rest(timeout_s)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the thread; return whether it has ended."""
        return self._jobs.join(timeout_s)

    def _tell_rest(self) -> None:
        self._draw_head("may be changed" if self.changes else "read-only", Tone.QUIET)

    def _read_root(self) -> None:
        if not self.browser.is_read:
            self._list(self.browser, self.browser.root)
        self.draw()

    def _list(self, browser: KeyBrowser, path: bytes) -> None:
        browser.take(self._places[browser.store].keys.list_children(path, most=_MOST_LISTED))

    def _turn(self, browser: KeyBrowser, row: TreeRow) -> None:
        # The store may have been switched since the button was pressed.
        before = browser.listing_of(row.path)
        if row.state is BranchState.OPEN:
            browser.close(row.path)
        elif row.state is BranchState.CLOSED:
            self._list(browser, row.path)
        elif before is not None and before.following is not None:
            more = self._places[browser.store].keys.list_children(
                row.path, most=_MOST_LISTED, start=before.following, revision=before.revision
            )
            browser.take(more, goes_on=True)
        self.draw()

    def read_again(self) -> None:
        """Read anew; what is gone meanwhile is not open any more. In the browser's thread."""
        browser = self.browser
        paths = browser.open_paths or (browser.root,)
        browser.forget()
        for path in paths:
            with contextlib.suppress(NotFoundError):
                self._list(browser, path)
        if browser.selected is not None:
            self._look(browser.selected)
        self.draw()

    def _search(self) -> None:
        browser, text = self.browser, self.sought.value.strip()
        hits, whole = find_keys(self._places[browser.store], text, most=_MOST_HITS) if text else ((), True)
        browser.take_hits(text, hits, whole=whole)
        self.draw()

    def _switch(self) -> None:
        self.watch.close()
        self.do(self._read_root)
        self.do(lambda: self._show_key(self.browser.selected))

    def _choose(self) -> None:
        row = self.chosen
        if self._drawing or row is None or row.key is None:
            return
        self._wanted += 1
        key, wanted = row.key, self._wanted

        def look() -> None:
            # Whoever walks down the tree by keyboard wants the last key, and not each on the way.
            if wanted == self._wanted and key.store is self.store.value:
                self._look(key)

        self.do(look)

    def _look(self, key: StoredKey) -> None:
        if not key.is_dir:
            try:
                key = self._places[key.store].keys.get(key.key)
            except NotFoundError:
                self._show_key(None)
                self.value.value = gone_html(key)
                return
        self._show_key(key)

    def _show_key(self, key: StoredKey | None) -> None:
        self.browser.select(key)
        self.value.value = "" if key is None else value_html(key)
        if self.changes:
            self.changes.look(key)

    def draw(self) -> None:
        """Show the tree, or what a search has found, with the same row chosen as before."""
        browser, before = self.browser, self.chosen
        self._rows, labels = show_rows(browser)
        index = next((number for number, row in enumerate(self._rows) if before and row.path == before.path), None)
        self._drawing = True
        try:
            self.tree.options = [(label, number) for number, label in enumerate(labels)]
            self.tree.index = index
        finally:
            self._drawing = False
        self.note.value = search_html(browser) if browser.sought else ""

    def _watched(self) -> tuple[KeyPlace, bytes]:
        """Return what the watch is of: the directory that is chosen, or the whole store."""
        row = self.chosen
        path = row.path if row is not None and row.key is not None and row.key.is_dir else self.browser.root
        return self.place, path

    def _show_problem(self, error: BaseException) -> None:
        self.problem.value = _parts.problem_html(error)
        self._draw_head("trouble", Tone.BAD)

    def _draw_head(self, word: str, tone: Tone) -> None:
        revision = f", at revision {self.browser.revision}" if self.browser.is_read else ""
        badge = _parts.badge_html(word, tone)
        self.head.value = f"<strong>Keys of {escape(self._owner)}</strong> {badge} {self.store.value} store{revision}"
