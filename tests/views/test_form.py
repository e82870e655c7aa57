"""The form as state: it shows what the file says, refuses what loading refuses, and tells what would be written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from support.cluster_files import TODAY, cluster_data

from fleetkit.config import outline_fields, parse_cluster, render_cluster_file
from fleetkit.core import ClusterFileError
from fleetkit.views import ClusterForm, Offer, Offers, find_shared_causes

FILE = Path("demo.toml")


def make_form(**known: object) -> ClusterForm:
    return ClusterForm(render_cluster_file(cluster_data(**known)), file=FILE, today=TODAY)


def said_of(form: ClusterForm, path: str) -> list[str]:
    return [problem.seen for problem in form.problems().get(path, ())]


def test_every_field_of_the_schema_is_shown_in_the_files_order() -> None:
    form = make_form()
    shown = {field.outline.path for group in form.groups() for field in group.fields}
    inner = {outline.path for outline in outline_fields() if "[]." in outline.path}
    assert shown == {outline.path for outline in outline_fields()} - inner - {"masters", "pools"}
    assert [group.name for group in form.groups()][:7] == [
        *("cluster", "network", "masters.etcd1", "masters.etcd2", "masters.etcd3"),
        *("pools.internal", "pools.public"),
    ]


def test_what_nobody_touches_is_legal_and_writes_nothing() -> None:
    form = make_form()
    for path, field in form.fields().items():
        if not field.fixed:
            form.type_into(path, field.value)
    assert form.problems() == {}
    assert not form.is_dirty
    assert form.difference() == ""
    assert form.text() == form.seen


@pytest.mark.parametrize(
    ("path", "typed", "seen"),
    [
        ("operator_cidr", "0.0.0.0/0", 'saw "0.0.0.0/0", which is the whole internet'),
        ("pools.internal.desired", "many", 'saw "many"'),
        ("pools.internal.desired", "26", "saw 26"),
        ("zones", "us-west-2a, us-west-2a", 'saw "us-west-2a" again'),
        ("masters.etcd1.address", "10.10.4.9", "saw 10.10.4.9, outside 10.10.3.0/24, the private subnet of us-west-2a"),
        ("etcd.election_ms", "200", "saw 200 with a heartbeat of 100"),
        ("key_name", "", 'saw ""'),
    ],
)
def test_an_error_stands_at_the_field_while_one_types_and_goes_when_it_is_mended(
    path: str, typed: str, seen: str
) -> None:
    form = make_form()
    right = form.fields()[path].value
    form.type_into(path, typed)
    assert seen in said_of(form, path)
    form.type_into(path, right)
    assert form.problems() == {}
    assert not form.is_dirty


def test_an_existing_vpc_is_chosen_by_emptying_what_would_make_one() -> None:
    form = make_form()
    form.type_into("network.vpc_id", "vpc-0123456789abcdef0")
    assert said_of(form, "network.nat_gateways") == ["given beside vpc_id"]
    for path in ("network.public_subnets", "network.private_subnets", "network.nat_gateways"):
        form.type_into(path, "")
    for kind in ("public", "private"):
        form.type_into(
            f"network.{kind}_subnet_ids", ", ".join(f"subnet-{'ab'[kind == 'public']}000000{n}" for n in (1, 2, 3))
        )
    assert form.problems() == {}
    network = tomllib.loads(form.text())["network"]
    assert not {"public_subnets", "private_subnets", "nat_gateways"} & set(network)
    assert form.fields()["network.nat_gateways"].value == ""
    assert form.fields()["network.nat_gateways"].default == "1"


def test_what_is_said_is_what_loading_says() -> None:
    form = make_form()
    for path, typed in {"region": "nowhere", "access": "vpn", "network.nat_gateways": "9"}.items():
        form.type_into(path, typed)
    with pytest.raises(ClusterFileError) as caught:
        parse_cluster(form.data, file=FILE, today=TODAY)
    told = [str(problem) for problems in form.problems().values() for problem in problems]
    assert sorted(told) == sorted(caught.value.problems)


def test_a_fourth_master_is_a_problem_of_the_set_and_a_fifth_solves_it() -> None:
    form = make_form()
    form.add_master("etcd4")
    form.type_into("masters.etcd4.address", "10.10.3.101")
    assert said_of(form, "masters") == ["saw 4 (etcd1, etcd2, etcd3, etcd4)"]
    form.add_master("etcd5")
    assert form.fields()["masters.etcd5.zone"].value == "us-west-2b", "the zone with the fewest"
    form.type_into("masters.etcd5.address", "10.10.4.101")
    assert form.problems() == {}
    assert list(tomllib.loads(form.text())["masters"]) == ["etcd1", "etcd2", "etcd3", "etcd4", "etcd5"]


def test_a_master_that_is_removed_may_come_back() -> None:
    form = make_form()
    form.remove_master("etcd3")
    assert form.masters == ("etcd1", "etcd2")
    assert "-[masters.etcd3]" in form.difference()
    form.add_master("etcd3")
    form.type_into("masters.etcd3.address", "10.10.5.100")
    assert form.problems() == {}
    assert tomllib.loads(form.text()) == tomllib.loads(form.seen)


def test_a_master_that_was_only_just_added_leaves_no_trace() -> None:
    form = make_form()
    form.add_master("etcd4")
    form.remove_master("etcd4")
    assert not form.is_dirty


def test_the_difference_shows_the_lines_that_change_and_the_file_keeps_its_comments() -> None:
    form = ClusterForm(
        make_form().seen.replace('key_name = "fleetkit"', 'key_name = "fleetkit"  # ask Ada first'),
        file=FILE,
        today=TODAY,
    )
    form.type_into("key_name", "ops")
    changed = [line for line in form.difference().splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ['-key_name = "fleetkit"  # ask Ada first', '+key_name = "ops"  # ask Ada first']


def test_the_draft_of_a_new_file_is_to_be_written_and_its_gaps_are_problems_until_filled() -> None:
    data = cluster_data()
    del data["key_name"]
    form = ClusterForm(
        render_cluster_file(data, unknown={"key_name": "there are two"}), file=FILE, new=True, today=TODAY
    )
    assert form.is_dirty
    assert said_of(form, "key_name") == ["missing"]
    form.type_into("key_name", "ops")
    assert form.problems() == {}
    assert '\nkey_name = "ops"\n' in form.text()
    assert form.difference().splitlines()[3:] == [f"+{line}" for line in form.text().splitlines()]


def test_what_the_form_does_not_edit_says_so_and_a_secret_that_is_no_reference_is_not_shown() -> None:
    notice = {"to": {"me": "env:ME", "us": "CANARY-5c3a"}, "topics": {"t": "CANARY-5c3a"}, "commands": {"c": "CANARY"}}
    form = make_form(secrets={"good": "ssm:/demo/key", "bad": "CANARY-5c3a"}, notice=notice)
    fields = form.fields()
    assert {path for path, field in fields.items() if field.fixed} == {
        *("name", "fleet.metadata", "registries", "secrets", "tags", "waivers"),
        *("notice.to", "notice.topics", "notice.commands"),
    }
    assert "good = ssm:/demo/key" in fields["secrets"].value
    assert "CANARY" not in str(form.to_frame().to_dict()) + str(form.problems())
    assert fields["notice.to"].value.splitlines()[0] == "me = env:ME"
    assert said_of(form, "secrets")


def test_a_registrys_password_that_is_no_reference_is_not_shown() -> None:
    rows = [{"name": "quay.io", "user": "ada", "password": value} for value in ("ssm:/demo/quay", "CANARY-5c3a")]
    form = make_form(registries=rows)
    shown = form.fields()["registries"].value
    assert "name quay.io, user ada, password ssm:/demo/quay" in shown
    assert "CANARY" not in shown + str(form.to_frame().to_dict()) + str(form.problems())


def test_a_key_that_nobody_knows_is_a_problem_of_its_table() -> None:
    form = ClusterForm(make_form().seen.replace("[logs]", "[logs]\ndays = 3"), file=FILE, today=TODAY)
    assert said_of(form, "logs") == ["no such key"]


def test_a_draft_that_is_taken_up_fills_what_is_empty_and_keeps_what_was_typed() -> None:
    gaps = cluster_data()
    for name in ("region", "zones", "key_name", "masters"):
        del gaps[name]
    form = ClusterForm(render_cluster_file(gaps), file=FILE, new=True, today=TODAY)
    form.type_into("key_name", "mine")
    form.add_master("etcd1")
    form.type_into("etcd.disk_gb", "")
    form.take_up(make_form(key_name="theirs").seen)
    fields = form.fields()
    assert fields["key_name"].value == "mine"
    assert fields["masters.etcd1.address"].value == cluster_data()["masters"]["etcd1"]["address"]  # type: ignore[index]
    assert fields["etcd.disk_gb"].value == ""
    assert form.problems() == {}
    assert tomllib.loads(form.text())["key_name"] == "mine"


def test_a_cause_is_shared_only_where_more_than_one_field_has_it() -> None:
    offers = {
        "region": Offers(unknown="no regions", cause="no credentials"),
        "zones": Offers(unknown="no zones", cause="no credentials"),
        "operator_cidr": Offers(unknown="no address", cause="no answer"),
        "key_name": Offers(options=(Offer(value="ops"),)),
    }
    assert find_shared_causes(offers) == {"no credentials": ("region", "zones")}
