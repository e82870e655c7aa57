"""Pictures are SVG that says in words what it says in colour, readable on any page."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from fleetkit.core import judge_quorum
from fleetkit.views import _canvas, draw_certificates, draw_latencies, draw_quorum, pictures

MEMBERS = [
    {"name": "etcd1", "healthy": True, "took_ms": 2.5},
    {"name": "a$b$c", "healthy": False, "took_ms": 1000.0, "reason": "did <not> answer & more " + "x" * 80},
    {"name": "etcd3", "healthy": None, "took_ms": None},
]
CERTIFICATES = [
    {"name": "ca", "days_left": 3000},
    {"name": "server", "days_left": 12},
    {"name": "old", "days_left": -2},
    {"name": "lost", "days_left": None},
]


def words(drawing: str) -> str:
    """Return all text of a drawing; fails when it is no XML."""
    return " ".join(ET.fromstring(drawing).itertext())  # noqa: S314  # our own drawing


@pytest.mark.parametrize(
    ("healthy", "said"),
    [
        (3, ("Quorum healthy: 3 of 3 members healthy, 2 needed, 1 more may fail",)),
        (2, ("Quorum degraded: 2 of 3 members healthy, 2 needed, 0 more may fail", "not healthy")),
        (1, ("Quorum lost: 1 of 3 members healthy, 2 needed, no write is possible", "not healthy")),
    ],
)
def test_the_quorum_says_its_verdict_in_words(healthy: int, said: tuple[str, ...]) -> None:
    drawing = draw_quorum(judge_quorum(voters=3, healthy=healthy))
    for text in said:
        assert text in words(drawing)
    assert f'aria-label="{said[0]}"' in drawing


def test_latencies_name_each_member_and_its_trouble() -> None:
    told = words(draw_latencies(MEMBERS))
    for text in ("etcd1", "2.5 ms", "a$b$c", "1000.0 ms, unhealthy: did <not> answer & more", "etcd3", "unknown"):
        assert text in told
    assert "x" * 80 not in told


def test_certificates_name_their_days_and_verdicts() -> None:
    told = words(draw_certificates(CERTIFICATES))
    for text in ("3000 days, ok", "12 days, expires soon", "-2 days, expired", "lost", "unknown"):
        assert text in told


def test_nothing_to_draw_is_said() -> None:
    assert "nothing to show" in words(draw_latencies([]))


def test_the_same_values_give_the_same_picture() -> None:
    assert draw_latencies(MEMBERS) == draw_latencies(MEMBERS)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 counts it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_words_stand_dark_on_a_light_card_of_the_pictures_own() -> None:
    drawing = draw_certificates(CERTIFICATES)
    first_patch = drawing[drawing.index('id="patch_1"') :][:300]
    assert f"fill: {_canvas.CARD}" in first_patch
    colours = set(re.findall(r"<text[^>]*fill: (#[0-9a-f]{6})", drawing))
    assert colours == {_canvas.TEXT}
    assert contrast(_canvas.TEXT, _canvas.CARD) >= 7


def test_each_colour_has_a_hatching_of_its_own() -> None:
    hatches = list(pictures._HATCHES.values())
    assert len(set(hatches)) == len(hatches) == 4
