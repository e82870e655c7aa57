"""What AWS is asked is counted as it is sent, and a budget is never passed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from botocore.exceptions import EndpointConnectionError
from support.aws_moto import QUICK, make_vpc

from fleetkit.aws import AwsLimits, AwsSession, list_subnets, list_vpcs, open_session
from fleetkit.core import AwsError, call_each


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Have threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_each_request_is_counted_by_its_action(session: AwsSession) -> None:
    vpc = make_vpc(session)
    with session.counting() as calls:
        list_subnets(session, vpc)
        list_subnets(session, vpc)
    list_subnets(session, vpc)
    assert calls.made == {"ec2:DescribeRouteTables": 2, "ec2:DescribeSubnets": 2}
    assert calls.total == 4


def test_nothing_is_sent_beyond_a_budget(session: AwsSession) -> None:
    vpc = make_vpc(session)
    with session.counting(limit=3) as calls, session.counting() as all_calls:
        list_subnets(session, vpc)
        with pytest.raises(AwsError, match="AWS was not asked for ec2:DescribeRouteTables") as told:
            list_subnets(session, vpc)
        with pytest.raises(AwsError):
            list_vpcs(session)
    assert told.value.seen == "the budget of 3 calls is spent"
    assert calls.total == 3
    assert "ec2:DescribeVpcs" not in all_calls.made
    assert list_vpcs(session)


def test_further_attempts_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    patient = AwsLimits(connect_timeout_s=QUICK.connect_timeout_s, read_timeout_s=QUICK.read_timeout_s, attempts=2)
    session = open_session("us-west-2", limits=patient)
    with session.counting() as calls, pytest.raises(AwsError) as told:
        list_vpcs(session)
    assert isinstance(told.value.__cause__, EndpointConnectionError)
    assert calls.made == {"ec2:DescribeVpcs": 2}


@pytest.mark.usefixtures("restless_threads")
def test_those_who_count_at_the_same_time_do_not_forget_each_other(session: AwsSession) -> None:
    def count(_: int) -> int:
        seen = 0
        for _turn in range(500):
            with session.counting() as calls:
                session._count("before-send.ec2.DescribeVpcs")
            seen += calls.total >= 1
        return seen

    with session.counting() as all_calls:
        found = call_each(range(8), count)
    assert set(found.values()) == {500}
    assert all_calls.total == 8 * 500
