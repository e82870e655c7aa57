"""Whoever is to be told is told once of what changed, sooner or later, and no run fails of it."""

from __future__ import annotations

import datetime as dt
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.http_answers import Reply, serve_answers
from support.notice_runs import Watched

from fleetkit.core import NotFoundError, SettingsError, utc_now
from fleetkit.notice import Message
from fleetkit.runs import Outcome, RunError, Scheduling
from fleetkit.schedule import (
    WaitingNotice,
    open_outbox,
    retry_notices,
    send_test_notice,
    tell_message,
)

DONE, FINDINGS, FAILED = Outcome.DONE, Outcome.FINDINGS, Outcome.FAILED
TOKEN = "CANARY-5c3a-9d1e"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what one test resolves be redacted in no other."""
    monkeypatch.setattr("fleetkit.core._remembered._FORMS", set())


@pytest.fixture
def watched(tmp_path) -> Watched:
    return Watched(tmp_path)


def test_a_change_is_told_and_what_goes_on_is_not(watched):
    for outcome in (DONE, DONE, FINDINGS, FINDINGS, DONE):
        assert watched.run(outcome).is_taken
    assert watched.titles == ["findings, before done", "done, before findings"]
    assert [one["severity"] for one in watched.heard] == ["warning", "success"]


def test_the_notice_says_what_happened_what_to_do_and_what_is_different(watched):
    watched.run(found=["old one"], outcome=FINDINGS)
    error = RunError(kind="AwsError", message="AWS refused it: Denied\n  next: let it", title="Audit")
    last = watched.end(FAILED, found=["new one"], error=error, parameters={"count": 4}, summary="5 checks")
    watched.tell(last)
    title, body = watched.heard[-1]["title"], watched.heard[-1]["body"]
    assert title == "[demo] 50-audit-cluster: failed, before findings"
    for line in (
        "- failed: 5 checks",
        "- AwsError in “Audit”: AWS refused it: Denied",
        f"- look: fleetkit runs show {last.record.id}",
        "- next: let it",
        "- new: new one",
        "- mended: old one",
        "- parameters count: 3 → 4",
        f"{last.record.id}\n- next",
    ):
        assert line in body


def test_an_audits_findings_are_told_by_check_and_resource(watched):
    def audit(*failed):
        rows = [
            {"check": check, "resource": resource, "severity": "high", "state": "failed", "reason": "x"}
            for check, resource in failed
        ]
        passed = {"check": "c", "resource": "r", "severity": "low", "state": "passed"}
        return {"audit": {"results": [*rows, passed], "waivers": []}}

    watched.run(FINDINGS, facts=audit(("open-ssh", "sg-1"), ("old-key", "k")))
    watched.run(FINDINGS, facts=audit(("open-ssh", "sg-1"), ("open-ssh", "sg-2")))
    body = watched.heard[-1]["body"]
    assert "- new: high open-ssh: sg-2 failed" in body
    assert "- mended: high old-key: k failed" in body
    assert "- 1 as before" in body


def test_a_run_that_failed_before_it_looked_has_mended_nothing(watched):
    watched.run(FINDINGS, found=["old one"])
    watched.run(FAILED)
    assert "mended" not in watched.heard[-1]["body"]
    assert "- not known; before it was: old one" in watched.heard[-1]["body"]
    watched.run(FINDINGS, found=["old one", "new one"])
    assert "- new: new one" in watched.heard[-1]["body"]
    assert "new: old one" not in watched.heard[-1]["body"]


def test_no_secret_and_no_mark_up_is_in_a_notice(watched):
    said = "\x1b[31mAKIAIOSFODNN7EXAMPLE\x1b[0m is bad\x07"
    cut_in_two = "x" * 225 + " AKIAIOSFODNN7EXAMPLE"
    found = ["AKIAIOSFODNN7EXAMPLE stands open", cut_in_two]
    watched.run(FAILED, error=RunError(kind="X", message=said), found=found)
    body = watched.heard[-1]["body"]
    assert "AKIA" not in body
    assert "[redacted]" in body
    assert "\x1b" not in body + watched.heard[-1]["title"]


def test_a_run_that_was_killed_in_between_is_told_with_the_next_one(watched):
    watched.run()
    cut_off = watched.end(Outcome.RUNNING, ended=None)
    watched.run()
    assert f"- {cut_off.record.id}: cut off, its process was killed" in watched.heard[-1]["body"]


def test_a_failure_whose_process_was_killed_before_it_could_tell_is_told_with_the_next_one(watched):
    def due(hour, attempt=1, name="night"):
        moment = dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC)
        return {"schedule": Scheduling(name=name, due=moment, attempt=attempt)}

    watched.run(**due(1))
    lost = watched.end(FAILED, **due(2))
    others = watched.end(FAILED, **due(2, name="noon"))
    watched.end(FAILED, **due(3))
    watched.run(**due(3, attempt=2))
    (told,) = watched.heard
    assert f"- {lost.record.id}: failed, and its process was killed before it could tell of it" in told["body"]
    assert told["body"].count("before it could tell of it") == 1, "an attempt that was tried again is no run"
    assert others.record.id not in told["body"], "a run of another schedule may be about to tell"


def test_a_run_that_a_clock_named_that_was_ahead_hides_none_that_was_killed(watched):
    watched.run(DONE)
    begun, watched._begun = watched._begun, utc_now() + dt.timedelta(days=300)
    watched.run(DONE)
    watched._begun = begun
    killed = watched.end(Outcome.RUNNING, ended=None, exit=None)
    watched.run(DONE)
    assert f"{killed.record.id}: cut off, its process was killed" in watched.heard[-1]["body"]


def test_half_a_character_keeps_nobody_from_being_told(watched):
    assert watched.run(FAILED, summary="no file caf\udce9.toml \ud83d").is_taken
    assert "- failed: no file caf.toml" in watched.heard[-1]["body"]


def test_what_is_not_taken_waits_without_its_url_is_told_later_and_only_once(watched):
    watched.run()
    watched.deafen()
    telling = watched.run(FAILED)
    assert not telling.is_taken
    assert [(one.destination, one.waiting) for one in telling.deliveries] == [("page", 1)]
    assert "it is deaf" in telling.deliveries[0].reason
    kept = open_outbox(watched.runs).read_waiting("demo").ok
    assert [(one.attempts, one.destination) for one in kept.values()] == [(1, "page")]
    assert {stat.S_IMODE(file.stat().st_mode) for file in watched.files()} == {0o600}
    assert stat.S_IMODE((watched.runs / ".notices").stat().st_mode) == 0o700
    assert not retry_notices(watched.cluster, runs=watched.runs).is_taken
    watched.heal()
    assert retry_notices(watched.cluster, runs=watched.runs).is_taken
    assert retry_notices(watched.cluster, runs=watched.runs).deliveries == ()
    assert watched.titles == ["failed, before done"]


def test_the_next_run_sends_what_waits_as_one_notice_with_the_titles_of_those_before(watched):
    watched.run()
    watched.deafen()
    for outcome in (FAILED, DONE, FINDINGS):
        watched.run(outcome)
    watched.heal()
    assert watched.run(FINDINGS).is_taken, "this run itself has nothing to tell"
    assert watched.titles == ["findings, before done (and 2 earlier)"]
    assert "failed, before done" in watched.heard[0]["body"]
    assert "done, before failed" in watched.heard[0]["body"]


def test_one_destination_that_does_not_answer_holds_up_no_other_and_is_asked_once(tmp_path):
    asked = []

    def answer(request):
        asked.append(request.path)
        return Reply(status=500)

    with serve_answers(answer) as address:
        watched = Watched(tmp_path, to={"hook": "env:HOOK"})
        hook = address.replace("http", "json", 1) + f"/{TOKEN}"
        watched.run()
        for outcome in (FAILED, DONE):
            telling = watched.tell(watched.end(outcome), HOOK=hook)
    assert {one.destination: (one.taken, one.waiting) for one in telling.deliveries} == {"page": (1, 0), "hook": (0, 2)}
    assert len(asked) == 2, "once in each run, however much waits"
    everything = "".join(path.read_text() for path in watched.runs.rglob("*") if path.is_file())
    assert TOKEN not in everything + str(telling)


@pytest.mark.parametrize(
    ("to", "environ", "said"),
    [
        ("env:HOOK", {}, "env:HOOK"),
        ("env:HOOK", {"HOOK": f"nosuch://{TOKEN}/x"}, "no scheme that apprise knows"),
        ("env:HOOK", {"HOOK": f"jsons://{TOKEN}.example?verify=no"}, "verify=no"),
        ("vault:kv/demo#url", {}, "VAULT_ADDR"),
        ("file:/no/such/file", {}, "/no/such/file"),
    ],
)
def test_a_destination_that_cannot_be_had_is_named_kept_for_and_fails_nothing(tmp_path, to, environ, said):
    watched = Watched(tmp_path, to={"hook": to})
    telling = watched.tell(watched.end(FAILED), **environ)
    results = {one.destination: one for one in telling.deliveries}
    assert (results["page"].taken, results["hook"].waiting) == (1, 1)
    assert said in results["hook"].reason
    assert TOKEN not in str(telling) + "".join(file.read_text() for file in watched.files())


def test_a_topic_of_sns_takes_it_in_its_own_region(tmp_path):
    with emulated_aws("eu-west-1") as session:
        topic = session.client("sns").create_topic(Name="runs")["TopicArn"]
        sqs = session.client("sqs")
        queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        watched = Watched(tmp_path, topics={"team": topic, "gone": f"{topic}x"})
        telling = watched.run(FAILED)
        told = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert told["Subject"] == "[demo] 50-audit-cluster: failed"
    assert told["Message"].startswith("[demo] 50-audit-cluster: failed\n\n- failed")
    results = {one.destination: one for one in telling.deliveries}
    assert results["team"].taken == 1
    assert "NotFound" in results["gone"].reason


def test_what_waited_for_a_week_is_given_up_told_so_and_named_in_the_next_notice(watched):
    watched.run()
    watched.deafen()
    watched.run(FAILED)
    age(watched, days=8)
    telling = watched.run(FAILED)
    assert [one.given_up for one in telling.deliveries] == [("[demo] 50-audit-cluster: failed, before done",)]
    assert not telling.is_taken
    watched.heal()
    watched.run(DONE)
    assert "Given up, after" in watched.heard[0]["body"]
    assert "failed, before done" in watched.heard[0]["body"]
    assert not open_outbox(watched.runs).read_given_up("demo"), "once it is told, it is forgotten"


def age(watched: Watched, *, days: int) -> None:
    """Let what waits be so much older."""
    for file in watched.files():
        if "waiting" in file.parts:
            document = json.loads(file.read_text())
            made = dt.datetime.fromisoformat(document["made"]) - dt.timedelta(days=days)
            file.write_text(json.dumps({**document, "made": made.strftime("%Y-%m-%dT%H:%M:%SZ")}))


def test_no_more_than_fifty_wait_for_one_destination(watched):
    outbox = open_outbox(watched.runs)
    for number in range(53):
        outbox.put(
            WaitingNotice(
                cluster="demo",
                destination="page",
                about="x",
                key=f"{number:02}",
                message=Message(title=f"notice {number}", body="b"),
                made=utc_now(),
            )
        )
    telling = retry_notices(watched.cluster, runs=watched.runs)
    assert telling.deliveries[0].given_up == ("notice 0", "notice 1", "notice 2")
    assert watched.heard[0]["title"] == "notice 52 (and 49 earlier)"


def test_what_waits_for_a_destination_that_the_file_names_no_more_is_given_up(watched, tmp_path):
    watched.deafen()
    watched.run(FAILED)
    other = Watched(tmp_path, commands={"page": ["/bin/true"]}).cluster.notice
    renamed = watched.cluster.model_copy(
        update={"notice": other.model_copy(update={"commands": {}, "to": {"x": "env:X"}})}
    )
    telling = retry_notices(renamed, runs=watched.runs)
    assert "no such destination any more" in telling.deliveries[0].reason
    assert retry_notices(renamed, runs=watched.runs).deliveries == ()


def test_a_process_that_dies_before_it_sends_leaves_the_notice_to_the_next_one(watched):
    watched.run()
    died = watched.end(FAILED)
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nfrom support.notice_runs import Watched\nimport fleetkit.schedule._post as post\n"
        "from fleetkit.runs import read_run\n"
        "post.deliver_waiting = lambda *a, **k: os._exit(9)\n"
        "watched = Watched(Path(sys.argv[2]))\nwatched.tell(read_run(Path(sys.argv[3])))\n"
    )
    tests = str(Path(__file__).parents[1])
    ended = subprocess.run([sys.executable, "-c", program, tests, str(watched.folder), str(died.folder)])
    assert ended.returncode == 9
    assert watched.heard == []
    watched.run(FAILED)
    assert watched.titles == ["failed, before done"]


def test_a_notice_that_cannot_be_kept_is_sent_all_the_same(watched, monkeypatch):
    watched.run()

    def refuse(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    for module in ("outbox", "_told"):
        monkeypatch.setattr(f"fleetkit.schedule.{module}.write_json", refuse)
    telling = watched.run(FAILED)
    assert watched.titles == ["failed, before done"]
    assert any("No space left on device" in caveat for caveat in telling.caveats)


def test_a_folder_that_may_not_be_written_keeps_nobody_from_being_told(watched):
    last = watched.end(FAILED)
    # One in which not even root can make a file.
    (watched.runs / ".notices").symlink_to("/proc")
    telling = watched.tell(last)
    assert watched.titles == ["failed"]
    assert telling.caveats


def test_a_file_where_the_folder_belongs_keeps_nobody_from_being_told(watched):
    last = watched.end(FAILED)
    (watched.runs / ".notices").write_text("in the way")
    telling = watched.tell(last)
    assert watched.titles == ["failed"]
    assert any(".notices" in caveat for caveat in telling.caveats)


def test_damaged_files_are_named_and_keep_nobody_from_being_told(watched):
    watched.run()
    watched.deafen()
    watched.run(FAILED)
    for file in watched.files():
        file.write_text("{" if "told" in file.parts else '{"format": 1}')
    watched.heal()
    telling = watched.run(FINDINGS)
    assert watched.titles == ["findings"]
    assert any("what was told before is not known" in caveat for caveat in telling.caveats)
    assert any("holds no notice" in caveat for caveat in telling.caveats)


def test_the_same_run_is_told_once_and_one_under_way_not_at_all(watched):
    last = watched.end(FAILED)
    watched.tell(last)
    assert not watched.tell(last).tells
    assert len(watched.heard) == 1


def test_another_process_that_sends_is_waited_for_and_what_waits_stays(watched, monkeypatch):
    monkeypatch.setattr("fleetkit.schedule._post._SENDING_S", 0.3)
    watched.run()
    with open_outbox(watched.runs).holding("sending", wait_s=1):
        telling = watched.run(FAILED)
    assert "another process holds" in telling.caveats[0]
    assert watched.heard == []
    assert retry_notices(watched.cluster, runs=watched.runs).is_taken
    assert watched.titles == ["failed, before done"]


def test_names_of_a_record_lead_nowhere_else(watched):
    message = Message(title="t", body="b")
    watched.deafen()
    tell_message(message, watched.cluster, about="x", key="../../../out", runs=watched.runs)
    assert [file.parent for file in watched.files()] == [watched.runs / ".notices" / "waiting" / "demo"]


def test_a_test_notice_is_sent_to_those_that_are_named_and_nothing_is_kept_of_it(tmp_path):
    watched = Watched(tmp_path, to={"hook": "env:HOOK"})
    results = send_test_notice(watched.cluster, folder=tmp_path, environ={})
    assert (list(results.ok), list(results.failed)) == (["page"], ["hook"])
    assert "a test of fleetkit's notices" in watched.heard[0]["title"]
    assert list(send_test_notice(watched.cluster, names=["page"], folder=tmp_path, environ={})) == ["page"]
    assert watched.files() == []
    with pytest.raises(NotFoundError, match="known: hook, page"):
        send_test_notice(watched.cluster, names=["nobody"], folder=tmp_path)
    nobody = watched.cluster.model_copy(update={"notice": type(watched.cluster.notice)()})
    with pytest.raises(SettingsError, match=r"\[notice\]"):
        send_test_notice(nobody, folder=tmp_path)
