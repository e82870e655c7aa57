"""A share of an account's calls: held by all who name the same folder, and counted."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from support.aws_moto import ACCOUNT, REGION, emulated_aws
from support.http_answers import Reply, Request, serve_answers

from fleetkit.aws import AwsLimits, CallShare, CallTally, list_vpcs, open_session, read_tally
from fleetkit.core import AwsError, SettingsError


class _Clock:
    """A clock that stands still but for sleeps."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _share(folder: Path, rate: float | None = 5.0, **more: object) -> CallShare:
    return CallShare(rate_per_s=rate, folder=folder, **{"clock": _Clock(), **more})  # type: ignore[arg-type]


def test_a_seconds_worth_goes_at_once_and_then_one_after_the_other(tmp_path: Path) -> None:
    share = _share(tmp_path)
    waits = [share.take(account=ACCOUNT, region=REGION) for _ in range(8)]
    assert waits[:5] == [0.0] * 5
    assert waits[5:] == pytest.approx([0.2] * 3)


def test_after_a_pause_a_seconds_worth_may_go_again_and_no_more(tmp_path: Path) -> None:
    clock = _Clock()
    share = _share(tmp_path, clock=clock)
    for _ in range(9):
        share.take(account=ACCOUNT, region=REGION)
    clock.sleep(60)
    assert [share.take(account=ACCOUNT, region=REGION) > 0 for _ in range(7)] == [False] * 5 + [True] * 2


def test_accounts_and_regions_do_not_wait_for_each_other(tmp_path: Path) -> None:
    share = _share(tmp_path, rate=1)
    assert share.take(account="1", region="a") == 0
    assert share.take(account="1", region="b") == 0
    assert share.take(account="2", region="a") == 0
    assert share.take(account="1", region="a") == pytest.approx(1)


@pytest.mark.parametrize(
    "left", [b"", b"nonsense", b"\x00\xff", b"nan nan", b"inf 0", b"-5 -5", b"9e99 0", b"1500", b"1500 1 1"]
)
def test_a_file_that_says_nothing_sensible_holds_nobody_up(tmp_path: Path, left: bytes) -> None:
    (tmp_path / f"{ACCOUNT}.{REGION}").write_bytes(left)
    share = _share(tmp_path)
    assert share.take(account=ACCOUNT, region=REGION) == 0
    assert [share.take(account=ACCOUNT, region=REGION) > 0 for _ in range(5)] == [False] * 4 + [True]


def test_a_turn_that_is_hours_away_is_an_error_and_not_a_silence(tmp_path: Path) -> None:
    clock = _Clock()
    share = _share(tmp_path, rate=0.01, clock=clock)
    (tmp_path / f"{ACCOUNT}.{REGION}").write_text(f"{clock.now + 3700!r} {clock.now!r}")
    with pytest.raises(AwsError, match="turn comes in 3700 seconds") as told:
        share.take(account=ACCOUNT, region=REGION)
    assert told.value.transient


def test_turns_of_before_the_computer_was_started_again_hold_nobody_up(tmp_path: Path) -> None:
    before = _share(tmp_path, clock=_Clock(5400.0))
    for _ in range(9):
        before.take(account=ACCOUNT, region=REGION)
    since = _share(tmp_path, clock=_Clock(60.0))
    assert [since.take(account=ACCOUNT, region=REGION) for _ in range(5)] == [0.0] * 5


def test_calls_and_waits_are_added_up_by_all_who_name_the_file(tmp_path: Path) -> None:
    tally = tmp_path / "calls" / "demo.json"
    for _ in range(2):
        share = _share(tmp_path / "turns", rate=2, tally=tally)
        for _ in range(2):
            share.take(account=ACCOUNT, region=REGION)
    found = read_tally(tally)
    assert found is not None
    assert (found.calls, found.waited_s > 0) == (4, True)
    assert read_tally(tmp_path / "none") is None


def test_who_only_counts_waits_for_nobody(tmp_path: Path) -> None:
    share = _share(tmp_path / "turns", rate=None, tally=tmp_path / "tally")
    assert [share.take(account=ACCOUNT, region=REGION) for _ in range(50)] == [0.0] * 50
    assert read_tally(tmp_path / "tally") == CallTally(calls=50)
    assert not (tmp_path / "turns").exists()


