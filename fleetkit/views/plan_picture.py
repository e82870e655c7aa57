"""A picture of a plan: every resource in the box of its module, coloured by what happens to it, with what needs what.

Instances of one resource are one line. What is made first stands to the left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from fleetkit.terraform import Action, Plan, ResourceGraph
from fleetkit.views import colours
from fleetkit.views.plan import sign_of
from fleetkit.views.plan_markup import colour_of_action

__all__ = ["draw_plan"]

_WORST = (Action.DELETE, Action.REPLACE, Action.FORGET, Action.UPDATE, Action.CREATE)
_LINE, _HEAD, _WIDE, _GAP_X, _GAP_Y, _EDGE = 16, 22, 232, 38, 14, 8
_LONGEST = 31
_LETTER = 7
"""How wide a letter of the last line is at most, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """The box of one module, with the place of its upper left corner."""

    module: str
    nodes: tuple[str, ...]
    x: float
    y: float

    @property
    def height(self) -> float:
        return _HEAD + _LINE * len(self.nodes) + 8

    def middle_of(self, node: str) -> float:
        return self.y + _HEAD + _LINE * (self.nodes.index(node) + 0.5)


def draw_plan(plan: Plan, graph: ResourceGraph) -> str:
    """Draw the resources of ``graph`` and of ``plan`` as an SVG picture that follows the page's colours."""
    actions: dict[str, Counter[Action]] = {node: Counter() for node in graph.nodes}
    for change in plan.changes:
        actions.setdefault(_node_of(change.module, change.type, change.name), Counter())[change.action] += 1
    modules: dict[str, list[str]] = {}
    for node in sorted(actions):
        modules.setdefault(_module_of(node), []).append(node)
    boxes = _place(modules, graph.edges)
    legend = sum(2 * _EDGE + _LETTER * len(_count_words(*one)) for one in plan.counts.items())
    width = max(legend, *(box.x + _WIDE for box in boxes.values()), _WIDE) + _EDGE
    bottom = max((box.y + box.height for box in boxes.values()), default=_LINE) + _EDGE
    height = bottom + (_HEAD if plan.counts else 0)
    parts = [*_draw_edges(boxes, graph.edges), *(_draw_box(box, actions, graph.edges) for box in boxes.values())]
    parts.append(_draw_legend(plan.counts, y=bottom + _LINE / 2))
    words = ", ".join(f"{count} to {action}" for action, count in plan.counts.items()) or "no changes"
    label = f"Resources of the plan by module: {words}; lines lead to what needs them"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}" font-family="system-ui, sans-serif" font-size="11">'
        f"{''.join(parts)}</svg>"
    )


def _node_of(module: str, kind: str, name: str) -> str:
    # A module's instance key says nothing of what it depends on.
    plain = ".".join(step.partition("[")[0] for step in module.split(".")) if module else ""
    return f"{plain}.{kind}.{name}" if plain else f"{kind}.{name}"


def _module_of(node: str) -> str:
    return ".".join(node.split(".")[:-2])


def _place(modules: Mapping[str, list[str]], edges: Iterable[tuple[str, str]]) -> dict[str, _Box]:
    """Place each module's box to the right of all that it needs."""
    needs: dict[str, set[str]] = {module: set() for module in modules}
    for user, needed in edges:
        if (pair := (_module_of(user), _module_of(needed)))[0] != pair[1]:
            needs[pair[0]].add(pair[1])
    columns: dict[str, int] = {}

    def column_of(module: str, on_the_way: tuple[str, ...] = ()) -> int:
        if module not in columns:
            # Two modules may need parts of each other: the one that was asked for first gives way.
            before = [other for other in needs[module] if other not in on_the_way]
            columns[module] = 1 + max((column_of(other, (*on_the_way, module)) for other in before), default=-1)
        return columns[module]

    for module in sorted(modules):
        column_of(module)
    boxes: dict[str, _Box] = {}
    for column in range(max(columns.values(), default=-1) + 1):
        y = float(_EDGE)
        for module in sorted(name for name, place in columns.items() if place == column):
            nodes = tuple(modules[module])
            boxes[module] = _Box(module=module, nodes=nodes, x=_EDGE + column * (_WIDE + _GAP_X), y=y)
            y += boxes[module].height + _GAP_Y
    return boxes


