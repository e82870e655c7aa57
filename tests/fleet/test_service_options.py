"""The section [X-Service] is read as it is written, and what is wrong with it is told with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.fleet import Probe, ProbeKind, ServiceOptions, UnitText, check_unit

SERVICE = "[Service]\nExecStart=/bin/web\n\n[X-Service]\n"
GOOD = SERVICE + "Name=web\nPort=8080\nProbe=http:/health?deep=1\n"


def service_of(text: str) -> ServiceOptions | None:
    return ServiceOptions.of(UnitText.parse(text))


def test_a_service_is_read_with_its_name_port_and_probe() -> None:
    probe = Probe(kind=ProbeKind.HTTP, path="/health?deep=1")
    assert service_of(GOOD) == ServiceOptions(name="web", port=8080, probe=probe)
    assert str(probe) == "http:/health?deep=1"
    assert check_unit("web@.service", UnitText.parse(GOOD)) == ()


@pytest.mark.parametrize(
    ("line", "kind"), [("Probe=tcp\n", ProbeKind.TCP), ("Probe=none\n", ProbeKind.NONE), ("", ProbeKind.NONE)]
)
def test_it_may_be_asked_for_a_connection_or_for_nothing(line: str, kind: ProbeKind) -> None:
    found = service_of(f"{SERVICE}Name=web\nPort=1\n{line}")
    assert found is not None
    assert (found.probe.kind, str(found.probe)) == (kind, str(kind))


def test_a_unit_without_the_section_offers_none() -> None:
    assert service_of("[Service]\nExecStart=/bin/web\n") is None
    assert check_unit("web.service", UnitText.parse("[Service]\nExecStart=/bin/web\n")) == ()


@pytest.mark.parametrize(
    ("lines", "line", "seen", "legal"),
    [
        ("Port=80\n", 5, "[X-Service] has no Name", "Name=, lower-case letters"),
        ("Name=web\n", 5, "[X-Service] has no Port", "Port=, a port"),
        ("Name=Web\nPort=80\n", 5, "Name is 'Web'", "lower-case letters"),
        ("Name=-web\nPort=80\n", 5, "Name is '-web'", "between them"),
        ("Name=a.b\nPort=80\n", 5, "Name is 'a.b'", "lower-case letters"),
        (f"Name={'a' * 63}\nPort=80\n", 5, "Name is 'aaa", "62 at most"),
        ("Name=\nPort=80\n", 5, "Name is ''", "such as web"),
        ("Name=web\nPort=0\n", 6, "Port is '0'", "1 to 65535"),
        ("Name=web\nPort=65536\n", 6, "Port is '65536'", "1 to 65535"),
        ("Name=web\nPort=http\n", 6, "Port is 'http'", "1 to 65535"),
        ("Name=web\nPort=\u0663\n", 6, "Port is", "1 to 65535"),
        ("Name=web\nPort=80\nProbe=http\n", 7, "Probe is 'http'", "http:/path, tcp, or none"),
        ("Name=web\nPort=80\nProbe=http:/a b\n", 7, "Probe is 'http:/a b'", "http:/path, tcp, or none"),
        ("Name=web\nPort=80\nProbe=tcp:/a\n", 7, "Probe is 'tcp:/a'", "http:/path, tcp, or none"),
        ("Name=web\nPort=80\nName=api\n", 7, "Name is given twice", "one Name"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_and_what_is_legal(lines: str, line: int, seen: str, legal: str) -> None:
    unit = UnitText.parse(SERVICE + lines)
    (found,) = check_unit("web.service", unit)
    assert (found.line, found.is_fatal) == (line, True)
    assert seen in found.seen
    assert legal in found.legal
    assert ServiceOptions.of(unit) is None


def test_what_it_does_not_know_is_told_and_takes_nothing_away() -> None:
    unit = UnitText.parse(GOOD + "Weight=3\n")
    (found,) = check_unit("web.service", unit)
    assert (found.line, found.seen, found.is_fatal) == (8, "'Weight' means nothing in [X-Service]", False)
    assert ServiceOptions.of(unit) is not None


def test_a_unit_that_listens_nowhere_is_told() -> None:
    text = "[Timer]\nOnBootSec=1\n[X-Service]\nName=web\nPort=80\n"
    (found,) = check_unit("web.timer", UnitText.parse(text))
    assert (found.line, found.seen, found.is_fatal) == (4, "a timer listens nowhere", False)
    assert check_unit("web.socket", UnitText.parse("[Socket]\nListenStream=80\n[X-Service]\nName=web\nPort=80\n")) == ()


@given(st.lists(st.tuples(st.sampled_from(["Name", "Port", "Probe", "Other"]), st.text(max_size=9)), max_size=5))
def test_a_section_offers_a_service_just_where_nothing_of_it_is_refused(lines: list[tuple[str, str]]) -> None:
    text = SERVICE + "".join(f"{name}={value}\n" for name, value in lines)
    unit = UnitText.parse(text)
    refused = any(one.is_fatal for one in check_unit("web.service", unit) if one.line > 4)
    if not unit.flaws and unit.values("X-Service", "Name"):
        assert (ServiceOptions.of(unit) is None) is refused
