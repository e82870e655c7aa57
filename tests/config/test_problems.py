"""Every way in which a cluster file can be wrong, as data: what is changed, and what is then said, in full."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.cluster_files import TODAY, changed, cluster_data

from fleetkit.config import parse_cluster
from fleetkit.core import ClusterFileError

CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted(Path(__file__).with_name("cases").glob("*.toml"))
    for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]
]


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_file_is_refused_with_every_problem_and_no_other(case: dict[str, Any]) -> None:
    data = changed(cluster_data(), case.get("set", {}), case.get("remove", ()))
    with pytest.raises(ClusterFileError) as caught:
        parse_cluster(data, file=Path(f"clusters/{case.get('stem', 'demo')}.toml"), today=TODAY)
    assert sorted(caught.value.problems) == sorted(case["problems"])
    assert [hidden for hidden in case.get("hidden", ()) if hidden in str(caught.value)] == []


def test_the_file_that_the_cases_change_is_right() -> None:
    parse_cluster(cluster_data(), file=Path("demo.toml"), today=TODAY)


def test_problems_of_all_kinds_are_named_at_once_in_the_order_of_the_file() -> None:
    data = changed(
        cluster_data(),
        {"operator_cidr": "0.0.0.0/0", "pools.public.desired": "3", "pools.internal.desired": 99, "zonse": []},
        ["region"],
    )
    data["masters"]["etcd4"] = {"zone": "us-west-2a", "address": "10.10.3.3"}
    with pytest.raises(ClusterFileError) as caught:
        parse_cluster(data, file=Path("demo.toml"), today=TODAY)
    assert [line.partition(":")[0] for line in caught.value.problems] == [
        "region",
        "operator_cidr",
        "masters",
        "masters.etcd4.address",
        "pools.public.desired",
        "pools.internal.desired",
        "zonse",
    ]
    assert "fleetkit preflight demo" in str(caught.value)
