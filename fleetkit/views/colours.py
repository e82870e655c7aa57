"""Colours that follow their surroundings: JupyterLab's theme, or the style of a report, or a plain page.

JupyterLab's own colours of success and warning are too pale for text on its light page (2.7 to 4.1 to 1, where 4.5 is
asked for), and that of errors on its dark one; so each is mixed with the theme's plain ink, which is black on light
and white on dark. Where there is no JupyterLab a colour is mixed with itself, and stays what it is.
"""

from __future__ import annotations

__all__ = [
    "BAD_COLOUR",
    "BUSY_COLOUR",
    "CARD_COLOUR",
    "CARE_COLOUR",
    "GOOD_COLOUR",
    "INK_COLOUR",
    "LINE_COLOUR",
    "SOFT_COLOUR",
]


def _legible(theme: str, share: int, elsewhere: str) -> str:
    """Return JupyterLab's colour ``theme`` by ``share`` percent, the rest of it ink; else what stands ``elsewhere``."""
    return f"color-mix(in srgb, var(--jp-{theme}, {elsewhere}) {share}%, var(--jp-ui-font-color0, {elsewhere}))"


GOOD_COLOUR = _legible("success-color1", 65, "var(--good, #116329)")
CARE_COLOUR = _legible("warn-color1", 55, "var(--warn, #7d4e00)")
BAD_COLOUR = _legible("error-color1", 65, "var(--bad, #a40e26)")
BUSY_COLOUR = _legible("brand-color1", 65, "var(--link, #0550ae)")
SOFT_COLOUR = _legible("ui-font-color2", 80, "var(--soft, #57606a)")
INK_COLOUR = "var(--jp-ui-font-color1, var(--ink, #1b1f24))"
LINE_COLOUR = "var(--jp-border-color1, var(--line, #8c959f))"
CARD_COLOUR = "var(--jp-layout-color1, var(--card, #f6f8fa))"