def test_a_folder_that_cannot_be_made_is_named_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="FLEETKIT_AWS_RATE_FOLDER"):
        _share(tmp_path / "file" / "turns").take(account=ACCOUNT, region=REGION)


_CALLER = """
import sys, time, concurrent.futures
from pathlib import Path
from fleetkit.aws import CallShare
share = CallShare(rate_per_s=40.0, folder=Path(sys.argv[1]), tally=Path(sys.argv[1]) / "tally")
def call(_):
    share.take(account="1", region="r")
    return time.monotonic()
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    print(*pool.map(call, range(30)))
"""


def test_processes_and_their_threads_together_never_pass_the_rate(tmp_path: Path) -> None:
    began = time.monotonic()
    words = [sys.executable, "-c", _CALLER, str(tmp_path)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=60)[0] for process in running]
    moments = sorted(float(one) for one in " ".join(said).split())
    assert len(moments) == 90
    # A second's worth at once, and from then on none before its turn; late they may be.
    assert all(moment - began >= (place - 39) / 40 - 0.001 for place, moment in enumerate(moments))
    found = read_tally(tmp_path / "tally")
    assert found is not None
    assert found.calls == 90


@pytest.fixture
def tally(tmp_path: Path) -> Path:
    return tmp_path / "tally"


def test_a_session_takes_a_turn_for_each_request_of_the_account_that_it_asks(tmp_path: Path, tally: Path) -> None:
    with emulated_aws():
        session = open_session(REGION, share=_share(tmp_path / "turns", tally=tally))
        session.ec2.describe_vpcs()
        session.ec2.describe_vpcs()
        session.iam.list_roles()
    assert sorted(file.name for file in (tmp_path / "turns").iterdir()) == [f"{ACCOUNT}.global", f"{ACCOUNT}.{REGION}"]
    found = read_tally(tally)
    assert found is not None
    # And one of STS, which tells whose account it is, and waits for nobody.
    assert found.calls == 4


def test_credentials_that_name_their_account_are_not_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulated_aws():
        session = open_session(REGION, share=_share(tmp_path))
        named = Credentials("key", "secret", account_id="210987654321")
        monkeypatch.setattr(session._session, "get_credentials", lambda: named)
        with session.counting() as calls:
            session.ec2.describe_vpcs()
    assert calls.made == {"ec2:DescribeVpcs": 1}
    assert [file.name for file in tmp_path.iterdir()] == [f"210987654321.{REGION}"]


_THROTTLED = (
    b"<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error>"
    b"</Errors></Response>"
)
_CALLER_IS = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>A</UserId><Account>123456789012</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
_NO_VPCS = b'<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><vpcSet/></DescribeVpcsResponse>'


@pytest.fixture
def throttling(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Serve an AWS that throttles as often as the list says, and then answers; the list counts down."""
    left = [0]

    def answer(request: Request) -> Reply:
        if b"GetCallerIdentity" in request.body:
            return Reply(body=_CALLER_IS)
        left[0] -= 1
        return Reply(status=503, body=_THROTTLED) if left[0] >= 0 else Reply(body=_NO_VPCS)

    with serve_answers(answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield left


def test_an_attempt_after_throttling_takes_its_turn_as_well(tmp_path: Path, tally: Path, throttling: list[int]) -> None:
    throttling[0] = 1
    session = open_session(REGION, share=_share(tmp_path / "turns", tally=tally))
    assert list_vpcs(session) == ()
    found = read_tally(tally)
    assert found is not None
    assert found.calls == 3


def test_an_aws_that_goes_on_throttling_is_told_as_that_and_may_be_tried_again(
    tmp_path: Path, throttling: list[int]
) -> None:
    throttling[0] = 100
    session = open_session(REGION, limits=AwsLimits(attempts=2), share=_share(tmp_path))
    with pytest.raises(AwsError, match="RequestLimitExceeded") as told:
        list_vpcs(session)
    assert told.value.transient
    assert "AWS asks for slower calls" in str(told.value)


def test_the_tally_is_one_small_file_whatever_is_added(tmp_path: Path, tally: Path) -> None:
    share = _share(tmp_path, rate=None, tally=tally)
    for _ in itertools.repeat(None, 200):
        share.take(account=ACCOUNT, region=REGION)
    assert tally.stat().st_size == 512
    assert json.loads(tally.read_bytes())["calls"] == 200
