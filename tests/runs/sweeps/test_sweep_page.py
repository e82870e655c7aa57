"""The page of a sweep: one file, no script, no request; the worst first, with a way to each report."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from support.sweeps import make_sweep, swept

from fleetkit.runs.sweeps import SweepState, render_sweep, tell_counts

_EVIL = "<script>alert(1)</script>\"'&"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = _Tags()
    reader.feed(page)
    return reader.tags


def test_it_tells_the_worst_first_with_reason_next_step_and_a_link_to_the_report() -> None:
    page = render_sweep(
        make_sweep(
            swept("good", record="runs/good/20260301T040506Z-look", took_s=3.0, calls=12, waited_s=1.25),
            swept("bad", SweepState.FAILED, reason="AwsError: it broke", next_step="mend it", record="runs/bad/1"),
            swept("found", SweepState.FINDINGS, summary="two things"),
            swept("taken", of_sweep="an-earlier-one"),
        )
    )
    assert re.findall(r'<th scope="row">(?:<a href="([^"]+)">)?(\w+)', page.split("<tbody>")[1]) == [
        ("../../runs/bad/1/report.html", "bad"),
        ("", "found"),
        ("../../runs/good/20260301T040506Z-look/report.html", "good"),
        ("", "taken"),
    ]
    for told in ("it broke", "next: mend it", "two things", "1.2 s", ">12<", "taken over from an-earlier-one"):
        assert told in page
    assert "4 clusters: 1 failed, 1 findings, 2 done" in page


def test_no_script_and_no_request_whatever_a_cluster_says() -> None:
    evil = swept("evil", SweepState.FAILED, reason=_EVIL, next_step=_EVIL, summary=_EVIL, record=f"runs/{_EVIL}")
    page = render_sweep(make_sweep(replace(evil, cluster=_EVIL, region=_EVIL), parameters={_EVIL: _EVIL}))
    tags = _tags(page)
    assert not {tag for tag, _ in tags} & {"script", "iframe", "img", "form", "object", "embed"}
    assert not [attrs for _, attrs in tags if any(name.startswith("on") or name == "src" for name in attrs)]
    (policy,) = [attrs["content"] for tag, attrs in tags if tag == "meta" and "http-equiv" in attrs]
    assert policy is not None
    assert "default-src 'none'" in policy


def test_one_under_way_or_stopped_says_so() -> None:
    under_way = make_sweep(swept("a", SweepState.RUNNING), swept("b", SweepState.NOT_RUN), ended=None)
    assert "under way, or cut off" in render_sweep(under_way)
    assert "<span>stopped</span>" in render_sweep(replace(under_way, interrupted=True))


def test_nothing_swept_is_told_as_that() -> None:
    assert tell_counts(make_sweep()) == "0 clusters: none"
    assert "0 clusters: none" in render_sweep(make_sweep())
