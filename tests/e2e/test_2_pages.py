"""The two pages on the masters of a deployed cluster: pinned, delivered, run as units, seen through load balancers."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.e2e_world import CLUSTER, World, wait_for

from fleetkit.core import Patience

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

UNITS = Path(__file__).parents[2] / "units" / "pages"
PAGES = ("fleet-ui", "etcd-browser")
NAMES = [f"{page}@{number}.service" for page in PAGES for number in (1, 2, 3)]
A_WHILE = Patience(deadline_s=90, interval_s=2)


def ask(world: World, url: str, *more: str) -> tuple[int, str]:
    """Ask from the bastion, through which operators come; return the status and the page."""
    (bastion,) = world.instances_of("bastion")
    curl = ("curl", "-sSL", "--max-time", "20", "--write-out", "\n%{http_code}", *more, url)
    page, _, status = world.sandbox("shell", bastion["InstanceId"], "--", *curl).must(0).out.rpartition("\n")
    return int(status), page


def outputs(world: World) -> dict[str, str]:
    told: dict[str, str] = world.fleetkit("outputs", CLUSTER, "--json").must(0).json()
    return told


def test_pages_that_are_pinned_wait_for_their_units_and_for_no_reboot(world: World) -> None:
    told = world.fleetkit("pin", CLUSTER, "--pages", "--json").must(0).json()
    assert {one["path"] for one in told["changes"]} == {"pins.python_image", "pins.pages_sha256"}
    planned = world.fleetkit("plan", CLUSTER).must(3)
    assert "what roles/master/etcd1/fleet-ui fetches" in planned.text
    deployed = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(0)
    assert "boot" not in deployed.out
    assert world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"


def test_each_master_runs_both(world: World) -> None:
    instances = [word for page in PAGES for word in ("--instances", f"{page}@{{1..3}}.service")]
    words = ("units", "deploy", CLUSTER, str(UNITS), *instances, "--steady", "10s", "--approve", CLUSTER)
    world.fleetkit(*words).must(0)
    units = world.fleetkit("units", "list", CLUSTER, "--json").must(0).json()["units"]
    where = {one["name"]: one["machine_id"] for one in units if one["name"] in NAMES}
    assert sorted(where) == sorted(NAMES)
    for page in PAGES:
        assert len({where[f"{page}@{number}.service"] for number in (1, 2, 3)}) == 3


def test_their_load_balancers_find_them_well(world: World) -> None:
    elb = world.client("elbv2")
    groups = elb.describe_target_groups(Names=[f"{CLUSTER}-fleet-ui", f"{CLUSTER}-etcd-ui"])["TargetGroups"]
    assert len(groups) == 2

    def well() -> bool:
        health = [elb.describe_target_health(TargetGroupArn=one["TargetGroupArn"]) for one in groups]
        states = [one["TargetHealth"]["State"] for told in health for one in told["TargetHealthDescriptions"]]
        return states == ["healthy"] * 6

    wait_for("all targets to be healthy", well, patience=A_WHILE)


@pytest.mark.parametrize("page", PAGES)
def test_an_operator_sees_them_by_the_name_of_the_load_balancer_and_by_that_in_the_zone(
    world: World, page: str
) -> None:
    shows = {"fleet-ui": "fleet-ui@1.service", "etcd-browser": "_coreos.com"}[page]
    zone = outputs(world)["zone_name"].rstrip(".")
    for url in (outputs(world)[page.replace("-", "_")], f"http://{page}.{zone}"):
        status, text = ask(world, f"{url}/")
        assert (status, shows in text) == (200, True), (url, text[-800:])


def test_they_show_and_change_nothing_and_go_by_no_other_name(world: World) -> None:
    url = outputs(world)["fleet_ui"]
    assert ask(world, f"{url}/", "--request", "POST")[0] == 403
    status, text = ask(world, f"{url}/", "--header", "Host: evil.example")
    assert status == 400
    assert "fleet-ui@1.service" not in text


def test_nobody_but_operators_comes_to_them(world: World) -> None:
    worker = world.instances_of("public")[0]["InstanceId"]
    for url in (outputs(world)["fleet_ui"], f"http://{world.instances_of('master')[0]['PrivateIpAddress']}:3000"):
        assert world.sandbox("shell", worker, "--", "curl", "-sS", "--max-time", "3", url).code == 28


def test_the_key_of_their_certificate_lies_on_masters_alone_and_is_for_one_user(world: World) -> None:
    look = ("sh", "-c", "stat -c %U:%a /etc/fleetkit/etcd-browser/pki/ui.key")
    for role, code in (("master", 0), ("public", 1), ("internal", 1)):
        for one in world.instances_of(role):
            told = world.sandbox("shell", one["InstanceId"], "--", *look)
            assert told.code == code
            assert role != "master" or told.out.strip().endswith(":400")


def test_a_page_that_is_started_again_takes_what_is_there_by_then(world: World) -> None:
    name = "etcd-browser@1.service"
    (told,) = world.fleetkit("units", "status", CLUSTER, name, "--json").must(0).json()["units"]
    machines = world.fleetkit("machines", "list", CLUSTER, "--json").must(0).json()["machines"]
    (address,) = (one["address"] for one in machines if one["id"] == told["machine_id"])
    on = ("shell", address, "--", "sh", "-c")
    world.sandbox(*on, "rm /opt/fleetkit/pages.pex /etc/fleetkit/etcd-browser.env").must(0)
    world.fleetkit("units", "stop", CLUSTER, name, "--approve", CLUSTER).must(0)
    world.fleetkit("units", "start", CLUSTER, name, "--steady", "10s", "--approve", CLUSTER).must(0)
    world.sandbox(*on, "test -s /opt/fleetkit/pages.pex && test -s /etc/fleetkit/etcd-browser.env").must(0)
    said = world.fleetkit("units", "journal", CLUSTER, name, "--lines", "40").must(0).out
    assert "Scheduled restart" not in said


def test_they_go_as_they_came(world: World) -> None:
    every = [*NAMES, *(f"{page}@.service" for page in PAGES)]
    world.fleetkit("units", "destroy", CLUSTER, *every, "--approve", CLUSTER).must(0)
    left = world.fleetkit("units", "list", CLUSTER, "--json").must(0).json()["units"]
    assert not {one["name"] for one in left} & set(every)
    for one in world.instances_of("master"):
        gone = ("sh", "-c", "! test -e /etc/fleetkit/etcd-browser")
        world.sandbox("shell", one["InstanceId"], "--", *gone).must(0)
    for pin in ("python_image", "pages_sha256"):
        world.edit(f"^{pin} = .*$", f'{pin} = ""')
    assert "what pages fetch is removed" in world.fleetkit("plan", CLUSTER).must(3).text
    world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(0)
    assert world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"
