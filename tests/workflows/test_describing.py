"""Describing a cluster: the file or its draft is opened, AWS is asked for choices, and only the legal is saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_moto import make_subnet, make_vpc
from support.aws_world import World, surrounding_world
from support.cluster_files import write_cluster
from support.http_answers import Reply

from fleetkit.core import ClusterFileError
from fleetkit.views import ClusterForm, Offer, Offers, find_shared_causes
from fleetkit.workflows import draft_description, list_choices, open_description, save_description
from fleetkit.workflows.initialize import initialize


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        yield found


def test_a_file_is_saved_with_its_comments_and_the_form_goes_on_from_it(tmp_path: Path) -> None:
    file = write_cluster(tmp_path)
    before = file.read_text(encoding="utf-8")
    form = open_description("demo", folder=tmp_path, environ={})
    form.type_into("key_name", "ops")
    assert save_description(form) == file
    assert file.read_text(encoding="utf-8") == before.replace('key_name = "fleetkit"', 'key_name = "ops"')
    assert not form.is_dirty
    form.type_into("key_name", "fleetkit")
    save_description(form)
    assert file.read_text(encoding="utf-8") == before


def test_what_is_not_legal_is_not_written(tmp_path: Path) -> None:
    file = write_cluster(tmp_path)
    before = file.read_bytes()
    form = open_description(str(file), folder=tmp_path, environ={})
    form.type_into("operator_cidr", "0.0.0.0/0")
    with pytest.raises(ClusterFileError, match="would not be legal") as caught:
        save_description(form)
    assert [line.partition(":")[0] for line in caught.value.problems] == ["operator_cidr"]
    assert file.read_bytes() == before


def test_a_change_that_somebody_else_made_is_not_lost(tmp_path: Path) -> None:
    file = write_cluster(tmp_path)
    form = open_description(None, folder=tmp_path, environ={"FLEETKIT_CLUSTER": "demo"})
    form.type_into("key_name", "ops")
    file.write_text(f"{form.seen}# a note of Ada's\n", encoding="utf-8")
    with pytest.raises(ClusterFileError, match="was not written") as caught:
        save_description(form)
    assert "somebody has changed it" in str(caught.value)
    assert file.read_text(encoding="utf-8").endswith("# a note of Ada's\n")


def draft(form: ClusterForm, world: World) -> dict[str, Offers]:
    """Have the form take up what is found out, and return what is not."""
    text, lacking = draft_description(form.name, world.settings)
    form.take_up(text)
    return lacking


def test_a_name_without_a_file_is_opened_unasked_and_takes_up_the_draft_that_init_writes(world: World) -> None:
    nowhere = {name: "http://127.0.0.1:9" for name in world.environ if name.endswith("_URL")}
    form = open_description("fresh", folder=world.folder, environ={**world.environ, **nowhere})
    assert {problem.seen for problem in form.problems()["region"]} == {"missing"}
    assert not form.file.exists()
    assert draft(form, world) == {}
    assert (form.new, form.problems()) == (True, {})
    save_description(form)
    written = form.file.read_bytes()
    form.file.unlink()
    assert initialize("fresh", folder=world.folder, settings=world.settings).file.read_bytes() == written


def test_a_new_file_goes_over_none_that_came_meanwhile(world: World) -> None:
    form = open_description("fresh", folder=world.folder, environ=world.environ)
    draft(form, world)
    form.file.parent.mkdir(parents=True, exist_ok=True)
    form.file.write_text('name = "fresh"\n', encoding="utf-8")
    with pytest.raises(ClusterFileError, match="exists already"):
        save_description(form)
    assert form.file.read_text(encoding="utf-8") == 'name = "fresh"\n'


def test_a_file_that_is_no_toml_is_told_by_its_line(tmp_path: Path) -> None:
    file = write_cluster(tmp_path)
    file.write_text('name = "demo"\nzones = [\n', encoding="utf-8")
    with pytest.raises(ClusterFileError, match="is not TOML"):
        open_description("demo", folder=tmp_path, environ={})


def test_what_aws_has_is_offered_by_field(world: World) -> None:
    vpc_id = make_vpc(world.session)
    subnet_id = make_subnet(world.session, vpc_id, cidr="10.10.3.0/24")
    offers = list_choices(world.settings, region="us-west-2", vpc_id=vpc_id)
    assert offers["operator_cidr"].options == (Offer(value="198.51.100.7/32"),)
    assert Offer(value="us-west-2") in offers["region"].options
    assert [offer.value for offer in offers["zones"].options][:2] == ["us-west-2a", "us-west-2b"]
    assert offers["masters.NAME.zone"] == offers["zones"]
    assert [offer.value for offer in offers["key_name"].options] == ["fleetkit"]
    assert Offer(value=vpc_id, about="10.10.0.0/16") in offers["network.vpc_id"].options
    assert offers["network.public_subnet_ids"].options == ()
    assert offers["network.private_subnet_ids"].options == (Offer(value=subnet_id, about="10.10.3.0/24 in us-west-2a"),)


def test_what_cannot_be_read_says_why_and_the_rest_is_offered(world: World) -> None:
    world.replies["/address"] = Reply(status=503)
    offers = list_choices(world.settings, region="us-west-2", vpc_id="vpc-00000000")
    assert "cannot learn this computer's public address" in offers["operator_cidr"].unknown
    assert offers["operator_cidr"].options == ()
    assert offers["zones"].options


def test_what_fails_for_one_reason_has_one_cause_whatever_was_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    offers = list_choices(world.settings, region="us-west-2")
    (paths,) = [paths for cause, paths in find_shared_causes(offers).items() if "127.0.0.1:9" in cause]
    assert set(paths) == {"region", "zones", "masters.NAME.zone", "key_name", "network.vpc_id"}
    assert len({offers[path].unknown for path in paths}) > 1, "each still says what was asked for"
    assert offers["operator_cidr"].options
