"""The shared look: escaped, and understandable without colours."""

from __future__ import annotations

import ipywidgets as widgets
import pytest

from fleetkit.core import TerraformError
from fleetkit.ui._parts import Tone, badge_html, button, html, problem_html, shared


@pytest.mark.parametrize("tone", list(Tone), ids=lambda tone: tone.name)
def test_a_badge_says_with_a_sign_and_a_word_what_its_colour_says(tone) -> None:
    assert f"{tone.sign} passed<" in badge_html("passed", tone)
    assert len({one.sign for one in Tone}) == len(Tone)


def test_every_colour_has_one_to_fall_back_on_where_there_is_no_theme() -> None:
    for tone in Tone:
        assert "var(--jp-" in tone.colour
        assert "#" in tone.colour


def test_an_error_says_what_failed_what_was_seen_and_what_is_next() -> None:
    shown = problem_html(TerraformError("the apply failed", seen="a <b>", hint="plan\nagain"))
    assert "the apply failed" in shown
    assert "seen: a &lt;b&gt;" in shown
    assert "next: plan<br>again" in shown


def test_an_error_that_nobody_expected_is_shown_as_a_defect() -> None:
    assert "a defect: KeyError: &#x27;x&lt;y&#x27;" in problem_html(KeyError("x<y"))


def test_a_button_calls_what_it_stands_for() -> None:
    pressed = []
    button("Check", lambda: pressed.append(1)).click()
    assert pressed == [1]


def test_markup_takes_no_room_while_it_is_empty() -> None:
    shown = html()
    assert shown.layout.display == "none"
    shown.value = "there"
    assert shown.layout.display is None
    shown.value = ""
    assert shown.layout.display == "none"


def test_a_look_is_had_in_common_and_nobody_changes_it_for_the_others() -> None:
    look = shared(widgets.Layout, width="1px")
    assert shared(widgets.Layout, width="1px") is look
    with pytest.raises(AttributeError, match="width of a look that is shared is never changed"):
        look.width = "2px"


def test_a_look_that_was_closed_is_made_anew() -> None:
    look = shared(widgets.Layout, width="3px")
    look.close()
    assert shared(widgets.Layout, width="3px") is not look
