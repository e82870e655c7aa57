"""A notebook that rolls units out takes them in turns, whatever it is given."""

from __future__ import annotations

import pytest

from fleetkit import ui
from fleetkit.core import SettingsError


@pytest.mark.parametrize("at_once", [0, -1])
def test_a_roll_of_all_at_once_is_refused(at_once: int) -> None:
    with pytest.raises(SettingsError, match=f"replaced at one time: {at_once}"):
        ui.begin_roll_units(at_once=at_once)


def test_a_probe_that_is_none_is_refused_with_what_is_legal() -> None:
    with pytest.raises(SettingsError, match=r"(?s)no probe: 'http'.*legal: declared, http:8080/health"):
        ui.begin_roll_units(probe="http")
