"""Every line that Terraform writes becomes a typed value, and no line can break a run."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.terraform import (
    ApplyCompleteEvent,
    ApplyStartEvent,
    ChangeSummaryEvent,
    DiagnosticEvent,
    OtherEvent,
    OutputsEvent,
    PlannedChangeEvent,
    RefreshStartEvent,
    ResourceDriftEvent,
    ResourceEvent,
    Severity,
    parse_event,
)

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = ("1.11.4", "1.15.5")


def events(name: str) -> list[object]:
    return [parse_event(line) for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plan_names_each_change_with_its_reason(version: str) -> None:
    planned = {
        one.resource.address: one
        for one in events(f"events-change-{version}.jsonl")
        if isinstance(one, PlannedChangeEvent)
    }
    replaced = planned['module.etcd.terraform_data.member["etcd1"]']
    assert (replaced.action, replaced.reason) == ("replace", "cannot_update")
    assert (replaced.resource.module, replaced.resource.type) == ("module.etcd", "terraform_data")
    assert planned['module.etcd.terraform_data.member["etcd3"]'].action == "delete"
    assert Counter(one.action for one in planned.values()) == {"update": 3, "replace": 2, "delete": 1}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_apply_starts_and_completes_each_resource_and_sums_up(version: str) -> None:
    seen = events(f"events-apply-{version}.jsonl")
    started = {one.resource.address for one in seen if isinstance(one, ApplyStartEvent)}
    completed = {one.resource.address: one for one in seen if isinstance(one, ApplyCompleteEvent)}
    assert started == set(completed)
    assert all(one.resource_id for one in completed.values())
    summary = [one for one in seen if isinstance(one, ChangeSummaryEvent)][-1]
    assert (summary.operation, summary.added, summary.changed, summary.removed) == ("apply", 6, 0, 0)
    assert [one.names for one in seen if isinstance(one, OutputsEvent)] == [("endpoints", "password")]


@pytest.mark.parametrize("version", VERSIONS)
def test_data_sources_are_known_as_such_inside_a_module_too(version: str) -> None:
    data = {
        one.resource.address
        for one in events(f"events-plan-{version}.jsonl")
        if isinstance(one, ResourceEvent) and one.resource.is_data
    }
    later = {
        one.resource.address
        for one in events(f"events-empty-{version}.jsonl")
        if isinstance(one, ResourceEvent) and one.resource.is_data
    }
    assert data | later == {
        "data.terraform_remote_state.other",
        "module.etcd.data.terraform_remote_state.inner",
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_refreshing_and_diagnostics_are_typed(version: str) -> None:
    refreshed = [one for one in events(f"events-empty-{version}.jsonl") if isinstance(one, RefreshStartEvent)]
    assert len(refreshed) == 6
    assert all(one.resource_id for one in refreshed)
    (stale,) = [one for one in events(f"events-stale-{version}.jsonl") if isinstance(one, DiagnosticEvent)]
    assert (stale.diagnostic.severity, stale.diagnostic.summary) == (Severity.ERROR, "Saved plan is stale")


def test_drift_is_an_event_of_its_own_and_no_planned_change() -> None:
    seen = events("events-drift-1.11.4-provider-3.39.0.jsonl")
    assert "aws_cloudwatch_log_group.flow" in {
        one.resource.address for one in seen if isinstance(one, ResourceDriftEvent)
    }
    assert not [one for one in seen if isinstance(one, PlannedChangeEvent)]


@pytest.mark.parametrize(
    "line",
    [
        "panic: runtime error",
        "",
        "[1, 2]",
        "null",
        '"text"',
        '{"type": "apply_start"}',
        '{"type": "apply_start", "hook": null}',
        '{"type": "apply_complete", "hook": {"resource": {}}}',
        '{"type": "diagnostic", "diagnostic": 3}',
        '{"type": "change_summary", "changes": {"add": "many"}}',
        '{"type": ["a"], "@message": "x"}',
        '{"type": "brand_new_event", "@message": "hello", "thing": {"a": 1}}',
    ],
)
def test_what_is_not_understood_is_kept_as_other(line: str) -> None:
    assert isinstance(parse_event(line), OtherEvent)


def test_an_unknown_event_keeps_its_kind_and_message() -> None:
    event = parse_event('{"type": "brand_new_event", "@message": "hello", "@timestamp": "t"}')
    assert event == OtherEvent(kind="brand_new_event", at="t", message="hello")


@given(
    st.sampled_from(["apply_start", "planned_change", "diagnostic", "outputs", "change_summary", "x"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["hook", "change", "resource", "addr", "action", "diagnostic", "outputs", "changes", "range"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
)
def test_no_shape_of_a_line_breaks_a_run(kind: str, body: object) -> None:
    fields = body if isinstance(body, dict) else {"hook": body}
    parse_event(json.dumps({**fields, "type": kind}))


def test_every_text_of_an_event_is_redacted() -> None:
    line = json.dumps(
        {
            "type": "diagnostic",
            "@message": 'Error: "hush"',
            "diagnostic": {"severity": "error", "summary": "hush", "detail": 'say "hush"', "address": "a.b"},
        }
    )
    event = parse_event(line, redact=lambda text: text.replace("hush", "***"))
    assert "hush" not in repr(event)
    assert isinstance(event, DiagnosticEvent)
    assert event.diagnostic.detail == 'say "***"'
