"""A guided notebook as a person sees it in JupyterLab: its cards, their buttons, and pictures of them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import TimeoutError as TooLateError

__all__ = ["GuidePage", "run_all"]

_SLOW_MS = 60_000
_FIRST_MS = 240_000
"""For the first page: JupyterLab, the kernel and the browser have all of their files still to read."""
_PICTURES = "GUIDE_PICTURES"
"""Names the folder that pictures for the documentation are put into; none are taken where it is not set."""


def run_all(page: Any, url: str, *, parameters: str = "") -> None:
    """Open a notebook, write ``parameters`` over its first cell with code where they are given, and run all cells."""
    page.goto(url, timeout=_FIRST_MS)
    # The indicator of the notebook says idle even before there is a kernel; the status bar does not.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=_FIRST_MS)
    if parameters:
        editor = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first
        editor.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(parameters)
        # What the editor shows has its quotes and signs as they were typed.
        editor.get_by_text(parameters.splitlines()[-1]).wait_for(timeout=_SLOW_MS)
        page.keyboard.press("Escape")
    page.locator(".jp-Notebook .jp-Cell").first.click()
    choose(page, "Run", "Run All Cells")


def choose(page: Any, *names: str) -> None:
    """Choose an item of JupyterLab's menus."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{names[0]}$")).click()
    for name in names[1:]:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{name}$")).click()


@dataclass(frozen=True, slots=True)
class GuidePage:
    """The page of a guided notebook."""

    page: Any

    def card(self, title: str) -> Any:
        """Return the output that holds the card of the step with this title."""
        head = self.page.locator("strong", has_text=re.compile(f"^{title}$"))
        return self.page.locator(".jp-OutputArea-output", has=head)

    def press(self, title: str, button: str) -> None:
        """Press a button of a card, as soon as it can be pressed."""
        self.card(title).get_by_role("button", name=button, exact=True).click(timeout=_SLOW_MS)

    def is_locked(self, title: str, button: str) -> bool:
        return bool(self.card(title).get_by_role("button", name=button, exact=True).is_disabled())

    def wait_for(self, title: str, text: str, *, timeout_ms: int = _SLOW_MS) -> None:
        """Wait until a card shows a text."""
        self._wait(title, self.card(title).get_by_text(text), f"{text!r}", timeout_ms)

    def wait_for_status(self, title: str, text: str, *, timeout_ms: int = _SLOW_MS) -> None:
        """Wait until a card tells a text as what came of a change."""
        self._wait(title, self.card(title).get_by_role("status").get_by_text(text), f"a status of {text!r}", timeout_ms)

    def _wait(self, title: str, found: Any, what: str, timeout_ms: int) -> None:
        try:
            found.first.wait_for(timeout=timeout_ms)
        except TooLateError as error:
            raise AssertionError(f"{title} does not show {what}, but:\n{self.text(title)}") from error

    def text(self, title: str) -> str:
        return str(self.card(title).inner_text())

    def run_another_cell(self, code: str) -> str:
        """Append a cell, run it, and return what it shows."""
        self.page.locator(".jp-Notebook .jp-Cell").last.click(position={"x": 5, "y": 5})
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.type(code)
        self.page.keyboard.press("Control+Enter")
        cell = self.page.locator(".jp-Notebook .jp-Cell").last
        cell.locator(".jp-OutputArea-output").wait_for(timeout=_SLOW_MS)
        return str(cell.locator(".jp-OutputArea-output").inner_text())

    def take_pictures(self, title: str, name: str) -> None:
        """Take a picture of a card in the light and in the dark theme, where pictures are wanted."""
        folder = os.environ.get(_PICTURES)
        if not folder:
            return
        for theme in ("Dark", "Light"):
            choose(self.page, "Settings", "Theme", f"JupyterLab {theme}")
            self.page.wait_for_function(
                "name => document.body.dataset.jpThemeName === name", arg=f"JupyterLab {theme}", timeout=_SLOW_MS
            )
            self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=_SLOW_MS)
            self.card(title).screenshot(path=Path(folder) / f"{name}-{theme.lower()}.png")
