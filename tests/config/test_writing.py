"""Writing cluster files: what is written is what is read, and nothing is overwritten."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cluster_files import TODAY, cluster_data

from fleetkit.config import (
    load_cluster,
    parse_cluster,
    propose_cluster,
    render_cluster_file,
    write_cluster_file,
)
from fleetkit.core import ClusterFileError


def test_a_new_file_says_what_it_was_given_and_teaches_each_field() -> None:
    text = render_cluster_file(cluster_data())
    assert tomllib.loads(text) == cluster_data() | {"load_balancers": {}, "notice": {}, "secrets": {}, "tags": {}}
    assert "# EC2 key pair that machines let in. Legal: the name of a key pair of the region." in text
    assert '# key_file = ""' in text
    assert max(len(line) for line in text.splitlines() if line.startswith("#")) <= 120


def test_a_gap_says_why_and_loading_refuses_it() -> None:
    data = cluster_data()
    del data["key_name"]
    text = render_cluster_file(data, unknown={"key_name": "the region has 2 key pairs:\nblue, green"})
    assert '# key_name = "…"  could not be found out: the region has 2 key pairs: blue, green' in text
    with pytest.raises(ClusterFileError) as caught:
        parse_cluster(tomllib.loads(text), file=Path("demo.toml"), today=TODAY)
    assert caught.value.problems == ("key_name: missing; legal: the name of a key pair of the region",)


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "clusters" / "demo.toml"
    write_cluster_file(file, 'name = "mine"\n', new=True)
    with pytest.raises(ClusterFileError, match="exists already"):
        write_cluster_file(file, 'name = "other"\n', new=True)
    assert file.read_text(encoding="utf-8") == 'name = "mine"\n'
    assert [found.name for found in file.parent.iterdir()] == ["demo.toml"]


def test_a_rewritten_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "demo.toml"
    write_cluster_file(file, "a = 1\n", new=True)
    file.chmod(0o640)
    write_cluster_file(file, "a = 2\n", new=False)
    assert file.read_text(encoding="utf-8") == "a = 2\n"
    assert file.stat().st_mode & 0o777 == 0o640


@given(
    count=st.integers(min_value=2, max_value=6),
    cidr=st.integers(min_value=0, max_value=255).map(lambda part: f"10.{part}.0.0/16"),
    quote=st.text(min_size=8, max_size=40).filter(lambda text: text.isprintable()),
)
def test_whatever_is_proposed_is_legal_and_survives_being_written(count: int, cidr: str, quote: str) -> None:
    zones = [f"eu-west-1{letter}" for letter in "abcdef"[:count]]
    values = propose_cluster("demo", region="eu-west-1", zones=zones, today=TODAY, who="ada", cidr=cidr)
    values |= {"operator_cidr": "198.51.100.7/32", "key_name": "fleetkit"}
    values["waivers"] = [{"check": "a", "resource": "*", "reason": quote, "who": quote, "until": TODAY}]
    values["registries"] = [{"name": "quay.io", "user": "ada", "password": "ssm:/demo"}]
    text = render_cluster_file(values)
    cluster = parse_cluster(tomllib.loads(text), file=Path("demo.toml"), today=TODAY)
    assert cluster.registries[0].password == "ssm:/demo"
    assert cluster.waivers[0].reason == quote
    assert len({master.address for master in cluster.masters.values()}) == 3
    assert all(
        ipaddress.ip_address(master.address) in ipaddress.ip_network(cidr) for master in cluster.masters.values()
    )


def test_a_written_file_is_loaded_as_it_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "clusters" / "demo.toml"
    write_cluster_file(file, render_cluster_file(cluster_data()), new=True)
    meant = parse_cluster(cluster_data(), file=file, today=TODAY)
    assert load_cluster("demo", folder=tmp_path, today=TODAY) == meant


def test_waivers_of_a_new_file_hold_for_ninety_days_and_no_longer() -> None:
    cluster = parse_cluster(cluster_data(), file=Path("demo.toml"), today=TODAY)
    assert cluster.waivers
    for waiver in cluster.waivers:
        assert (waiver.until - TODAY).days == 90
        assert waiver.holds_on(waiver.until)
        assert not waiver.holds_on(waiver.until.replace(year=2030))
