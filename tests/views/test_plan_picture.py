"""The picture of a plan: every resource in its module's box, with a sign beside its colour."""

from __future__ import annotations

import re
from html import unescape

import pytest

from fleetkit.terraform import Action, Plan, ResourceChange, ResourceGraph
from fleetkit.views import colours, draw_plan

NETWORK, MEMBER, POOL = "module.network.aws_vpc.this", "module.etcd.aws_instance.member", "aws_autoscaling_group.pool"
GRAPH = ResourceGraph(nodes=(NETWORK, MEMBER, POOL), edges=frozenset({(MEMBER, NETWORK), (POOL, MEMBER)}))


def change(address: str, action: Action) -> ResourceChange:
    *steps, kind, name = re.sub(r'\["[^"]*"\]$', "", address).split(".")
    return ResourceChange(address=address, module=".".join(steps), type=kind, name=name, action=action)


def plan_of(**changes: Action) -> Plan:
    return Plan(changes=tuple(change(address, action) for address, action in changes.items()))


def nodes_in(drawing: str) -> dict[str, tuple[str, str, str]]:
    """Return for each resource: what is told of it, its sign, and its words."""
    groups = re.findall(r"<g><title>(.*?): (.*?)</title><text[^>]*>(.*?)</text><text[^>]*>(.*?)</text></g>", drawing)
    return {unescape(address): (told, sign, unescape(words)) for address, told, sign, words in groups}


def places_of(drawing: str) -> dict[str, float]:
    return {
        title: float(x)
        for x, title in re.findall(r'<text x="([\d.]+)" y="[\d.]+" font-weight="700"[^>]*>(\w+)<', drawing)
    }


def test_instances_are_one_line_that_says_how_many_and_what_befalls_them() -> None:
    plan = plan_of(**{f'{MEMBER}["etcd{number}"]': Action.CREATE for number in (1, 2, 3)})
    nodes = nodes_in(draw_plan(plan, GRAPH))
    assert nodes[MEMBER] == ("3 to create", "+", "instance.member x3")
    assert nodes[NETWORK] == ("no change", "=", "vpc.this")


@pytest.mark.parametrize(
    ("action", "sign", "colour"),
    [
        (Action.CREATE, "+", colours.GOOD_COLOUR),
        (Action.UPDATE, "~", colours.CARE_COLOUR),
        (Action.REPLACE, "-/+", colours.BAD_COLOUR),
        (Action.DELETE, "-", colours.BAD_COLOUR),
    ],
)
def test_each_action_has_its_colour_and_its_sign(action, sign, colour) -> None:
    drawing = draw_plan(plan_of(**{POOL: action}), GRAPH)
    assert nodes_in(drawing)[POOL][1] == sign
    assert f'style="fill:{colour}">{sign}<' in drawing


def test_the_worst_that_befalls_an_instance_colours_them_all() -> None:
    plan = plan_of(**{f'{MEMBER}["etcd1"]': Action.CREATE, f'{MEMBER}["etcd2"]': Action.REPLACE})
    assert nodes_in(draw_plan(plan, GRAPH))[MEMBER][1] == "-/+"


def test_what_is_made_first_stands_to_the_left() -> None:
    places = places_of(draw_plan(Plan(), GRAPH))
    assert places["network"] < places["etcd"] < places["root"]


def test_modules_that_need_each_other_are_drawn_all_the_same() -> None:
    graph = ResourceGraph(nodes=(NETWORK, MEMBER), edges=frozenset({(MEMBER, NETWORK), (NETWORK, MEMBER)}))
    assert set(places_of(draw_plan(Plan(), graph))) == {"network", "etcd"}


def test_what_the_configuration_has_no_longer_is_drawn_too() -> None:
    gone = "module.old.aws_eip.this"
    assert nodes_in(draw_plan(plan_of(**{gone: Action.DELETE}), GRAPH))[gone] == ("1 to delete", "-", "eip.this")


def test_the_picture_says_in_words_what_it_shows() -> None:
    drawing = draw_plan(plan_of(**{POOL: Action.CREATE, NETWORK: Action.UPDATE}), GRAPH)
    assert 'role="img" aria-label="Resources of the plan by module: 1 to create, 1 to update;' in drawing


def test_an_empty_configuration_has_a_picture() -> None:
    assert "no changes" in draw_plan(Plan(), ResourceGraph(nodes=(), edges=frozenset()))


def test_the_picture_says_below_how_many_there_are_of_each_action() -> None:
    drawing = draw_plan(plan_of(**{POOL: Action.CREATE, MEMBER: Action.REPLACE}), GRAPH)
    assert f'style="fill:{colours.GOOD_COLOUR}">+ 1 to create</tspan>' in drawing
    assert f'style="fill:{colours.BAD_COLOUR}">-/+ 1 to replace</tspan>' in drawing
    *_, last = re.findall(r">([^<]*)</tspan>", drawing)
    assert float(re.findall(r'width="([\d.]+)"', drawing)[0]) >= 6 * len(f"+ 1 to create{last}")
    height = float(re.findall(r'height="([\d.]+)"', drawing)[0])
    (below,) = re.findall(r'<text x="0" y="([\d.]+)"', drawing)
    assert max(float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)"', drawing)) == float(below) < height
