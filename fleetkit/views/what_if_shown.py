"""What a cluster would lose, as lines, and as a table of several suppositions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fleetkit.views._frames import build_frame
from fleetkit.views._what_if_stops import NO_QUORUM_UNTIL
from fleetkit.views.what_if import Consequences, Effect, Fate, Part

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["consequences_lines", "suppositions_frame"]

_SIGNS = {Fate.KEPT: "+", Fate.LOST: "!", Fate.UNKNOWN: "?"}
_WORST_FIRST = (Fate.LOST, Fate.UNKNOWN, Fate.KEPT)


def consequences_lines(found: Consequences) -> tuple[str, ...]:
    """Return the consequences in plain lines: what is supposed, each part with its fate, and the verdict."""
    width = max(len(one.name) for one in found.effects)
    lines = [f"{found.cluster}, {found.supposed.words} (read from {found.source})"]
    lines += [f"{_SIGNS[one.fate]} {one.name:{width}}  {one.fate:7}  {one.says}" for one in found.effects]
    if found.impossible:
        lines += [f"{NO_QUORUM_UNTIL}:", *(f"  {one}" for one in found.impossible)]
    # What could not be read and does not matter here is no news.
    if found.outcome == "failed":
        lines += [f"? {one}" for one in found.unknown]
    return (*lines, found.verdict)


def suppositions_frame(cases: Iterable[Consequences]) -> pd.DataFrame:
    """Return one row for each supposition: the quorum that is left, what is left of each part, and the verdict."""
    return build_frame(
        cases,
        [
            ("gone", lambda one: one.supposed.words.removesuffix(" gone")),
            ("quorum", lambda one: None if one.quorum is None else str(one.quorum.state)),
            ("may still fail", lambda one: None if one.quorum is None else one.quorum.tolerates),
            ("pools", lambda one: ", ".join(_count(effect) for effect in _effects(one, Part.POOL))),
            ("load balancers", lambda one: _judge(_effects(one, Part.LOAD_BALANCER))),
            ("way in", lambda one: _judge(_effects(one, Part.WAY_IN))),
            ("egress", lambda one: _judge(_effects(one, Part.EGRESS))),
            ("lost", lambda one: ", ".join(effect.name for effect in one.lost) or "nothing"),
        ],
        numbers=("may still fail",),
    )


def _effects(found: Consequences, part: Part) -> list[Effect]:
    return [one for one in found.effects if one.part is part]


def _judge(effects: list[Effect]) -> str:
    """Say the worst that becomes of parts of one kind, and of how many."""
    worst = next((fate for fate in _WORST_FIRST if any(one.fate is fate for one in effects)), None)
    if worst is None:
        return "no matter"
    count = sum(one.fate is worst for one in effects)
    return str(worst) if count == len(effects) else f"{count} of {len(effects)} {worst}"


def _count(effect: Effect) -> str:
    return f"{effect.name.removeprefix('pool ')} {'unknown' if effect.left is None else effect.left}"
