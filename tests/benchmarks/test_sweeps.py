"""The measurement of sweeps, tried small: it measures what it says, and nothing that failed counts."""

from __future__ import annotations

import http.client
import urllib.parse

import pytest

from benchmarks.replay import Replay, serve_replay
from benchmarks.sweeps import measure_sweeps


def _ask(url: str, body: str) -> tuple[int, str]:
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port)
    try:
        connection.request("POST", "/", body=body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_what_was_answered_about_one_cluster_is_answered_about_each_and_nothing_else_is() -> None:
    first = Replay(names=frozenset({b"aaa", b"bbb"}))
    first.answers["/", b"who is @@cluster@@"] = (200, b"@@cluster@@ it is")
    second = Replay(names=first.names)
    with serve_replay(first), serve_replay(second):
        second.source = first.url
        assert _ask(second.url, "who is aaa") == (200, "aaa it is")
        second.source = ""
        assert _ask(second.url, "who is bbb") == (200, "bbb it is")
        assert _ask(second.url, "where is bbb")[0] == 400
    assert (first.asked, second.asked) == (1, 3)


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_small_sweep_is_measured_in_time_and_memory() -> None:
    wall, memory = measure_sweeps(many=3, few=2, alone=1, travel_s=0.01)
    assert (wall["name"], memory["name"]) == ("sweep-over-ideal", "sweep-memory")
    assert len(wall["parts"]["inside_s"]) == 3
    assert wall["ratio"] > 0
    assert memory["theirs"]["median"] > 10
    assert memory["parts"]["with_its_runs_mb"]["3"] > memory["ours"]["median"]
