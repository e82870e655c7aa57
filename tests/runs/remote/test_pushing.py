"""Records on their way to a bucket: whole or open for a reader, sent once, and never lost."""

from __future__ import annotations

import json
import os
import threading

import nbformat
import pytest
from support.runs_bucket import Bucket
from support.runs_records import inspected, make_record, member, write_events, write_record

from fleetkit.core import AwsError, NotFoundError, NotYet, Patience, PreconditionError, wait_until
from fleetkit.runs import EventKind, Outcome, RecordMirror, is_pushed, push_pending, push_record
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.journal import JournalWriter
from fleetkit.runs.remote.pushing import forget_pushed


def write_whole(runs, **about):
    folder = write_events(write_record(runs, **about), *inspected([member("etcd1")]))
    for name in ("notebook.ipynb", "report.html"):
        (folder / name).write_text(name)
    return folder


def test_run_json_is_sent_after_all_that_it_speaks_of(tmp_path):
    folder, bucket = write_whole(tmp_path), Bucket()
    (folder / ".run.json.part").write_text("half of it")
    assert push_record(folder, bucket) == 4
    names = [key.removeprefix(f"demo/{folder.name}/") for key in bucket.written]
    assert names == ["journal.jsonl", "notebook.ipynb", "report.html", "run.json"]
    assert bucket.content[bucket.written[3]] == (folder / "run.json").read_bytes()


def test_only_what_changed_is_sent_again(tmp_path):
    folder, bucket = write_whole(tmp_path), Bucket()
    push_record(folder, bucket)
    bucket.names()
    assert (push_record(folder, bucket), is_pushed(folder, bucket)) == (0, True)
    (folder / "report.html").write_text("another")
    assert not is_pushed(folder, bucket)
    assert (push_record(folder, bucket), bucket.names()) == (2, {"report.html", "run.json"})
    assert (push_record(folder, bucket, always=True), bucket.names()) == (1, {"run.json"})
    assert push_record(folder, Bucket(address="s3://elsewhere")) == 4, "another bucket knows nothing of it"


def test_what_was_written_anew_in_the_same_moment_with_the_same_size_is_sent(tmp_path):
    folder, bucket = write_whole(tmp_path), Bucket()
    push_record(folder, bucket)
    report, moment = folder / "report.html", (folder / "report.html").stat().st_mtime_ns
    report.write_text(report.read_text().swapcase())
    os.utime(report, ns=(moment, moment))
    assert not is_pushed(folder, bucket)
    assert (push_record(folder, bucket), is_pushed(folder, bucket)) == (2, True)
    assert bucket.content[f"demo/{folder.name}/report.html"] == b"REPORT.HTML"


def test_a_record_is_not_sent_over_that_of_another_run_of_the_same_name_and_keeps_no_other_from_going(tmp_path):
    """Two computers may begin a run of one notebook in the same second."""
    bucket, told = Bucket(), []
    first, second = (write_begun(tmp_path / host, host) for host in ("desk", "server"))
    older = write_whole(tmp_path / "server", day=1)
    assert push_record(first, bucket) == 2
    there = dict(bucket.content)
    with pytest.raises(PreconditionError, match=f"another run's record lies at s3://records/team/demo/{first.name}"):
        push_record(second, bucket)
    pushed = push_pending(tmp_path / "server", bucket)
    assert (pushed.ok, list(pushed.failed)) == ({older: 4}, [second])
    with RecordMirror(second, bucket, tell=told.append):
        pass
    assert f"this one stays in {second} alone, and is not sent over it" in told[-1]
    assert {key: bucket.content[key] for key in there} == there
    forget_pushed(first)
    assert push_record(first, bucket) == 2, "whose notes are lost finds its own again"


def test_a_record_that_lost_its_journal_is_sent_as_it_is(tmp_path):
    folder, bucket = write_whole(tmp_path), Bucket()
    (folder / "journal.jsonl").unlink()
    assert (push_record(folder, bucket), bucket.names()) == (3, {"notebook.ipynb", "report.html", "run.json"})


def write_begun(runs, host):
    folder = write_record(runs, day=2)
    journal = JournalWriter(folder)
    journal.append(EventKind.RUN_STARTED, {"actor": {"host": host}})
    journal.close()
    return folder


def test_what_somebody_does_to_a_closed_record_here_does_not_reach_the_bucket(tmp_path):
    folder, bucket = write_record(tmp_path), Bucket()
    writer = RecordWriter(folder)
    writer.write_closed(nbformat.v4.new_notebook(), make_record(id=folder.name))
    writer.close()
    assert push_pending(tmp_path, bucket).ok == {folder: 4}
    (folder / "report.html").write_text("all is well")
    assert push_pending(tmp_path, bucket) == {}


