"""Records in their folders: written, listed, found, and read strictly."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from support.runs_records import STARTED, make_record

from fleetkit.core import FleetkitError, NotFoundError, SettingsError
from fleetkit.runs import Outcome, RunError, find_run, list_runs, read_run
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.store import make_record_folder


def store(runs: Path, *, hour: int = 4, **changes) -> Path:
    folder = make_record_folder(runs, cluster="demo", notebook="10-try", started=STARTED.replace(hour=hour))
    writer = RecordWriter(folder)
    writer.write_run(make_record(id=folder.name, **changes))
    writer.close()
    return folder


def test_what_was_written_is_what_is_read(tmp_path):
    error = RunError(kind="EtcdError", message="no leader", cell=4, title="Verify")
    folder = store(tmp_path, error=error, outcome=Outcome.FAILED, exit=1)
    expected = make_record(id=folder.name, error=error, outcome=Outcome.FAILED, exit=1)
    assert read_run(folder).record == expected
    assert expected.took_s == 90


def test_the_folder_is_named_after_utc_time_and_notebook(tmp_path):
    moment = dt.datetime(2026, 3, 1, 5, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    folder = make_record_folder(tmp_path, cluster="demo", notebook="10-try", started=moment)
    assert folder == tmp_path / "demo" / "20260301T040506Z-10-try"


def test_two_runs_of_the_same_second_get_a_folder_each(tmp_path):
    folders = {make_record_folder(tmp_path, cluster="d", notebook="n", started=STARTED) for _ in range(3)}
    assert len(folders) == 3


def test_a_run_is_not_named_as_the_one_that_it_goes_on_for_wherever_that_lies(tmp_path):
    first = make_record_folder(tmp_path / "there", cluster="d", notebook="n", started=STARTED)
    second = make_record_folder(tmp_path / "here", cluster="d", notebook="n", started=STARTED, elsewhere=first.name)
    assert second.name == f"{first.name}-2"


@pytest.mark.parametrize("name", ["../up", "", "a/b", ".hidden", "x" * 101])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(SettingsError):
        make_record_folder(tmp_path, cluster=name, notebook="n", started=STARTED)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "runs").write_text("a file where a folder belongs")
    with pytest.raises(SettingsError, match="no record can be written"):
        make_record_folder(tmp_path / "runs", cluster="demo", notebook="n", started=STARTED)


def test_records_are_listed_newest_first_and_by_cluster(tmp_path):
    old, new = store(tmp_path, hour=3), store(tmp_path, hour=9)
    (tmp_path / "demo" / "notes").mkdir()
    assert list(list_runs(tmp_path)) == [new, old]
    assert list(list_runs(tmp_path, cluster="other")) == []


def test_a_damaged_record_is_listed_as_an_error_and_hides_none_of_the_others(tmp_path):
    good, bad = store(tmp_path, hour=3), store(tmp_path, hour=5)
    (bad / "run.json").write_text("{")
    found = list_runs(tmp_path)
    assert list(found.ok) == [good]
    assert "cannot be read" in str(found.failed[bad])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda document: document.pop("actor"), "actor: missing"),
        (lambda document: document["actor"].pop("host"), "actor.host: missing"),
        (lambda document: document.update(outcome="splendid"), "outcome: 'splendid'"),
        (lambda document: document.update(started="yesterday"), "started: "),
        (lambda document: document.update(parameters=[1]), "parameters: list where dict belongs"),
        (lambda document: document.update(format=9), "format: 9"),
        (lambda document: document.update(error="x"), "error: str where dict or null belongs"),
        (lambda document: document.update(resumes=None), "resumes: NoneType where str belongs"),
        (lambda document: document.update(schedule={"name": "look"}), "schedule.due: missing"),
        (lambda document: document.update(schedule="look"), "schedule: str where dict or null belongs"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, damage, said):
    folder = store(tmp_path)
    document = json.loads((folder / "run.json").read_text())
    damage(document)
    (folder / "run.json").write_text(json.dumps(document))
    with pytest.raises(FleetkitError, match="cannot be read") as caught:
        read_run(folder)
    assert said in str(caught.value)


def test_a_record_without_a_link_goes_on_for_no_other(tmp_path):
    folder = store(tmp_path)
    document = json.loads((folder / "run.json").read_text())
    del document["resumes"]
    (folder / "run.json").write_text(json.dumps(document))
    assert read_run(folder).record.resumes == ""


def test_a_record_of_before_schedules_belongs_to_none(tmp_path):
    folder = store(tmp_path)
    document = json.loads((folder / "run.json").read_text())
    del document["schedule"]
    (folder / "run.json").write_text(json.dumps(document))
    assert read_run(folder).record.schedule is None


def test_a_run_under_way_is_told_from_one_whose_process_is_gone(tmp_path):
    folder = make_record_folder(tmp_path, cluster="demo", notebook="n", started=STARTED)
    writer = RecordWriter(folder)
    writer.write_run(make_record(outcome=Outcome.RUNNING, exit=None, ended=None))
    assert read_run(folder).record.outcome is Outcome.RUNNING
    writer.close()
    assert read_run(folder).record.outcome is Outcome.ABANDONED
    assert read_run(folder).record.exit == 1


def test_a_record_is_found_by_id_by_its_start_by_folder_and_as_the_latest(tmp_path):
    old, new = store(tmp_path, hour=3), store(tmp_path, hour=9)
    for name, expected in [
        (old.name, old),
        ("20260301T03", old),
        (str(old), old),
        ("latest", new),
    ]:
        assert find_run(tmp_path, name).folder == expected


def test_an_id_that_begins_another_one_is_still_found(tmp_path):
    first = store(tmp_path)
    second = store(tmp_path)
    assert second.name == f"{first.name}-2"
    assert find_run(tmp_path, first.name).folder == first


def test_an_unknown_or_ambiguous_name_lists_the_records(tmp_path):
    old, new = store(tmp_path, hour=3), store(tmp_path, hour=9)
    for name in ("2027", "2026"):
        with pytest.raises(NotFoundError) as caught:
            find_run(tmp_path, name)
        assert caught.value.known == (f"demo/{new.name}", f"demo/{old.name}")
