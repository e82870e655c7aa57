"""``fleetkit run`` and ``fleetkit runs`` where FLEETKIT_RUNS names a bucket, against an S3 that answers over HTTP."""

from __future__ import annotations

import json
import shutil

import pytest
from support.runs_notebooks import (
    records_under,
    start_python,
    write_notebook_with_a_probe,
    write_recorded_notebook,
)
from support.runs_records import inspected, member, write_events, write_record
from support.runs_s3 import PLACE, keys_of, move_to

from fleetkit.cli import main
from fleetkit.pki import ensure_signing_key
from fleetkit.runs import Outcome

pytestmark = pytest.mark.sandbox


def run(folder, *cells: str) -> int:
    path = write_recorded_notebook(folder / "10-try.ipynb", *cells)
    return main(["run", path.name, "--cluster", "demo", "--quiet"])


def test_a_run_sends_its_record_and_another_computer_shows_verifies_and_compares_it(
    here, s3, tmp_path, capsys, monkeypatch
):
    assert run(here, "print(1)") == 0
    (record,) = records_under(here)
    assert keys_of(s3) == [
        f"team/demo/{record.name}/{file}" for file in ("journal.jsonl", "notebook.ipynb", "report.html", "run.json")
    ]
    key = ensure_signing_key(here / "home").public_key
    move_to(tmp_path / "there", monkeypatch)
    capsys.readouterr()
    assert main(["runs", "list", "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [record.name]
    assert main(["runs", "verify", "latest", "--key", key]) == 0
    assert main(["runs", "report"]) == 0
    assert main(["runs", "show", record.name]) == 0
    assert main(["runs", "diff", record.name, record.name]) == 0
    assert "closed" in capsys.readouterr().out


def test_what_somebody_changes_in_the_bucket_is_found_there(here, s3, tmp_path, capsys, monkeypatch):
    assert run(here, "print(1)") == 0
    (record,) = records_under(here)
    move_to(tmp_path / "there", monkeypatch)
    assert main(["runs", "verify"]) == 0
    s3.put_object(Bucket="records", Key=f"team/demo/{record.name}/report.html", Body=b"<p>all is well")
    capsys.readouterr()
    assert main(["runs", "verify"]) == 1
    assert "report.html: it was changed" in capsys.readouterr().out
    s3.delete_object(Bucket="records", Key=f"team/demo/{record.name}/report.html")
    assert main(["runs", "verify"]) == 1
    assert "report.html: it is not there" in capsys.readouterr().out


def test_a_record_that_cannot_be_sent_stays_here_and_goes_with_the_next_push(here, s3, capsys, monkeypatch):
    monkeypatch.setenv("FLEETKIT_RUNS", "s3://nowhere")
    assert run(here, "print(1)") == 1, "the run was done, and its record is not where it is to be"
    (record,) = records_under(here)
    assert json.loads((record / "run.json").read_text())["outcome"] == "done"
    said = capsys.readouterr().err
    assert "the record is not in s3://nowhere yet" in said
    assert f"it is kept in {record}" in said
    assert main(["runs", "push"]) == 1
    assert f"{record} was not sent" in capsys.readouterr().err
    monkeypatch.setenv("FLEETKIT_RUNS", PLACE)
    assert main(["runs", "push"]) == 0
    assert len(keys_of(s3)) == 4
    capsys.readouterr()
    assert main(["runs", "push"]) == 0
    assert capsys.readouterr().out == f"nothing to send: all records are in {PLACE}\n"


def test_the_engine_under_papermill_sends_its_record_too(here, s3):
    path = write_recorded_notebook(here / "10-try.ipynb", "print(1)")
    arguments = ["-m", "papermill", "--engine", "fleetkit", "-p", "cluster", "demo", str(path), "out.ipynb"]
    process = start_python(arguments, folder=here)
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 0, said
    (record,) = records_under(here)
    assert f"team/demo/{record.name}/run.json" in keys_of(s3)


def test_a_run_is_gone_on_for_on_another_computer_and_so_is_that_one_on_a_third(here, s3, tmp_path, monkeypatch):
    path = write_notebook_with_a_probe(here / "10-try.ipynb", "## Pass", "assert Path('passed').exists()")
    assert main(["run", path.name, "--cluster", "demo", "--quiet", "-p", "count", "7"]) == 1
    ids = [records_under(here)[0].name]
    for computer, found, code in (("second", ["made"], 1), ("third", ["made", "passed"], 0)):
        there = move_to(tmp_path / computer, monkeypatch)
        shutil.copy(path, there)
        for name in found:
            (there / name).touch()
        assert main(["run", path.name, "--resume", "latest", "--quiet"]) == code
        (record,) = records_under(there)
        said = json.loads((record / "run.json").read_text())
        assert (said["resumes"], said["parameters"]["count"]) == (ids[-1], 7)
        assert (there / "made").read_text() == "", "what the first made is not made again"
        ids.append(record.name)
    assert {key.split("/")[2] for key in keys_of(s3)} == set(ids)


def test_a_run_that_went_on_here_is_gone_on_for_while_the_bucket_is_out_of_reach(here, s3, monkeypatch, capsys):
    path = write_notebook_with_a_probe(here / "10-try.ipynb", "## Pass", "assert Path('passed').exists()")
    assert main(["run", path.name, "--cluster", "demo", "--quiet"]) == 1
    (first,) = records_under(here)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (here / "passed").touch()
    assert main(["run", path.name, "--resume", "latest", "--quiet"]) == 1, "its record is not in the bucket"
    second = json.loads((records_under(here)[-1] / "run.json").read_text())
    assert (second["outcome"], second["resumes"]) == ("done", first.name)
    assert (here / "made").read_text() == "once "


def test_a_run_that_is_nowhere_is_not_gone_on_for_and_those_that_there_are_are_named(here, s3, capsys):
    assert run(here, "1 / 0") == 1
    (record,) = records_under(here)
    assert main(["run", "--resume", "2027"]) == 2
    assert record.name in capsys.readouterr().err
    assert records_under(here) == [record]


def test_a_run_that_failed_still_sends_its_record(here, s3):
    assert run(here, "1 / 0") == 1
    (record,) = records_under(here)
    body = s3.get_object(Bucket="records", Key=f"team/demo/{record.name}/run.json")["Body"].read()
    assert json.loads(body)["outcome"] == "failed"


def test_a_bucket_that_is_not_there_or_does_not_answer_is_an_error_and_no_empty_list(here, s3, capsys, monkeypatch):
    monkeypatch.setenv("FLEETKIT_RUNS", "s3://nowhere")
    assert main(["runs", "list"]) == 1
    assert "AWS refused the objects of nowhere" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert main(["runs", "list"]) == 1
    assert "the network" in capsys.readouterr().err


def test_torn_and_foreign_folders_of_the_bucket_are_named_and_hide_no_record(here, s3, capsys):
    good = write_record(here / "runs")
    assert main(["runs", "push"]) == 0
    s3.put_object(Bucket="records", Key="team/demo/notes/a.txt", Body=b"a")
    capsys.readouterr()
    assert main(["runs", "list"]) == 0
    out, err = capsys.readouterr()
    assert good.name in out
    assert err == f"passed over: {PLACE}/demo/notes is no record\n"
    torn = "20260302T040506Z-10-try"
    s3.put_object(Bucket="records", Key=f"team/demo/{torn}/journal.jsonl", Body=b"{")
    assert main(["runs", "list"]) == 1
    out, err = capsys.readouterr()
    assert good.name in out
    assert f"{PLACE}/demo/{torn} is no whole record: no run.json" in err


def test_old_records_are_removed_here_and_in_the_bucket_and_their_difference_is_told_before(here, s3, capsys):
    for day, outcome in ((1, Outcome.FAILED), (2, Outcome.DONE), (3, Outcome.DONE)):
        write_events(write_record(here / "runs", day=day, outcome=outcome), *inspected([member("etcd1")]))
    assert main(["runs", "push"]) == 0
    assert main(["runs", "diff"]) == 0
    assert main(["runs", "prune", "--keep", "1", "--yes"]) == 0
    assert "removed 2 records of 3" in capsys.readouterr().out
    (left,) = records_under(here)
    assert {key.split("/")[2] for key in keys_of(s3)} == {left.name}


def test_pushing_without_a_bucket_says_how_one_is_named(here, capsys):
    assert main(["runs", "push"]) == 2
    assert "FLEETKIT_RUNS=s3://bucket/prefix" in capsys.readouterr().err
