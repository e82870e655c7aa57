"""An archive holds what belongs into it and tells what it lacks; what it tells is what the records say."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.cluster_files import write_cluster
from support.evidence_world import (
    MADE,
    OPEN,
    SINCE,
    UNTIL,
    UNUSED,
    World,
    audited,
    copy_world,
    read_manifest,
    unpack,
    write_run,
    write_world,
)
from support.service_signers import ServiceSigner

from fleetkit.core import AwsError, NotFoundError, PreconditionError, SettingsError
from fleetkit.runs import Outcome
from fleetkit.runs._writing import RecordWriter
from fleetkit.workflows import make_evidence, open_record_place, prove_evidence

FIRST, DEPLOY = "20260302T040506Z-50-audit-cluster", "20260305T040506Z-12-deploy-cluster"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> World:
    return write_world(tmp_path_factory.mktemp("written"))


@pytest.fixture
def world(written: World, tmp_path: Path) -> World:
    return copy_world(written, tmp_path)


def rows(world: World, name: str) -> list[dict[str, str]]:
    """Return a table of the archive, and make sure that its two forms say the same."""
    files = unpack(world.folder / "march.zip")
    told: list[dict[str, str]] = json.loads(files[f"{name}.json"])
    assert list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode()))) == told
    return told


def page(world: World) -> str:
    return unpack(world.folder / "march.zip")["index.html"].decode()


def test_each_record_is_packed_byte_for_byte_with_its_proof(world: World) -> None:
    made = world.make()
    assert (made.outcome, str(made).partition(";")[0]) == ("done", "4 records of demo (4 closed)")
    files = unpack(made.path)
    for folder in (world.runs / "demo").iterdir():
        for path in folder.iterdir():
            assert files[f"records/{folder.name}/{path.name}"] == path.read_bytes()
    (first, *_) = json.loads(files["verification.json"])
    assert (first["record"], first["state"], first["keys"]) == (FIRST, "closed", [world.ada.signer.public_key])
    assert [row["proof"] for row in rows(world, "runs")] == ["closed"] * 4
    assert set(made.keys) == set(world.keys)


def test_the_same_input_gives_the_same_archive(world: World) -> None:
    first = world.make().path.read_bytes()
    assert world.make(world.folder / "again.zip").path.read_bytes() == first


def test_the_manifest_names_cluster_time_maker_and_every_file(world: World) -> None:
    made = world.make()
    manifest = read_manifest(made.path)
    assert (manifest.cluster, manifest.since, manifest.until, manifest.made_at) == ("demo", SINCE, UNTIL, MADE)
    assert manifest.made_by.user
    assert manifest.public_key == world.ada.signer.public_key
    assert manifest.versions["fleetkit"]
    named = [one.path for one in manifest.files]
    assert named == list(unpack(made.path))[:-2]


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("2026-03-02T04:05:06+00:00", "2026-03-09T04:05:06+00:00", [2, 5, 9]),
        ("2026-03-02T04:05:07+00:00", "2026-03-09T04:05:05+00:00", [5]),
        ("2026-03-16T05:05:06+01:00", "2026-03-16T05:05:06+01:00", [16]),
    ],
    ids=["both ends belong to it", "a second less at either end", "another zone"],
)
def test_runs_belong_to_the_time_in_which_they_began(world: World, since: str, until: str, days: list[int]) -> None:
    made = world.make(since=dt.datetime.fromisoformat(since), until=dt.datetime.fromisoformat(until))
    assert [int(one.id[6:8]) for one in made.manifest.records] == days


def test_runs_of_other_clusters_are_left_out(world: World) -> None:
    write_run(world.runs, world.ada.signer, day=3, cluster="other")
    assert [int(one.id[6:8]) for one in world.make().manifest.records] == [2, 5, 9, 16]


def test_findings_are_followed_from_audit_to_audit(world: World) -> None:
    world.make()
    told = {(row["check"], row["first seen"], row["last seen"], row["ended"]) for row in rows(world, "findings")}
    assert told == {
        ("ssh-open-to-world", "2026-03-02T04:05:07Z", "2026-03-09T04:05:07Z", "mended, 2026-03-16T04:05:07Z"),
        ("security-group-unused", "2026-03-09T04:05:07Z", "2026-03-16T04:05:07Z", "not yet"),
    }
    since = [row["since the one before"] for row in rows(world, "audits")]
    assert since == ["the first of these checks", "1 new", "1 mended"]
    assert [row["high"] for row in rows(world, "audits")] == ["1", "1", "0"]
    assert "Findings of each audit, by severity" in unpack(world.folder / "march.zip")["findings.svg"].decode()


def test_a_finding_that_comes_again_lives_anew_and_one_that_nobody_can_tell_of_lives_on(world: World) -> None:
    for day, state in ((17, "failed"), (18, "unknown"), (19, "failed"), (20, "waived")):
        write_run(world.runs, world.ada.signer, audited({OPEN: state, UNUSED: "passed"}, day=day), day=day)
    world.make()
    lives = [
        (row["state"], row["first seen"][8:10], row["last seen"][8:10], row["audits"], row["ended"][:19])
        for row in rows(world, "findings")
        if row["check"] == "ssh-open-to-world"
    ]
    assert sorted(lives) == [
        ("failed", "02", "09", "2", "mended, 2026-03-16T"[:19]),
        ("failed", "17", "19", "2", "waived, 2026-03-20T"[:19]),
        ("unknown", "18", "18", "1", "failed instead, 202"),
    ]


def test_approvals_are_told_with_whether_their_signature_holds(world: World) -> None:
    world.make()
    (row,) = rows(world, "approvals")
    assert (row["record"], row["operation"], row["plan"], row["way"]) == (DEPLOY, "deploy", "ab" * 32, "file")
    assert (row["by"], row["name"], row["signature"]) == (world.bob.person.arn, "bob", "holds")
    signed = {row["public key"]: row["signed"] for row in rows(world, "keys")}
    assert [signed[key] for key in world.keys] == ["this archive, 3 records", "1 record, 1 approval"]


def test_waivers_are_told_as_the_audits_met_them_and_as_the_cluster_file_has_them(world: World) -> None:
    today = MADE.date()
    mine = {"check": "vpc-flow-logs", "resource": "*", "reason": "=cmd() is no formula", "who": "bob"}
    write_cluster(world.folder, waivers=[{**mine, "until": today}])
    made = world.make()
    assert not [one for one in made.remarks if "waivers" in one]
    told = {row["check"]: row for row in json.loads(unpack(made.path)["waivers.json"])}
    old = told["security-group-unused"]
    assert (old["first met"], old["last met"], old["audits"]) == ("2026-03-02T04:05:07Z", "2026-03-02T04:05:07Z", "1")
    assert (old["now"], told["vpc-flow-logs"]["now"]) == ("no longer there", "holds")
    assert "'=cmd() is no formula" in unpack(made.path)["waivers.csv"].decode(), "a spreadsheet reckons nothing out"


@pytest.mark.parametrize(
    ("name", "why"),
    [("report.html", "report.html: it was changed"), ("run.json", "run.json: it was changed"), ("journal.jsonl", "")],
)
def test_a_broken_record_is_packed_and_marked_and_its_findings_are_not_counted(
    world: World, name: str, why: str
) -> None:
    path = world.runs / "demo" / FIRST / name
    path.write_bytes(path.read_bytes()[:-40])
    made = world.make()
    assert (made.outcome, made.summary) == ("failed", "4 records of demo (3 closed, 1 broken)")
    (row,) = [row for row in rows(world, "runs") if row["record"] == FIRST]
    assert row["proof"] == "broken"
    assert why in row["remarks"]
    assert len(rows(world, "audits")) == 2
    assert unpack(made.path)[f"records/{FIRST}/{name}"] == path.read_bytes()
    amiss = page(world).partition('id="runs"')[0]
    assert FIRST in amiss, "it is told where what is amiss is told"


def test_a_whole_record_of_another_cluster_is_broken_among_those_of_this_one(world: World) -> None:
    other = write_run(
        world.runs, world.ada.signer, audited({OPEN: "passed"}, day=20), day=20, cluster="other", notebook="50-audit"
    )
    shutil.move(other, world.runs / "demo" / other.name)
    assert world.make().outcome == "failed"
    (row,) = [row for row in rows(world, "runs") if row["record"] == other.name]
    assert row["proof"] == "broken"
    assert "it is of the cluster other, and lay among the records of demo" in row["remarks"]
    assert len(rows(world, "audits")) == 3, "what it found is not counted"
    assert "it is of the cluster other" in str(prove_evidence(world.folder / "march.zip", keys=world.keys))


def test_a_folder_that_is_a_link_is_told_as_missing(world: World) -> None:
    shutil.move(world.runs / "demo" / FIRST, world.folder / FIRST)
    (world.runs / "demo" / FIRST).symlink_to(world.folder / FIRST)
    made = world.make()
    assert made.outcome == "failed"
    assert [one.what for one in made.manifest.lacks] == [FIRST]
    assert "its folder is a link" in made.manifest.lacks[0].why


def test_a_record_without_a_journal_or_a_run_file_is_broken_and_not_left_out(world: World) -> None:
    (world.runs / "demo" / FIRST / "journal.jsonl").unlink()
    (world.runs / "demo" / DEPLOY / "run.json").unlink()
    made = world.make()
    states = {one.id: one.state for one in made.manifest.records}
    assert (states[FIRST], states[DEPLOY]) == ("broken", "broken")
    remarks = {row["record"]: row["remarks"] for row in rows(world, "runs")}
    assert remarks[FIRST].startswith(f"journal.jsonl: {FIRST} holds no journal")
    assert "run.json: it is not there" in remarks[DEPLOY]


def test_a_run_that_moved_itself_out_of_the_time_is_found_by_its_folder(world: World) -> None:
    path = world.runs / "demo" / FIRST / "run.json"
    path.write_text(path.read_text().replace("2026-03-02T04:05:06Z", "2020-03-02T04:05:06Z"))
    made = world.make()
    assert {one.id: one.state for one in made.manifest.records}[FIRST] == "broken"


def test_a_killed_run_is_open(world: World) -> None:
    killed = write_run(world.runs, world.ada.signer, day=20, closes=False)
    made = world.make()
    assert made.outcome == "findings"
    assert f"open: {killed.name}" in str(made)


def test_a_run_that_is_under_way_is_told_as_missing(world: World) -> None:
    folder = write_run(world.runs, world.ada.signer, day=20, closes=False)
    writer = RecordWriter(folder)
    try:
        made = world.make()
    finally:
        writer.close()
    assert made.outcome == "findings"
    (lack,) = made.manifest.lacks
    assert str(lack) == f"{folder.name}: its run was under way when the archive was made"
    assert str(lack) in page(world)
    proof = prove_evidence(made.path, keys=world.keys)
    assert (proof.outcome, proof.flaws) == ("findings", ())


def test_what_lies_beside_a_record_is_left_out_and_no_link_is_followed(world: World) -> None:
    secret = world.folder / "secret"
    secret.write_text("a secret of somebody's")
    folder = world.runs / "demo" / FIRST
    (folder / "notes.txt").write_text("mine")
    (folder / "report.html").unlink()
    (folder / "report.html").symlink_to(secret)
    made = world.make()
    assert made.outcome == "failed"
    files = unpack(made.path)
    assert b"a secret of somebody's" not in b"".join(files.values())
    assert f"records/{FIRST}/notes.txt" not in files
    (row,) = [row for row in rows(world, "runs") if row["record"] == FIRST]
    assert "notes.txt lay beside it and was left out; report.html lay beside it" in row["remarks"]


def test_what_cannot_be_read_is_told_as_missing_and_hides_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fleetkit.workflows._evidence_gathering as gathering
    from fleetkit.core import FleetkitError

    copy = gathering.copy_record

    def refuse(folder: Path, target: Path) -> tuple[str, ...]:
        if folder.name == FIRST:
            raise FleetkitError(f"the record {FIRST} cannot be read", seen="Permission denied")
        return copy(folder, target)

    monkeypatch.setattr(gathering, "copy_record", refuse)
    made = world.make()
    assert (made.outcome, len(made.manifest.records)) == ("failed", 3)
    assert f"{FIRST}: the record {FIRST} cannot be read: Permission denied" in page(world)


def test_a_bucket_that_is_away_is_told_and_what_is_here_is_packed(world: World) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
    environ = {"FLEETKIT_RUNS": "s3://records/team", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", **keys}
    place = open_record_place(world.folder, environ=environ)
    made = make_evidence(
        place, world.folder / "march.zip", cluster="demo", since=SINCE, until=UNTIL, signer=world.ada.signer, now=MADE
    )
    assert (made.outcome, len(made.manifest.records)) == ("failed", 4)
    (lack,) = made.manifest.lacks
    assert lack.what == "s3://records/team"
    assert lack.why.startswith("what lies there and not here is not known: ")
    assert "s3://records/team" in page(world)


def test_the_index_page_asks_nobody_runs_nothing_and_leads_to_what_is_there(world: World) -> None:
    world.make()
    text, files = page(world), unpack(world.folder / "march.zip")
    assert "<script" not in text
    assert re.findall(r"\ssrc=|url\((?!#)|@import", text) == []
    links = re.findall(r'href="([^"#]+)"', text)
    assert {one for one in links if one not in files} == {"data:,"}
    assert f"records/{FIRST}/report.html" in links
    assert str(world.folder) not in text


def test_what_people_wrote_is_shown_and_never_mark_up(world: World) -> None:
    write_cluster(
        world.folder,
        waivers=[
            {"check": "x", "resource": "<b>", "reason": "<script>alert(1)</script>", "who": "eve", "until": MADE.date()}
        ],
    )
    world.make()
    assert "<script" not in page(world)
    assert "&lt;script&gt;alert(1)" in page(world)


def test_a_secret_that_somebody_typed_into_the_cluster_file_is_not_packed(world: World) -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    told = {"check": "x", "resource": "*", "reason": f"opened with {key}", "who": "eve", "until": MADE.date()}
    write_cluster(world.folder, waivers=[told])
    assert key not in "".join(content.decode("latin-1") for content in unpack(world.make().path).values())
    assert "opened with [redacted]" in page(world)


def test_nothing_to_pack_is_no_archive(world: World) -> None:
    with pytest.raises(NotFoundError, match="4 records of another time"):
        world.make(since=UNTIL, until=UNTIL)
    with pytest.raises(NotFoundError, match="known: demo"):
        world.make(cluster="prod")
    with pytest.raises(SettingsError, match="ends before it begins"):
        world.make(since=UNTIL, until=SINCE)
    for name in ("*", "..", ""):
        with pytest.raises(SettingsError, match="is no name of a cluster"):
            world.make(cluster=name)
    assert not (world.folder / "march.zip").exists()


def test_a_key_that_cannot_sign_leaves_no_archive(world: World) -> None:
    signer = ServiceSigner()
    signer.away = "Connect timeout"
    with pytest.raises(AwsError):
        world.make(signer=signer)
    assert [one.name for one in world.folder.iterdir() if one.is_file()] == []
    with pytest.raises(PreconditionError):
        world.make(world.make().path)


def test_many_records_are_packed_one_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    room = world.folder / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    most: list[int] = []
    import fleetkit.workflows._evidence_gathering as gathering

    prove = gathering.prove_record

    def count(folder: Path, **options: Any) -> Any:
        most.append(len(list(room.iterdir())))
        return prove(folder, **options)

    monkeypatch.setattr(gathering, "prove_record", count)
    world.make()
    assert most == [1, 1, 1, 1]
    assert list(room.iterdir()) == []
    shutil.rmtree(room)


def test_the_time_that_goes_on_is_told(world: World) -> None:
    made = world.make(now=MADE.replace(month=3, day=20))
    assert "the time goes on: runs that begin after the archive was made are not in it" in made.remarks


def test_outcomes_of_runs_are_shown_as_they_were(world: World) -> None:
    write_run(world.runs, world.ada.signer, day=21, outcome=Outcome.FAILED)
    world.make()
    assert [row["outcome"] for row in rows(world, "runs")] == ["findings", "done", "findings", "findings", "failed"]
