"""Changing cluster files: only what was meant changes, it stands where a reader looks for it, and comments stay."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cluster_files import cluster_data

from fleetkit.config import change_cluster_data, change_cluster_file, render_cluster_file
from fleetkit.core import ClusterFileError

AMI = "ami-0123456789abcdef0"
FOURTH = {"masters.etcd4.zone": "us-west-2a", "masters.etcd4.address": "10.10.3.101"}


def test_a_filled_gap_stands_in_its_place_and_its_reason_goes() -> None:
    data = cluster_data()
    del data["images"]["flatcar"]
    text = render_cluster_file(data, unknown={"images.flatcar": "AWS did not answer"})
    changed = change_cluster_file(text, {"images.flatcar": AMI})
    assert changed == text.replace('# flatcar = "…"  could not be found out: AWS did not answer', f'flatcar = "{AMI}"')


def test_a_change_touches_its_value_alone() -> None:
    text = render_cluster_file(cluster_data()).replace("[images]", "# ours since the move\n[images]  # ask Ada first")
    changed = change_cluster_file(text, {"images.flatcar": AMI, "pins.etcd_version": "3.5.34"})
    before, after = text.splitlines(), changed.splitlines()
    assert sorted(set(after) - set(before)) == ['etcd_version = "3.5.34"', f'flatcar = "{AMI}"']
    assert "[images]  # ask Ada first" in after
    assert tomllib.loads(changed)["images"] == {"flatcar": AMI, "ubuntu": "ami-0b0b0b0b0b0b0b0b0"}


def test_a_change_that_changes_nothing_leaves_every_byte() -> None:
    text = render_cluster_file(cluster_data())
    assert change_cluster_file(text, {"images.flatcar": "ami-0f1a7ca40f1a7ca40"}) == text


def test_a_change_makes_a_table_that_is_not_there() -> None:
    changed = change_cluster_file('name = "demo"\n', {"images.flatcar": AMI})
    assert tomllib.loads(changed) == {"name": "demo", "images": {"flatcar": AMI}}


def test_numbers_switches_and_lists_are_changed_in_place() -> None:
    text = render_cluster_file(cluster_data())
    changed = change_cluster_file(text, {"pools.internal.desired": 4, "zones": ["us-west-2a", "us-west-2b"]})
    zones = 'zones = ["us-west-2a", "us-west-2b"'
    assert changed == text.replace(f'{zones}, "us-west-2c"]', f"{zones}]").replace("desired = 2", "desired = 4")


def test_a_default_that_is_changed_stands_under_its_words() -> None:
    text = render_cluster_file(cluster_data())
    changed = change_cluster_file(text, {"pins.etcd_version": "3.5.34", "network.public_subnet_ids": ["subnet-1"]})
    assert changed == text.replace('# etcd_version = "3.5.33"', 'etcd_version = "3.5.34"').replace(
        "# public_subnet_ids = []", 'public_subnet_ids = ["subnet-1"]'
    )


def test_a_comment_that_only_looks_like_a_default_stays() -> None:
    text = "[etcd]\nheartbeat_ms = 150\n# heartbeat_ms = 100\n"
    assert change_cluster_file(text, {"etcd.heartbeat_ms": 200}) == text.replace("150", "200")


def test_a_new_key_comes_behind_the_last_of_its_table_and_before_the_words_of_the_next() -> None:
    text = "[pools.internal]\nminimum = 0\n\n# How large etcd is.\n[etcd]\ndisk_gb = 8\n"
    assert change_cluster_file(text, {"pools.internal.maximum": 3}) == text.replace(
        "minimum = 0\n", "minimum = 0\nmaximum = 3\n"
    )


def test_comments_between_the_items_of_a_list_stay() -> None:
    text = 'zones = [\n  "a", # the old one\n  "b", # the new one\n]\n'
    changed = change_cluster_file(text, {"zones": ["a", "c"]})
    assert changed == text.replace('"b"', '"c"')


def test_a_new_master_stands_behind_the_last_one() -> None:
    text = render_cluster_file(cluster_data())
    changed = change_cluster_file(text, FOURTH)
    third = 'zone = "us-west-2c"\naddress = "10.10.5.100"\n'
    assert changed == text.replace(third, third + '[masters.etcd4]\nzone = "us-west-2a"\naddress = "10.10.3.101"\n')


def test_a_master_that_goes_leaves_the_words_of_what_follows() -> None:
    text = render_cluster_file(cluster_data())
    changed = change_cluster_file(text, {}, remove=["masters.etcd3"])
    assert changed == text.replace('[masters.etcd3]\nzone = "us-west-2c"\naddress = "10.10.5.100"\n', "")


def test_a_field_that_is_left_out_leaves_its_default_as_a_comment_and_comes_back_there() -> None:
    text = render_cluster_file(cluster_data())
    without = change_cluster_file(text, {}, remove=["network.nat_gateways", "pools.public.disk_gb"])
    assert without == text.replace("nat_gateways = 1", "# nat_gateways = 1").replace(
        "disk_gb = 30\n# secrets = []\n\n# The masters", "# disk_gb = 30\n# secrets = []\n\n# The masters"
    )
    assert change_cluster_file(without, {"network.nat_gateways": 3}) == without.replace(
        "# nat_gateways = 1", "nat_gateways = 3"
    )


def test_a_field_over_several_lines_is_left_out_whole() -> None:
    text = "[network]\npublic_subnets = [\n  'a',\n]\ncidr = 'b'\n"
    changed = change_cluster_file(text, {}, remove=["network.public_subnets"])
    assert tomllib.loads(changed) == {"network": {"cidr": "b"}}


def test_inline_tables_are_changed_too() -> None:
    text = 'masters = { etcd1 = { zone = "a", address = "10.0.0.1" } } # one is enough\n'
    changed = change_cluster_file(text, {"masters.etcd1.zone": "b", **FOURTH})
    assert tomllib.loads(changed)["masters"] == {
        "etcd1": {"zone": "b", "address": "10.0.0.1"},
        "etcd4": {"zone": "us-west-2a", "address": "10.10.3.101"},
    }
    assert "# one is enough" in changed
    assert tomllib.loads(change_cluster_file(changed, {}, remove=["masters.etcd1"]))["masters"].keys() == {"etcd4"}


def test_what_cannot_be_done_without_harm_is_refused() -> None:
    text = 'note = """\n[etcd]\ndisk_gb = 8\n"""\n'
    with pytest.raises(ClusterFileError, match="unusual way") as caught:
        change_cluster_file(text, {"etcd.quota_gb": 4})
    assert caught.value.hint == "change it in an editor"


@given(
    st.dictionaries(
        st.sampled_from(["name", "etcd.disk_gb", "network.cidr", "masters.a.zone", "masters.b.zone", "logs.days"]),
        st.one_of(st.integers(0, 99), st.booleans(), st.lists(st.text(max_size=5), max_size=3), st.text(max_size=20)),
    )
)
def test_whatever_is_changed_is_what_is_read(changes: dict[str, object]) -> None:
    text = render_cluster_file(cluster_data())
    assert tomllib.loads(change_cluster_file(text, changes)) == change_cluster_data(tomllib.loads(text), changes)
