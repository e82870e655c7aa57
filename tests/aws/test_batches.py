"""Lists longer than AWS takes at once are asked for in pieces, and who calls is asked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from botocore.stub import Stubber

from fleetkit.aws import AwsSession, find_images, list_groups_by_id, list_managed, list_volumes_of
from fleetkit.core import call_each


@pytest.mark.parametrize(
    ("service", "operation", "ask", "most"),
    [
        ("ec2", "DescribeSecurityGroups", list_groups_by_id, 200),
        ("ec2", "DescribeVolumes", list_volumes_of, 200),
        ("ec2", "DescribeImages", find_images, 200),
        ("ssm", "DescribeInstanceInformation", list_managed, 100),
    ],
)
def test_no_filter_holds_more_values_than_aws_takes(
    session: AwsSession, service: str, operation: str, ask: Callable[[AwsSession, Iterable[str]], object], most: int
) -> None:
    asked: list[list[str]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(params["Filters"][0]["Values"])

    session.client(service).meta.events.register(f"before-parameter-build.{service}.{operation}", note)
    wanted = [f"x-{number:04}" for number in range(450)]
    ask(session, [*wanted, wanted[0]])
    assert max(map(len, asked)) == most
    assert [one for some in asked for one in some] == wanted
    asked.clear()
    ask(session, [])
    assert asked == []


def test_systems_manager_is_asked_for_as_many_machines_as_one_answer_holds(session: AwsSession) -> None:
    asked: list[int] = []
    session.ssm.meta.events.register(
        "before-parameter-build.ssm.DescribeInstanceInformation",
        lambda params, **_: asked.append(params["MaxResults"]),
    )
    list_managed(session, ["i-1"])
    assert asked == [50]


def test_a_machine_that_fell_silent_is_not_heard_of(session: AwsSession) -> None:
    told = [{"InstanceId": "i-1", "PingStatus": "Online"}, {"InstanceId": "i-2", "PingStatus": "ConnectionLost"}]
    with Stubber(session.ssm) as stub:
        stub.add_response("describe_instance_information", {"InstanceInformationList": told})
        assert list_managed(session, ["i-1", "i-2"]) == {"i-1"}


def test_who_calls_is_asked_once_however_many_want_to_know(session: AwsSession) -> None:
    with session.counting() as calls:
        found = call_each(range(8), lambda _: session.account_id())
    assert len(found.ok) == 8
    assert calls.made == {"sts:GetCallerIdentity": 1}
