"""A run that goes on for another: finished steps are proven by their probes, and the rest is run."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest
from support.runs_bucket import Bucket
from support.runs_notebooks import (
    records_under,
    start_run,
    wait_for_line,
    write_notebook_with_a_probe,
    write_recorded_notebook,
)

from fleetkit.cli import main
from fleetkit.core import FleetkitError, PreconditionError, utc_now
from fleetkit.pki import verify_signature
from fleetkit.runs import (
    EventKind,
    Outcome,
    ProofState,
    RemoteStore,
    RunEventKind,
    execute_notebook,
    find_notebook,
    push_record,
    read_journal,
    read_parameters,
    read_run,
    resume_run,
    verify_run,
)

pytestmark = pytest.mark.sandbox

WAIT = (
    "import threading\nfrom pathlib import Path\nprint('ready', flush=True)\n"
    "if not Path('go').exists(): threading.Event().wait()"
)
HANGS = ("## Wait", WAIT)


def kill_in_the_middle(path, folder, *, code=""):
    process = start_run(path, folder=folder, code=code)
    wait_for_line(process, "ready")
    process.kill()
    process.communicate(timeout=30)
    return read_run(records_under(folder)[-1])


def resume(stored, path, *, stores=(), **options):
    notebook = find_notebook(str(path))
    resumption = resume_run(stored, notebook, known=read_parameters(notebook.read()), stores=stores)
    return execute_notebook(notebook, cluster="demo", folder=path.parent, resumption=resumption, **options)


def steps_run(stored):
    return [event.data["step"] for event in read_journal(stored.folder) if event.kind is EventKind.STEP_STARTED]


def test_a_run_that_was_killed_in_a_step_goes_on_with_that_step(tmp_path):
    path = write_notebook_with_a_probe(tmp_path / "10-try.ipynb", *HANGS)
    killed = kill_in_the_middle(path, tmp_path, code=", parameters={'count': 7}")
    (tmp_path / "go").touch()
    events = []
    stored = resume(killed, path, on_event=events.append)
    assert (stored.record.outcome, stored.record.resumes) == (Outcome.DONE, killed.record.id)
    assert stored.record.parameters["count"] == 7
    assert (tmp_path / "made").read_text() == "once "
    assert steps_run(stored).count("Make") == 1
    assert [event.title for event in events if event.kind is RunEventKind.CELL_SPARED] == ["Make"]
    started, *others = read_journal(stored.folder)
    assert started.data["resumes"] == killed.record.id
    proven = next(event.data for event in others if event.kind is EventKind.VERIFIED)
    assert (proven["step"], proven["ok"], proven["run"]) == ("Make", True, killed.record.id)
    report = stored.report.read_text()
    assert "proven" in report
    assert killed.record.id in report
    assert verify_run(stored.folder, verify=verify_signature).state is ProofState.CLOSED


def test_a_step_whose_probe_finds_its_work_gone_is_run_again(tmp_path):
    path = write_notebook_with_a_probe(tmp_path / "10-try.ipynb", *HANGS)
    killed = kill_in_the_middle(path, tmp_path)
    (tmp_path / "made").unlink()
    (tmp_path / "go").touch()
    stored = resume(killed, path)
    assert stored.record.outcome is Outcome.DONE
    assert (tmp_path / "made").read_text() == "once "
    assert steps_run(stored).count("Make") == 2


def test_a_probe_spares_nothing_that_no_earlier_run_finished(tmp_path):
    path = write_notebook_with_a_probe(tmp_path / "10-try.ipynb", "1 / 0")
    failed = execute_notebook(find_notebook(str(path)), cluster="demo", folder=tmp_path)
    assert failed.record.outcome is Outcome.FAILED
    resume(resume(failed, path), path)
    assert (tmp_path / "made").read_text() == "once once once "


def test_what_a_run_finished_is_known_to_the_one_after_next(tmp_path):
    path = write_notebook_with_a_probe(tmp_path / "10-try.ipynb", *HANGS)
    first = kill_in_the_middle(path, tmp_path)
    earlier = f"read_run(Path({str(first.folder)!r})), find_notebook({str(path)!r}), known=()"
    second = kill_in_the_middle(path, tmp_path, code=f", resumption=resume_run({earlier})")
    assert second.record.resumes == first.record.id
    (tmp_path / "go").touch()
    assert resume(second, path).record.outcome is Outcome.DONE
    assert (tmp_path / "made").read_text() == "once "


def test_a_run_that_was_killed_elsewhere_goes_on_here_once_nothing_is_heard_of_it(tmp_path):
    (tmp_path / "there").mkdir()
    path = write_notebook_with_a_probe(tmp_path / "there" / "10-try.ipynb", *HANGS)
    bucket, here = Bucket(), tmp_path / "here"
    killed = kill_in_the_middle(path, tmp_path / "there")
    push_record(killed.folder, bucket)
    shutil.copytree(tmp_path / "there", here, ignore=shutil.ignore_patterns("runs"))
    (here / "go").touch()
    store = RemoteStore(bucket, here / "runs")
    with pytest.raises(PreconditionError, match="is under way"):
        resume(store.find_run("latest"), here / path.name, stores=[store])
    bucket.changed = dict.fromkeys(bucket.changed, utc_now() - dt.timedelta(minutes=10))
    stored = resume(store.find_run("latest"), here / path.name, stores=[store])
    assert (stored.record.outcome, stored.record.resumes) == (Outcome.DONE, killed.record.id)
    assert (here / "made").read_text() == "once "
    assert records_under(here) == [stored.folder]


def test_an_earlier_run_that_cannot_be_read_is_no_reason_to_do_its_work_twice(tmp_path):
    path = write_notebook_with_a_probe(tmp_path / "10-try.ipynb", "1 / 0")
    first = execute_notebook(find_notebook(str(path)), cluster="demo", folder=tmp_path)
    second = resume(first, path)
    (first.folder / "run.json").write_text("{")
    with pytest.raises(FleetkitError, match=f"{first.record.id}/run.json cannot be read"):
        resume(second, path)


def test_a_record_that_goes_on_for_itself_leads_in_no_circle(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Look", "1 / 0")
    stored = execute_notebook(find_notebook(str(path)), cluster="demo", folder=tmp_path)
    forged = (stored.folder / "run.json").read_text().replace('"resumes": ""', f'"resumes": "{stored.record.id}"')
    (stored.folder / "run.json").write_text(forged)
    stored = read_run(stored.folder)
    assert stored.record.resumes == stored.record.id
    assert resume_run(stored, find_notebook(str(path)), known=()).run == stored.record.id


@pytest.mark.parametrize(("spoil", "said"), [(True, "is not the one"), (False, "ran to its end")])
def test_there_is_no_going_on_with_another_notebook_or_for_a_run_that_ended_well(tmp_path, spoil, said):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Look", "1 / 0" if spoil else "1")
    stored = execute_notebook(find_notebook(str(path)), cluster="demo", folder=tmp_path)
    if spoil:
        write_recorded_notebook(path, "## Look", "2")
    with pytest.raises(PreconditionError, match=said):
        resume(stored, path)


def test_a_broken_line_in_the_journal_is_named_and_nothing_is_run(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Look", "1 / 0")
    stored = execute_notebook(find_notebook(str(path)), cluster="demo", folder=tmp_path)
    journal = stored.folder / "journal.jsonl"
    first, _, *others = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([first, "{nonsense\n", *others]))
    with pytest.raises(FleetkitError, match=r"line 2 of .* is no line of a journal"):
        resume(stored, path)
    assert records_under(tmp_path) == [stored.folder]


def test_the_command_takes_over_all_but_the_approval(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clusters").mkdir()
    for name in ("demo", "other"):
        (tmp_path / "clusters" / f"{name}.toml").touch()
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Ask", "assert approve != 'demo' or count == 8")
    text = path.read_text().replace("flag = False", "approve = ''")
    path.write_text(text)
    arguments = ["run", "10-try.ipynb", "--quiet"]
    assert main([*arguments, "--cluster", "demo", "--approve", "demo", "-p", "count", "7"]) == 1
    assert main([*arguments, "--resume", "latest", "--cluster", "other"]) == 2
    assert "cannot be resumed for the cluster 'other'" in capsys.readouterr().err
    assert main([*arguments, "--resume", "latest"]) == 0
    parameters = read_run(records_under(tmp_path)[-1]).record.parameters
    assert (parameters["count"], parameters["approve"]) == (7, "")
    assert main([*arguments, "--resume", "latest"]) == 4
    assert main(["run"]) == 2
