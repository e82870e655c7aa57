"""Names of many units at once, and what template an instance is made of."""

from __future__ import annotations

import pytest

from fleetkit.core import SettingsError
from fleetkit.fleet import expand_names, template_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web.service", ("web.service",)),
        ("web@{1..3}.service", ("web@1.service", "web@2.service", "web@3.service")),
        ("{web,db}@{1..2}.service", ("web@1.service", "web@2.service", "db@1.service", "db@2.service")),
        ("web@{1,1}.service", ("web@1.service",)),
        (r"mnt-a\x20b.mount", (r"mnt-a\x20b.mount",)),
    ],
)
def test_braces_stand_for_what_they_stand_for_in_a_shell(text: str, names: tuple[str, ...]) -> None:
    assert expand_names(text) == names


@pytest.mark.parametrize("text", ["web@{1..5000}.service", "web@{1..3}", "web service", "web@{1..3.service", ""])
def test_what_is_no_name_or_too_many_is_told(text: str) -> None:
    with pytest.raises(SettingsError):
        expand_names(text)


@pytest.mark.parametrize(
    ("name", "template"),
    [("web@1.service", "web@.service"), ("web@.service", "web@.service"), ("web.service", "web.service")],
)
def test_the_template_of_an_instance(name: str, template: str) -> None:
    assert template_of(name) == template
