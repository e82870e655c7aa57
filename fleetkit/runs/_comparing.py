"""Comparing what two runs saw by its meaning: things by their names, measurements by their size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["MISSING", "compare_values", "describe_value", "index_items"]

MISSING = object()
"""Stands where one side has nothing of a name."""

_NAMES = ("name", "check", "address", "title", "id", "arn", "path")
"""Fields that tell one item of a list from another, the most telling first."""

_PASSING = frozenset({"at", "checked", "raft_index", "revision", "took"})
"""Fields that differ between any two looks and say nothing by that."""

_MEASURED = ("_ms", "_bytes", "_days", "_s")
_NOISE_MS = 50.0
_OFTEN = 2.0
"""A measurement is told of where it has doubled or halved."""


def compare_values(before: Any, after: Any, *, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each difference in meaning: where it is, what was there, and what is; `MISSING` for nothing."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            if key not in _PASSING:
                inner = f"{name} {key}".strip()
                yield from compare_values(before.get(key, MISSING), after.get(key, MISSING), name=inner)
    elif _is_list(before) and _is_list(after):
        yield from _compare_items(index_items(before), index_items(after), name=name)
    elif before != after and not _is_noise(name, before, after):
        yield name, before, after


def _compare_items(before: Mapping[str, Any], after: Mapping[str, Any], *, name: str) -> Iterator[tuple[str, Any, Any]]:
    for key in [*before, *(key for key in after if key not in before)]:
        # An item that is whole on one side and not at all on the other is one difference, not one for each field.
        yield from compare_values(before.get(key, MISSING), after.get(key, MISSING), name=f"{name} {key}".strip())


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def index_items(items: Sequence[Any]) -> dict[str, Any]:
    """Return the items of a list by what tells them apart, whatever their order."""
    for field in _NAMES:
        if items and all(isinstance(item, Mapping) and item.get(field) for item in items):
            named = {str(item[field]): {key: value for key, value in item.items() if key != field} for item in items}
            if len(named) == len(items):
                return named
    return {item if isinstance(item, str) else json.dumps(item, ensure_ascii=False): item for item in items}


def describe_value(value: Any) -> str:
    """Return one line about a value, for a table."""
    if value is MISSING:
        return "-"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "yes", False: "no"}[value]
    if isinstance(value, Mapping):
        return "there"
    if _is_list(value):
        return ", ".join(describe_value(item) for item in value) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_noise(name: str, before: Any, after: Any) -> bool:
    if not name.endswith(_MEASURED) or not all(isinstance(value, (int, float)) for value in (before, after)):
        return False
    if name.endswith("_ms") and abs(after - before) < _NOISE_MS:
        return True
    small, large = sorted((abs(before), abs(after)))
    return bool(large < small * _OFTEN)
