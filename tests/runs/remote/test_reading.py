"""Records of a bucket, read together with those of this computer."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from support.runs_bucket import Bucket
from support.runs_records import inspected, make_record, member, write_events, write_record

from fleetkit.core import AwsError, BusyError, NotFoundError, utc_now
from fleetkit.runs import Outcome, RemoteStore, diff_runs, push_record, read_digest
from fleetkit.runs._writing import RecordWriter


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture
def store(tmp_path, bucket):
    return RemoteStore(bucket, tmp_path / "here")


def send(tmp_path, bucket, **about) -> str:
    """Have somebody elsewhere leave a record in the bucket, and return its id."""
    folder = write_events(write_record(tmp_path / "elsewhere", **about), *inspected([member("etcd1")]))
    push_record(folder, bucket)
    return folder.name


def test_records_of_the_bucket_and_of_this_computer_are_one_list(tmp_path, bucket, store):
    elsewhere = send(tmp_path, bucket, day=2)
    other = send(tmp_path, bucket, day=4, cluster="other")
    here = [write_record(tmp_path / "here", day=day) for day in (1, 3)]
    push_record(here[0], bucket)
    assert [folder.name for folder in store.list_runs()] == [other, here[1].name, elsewhere, here[0].name]
    assert [folder.name for folder in store.list_runs(cluster="other")] == [other]
    assert all(stored.record.outcome is Outcome.DONE for stored in store.list_runs().ok.values())


def test_a_listing_fetches_run_json_alone_and_only_once(tmp_path, bucket, store):
    name = send(tmp_path, bucket)
    store.list_runs()
    store.list_runs()
    assert bucket.read == [f"demo/{name}/run.json"]


def test_a_record_that_is_found_is_here_with_all_its_files(tmp_path, bucket, store):
    name = send(tmp_path, bucket)
    stored = store.find_run("latest")
    assert stored.record.id == name
    assert set(read_digest(stored.folder).facts) == {"members", "quorum"}
    assert store.find_run(str(stored.folder)).record == stored.record
    here = write_record(tmp_path / "here", day=9)
    assert store.find_run(here.name).folder == here
    with pytest.raises(NotFoundError, match="under s3://records/team is called '2027'"):
        store.find_run("2027")


def test_what_was_fetched_is_fetched_anew_when_it_changed(tmp_path, bucket, store):
    name = send(tmp_path, bucket)
    assert store.find_run(name).record.summary == ""
    folder = tmp_path / "elsewhere" / "demo" / name
    writer = RecordWriter(folder)
    writer.write_run(dataclasses.replace(make_record(id=name), summary="looked at again"))
    writer.close()
    push_record(folder, bucket)
    assert store.find_run(name).record.summary == "looked at again"


def test_what_was_written_anew_in_the_same_second_with_the_same_size_is_fetched_anew(tmp_path, bucket, store):
    name = send(tmp_path, bucket)
    key = f"demo/{name}/journal.jsonl"
    copy = store.find_record(name) / "journal.jsonl"
    content, changed = bucket.content[key], bucket.changed[key]
    assert copy.read_bytes() == content
    bucket.write_object(key, content.swapcase())
    bucket.changed[key] = changed
    store.find_record(name)
    assert copy.read_bytes() == content.swapcase()


def test_a_file_that_was_removed_from_the_bucket_is_gone_from_the_copy_too(tmp_path, bucket, store):
    name = send(tmp_path, bucket)
    copy = store.find_record(name)
    assert {path.name for path in copy.iterdir()} == {"journal.jsonl", "run.json"}
    bucket.delete_objects([f"demo/{name}/journal.jsonl"])
    assert store.find_record(name) == copy
    assert {path.name for path in copy.iterdir()} == {"run.json"}


def test_a_damaged_record_is_fetched_for_whoever_is_to_prove_it(tmp_path, bucket, store):
    name = send(tmp_path, bucket)
    bucket.write_object(f"demo/{name}/run.json", b"{")
    assert (store.find_record("latest") / "run.json").read_bytes() == b"{"


def test_two_runs_of_the_bucket_can_be_compared(tmp_path, bucket, store):
    send(tmp_path, bucket, day=1)
    send(tmp_path, bucket, day=2, outcome=Outcome.FINDINGS)
    listed = list(store.list_runs().ok.values())
    found = diff_runs(*(store.fetch_run(stored) for stored in reversed(listed)))
    assert ([one.topic for one in found.differences], found.remarks) == (["outcome"], ())


def test_a_torn_record_is_named_and_hides_none_and_foreign_objects_are_named_too(tmp_path, bucket, store):
    good, torn = send(tmp_path, bucket, day=1), send(tmp_path, bucket, day=2)
    bucket.delete_objects([f"demo/{torn}/run.json"])
    damaged = send(tmp_path, bucket, day=3)
    bucket.write_object(f"demo/{damaged}/run.json", b"{")
    for key in ("notes.txt", "demo/notes/run.json", f"../{good}/run.json", f"demo/{good}/a/b", f"demo/{good}/.."):
        bucket.write_object(key, b"foreign")
    (tmp_path / "here" / "demo" / "mine").mkdir(parents=True)
    assert store.list_foreign(cluster="demo") == (
        str(tmp_path / "here" / "demo" / "mine"),
        f"s3://records/team/demo/{good}",
        f"s3://records/team/demo/{good}/a",
        "s3://records/team/demo/notes",
    )
    found = store.list_runs()
    assert [folder.name for folder in found.ok] == [good]
    assert {folder.name: str(error).partition(": ")[0] for folder, error in found.failed.items()} == {
        torn: f"s3://records/team/demo/{torn} is no whole record",
        damaged: f"the record s3://records/team/demo/{damaged}/run.json cannot be read",
    }
    assert store.find_run(good).record.id == good
    with pytest.raises(NotFoundError, match="no whole record"):
        store.find_run(torn)


def test_a_bucket_that_cannot_be_read_is_an_error_and_no_empty_list(bucket, store):
    bucket.reachable_for = 0
    with pytest.raises(AwsError):
        store.list_runs()


def test_a_run_under_way_elsewhere_is_told_from_one_that_fell_silent(tmp_path, bucket, store):
    name = send(tmp_path, bucket, outcome=Outcome.RUNNING, ended=None, exit=None)
    (stored,) = store.list_runs().ok.values()
    assert stored.record.outcome is Outcome.RUNNING
    with pytest.raises(BusyError):
        store.remove_run(stored)
    for key in bucket.changed:
        bucket.changed[key] = utc_now() - dt.timedelta(minutes=10)
    assert store.find_run(name).record.outcome is Outcome.ABANDONED


def test_a_record_is_removed_here_and_in_the_bucket_and_what_says_that_it_is_one_last(tmp_path, bucket, store):
    elsewhere, here = send(tmp_path, bucket, day=1), write_record(tmp_path / "here", day=2)
    push_record(here, bucket)
    store.find_run(elsewhere)
    bucket.reachable_for = 3
    listed = {stored.record.id: stored for stored in store.list_runs().ok.values()}
    with pytest.raises(AwsError):
        store.remove_run(listed[elsewhere])
    assert [key for key in bucket.content if elsewhere in key] == [f"demo/{elsewhere}/run.json"]
    bucket.reachable_for = None
    for stored in listed.values():
        store.remove_run(stored)
    assert (bucket.content, here.exists()) == ({}, False)
    assert store.list_runs() == {}
    assert not [path for path in (tmp_path / "here").rglob("*") if path.is_file()], "no trace is left here either"


def test_where_another_run_has_the_place_a_record_is_removed_here_alone(tmp_path, bucket, store):
    name = send(tmp_path, bucket)
    here = write_record(tmp_path / "here")
    assert here.name == name
    there = dict(bucket.content)
    store.remove_run(store.find_run(name))
    assert (bucket.content, here.exists()) == (there, False)
