"""What a deployed cluster tells its users: what opens in a browser and from where, and the lines to copy."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from fleetkit.views._frames import build_frame
from fleetkit.views.colours import LINE_COLOUR
from fleetkit.views.markup import table_html

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reach", "Signpost", "outputs_frame", "outputs_html"]

_COPIED = (
    f"border:1px solid {LINE_COLOUR};border-radius:4px;padding:.3em .6em;margin:.3em 0;line-height:1.4;"
    "white-space:pre-wrap;overflow-wrap:anywhere;user-select:all"
)
"""One click takes the whole line, and none of it is cut off."""


class Reach(enum.StrEnum):
    """From where something is reached, in the words that people are told."""

    ANYWHERE = "from anywhere"
    UNRESOLVED = "from anywhere, once its name resolves here"
    SSHUTTLE = "while sshuttle runs"
    TUNNEL = "through the tunnel, or while sshuttle runs"
    VPN = "while the VPN is connected"
    INSIDE = "from inside the VPC alone"
    COPIED = "to be copied"
    """A command or a line, which is nowhere to be reached."""


_OUTSIDE = (Reach.ANYWHERE, Reach.UNRESOLVED)
_FIRST_COMMANDS = ("sshuttle", "tunnel")
"""What has to run before anything inside can be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signpost:
    """One thing of a cluster that people use.

    Attributes
    ----------
    name, value
        As Terraform's output has them, or the library.
    purpose
        What it is for.
    reach
        From where it is reached.
    url
        What a browser opens; empty where it is no page.
    """

    name: str
    value: str
    purpose: str
    reach: Reach
    url: str = ""


def outputs_frame(signposts: Iterable[Signpost]) -> pd.DataFrame:
    """Return one row for each signpost, in the order given: ``output``, ``value``, ``what for``, ``reached``."""
    return build_frame(
        signposts,
        [
            ("output", lambda one: one.name),
            ("value", lambda one: one.value),
            ("what for", lambda one: one.purpose),
            ("reached", lambda one: str(one.reach)),
        ],
    )


def outputs_html(signposts: Sequence[Signpost]) -> str:
    """Return what is to be opened and what is to be copied as markup; a link stands only where it leads somewhere."""
    outside = [one for one in signposts if one.reach in _OUTSIDE]
    copied = [one for one in signposts if one.reach is Reach.COPIED]
    inside = [one for one in signposts if one not in outside and one not in copied]
    first = [one for one in copied if one.name in _FIRST_COMMANDS]
    return "".join(
        (
            _table_html("Outside the VPC", outside),
            *map(_copied_html, first),
            _table_html("Pages inside the VPC", [one for one in inside if one.url]),
            _table_html("Addresses inside the VPC", [one for one in inside if not one.url]),
            *(_copied_html(one) for one in copied if one not in first),
        )
    )


def _table_html(title: str, signposts: Sequence[Signpost]) -> str:
    if not signposts:
        return ""
    rows = [(_place_html(one), escape(one.purpose), escape(one.reach)) for one in signposts]
    table = table_html(("where", "what", "reached"), rows, label=title)
    return f'<p><strong>{escape(title)}</strong></p><div style="overflow-x:auto">{table}</div>'


def _place_html(one: Signpost) -> str:
    if one.reach is Reach.ANYWHERE and one.url:
        return f'<a href="{escape(one.url)}" target="_blank" rel="noreferrer noopener">{escape(one.url)}</a>'
    # No link: from where this is read it would lead nowhere.
    return f"<code>{escape(one.url or one.value)}</code>"


def _copied_html(one: Signpost) -> str:
    words = escape(one.purpose[:1].upper() + one.purpose[1:])
    return f'<p><strong>{words}</strong></p><pre tabindex="0" style="{_COPIED}">{escape(one.value)}</pre>'
