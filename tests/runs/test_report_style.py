"""The report's colours can be read: on a light screen, on a dark one, and on paper."""

from __future__ import annotations

import pytest
from support.contrast import contrast, read_colour, read_variables

from fleetkit.runs.report._style import STYLE

LIGHT, DARK, PRINT = 0, 1, 2
READABLE = 4.5


@pytest.mark.parametrize("medium", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
def test_each_colour_of_text_can_be_read_on_the_page_and_on_a_card(medium):
    roots = [read_variables(part.partition("}")[0] + "}") for part in STYLE.split(":root{")[1:]]
    variables = roots[LIGHT] | roots[medium]
    for name in ("ink", "soft", "link", "good", "warn", "bad", "keyword", "string", "name"):
        for page in ("page", "card"):
            found = contrast(read_colour(f"var(--{name})", variables), read_colour(f"var(--{page})", variables))
            assert found >= READABLE, f"{name} on {page}: {found:.1f}"
    assert contrast(read_colour("var(--bad)", variables), read_colour("var(--bad-card)", variables)) >= READABLE
