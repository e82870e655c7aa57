"""What machines fetch lies in the bucket as it was put there; a plan sees where it does not, and a deploy mends it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.aws_world import World, surrounding_world

from fleetkit import aws
from fleetkit.aws import delete_objects, read_object
from fleetkit.core import AwsError, ServiceError
from fleetkit.origins import PagesArchive
from fleetkit.pki import ClusterPki, renew_leaf
from fleetkit.workflows import Workspace, _archives
from fleetkit.workflows._archives import is_pages_archive_there
from fleetkit.workflows.supplying import (
    ensure_certificates,
    find_joining,
    find_pending_deliveries,
    find_pending_settings,
    find_supplied_image,
    supply_bucket,
    supply_image,
    supply_joining_member,
)

KEY = "roles/public/files/etc/fleet/fleet.env"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        found.write()
        yield found


@pytest.fixture
def workspace(world: World) -> Workspace:
    return world.open()


@pytest.fixture
def pki(workspace: Workspace) -> ClusterPki:
    made = ensure_certificates(workspace)
    supply_bucket(workspace, made)
    assert find_pending_deliveries(workspace) == ()
    return made


def overwrite(workspace: Workspace, key: str, content: bytes) -> None:
    """Write over an object as anybody else would."""
    workspace.session.s3.put_object(Bucket=workspace.bucket, Key=key, Body=content)


def test_before_the_first_deploy_everything_is_pending(workspace: Workspace) -> None:
    assert find_pending_deliveries(workspace) == (
        f"the bucket {workspace.bucket}, and all that machines fetch from it",
    )


@pytest.mark.parametrize("key", [KEY, "roles/master/etcd1/files/etc/etcd/pki/server.key"])
def test_an_object_that_somebody_wrote_over_is_seen_by_its_key_and_put_back(
    workspace: Workspace, pki: ClusterPki, key: str
) -> None:
    right = read_object(workspace.session, workspace.bucket, key=key)
    # Of the same length, so that its content alone tells it.
    overwrite(workspace, key, right[::-1])
    assert find_pending_deliveries(workspace) == (f"{key} (what lies there is not what was put there)",)
    assert supply_bucket(workspace, pki) == (key,)
    assert read_object(workspace.session, workspace.bucket, key=key) == right
    assert find_pending_deliveries(workspace) == ()


def test_what_breaks_off_between_files_and_their_manifest_says_what_that_means_for_machines(
    workspace: Workspace, pki: ClusterPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object, key: str, **_options: object) -> bool:
        if key == "roles/public/manifest":
            raise AwsError("AWS does not answer", hint="try again")
        return False

    monkeypatch.setattr(aws, "put_object", refuse)
    with pytest.raises(AwsError, match=r"next: try again; do the same again soon: .* a machine of roles/public that"):
        supply_bucket(workspace, pki)


def test_an_archive_that_somebody_wrote_over_is_named_once_and_downloaded_again(
    workspace: Workspace, pki: ClusterPki
) -> None:
    key = f"archives/{workspace.cluster.pins.fleet_sha256}/fleet.tar.gz"
    overwrite(workspace, key, b"another program")
    assert find_pending_deliveries(workspace) == (f"{key} (what lies there is not what was put there)",)
    assert supply_bucket(workspace, pki) == (key,)
    assert find_pending_deliveries(workspace) == ()


def test_a_manifest_that_somebody_wrote_over_is_seen_and_put_back(workspace: Workspace, pki: ClusterPki) -> None:
    overwrite(workspace, "roles/public/manifest", b"")
    assert find_pending_deliveries(workspace) == ("what roles/public fetches (it changed)",)
    assert supply_bucket(workspace, pki) == ("roles/public/manifest",)
    assert find_pending_deliveries(workspace) == ()


def test_an_object_that_is_gone_is_missing_and_not_overwritten(workspace: Workspace, pki: ClusterPki) -> None:
    delete_objects(workspace.session, workspace.bucket, keys=[KEY])
    assert find_pending_deliveries(workspace) == ("what roles/public fetches (1 files)",)
    assert supply_bucket(workspace, pki) == (KEY,)


def test_a_member_that_was_replaced_joins_for_good_whoever_deploys_next(workspace: Workspace, pki: ClusterPki) -> None:
    key, manifest = "roles/master/etcd2/files/etc/etcd/etcd.env", "roles/master/etcd2/manifest"
    assert supply_joining_member(workspace, pki, "etcd2") == (key, manifest)
    assert b"ETCD_INITIAL_CLUSTER_STATE=existing\n" in read_object(workspace.session, workspace.bucket, key=key)
    assert find_joining(workspace) == {"etcd2"}
    assert find_pending_deliveries(workspace) == ()
    assert supply_bucket(workspace, pki) == ()


def test_an_image_that_is_put_for_one_master_is_what_a_deploy_puts_and_brings_nothing_else(
    workspace: Workspace, pki: ClusterPki
) -> None:
    members = {name: master.address for name, master in workspace.cluster.masters.items()}
    renew_leaf(workspace.paths.pki, "members/etcd1/peer", members=members, dns_zone=workspace.cluster.dns_zone)
    pins = workspace.cluster.pins.model_copy(update={"etcd_image": "quay.io/coreos/etcd@sha256:" + "1" * 64})
    pinned = replace(workspace, cluster=workspace.cluster.model_copy(update={"pins": pins}))
    key = "roles/master/etcd1/files/etc/etcd/pki/peer.crt"
    served = read_object(workspace.session, workspace.bucket, key=key)
    for name in members:
        supply_image(pinned, name, pins.etcd_image)
        assert find_supplied_image(pinned, name) == pins.etcd_image
    assert read_object(workspace.session, workspace.bucket, key=key) == served
    assert "what roles/master/etcd1 fetches (it changed)" in find_pending_deliveries(pinned)
    assert not any("etcd2" in one or "etcd3" in one for one in find_pending_deliveries(pinned))


def test_a_certificate_that_was_re_issued_is_pending_and_no_setting_is(workspace: Workspace, pki: ClusterPki) -> None:
    members = {name: master.address for name, master in workspace.cluster.masters.items()}
    renew_leaf(workspace.paths.pki, "members/etcd1/peer", members=members, dns_zone=workspace.cluster.dns_zone)
    assert "what roles/master/etcd1 fetches (it changed)" in find_pending_deliveries(workspace)
    assert find_pending_settings(workspace, pki) == ()


def test_a_setting_that_a_deploy_would_bring_is_named_with_its_machine(workspace: Workspace, pki: ClusterPki) -> None:
    fleet = workspace.cluster.fleet.model_copy(update={"agent_ttl_s": 300})
    changed = replace(workspace, cluster=workspace.cluster.model_copy(update={"fleet": fleet}))
    named = find_pending_settings(changed, pki)
    assert "/etc/fleet/fleet.env of roles/public" in named
    assert len(named) == len(workspace.cluster.masters) + 3
    delete_objects(workspace.session, workspace.bucket, keys=["roles/public/manifest"])
    assert "roles/public/manifest is not there" in find_pending_settings(workspace, pki)


def pin_pages(world: World, sha256: str) -> Workspace:
    """Pin pages, as ``fleetkit pin --pages`` does."""
    image = "public.ecr.aws/docker/library/python@sha256:" + "1" * 64
    world.write(**{"pins.python_image": image, "pins.pages_sha256": sha256})
    return world.open()


def built(content: bytes) -> Callable[[], PagesArchive]:
    return lambda: PagesArchive(sha256=hashlib.sha256(content).hexdigest(), content=content)


def test_pinned_pages_lie_where_their_units_find_them_and_nowhere_else(
    world: World, workspace: Workspace, pki: ClusterPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_archives, "build_pages_archive", built(b"pages"))
    names = list(workspace.cluster.masters)
    before = [read_object(workspace.session, workspace.bucket, key=f"roles/master/{one}/manifest") for one in names]
    workspace = pin_pages(world, hashlib.sha256(b"pages").hexdigest())
    counts = {"etcd-browser": 5, "fleet-ui": 2}
    pending = [
        f"what roles/master/{one}/{page} fetches ({count} files)" for one in names for page, count in counts.items()
    ]
    assert find_pending_deliveries(workspace) == tuple(pending)
    assert not is_pages_archive_there(workspace)
    put = supply_bucket(workspace, pki)
    assert is_pages_archive_there(workspace)
    assert all("/etcd-browser/" in key or "/fleet-ui/" in key for key in put if not key.startswith("archives/"))
    after = [read_object(workspace.session, workspace.bucket, key=f"roles/master/{one}/manifest") for one in names]
    assert after == before
    assert list_page(workspace, "fleet-ui") == {
        "/etc/fleetkit/fleet-ui.env": ["0644", "root:root"],
        "/opt/fleetkit/pages.pex": ["0644", "root:root"],
    }
    assert list_page(workspace, "etcd-browser") == {
        "/etc/fleetkit/etcd-browser.env": ["0644", "root:root"],
        "/etc/fleetkit/etcd-browser/pki/ca.crt": ["0644", "root:root"],
        "/etc/fleetkit/etcd-browser/pki/ui.crt": ["0644", "etcd:etcd"],
        "/etc/fleetkit/etcd-browser/pki/ui.key": ["0400", "etcd:etcd"],
        "/opt/fleetkit/pages.pex": ["0644", "root:root"],
    }
    assert find_pending_deliveries(workspace) == ()


def list_page(workspace: Workspace, page: str) -> dict[str, list[str]]:
    """Return destination to mode and owner of what a page fetches on the first master."""
    key = f"roles/master/etcd1/{page}/manifest"
    lines = read_object(workspace.session, workspace.bucket, key=key).decode().splitlines()
    return {line.split(" ")[3]: line.split(" ")[1:3] for line in lines}


def test_a_certificate_of_the_pages_that_was_re_issued_is_theirs_alone(
    world: World, pki: ClusterPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_archives, "build_pages_archive", built(b"pages"))
    workspace = pin_pages(world, hashlib.sha256(b"pages").hexdigest())
    supply_bucket(workspace, pki)
    members = {name: one.address for name, one in workspace.cluster.masters.items()}
    renew_leaf(workspace.paths.pki, "clients/ui", members=members, dns_zone=workspace.cluster.dns_zone)
    fresh = ensure_certificates(workspace)
    files = ("files/etc/fleetkit/etcd-browser/pki/ui.crt", "manifest")
    assert set(supply_bucket(workspace, fresh)) == {
        f"roles/master/{name}/etcd-browser/{file}" for name in members for file in files
    }
    assert find_pending_deliveries(workspace) == ()


def test_what_pages_fetched_goes_once_they_are_pinned_no_more(
    world: World, pki: ClusterPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_archives, "build_pages_archive", built(b"pages"))
    supply_bucket(pin_pages(world, hashlib.sha256(b"pages").hexdigest()), pki)
    world.write()
    workspace = world.open()
    (pending,) = find_pending_deliveries(workspace)
    assert pending.startswith("what pages fetch is removed (")
    supply_bucket(workspace, pki)
    assert find_pending_deliveries(workspace) == ()
    left = {one.key for one in aws.list_objects(workspace.session, workspace.bucket)}
    assert not [key for key in left if key.endswith(("/ui.key", "etcd-browser.env"))]


def test_a_page_is_told_its_own_address_and_by_which_names_it_goes(
    world: World, pki: ClusterPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_archives, "build_pages_archive", built(b"pages"))
    workspace = pin_pages(world, hashlib.sha256(b"pages").hexdigest())
    supply_bucket(workspace, pki)
    key = "roles/master/etcd2/etcd-browser/files/etc/fleetkit/etcd-browser.env"
    text = read_object(workspace.session, workspace.bucket, key=key).decode()
    told = dict(line.split("=", 1) for line in text.splitlines())
    addresses = [one.address for one in workspace.cluster.masters.values()]
    assert told == {
        "PYTHON_IMAGE": workspace.cluster.pins.python_image,
        "ADDRESS": workspace.cluster.masters["etcd2"].address,
        "NAME": f"etcd-browser.{workspace.cluster.dns_zone}",
        "BALANCER": "internal-demo-etcd-ui-*.us-west-2.elb.amazonaws.com",
        "ENDPOINTS": ",".join(f"https://{one}:2379" for one in addresses),
    }


def test_pages_of_another_fleetkit_than_the_pinned_are_not_delivered(
    world: World, pki: ClusterPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_archives, "build_pages_archive", built(b"others"))
    workspace = pin_pages(world, hashlib.sha256(b"pages").hexdigest())
    with pytest.raises(ServiceError, match="is not the pinned one") as caught:
        supply_bucket(workspace, pki)
    assert "fleetkit pin demo" in str(caught.value)
    assert not [one for one in aws.list_objects(workspace.session, workspace.bucket) if "pages" in one.key]
