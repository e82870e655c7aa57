"""Reading metrics over HTTP: whoever answers something else counts as down, with the reason; a watch keeps its pace."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.http_answers import Reply, Request, serve_answers

from fleetkit.core import EtcdError, SettingsError
from fleetkit.etcd import Scrape, parse_endpoint, read_metrics, watch_metrics

RECORDED = (Path(__file__).parent / "data" / "metrics-3.5.1.txt").read_bytes()


class Clock:
    """A clock on which only sleep lets time pass, and that a scrape can hold up."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_all_are_asked_for_their_metrics_and_nothing_else() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        return Reply(body=RECORDED)

    with serve_answers(answer) as first, serve_answers(answer) as second:
        found = read_metrics([parse_endpoint(first), parse_endpoint(second)])
    assert asked == ["/metrics"] * 2
    assert [one.member_id for one in found.members.values()] == ["46d43dc1107625e5"] * 2
    assert found.at.tzinfo is not None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(body=b"<html>\n<body>a proxy</body></html>"), "not Prometheus's text"),
        (Reply(body=b"go_goroutines 7\n"), "not the metrics of an etcd member"),
        (Reply(body=b'{"health":"true"}'), "not Prometheus's text"),
        (Reply(status=404, body=b"404 page not found"), "it answered 404"),
        (Reply(status=503, body=b""), "it answered 503"),
    ],
)
def test_who_answers_something_else_is_down_and_the_others_are_read(reply: Reply, reason: str) -> None:
    with serve_answers(lambda _: reply) as odd, serve_answers(lambda _: Reply(body=RECORDED)) as well:
        found = read_metrics([parse_endpoint(odd), parse_endpoint(well)])
    assert set(found.members) == {well}
    assert reason in found.down[odd]
    assert not found.unasked


def test_a_watch_begins_each_scrape_on_time_and_tells_each_as_it_comes() -> None:
    clock, told = Clock(), list[Scrape]()

    def answer(_: Request) -> Reply:
        clock.now += 2
        return Reply(body=RECORDED)

    with serve_answers(answer) as address:
        found = watch_metrics(
            [parse_endpoint(address)], scrapes=3, every_s=5, on_scrape=told.append, clock=clock
        )  # fmt: skip
    assert clock.slept == [3, 3]
    assert tuple(told) == found
    assert len(found) == 3


def test_a_scrape_that_took_longer_is_followed_at_once() -> None:
    clock = Clock()

    def answer(_: Request) -> Reply:
        clock.now += 7
        return Reply(body=RECORDED)

    with serve_answers(answer) as address:
        watch_metrics([parse_endpoint(address)], scrapes=2, every_s=5, clock=clock)
    assert clock.slept == [0]


@pytest.mark.parametrize(("scrapes", "every_s"), [(0, 5), (2, -1)])
def test_a_watch_of_nothing_is_refused(scrapes: int, every_s: float) -> None:
    with pytest.raises(SettingsError, match="one scrape or more"):
        watch_metrics([parse_endpoint("127.0.0.1:1")], scrapes=scrapes, every_s=every_s)


def test_where_nobody_can_be_asked_nothing_is_said() -> None:
    """Asked over TLS, a server of plain HTTP tells nothing of the member that was meant."""
    with (
        serve_answers(lambda _: Reply(body=RECORDED)) as address,
        pytest.raises(EtcdError, match="no member could be asked for its metrics"),
    ):
        watch_metrics([parse_endpoint(address.replace("http://", "https://"))], scrapes=1, every_s=0)