def test_a_push_that_is_cut_off_leaves_no_record_that_looks_whole_and_goes_on_where_it_was(tmp_path):
    folder, bucket = write_whole(tmp_path), Bucket(reachable_for=2)
    with pytest.raises(AwsError):
        push_record(folder, bucket)
    assert bucket.names() == {"journal.jsonl", "notebook.ipynb"}
    bucket.reachable_for = None
    assert (push_record(folder, bucket), bucket.names()) == (2, {"report.html", "run.json"})


def test_notes_that_were_cut_off_cost_sending_again_and_no_more(tmp_path):
    folder, bucket = write_whole(tmp_path), Bucket()
    push_record(folder, bucket)
    (tmp_path / ".pushed" / "demo" / f"{folder.name}.json").write_text('{"address"')
    assert push_record(folder, bucket) == 4


def test_a_folder_without_a_record_is_not_sent(tmp_path):
    (tmp_path / "demo" / "x").mkdir(parents=True)
    with pytest.raises(NotFoundError, match="holds no record"):
        push_record(tmp_path / "demo" / "x", Bucket())


def test_what_is_pending_is_sent_once_the_bucket_is_there_and_a_run_under_way_is_left_to_its_own(tmp_path):
    old, new, bucket = write_whole(tmp_path, day=1), write_whole(tmp_path, day=2), Bucket(reachable_for=5)
    under_way = write_record(tmp_path, day=3)
    writer = RecordWriter(under_way)
    writer.write_run(make_record(id=under_way.name, outcome=Outcome.RUNNING, ended=None, exit=None))
    pushed = push_pending(tmp_path, bucket)
    assert (pushed.ok, list(pushed.failed)) == ({new: 4}, [old])
    bucket.reachable_for = None
    assert push_pending(tmp_path, bucket).ok == {old: 3}
    assert push_pending(tmp_path, bucket) == {}
    assert not any(under_way.name in key for key in bucket.content)
    writer.close()
    assert push_pending(tmp_path, bucket).ok == {under_way: 2}, "its process is gone, and nobody else will send it"


def wait_for(condition, what):
    wait_until(
        lambda: True if condition() else NotYet(what), what=what, patience=Patience(deadline_s=20, interval_s=0.01)
    )


def test_a_mirror_sends_earlier_records_the_run_while_it_goes_on_and_its_end(tmp_path):
    earlier, folder, bucket, told = write_whole(tmp_path, day=1), write_record(tmp_path, day=2), Bucket(), []
    writer = RecordWriter(folder)
    running = make_record(id=folder.name, outcome=Outcome.RUNNING, ended=None, exit=None)
    writer.write_run(running)
    writer.record(EventKind.RUN_STARTED, {})
    key = f"demo/{folder.name}/run.json"
    with RecordMirror(folder, bucket, tell=told.append, every_s=0.01):
        wait_for(lambda: key in bucket.content, "the record under way")
        assert json.loads(bucket.content[key])["outcome"] == "running"
        wait_for(lambda: f"demo/{earlier.name}/run.json" in bucket.content, "the earlier record")
        writer.write_run(make_record(id=folder.name))
    writer.close()
    assert json.loads(bucket.content[key])["outcome"] == "done"
    assert told == []
    assert threading.active_count() == 1 or "record-mirror" not in {thread.name for thread in threading.enumerate()}


def test_a_record_whose_first_word_is_not_written_yet_is_no_trouble(tmp_path):
    folder, bucket, told = write_whole(tmp_path), Bucket(), []
    first_word = (folder / "run.json").rename(tmp_path / "run.json")
    with RecordMirror(folder, bucket, tell=told.append, every_s=0.01):
        wait_for(lambda: threading.active_count() > 1, "the mirror")
        first_word.rename(folder / "run.json")
    assert (told, is_pushed(folder, bucket)) == ([], True)


def test_a_bucket_that_goes_away_is_told_once_and_so_is_its_return_and_nothing_is_lost(tmp_path):
    folder, bucket, told = write_whole(tmp_path), Bucket(reachable_for=0), []
    with RecordMirror(folder, bucket, tell=told.append, every_s=0.01):
        wait_for(lambda: told, "the trouble")
        bucket.reachable_for = None
        wait_for(lambda: len(told) > 1, "its end")
    assert [text.partition(" for now")[0] for text in told] == [
        "the record cannot be sent to s3://records/team",
        "s3://records/team can be reached again",
    ]
    assert len(bucket.content) == 4


def test_a_record_that_could_not_be_sent_is_kept_and_how_to_send_it_told(tmp_path):
    folder, bucket, told = write_whole(tmp_path), Bucket(reachable_for=0), []
    with RecordMirror(folder, bucket, tell=told.append):
        pass
    assert not is_pushed(folder, bucket)
    assert "the record is not in s3://records/team yet: cannot ask AWS" in told[-1]
    assert f"it is kept in {folder}" in told[-1]
    assert "fleetkit runs push" in told[-1]
    bucket.reachable_for = None
    assert push_pending(tmp_path, bucket).ok == {folder: 4}
