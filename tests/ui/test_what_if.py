"""What is ticked is judged at once, in words and signs beside the colours; without a person the table says the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from support.layouts import ZONES, lay_out
from support.ui_bench import SilentSink

from fleetkit.runs import Run, Way
from fleetkit.ui import WhatIfCard, open_what_if
from fleetkit.views import Supposition, judge_supposition
from fleetkit.workflows import SupposedLosses

A, B, C = ZONES
ENDS = dt.datetime(2027, 3, 1, 12, tzinfo=dt.UTC)


def make_losses(standing: str = "abc") -> SupposedLosses:
    layout = lay_out(standing, certificates={"members/etcd1/peer": ENDS})
    return SupposedLosses(
        layout=layout, cases=tuple(judge_supposition(layout, Supposition(zones=(one,))) for one in ZONES)
    )


@pytest.fixture
def card() -> WhatIfCard:
    return WhatIfCard(make_losses())


def shown(card: WhatIfCard) -> str:
    """Return the markup of the card, top to bottom."""
    return "\n".join(str(getattr(one, "value", "")) for one in card.widget.children)


def test_nothing_ticked_is_borne_and_the_table_of_single_losses_stands_below(card: WhatIfCard) -> None:
    assert "✓ borne" in shown(card)
    assert "nothing gone: <strong>the cluster bears it" in shown(card)
    assert "Each zone and each member in turn" in shown(card)


def test_each_tick_is_judged_anew_with_the_picture_of_the_quorum(card: WhatIfCard) -> None:
    assert "Quorum healthy: 3 of 3 members healthy" in shown(card)
    card.zones[A].value = True
    assert f"zone {A} gone: <strong>the cluster bears it" in shown(card)
    assert "Quorum degraded: 2 of 3 members healthy, 2 needed, 0 more may fail" in shown(card)
    card.members["etcd2"].value = True
    for text in (
        "✗ lost",
        "Quorum lost: 1 of 3 members healthy",
        "Until enough members are back",
        "no key of etcd can be written",
    ):
        assert text in shown(card)
    card.zones[A].value = False
    assert "Quorum degraded: 2 of 3" in shown(card)
    assert "✗ lost" not in shown(card)


def test_a_rule_and_a_day_are_judged_too(card: WhatIfCard) -> None:
    card.rule.value = "ssh-from-operator-to-bastion"
    assert "lost: way in, rule ssh-from-operator-to-bastion" in shown(card)
    card.rule.value = ""
    card.on.value = "2027-03-01"
    assert "lost: certificate members/etcd1/peer" in shown(card)
    assert "the other members refuse etcd1" in shown(card)


def test_what_is_no_day_is_told_and_no_answer_stands_beside_it(card: WhatIfCard) -> None:
    card.on.value = "<b>June"
    text = shown(card)
    assert 'role="alert"' in text
    assert "&lt;b&gt;June is no day" in text
    assert 'role="status"' not in text
    card.on.value = ""
    assert 'role="alert"' not in shown(card)
    assert "✓ borne" in shown(card)


def test_what_nobody_knows_is_told_as_unknown_and_has_no_picture() -> None:
    card = WhatIfCard(make_losses("aB?"))
    assert "! unknown" in shown(card)
    assert "hangs on etcd3" in shown(card)
    assert "<svg" not in shown(card)
    assert card.members["etcd2"].description == f"member etcd2 in {B}, not healthy"
    assert card.members["etcd3"].description == f"member etcd3 in {C}, unknown"


def test_only_a_person_gets_boxes_to_tick(tmp_path: Path) -> None:
    losses = make_losses()
    folder = tmp_path / "runs" / "demo" / "20260401T000000Z-61-what-if"
    for way in Way:
        found = open_what_if(Run(folder=folder, way=way, sink=SilentSink()), losses)
        assert (found is losses) is (way is not Way.BY_HAND)
    assert list(losses.frame["gone"]) == [f"zone {one}" for one in ZONES]
    assert "Read from a test." in losses._repr_html_()
