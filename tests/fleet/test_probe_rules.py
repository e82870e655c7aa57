"""A rule says which units are asked whether they serve: as each says of itself, or all of them in one way."""

from __future__ import annotations

import pytest

from fleetkit.core import SettingsError
from fleetkit.fleet import Probe, ProbeKind, ProbeRule, ServiceOptions, UnitText

PLAIN = "[Service]\nExecStart=/bin/web\n"
DECLARED = f"{PLAIN}[X-Service]\nName=web\nPort=8080\nProbe=http:/health\n"
HTTP = Probe(kind=ProbeKind.HTTP, path="/health")


def find(rule: str, text: str, name: str = "web@1.service") -> ServiceOptions | None:
    return ProbeRule.parse(rule).find_service(name, UnitText.parse(text))


@pytest.mark.parametrize("text", ["declared", "none", "http:8080/health?deep=1", "http:80/", "tcp:65535"])
def test_what_is_read_is_written_as_it_was(text: str) -> None:
    assert str(ProbeRule.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "http", "http:", "http:/health", "http:80", "http:0/", "http:80/a b", "tcp", "tcp:", "tcp:80/", "x:1"]
)
def test_what_is_none_is_refused_with_what_is_legal(text: str) -> None:
    with pytest.raises(SettingsError, match="http:8080/health, tcp:8080, or none"):
        ProbeRule.parse(text)


def test_by_default_a_unit_is_asked_as_it_says_and_one_that_says_nothing_is_not() -> None:
    assert find("declared", DECLARED) == ServiceOptions(name="web", port=8080, probe=HTTP)
    assert find("declared", PLAIN) is None
    assert find("declared", DECLARED.replace("http:/health", "none")) is None
    assert find("declared", DECLARED, "web@.service") is None


def test_a_rule_for_all_is_asked_of_whatever_can_listen_and_stays() -> None:
    assert find("http:9000/health", PLAIN) == ServiceOptions(name="web@1.service", port=9000, probe=HTTP)
    found = find("tcp:9000", DECLARED)
    assert found is not None
    assert (found.port, found.probe.kind) == (9000, ProbeKind.TCP)
    assert find("tcp:9000", PLAIN, "web@.service") is None
    assert find("tcp:9000", PLAIN, "web.timer") is None
    assert find("tcp:9000", f"{PLAIN}Type=oneshot\n") is None


def test_none_asks_nobody_whatever_it_says() -> None:
    assert find("none", DECLARED) is None
