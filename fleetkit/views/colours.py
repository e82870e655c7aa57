"""Colours that follow their surroundings: JupyterLab's theme, or the style of a report, or a plain page."""

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

GOOD_COLOUR = "var(--jp-success-color1, var(--good, #116329))"
CARE_COLOUR = "var(--jp-warn-color1, var(--warn, #7d4e00))"
BAD_COLOUR = "var(--jp-error-color1, var(--bad, #a40e26))"
BUSY_COLOUR = "var(--jp-brand-color1, var(--link, #0550ae))"
INK_COLOUR = "var(--jp-ui-font-color1, var(--ink, #1b1f24))"
SOFT_COLOUR = "var(--jp-ui-font-color2, var(--soft, #57606a))"
LINE_COLOUR = "var(--jp-border-color1, var(--line, #8c959f))"
CARD_COLOUR = "var(--jp-layout-color2, var(--card, #f6f8fa))"