def _draw_edges(boxes: Mapping[str, _Box], edges: Iterable[tuple[str, str]]) -> list[str]:
    """Draw one line for each pair of modules, the wider the more resources it stands for."""
    pairs = Counter((_module_of(user), _module_of(needed)) for user, needed in edges)
    drawn = []
    for (user, needed), count in sorted(pairs.items()):
        if user == needed:
            continue
        start, end = boxes[needed], boxes[user]
        x1, y1, x2, y2 = start.x + _WIDE, start.y + _HEAD / 2, end.x, end.y + _HEAD / 2
        bend = max(_GAP_X, abs(x2 - x1) / 2)
        drawn.append(
            f'<path d="M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}" fill="none" '
            f'style="stroke:{colours.SOFT_COLOUR}" stroke-opacity=".55" stroke-width="{min(1 + count / 4, 4):g}">'
            f"<title>{escape(_title(user))} needs {escape(_title(needed))} ({count})</title></path>"
        )
    return drawn


def _draw_box(box: _Box, actions: Mapping[str, Counter[Action]], edges: Iterable[tuple[str, str]]) -> str:
    parts = [
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{_WIDE}" height="{box.height:g}" rx="4" '
        f'style="fill:{colours.CARD_COLOUR};stroke:{colours.LINE_COLOUR}"/>',
        f'<text x="{box.x + 8:g}" y="{box.y + 15:g}" font-weight="700" style="fill:{colours.INK_COLOUR}">'
        f"{escape(_title(box.module))}</text>",
    ]
    for user, needed in sorted(edges):
        if user in box.nodes and needed in box.nodes:
            y1, y2, x = box.middle_of(needed), box.middle_of(user), box.x + 14
            parts.append(
                f'<path d="M{x:g} {y1:g}C{x - 9:g} {y1:g} {x - 9:g} {y2:g} {x:g} {y2:g}" fill="none" '
                f'style="stroke:{colours.SOFT_COLOUR}" stroke-opacity=".6"/>'
            )
    parts += [_draw_node(box, node, actions[node]) for node in box.nodes]
    return "".join(parts)


def _draw_node(box: _Box, node: str, actions: Counter[Action]) -> str:
    worst = next((action for action in _WORST if actions[action]), Action.NO_OP)
    colour = colour_of_action(worst)
    count = sum(actions.values())
    kind, name = node.split(".")[-2:]
    words = f"{kind.removeprefix('aws_')}.{name}"
    words = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    words += f" x{count}" if count > 1 else ""
    told = ", ".join(f"{number} to {action}" for action, number in actions.items()) or "no change"
    y, weight = box.middle_of(node) + 4, "400" if worst is Action.NO_OP else "600"
    return (
        f"<g><title>{escape(node)}: {escape(told)}</title>"
        f'<text x="{box.x + 27:g}" y="{y:g}" text-anchor="middle" font-family="ui-monospace, monospace" '
        f'font-weight="{weight}" style="fill:{colour}">{sign_of(worst)}</text>'
        f'<text x="{box.x + 40:g}" y="{y:g}" style="fill:{colour}">{escape(words)}</text></g>'
    )


def _count_words(action: Action, count: int) -> str:
    return f"{sign_of(action)} {count} to {action}"


def _draw_legend(counts: Mapping[Action, int], *, y: float) -> str:
    words = "".join(
        f'<tspan dx="{2 * _EDGE}" style="fill:{colour_of_action(action)}">{_count_words(action, count)}</tspan>'
        for action, count in counts.items()
    )
    return f'<text x="0" y="{y:g}" font-weight="600">{words}</text>' if words else ""


def _title(module: str) -> str:
    return module.replace("module.", "").replace(".", " / ") or "root"
