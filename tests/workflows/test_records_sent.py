"""Records that a kernel writes itself, by hand or under plain papermill: sent to the bucket when they end."""

from __future__ import annotations

import json

import pytest
from support.runs_kernels import start_kernel_by_hand
from support.runs_notebooks import records_under, start_python, write_notebook
from support.runs_s3 import PLACE, keys_of, move_to

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.pki import verify_signature
from fleetkit.runs import Outcome, ProofState, push_pending, read_run, verify_run
from fleetkit.workflows import open_record_place

pytestmark = pytest.mark.sandbox

BEGIN = (
    "from fleetkit import workflows\n"
    "run = workflows.begin_run(notebook='10-try', cluster='demo', parameters={'count': count})\nrun"
)
FINISH = "run.finish()"
AWAY = "http://127.0.0.1:9"
"""Nobody listens at this port."""


def papermill(folder, *options, finish=FINISH):
    """Run a notebook by papermill, and return its exit code, what it printed, and the notebook that came out."""
    path = write_notebook(folder / "10-try.ipynb", "## Set up", BEGIN, "## Look", "print('seen')", "## Outcome", finish)
    process = start_python(["-m", "papermill", *options, str(path), "out.ipynb"], folder=folder)
    said, _ = process.communicate(timeout=90)
    return process.returncode, said, (folder / "out.ipynb").read_text()


def sent_document(s3, name):
    """Return what the bucket's ``run.json`` says; nothing where there is none yet."""
    key = f"team/demo/{name}/run.json"
    return json.loads(s3.get_object(Bucket="records", Key=key)["Body"].read()) if key in keys_of(s3) else {}


def wait_until_closed(look):
    wait_until(
        lambda: look() or NotYet("it is not closed yet"),
        what="the closed record",
        patience=Patience(deadline_s=30, interval_s=0.1),
    )


def verify_elsewhere(tmp_path, monkeypatch, name):
    """Fetch a record at another computer, and return what its proof says."""
    move_to(tmp_path / "there", monkeypatch)
    place = open_record_place()
    return verify_run(place.store.find_record(name), verify=verify_signature).state


def test_a_run_by_hand_is_sent_when_its_last_cell_has_ended_and_its_kernel_lives_on(here, s3, tmp_path, monkeypatch):
    with start_kernel_by_hand(here) as kernel:
        for code in ("count = 3", BEGIN, FINISH):
            assert "s3://" not in kernel.run(code), "there is nothing to tell"
        (record,) = records_under(here)
        wait_until_closed(lambda: sent_document(s3, record.name).get("closing"))
        assert kernel.run("6 * 7") == "{'text/plain': '42'}"
    assert verify_elsewhere(tmp_path, monkeypatch, record.name) is ProofState.CLOSED


def test_a_run_by_hand_that_is_left_is_sent_when_its_kernel_ends(here, s3):
    with start_kernel_by_hand(here) as kernel:
        for code in ("count = 3", BEGIN):
            kernel.run(code)
        (record,) = records_under(here)
        kernel.end()
    document = sent_document(s3, record.name)
    assert (document["outcome"], document["closing"] is None) == ("interrupted", False)


def test_plain_papermill_sends_its_record_too(here, s3, tmp_path, monkeypatch):
    code, said, _ = papermill(here)
    assert code == 0, said
    (record,) = records_under(here)
    assert verify_elsewhere(tmp_path, monkeypatch, record.name) is ProofState.CLOSED


def test_a_run_that_fails_under_plain_papermill_is_sent_as_failed(here, s3):
    code, said, _ = papermill(here, finish="1 / 0")
    assert code == 1, said
    (record,) = records_under(here)
    assert sent_document(s3, record.name)["outcome"] == "failed"


@pytest.mark.parametrize("options", [(), ("--engine", "fleetkit", "-p", "cluster", "demo")], ids=["plain", "engine"])
def test_a_store_out_of_reach_fails_no_run_under_papermill_and_what_sends_the_record_is_told(
    here, s3, options, monkeypatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", AWAY)
    code, said, notebook = papermill(here, *options)
    assert code == 0, said
    (record,) = records_under(here)
    assert_told(said if options else notebook, record)
    assert read_run(record).record.outcome is Outcome.DONE
    assert verify_run(record, verify=verify_signature).state is ProofState.CLOSED
    assert keys_of(s3) == []


def assert_told(text, record):
    for word in (f"the record is not in {PLACE} yet", f"it is kept in {record}", "fleetkit runs push"):
        assert word in text


def test_a_store_out_of_reach_is_told_by_the_last_cell_of_a_run_by_hand_and_a_push_sends_it_later(
    here, s3, s3_server, monkeypatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", AWAY)
    with start_kernel_by_hand(here) as kernel:
        for code in ("count = 3", BEGIN):
            kernel.run(code)
        (record,) = records_under(here)
        assert_told(kernel.run(FINISH), record)
        wait_until_closed(lambda: read_run(record).record.closing)
        assert kernel.run("6 * 7") == "{'text/plain': '42'}"
    assert keys_of(s3) == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    place = open_record_place()
    assert push_pending(place.folder, place.objects).ok == {record: 4}
    assert sent_document(s3, record.name)["outcome"] == "done"


def test_a_place_that_is_none_is_named_where_the_run_begins(here, monkeypatch):
    monkeypatch.setenv("FLEETKIT_RUNS", "ftp://records")
    with start_kernel_by_hand(here) as kernel:
        kernel.run("count = 3")
        status, said = kernel.try_run(BEGIN)
    assert status == "error"
    assert "FLEETKIT_RUNS" in said
    assert not (here / "runs").exists()
