"""A sweep over clusters of several regions of one emulated account, some of which behave badly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from support.aws_regions import Regions, serve_regions
from support.sweeps import write_clusters, write_look

from fleetkit.runs.sweeps import SweepState
from fleetkit.workflows import SweepLimits, prepare_sweep, run_sweep

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]

_LOOK = (
    "from fleetkit import workflows\nfrom fleetkit.aws import asking\n"
    "session = workflows.open_workspace(cluster, folder=run.home).session\n"
    "with asking('the VPCs'):\n    for _ in range({times}): session.ec2.describe_vpcs()"
)


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def regions(account: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Regions]:
    with serve_regions(account) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        yield found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.setenv("FLEETKIT_HOME", str(tmp_path / "home"))
    write_look(tmp_path)
    return tmp_path


def _place(home: Path, *, times: int = 1, **regions: str) -> None:
    write_clusters(home, **dict.fromkeys(regions, _LOOK.format(times=times)))
    for name, region in regions.items():
        file = home / "clusters" / f"{name}.toml"
        file.write_text(file.read_text().replace("us-west-2", region))


def _sweep(home: Path, **limits: Any) -> Any:
    prepared = prepare_sweep("look.ipynb", folder=home, limits=SweepLimits(timeout_s=300, **limits))
    return run_sweep(prepared)


def test_what_each_region_does_is_told_for_its_cluster_alone_with_the_next_step(home: Path, regions: Regions) -> None:
    _place(home, deaf="eu-west-1", denied="ap-south-1", fine="us-west-2", pressed="eu-north-1", tried="us-east-1")
    regions.deaf.add("eu-west-1")
    regions.denied.add("ap-south-1")
    regions.throttled |= {"us-east-1": 2, "eu-north-1": 1000}
    swept = _sweep(home, at_once=5, rate_per_s=20)
    known = {one.cluster: one for one in swept.record.clusters}
    assert {name: one.state for name, one in known.items()} == {
        "deaf": SweepState.FAILED,
        "denied": SweepState.FAILED,
        "fine": SweepState.DONE,
        "pressed": SweepState.FAILED,
        "tried": SweepState.DONE,
    }
    assert "let these credentials do" in known["denied"].next_step
    assert "RequestLimitExceeded" in known["pressed"].reason
    assert known["pressed"].next_step == "AWS asks for slower calls: wait a minute and repeat"
    assert "cannot ask AWS" in known["deaf"].reason
    assert known["deaf"].next_step
    # Each attempt is a call, beside the one by which STS tells the account; the deaf region is asked that alone.
    assert [known[name].calls for name in ("deaf", "denied", "fine", "pressed", "tried")] == [5, 2, 2, 6, 4]
    assert [one.cluster for one in swept.failed] == ["deaf", "denied", "pressed"]


def test_runs_on_one_account_and_region_share_their_turns_and_others_do_not_wait_for_them(
    home: Path, regions: Regions
) -> None:
    _place(home, times=3, aaa="us-west-2", bbb="us-west-2", ccc="us-west-2", other="eu-west-1")
    began = time.monotonic()
    swept = _sweep(home, at_once=4, rate_per_s=0.5)
    known = {one.cluster: one for one in swept.record.clusters}
    assert {one.state for one in known.values()} == {SweepState.DONE}
    assert {one.calls for one in known.values()} == {4}
    moments = regions.seen["us-west-2"]
    assert len(moments) == 9
    # Every turn is two seconds after the one before, whichever kernel has it; late they may be.
    assert all(moment - began >= 2 * place for place, moment in enumerate(moments))
    # Three that each had turns of their own would have waited four seconds each.
    assert sum(known[name].waited_s or 0 for name in ("aaa", "bbb", "ccc")) > 12
    turns = sorted(path.name for path in (home / "home" / "aws-rate").iterdir())
    assert turns == ["123456789012.eu-west-1", "123456789012.us-west-2"]


def test_without_credentials_each_cluster_says_what_is_missing(
    home: Path, regions: Regions, monkeypatch: pytest.MonkeyPatch
) -> None:
    _place(home, aaa="us-west-2")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (one,) = _sweep(home).record.clusters
    assert one.state is SweepState.FAILED
    assert "give credentials" in one.next_step
    assert regions.seen == {}


def test_a_bucket_for_records_that_is_away_is_told_for_each_run_and_loses_none(
    home: Path, regions: Regions, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_clusters(home, aaa="")
    monkeypatch.setenv("FLEETKIT_RUNS", "s3://records-of-nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    (one,) = _sweep(home).record.clusters
    assert one.state is SweepState.FAILED
    assert "records-of-nobody" in one.reason
    assert one.next_step == "fleetkit runs push sends it"
    assert (home / one.record / "report.html").is_file()
