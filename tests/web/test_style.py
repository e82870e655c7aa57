"""What stands on a page can be read, in light and in dark, and a field can be told from what is around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.contrast import contrast, read_colour, read_variables

import fleetkit.web

STYLE = (Path(fleetkit.web.__file__).parent / "static" / "page.css").read_text(encoding="utf-8")
LIGHT, DARK = STYLE.split("@media (prefers-color-scheme:dark)")


@pytest.mark.parametrize("scheme", [LIGHT, DARK.partition("*{")[0]], ids=["light", "dark"])
def test_every_colour_can_be_read_on_the_page_and_on_cards(scheme: str) -> None:
    colours = {name: read_colour(value, {}) for name, value in read_variables(scheme).items()}
    for behind in ("--page", "--card"):
        read = {name: contrast(colours[name], colours[behind]) for name in colours if name not in ("--page", "--card")}
        borders = {"--line": read.pop("--line")}
        assert {name: value for name, value in read.items() if value < 4.5} == {}, behind
        assert {name: value for name, value in borders.items() if value < 3} == {}, behind
