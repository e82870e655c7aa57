"""Our colours can be read as text: in JupyterLab's themes as they are installed, and where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.contrast import contrast, read_colour, read_variables

from fleetkit.views import _canvas, charts, colours

THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
TEXTS = ("GOOD", "CARE", "BAD", "BUSY", "SOFT", "INK")
PAGES = ("--jp-layout-color0", "--jp-layout-color1", "--jp-rendermime-table-row-background")
"""What lies behind an output of a cell, and behind the rows of its tables."""
READABLE, VISIBLE = 4.5, 3.0


def colour_of(name: str) -> str:
    return str(getattr(colours, f"{name}_COLOUR"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_colour_can_be_read_in_jupyterlab(theme: str, name: str) -> None:
    light = read_variables((THEMES / "theme-light-extension" / "index.css").read_text())
    own = read_variables((THEMES / f"theme-{theme}-extension" / "index.css").read_text())
    # A theme that leaves a colour of Material's palette out has it from the light one.
    variables = light | own
    for page in (*PAGES, colours.CARD_COLOUR):
        behind = read_colour(page if page.startswith("var") else f"var({page})", variables)
        assert contrast(read_colour(colour_of(name), variables), behind) >= READABLE, page


@pytest.mark.parametrize("name", TEXTS)
def test_a_colour_can_be_read_on_a_plain_page(name: str) -> None:
    for page in ("#fff", colours.CARD_COLOUR):
        assert contrast(read_colour(colour_of(name), {}), read_colour(page, {})) >= READABLE


def test_what_a_report_says_its_colours_are_is_what_they_are() -> None:
    said = {"--good": "#56d364", "--warn": "#e3b341", "--bad": "#ff938a", "--link": "#79c0ff", "--soft": "#9da7b1"}
    told = [read_colour(colour_of(name), said) for name in TEXTS[:5]]
    assert [tuple(map(round, one)) for one in told] == [
        tuple(map(round, read_colour(said[key], {}))) for key in ("--good", "--warn", "--bad", "--link", "--soft")
    ]


def test_words_and_lines_of_pictures_stand_out_on_their_card() -> None:
    card = read_colour(_canvas.CARD, {})
    assert contrast(read_colour(_canvas.TEXT, {}), card) >= READABLE
    for colour, *_ in charts._LINES:
        assert contrast(read_colour(colour, {}), card) >= VISIBLE, colour
