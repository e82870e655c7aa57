"""What is wrong with a unit file is found before it is sent, as fleet would say it, and with what would be right."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from support.fleet_replay import recorded, requested

from fleetkit.fleet import PlacementOptions, UnitFinding, UnitOption, UnitText, check_unit, check_unit_name, is_template

GOOD = "[Unit]\nDescription=a page\n\n[Service]\nExecStart=/bin/true\n"

# What fleet answered to a name, to the words in which we say it.
NAMES = {
    "045-put-name-noext": "no type",
    "046-put-name-dotend": "ends with a dot",
    "047-put-name-badtype": "'foo' is no type",
    "048-put-name-template-badtype": "a mount can be no template",
    "049-put-name-badchar": "'!' is in its name",
    "050-put-name-space": "' ' is in its name",
    "051-put-name-at-start": "begins with @",
    "053-put-name-len256": "",
    "054-put-name-unicode": "'é' is in its name",
    "056-put-name-plus": "'+' is in its name",
    "057-put-name-backslash": "",
}
# And what it answered to options.
OPTIONS = {
    "065-put-opts-global-peers": "MachineOf cannot go with Global",
    "070-put-opt-newline": "has no equal sign",
    "071-put-opt-longline": "2048 bytes",
    "072-put-opt-unknown-xfleet": "",
}


def sent(name: str) -> tuple[str, UnitText, int]:
    """Return the unit that was sent, and the status that came back."""
    request = requested(name)
    target = unquote(request["target"]).rpartition("/")[2]
    body: dict[str, Any] = json.loads(request["body"])
    options = [UnitOption.from_json(one, path="options") for one in body["options"]]
    # fleet writes options down and reads them again, as here.
    return target, UnitText.parse(UnitText.from_options(options).text), int(recorded(name)["status"])


def fatal(found: tuple[UnitFinding, ...]) -> list[UnitFinding]:
    return [one for one in found if one.is_fatal]


@pytest.mark.parametrize(("name", "said"), NAMES.items())
def test_names_are_refused_just_where_fleet_was_recorded_to_refuse_them(name: str, said: str) -> None:
    unit, _, status = sent(name)
    found = check_unit_name(unit)
    assert bool(found) is (status == 400) is bool(said)
    assert all(said in one.seen and one.legal for one in found)


@pytest.mark.parametrize(("name", "said"), OPTIONS.items())
def test_options_are_refused_just_where_fleet_was_recorded_to_refuse_them(name: str, said: str) -> None:
    unit, text, status = sent(name)
    found = fatal(check_unit(unit, text))
    assert bool(found) is (status == 400) is bool(said)
    assert any(said in one.seen for one in found) is bool(said)


def test_every_unit_that_real_machines_were_recorded_to_run_is_sent() -> None:
    answer = recorded("147-sched-units")["json"]
    for one in answer["units"]:
        options = [UnitOption.from_json(option, path=one["name"]) for option in one["options"]]
        assert fatal(check_unit(one["name"], UnitText.from_options(options))) == []


@pytest.mark.parametrize(
    ("text", "line", "seen", "legal", "is_fatal"),
    [
        ("", 0, "no options", "[Service]", True),
        (GOOD + "[Timer]\nOnBootSec=1\n", 7, "[Timer] means nothing in it", "[Service]", False),
        (GOOD + "[Install]\nWantedBy=multi-user.target\n", 7, "an [Install]", "none", False),
        (GOOD + "[X-Fleet]\nX-ConditionMachineOf=b.service\n", 7, "X-ConditionMachineOf is an old", "MachineOf", False),
        (GOOD + "[X-Fleet]\nWeight=3\n", 7, "does not know it", "Conflicts, Global", False),
        (GOOD + "[X-Fleet]\nMachineOf=\n", 7, "MachineOf has no value", "a value", True),
        (GOOD + "[X-Fleet]\nMachineMetadata=public\n", 7, "'public' is no pair", "role=public", True),
        (GOOD + '[X-Fleet]\nMachineMetadata="a=b\n', 7, "is no pair", "role=public", True),
        (GOOD + "[X-Fleet]\nMachineOf=b.service c.service\n", 7, "more than one unit", "repeated", True),
        (GOOD + "[X-Fleet]\nMachineOf=a.service\n", 7, "where it runs itself", "another", True),
        (GOOD + "[X-Fleet]\nMachineOf=b.service\nConflicts=b*\n", 8, "bars b.service", "does not match", True),
        (GOOD + "[X-Fleet]\nMachineID=1\nConflicts=b*\n", 8, "Conflicts cannot go with MachineID", "one of", True),
        (GOOD + "[X-Fleet]\nGlobal=Yes\nReplaces=b.service\n", 8, "Replaces cannot go with Global", "one of", True),
        ("[Service]\nExecStart=/bin/sh -c 'echo\n", 2, "a quote of ExecStart", "its other", True),
        ('[Service]\nEnvironment=A=b "C=d\n', 2, "a quote of Environment", "its other", True),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_would_be_right(
    text: str, line: int, seen: str, legal: str, is_fatal: bool
) -> None:
    (found,) = check_unit("a.service", UnitText.parse(text))
    assert (found.line, found.is_fatal) == (line, is_fatal)
    assert seen in found.seen
    assert legal in found.legal
    assert str(found).startswith(f"a.service:{line}: " if line else "a.service: ")


@pytest.mark.parametrize(
    "value",
    [
        "/bin/echo it's",
        "/bin/sh -c 'echo \"a'",
        "/bin/sh -c 'echo a; \\\n  echo b'",
        "/bin/echo \\'",
        '/bin/sh -c "echo it\'s"',
    ],
)
def test_quotes_that_systemd_takes_are_taken(value: str) -> None:
    assert check_unit("a.service", UnitText.parse(f"[Service]\nExecStart={value}\n")) == ()


def test_findings_come_in_the_order_of_lines_and_a_good_unit_has_none() -> None:
    assert check_unit("a.service", UnitText.parse(GOOD)) == ()
    assert check_unit("a.timer", UnitText.parse("[Timer]\nOnBootSec=1\n")) == ()
    text = "[Service]\nExecStart='\nword\n[X-Fleet]\nMachineOf=\n[Odd]\nA=b\n"
    assert [one.line for one in check_unit("a.service", UnitText.parse(text))] == [2, 3, 5, 7]


@pytest.mark.parametrize(("name", "template"), [("a@.service", True), ("a@1.service", False), ("a.service", False)])
def test_a_template_is_known_by_its_name(name: str, template: bool) -> None:
    assert is_template(name) is template


@pytest.mark.parametrize(
    ("lines", "metadata", "fits"),
    [
        ("MachineMetadata=role=public", {"role": "public"}, True),
        ("MachineMetadata=role=public", {"role": "internal"}, False),
        ("MachineMetadata=role=public", {}, False),
        ("MachineMetadata=role=a\nMachineMetadata=role=b", {"role": "b"}, True),
        ("MachineMetadata=role=a\nMachineMetadata=zone=b", {"role": "a"}, False),
        ('MachineMetadata="role=a" "zone=b"', {"role": "a", "zone": "b"}, True),
        ('MachineMetadata="role=a" "zone=b"', {"role": "a"}, False),
        ("X-ConditionMachineMetadata=role=a", {"role": "b"}, False),
        ("Global=true", {}, True),
    ],
)
def test_a_machine_fits_by_its_metadata_as_fleet_was_seen_to_place_units(
    lines: str, metadata: dict[str, str], fits: bool
) -> None:
    options = PlacementOptions.of(UnitText.parse(f"{GOOD}[X-Fleet]\n{lines}\n"), name="web@1.service")
    assert (options.find_lacking(metadata) == "") is fits


def test_options_of_placement_are_read_as_fleet_does() -> None:
    lines = "Conflicts=a* b*\nConflicts=c*\nGlobal=no\nGlobal=On\nMachineOf=x.service\nX-ConditionMachineOf=y.service"
    options = PlacementOptions.of(UnitText.parse(f"{GOOD}[X-Fleet]\n{lines}\n"), name="web@1.service")
    assert options.conflicts == ("a*", "b*", "c*")
    assert options.machine_of == ("x.service", "y.service")
    assert options.is_global


def test_parts_of_the_name_stand_where_placement_asks_for_them() -> None:
    lines = "Conflicts=%p@*.service\nMachineOf=%p.service\nMachineOf=x@%i.service\nReplaces=%N %I"
    options = PlacementOptions.of(UnitText.parse(f"{GOOD}[X-Fleet]\n{lines}\n"), name="web@1.service")
    assert options.conflicts == ("web@*.service",)
    assert options.machine_of == ("web.service", "x@1.service")
    assert options.replaces == ("web@1 %I",), "fleet knows no %I"
