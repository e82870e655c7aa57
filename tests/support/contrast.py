"""How well text can be read on its background, as WCAG 2 reckons it, out of style sheets as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["Rgba", "contrast", "read_colour", "read_variables"]

Rgba = tuple[float, float, float, float]
"""Red, green, blue from 0 to 255, and opacity from 0 to 1."""

_NAMED: Mapping[str, Rgba] = {"white": (255, 255, 255, 1), "black": (0, 0, 0, 1)}


def read_variables(css: str) -> dict[str, str]:
    """Return the custom properties of a style sheet; of one that is set twice, the last."""
    return {name: value.strip() for name, value in re.findall(r"(--[a-z0-9-]+)\s*:\s*([^;}]+)[;}]", css)}


def read_colour(text: str, variables: Mapping[str, str]) -> Rgba:
    """Return the colour that ``text`` stands for: hex, rgba(), a name, var() with its fallback, or color-mix()."""
    text = text.strip()
    if text in _NAMED:
        return _NAMED[text]
    if text.startswith("#"):
        digits = text[1:] if len(text) == 7 else "".join(2 * one for one in text[1:])
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16), 1.0)
    name, _, inside = text.removesuffix(")").partition("(")
    parts = _split(inside)
    if name == "var":
        return read_colour(variables.get(parts[0], parts[1] if len(parts) > 1 else ""), variables)
    if name == "rgba":
        red, green, blue, opacity = map(float, parts)
        return (red, green, blue, opacity)
    if name == "color-mix":
        first, share = parts[1].rsplit(" ", 1)
        return _mix(read_colour(first, variables), read_colour(parts[2], variables), float(share.rstrip("%")) / 100)
    raise ValueError(f"no colour: {text!r}")


def contrast(ink: Rgba, page: Rgba) -> float:
    """Return the contrast of ``ink`` on the opaque ``page``, from 1 to 21."""
    opacity = ink[3]
    seen = [own * opacity + behind * (1 - opacity) for own, behind in zip(ink[:3], page[:3], strict=True)]
    low, high = sorted((_luminance(seen), _luminance(page[:3])))
    return (high + 0.05) / (low + 0.05)


def _split(text: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _mix(first: Rgba, second: Rgba, share: float) -> Rgba:
    """Mix as CSS does: each colour counts as much as it is opaque."""
    opacity = first[3] * share + second[3] * (1 - share)
    mixed = [
        (one * first[3] * share + other * second[3] * (1 - share)) / opacity
        for one, other in zip(first[:3], second[:3], strict=True)
    ]
    return (mixed[0], mixed[1], mixed[2], opacity)


def _luminance(colour: list[float] | tuple[float, ...]) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
