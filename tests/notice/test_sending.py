"""A message reaches who is to be told, or the reason is told; what one destination does holds up no other."""

from __future__ import annotations

import json
import socket
import ssl
import sys
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from support.http_answers import Reply, serve_answers
from support.notice_world import MESSAGE, destination, serve_service
from support.pki_made import issue, make_foreign_ca

from fleetkit.core import FleetkitError, NoticeError, NotYet, Patience, SettingsError, wait_until
from fleetkit.notice import CallDestination, CommandDestination, NoticeLimits, Sent, send_notice
from fleetkit.pki.names import Purpose

pytestmark = pytest.mark.sandbox

QUICK = NoticeLimits(timeout_s=20)
TOKEN = "TIiajkdnlazkcOXrIdevi7CANARY"
SLACK = f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{TOKEN}"
TEAMS = (
    "https://default0123456789abcdef0123456789abcd.14.environment.api.powerplatform.com:443/powerautomate/automations/"
    f"direct/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers"
    f"%2Fmanual%2Frun&sv=1.0&sig={TOKEN}"
)


def failure(url: str, limits: NoticeLimits = QUICK) -> str:
    """Return why a destination did not take the message."""
    found = send_notice(MESSAGE, [destination(url)], limits=limits)["oncall"]
    assert isinstance(found, NoticeError)
    return str(found)


def test_a_webhook_gets_title_body_and_severity():
    heard = []

    def answer(request):
        heard.append(json.loads(request.body))
        return Reply()

    with serve_answers(answer) as address:
        results = send_notice(MESSAGE, [destination(address.replace("http://", "json://") + "/hook")], limits=QUICK)
    assert isinstance(results["oncall"], Sent)
    assert [(one["title"], one["message"], one["type"]) for one in heard] == [(MESSAGE.title, MESSAGE.body, "warning")]


def test_slack_gets_it_under_its_own_name_over_tls_that_is_checked(tmp_path, monkeypatch):
    with serve_service("hooks.slack.com", tmp_path) as (heard, environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        assert send_notice(MESSAGE, [destination(SLACK)], limits=QUICK).ok
        path, payload = heard.requests[0]
        assert path == f"/services/T1JJ3T3L2/A1BRTD4JD/{TOKEN}"
        assert payload["attachments"][0]["title"] == MESSAGE.title
        assert "- said: 2 &lt;findings&gt; &amp; more\n- when:" in payload["attachments"][0]["text"]
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        said = failure(SLACK)
    assert "CERTIFICATE_VERIFY_FAILED" in said
    assert "checking is never left out" in said
    assert "hooks.slack.com" in said
    assert TOKEN not in said
    assert "T1JJ3T3L2" not in said
    assert len(heard.requests) == 1, "whoever is not known to be Slack hears nothing"


def test_teams_gets_a_card_with_a_line_for_each_line(tmp_path, monkeypatch):
    host = TEAMS.removeprefix("https://").partition(":")[0]
    with serve_service(host, tmp_path, status=202) as (heard, environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        found = send_notice(MESSAGE, [destination(TEAMS)], limits=QUICK)["oncall"]
        assert isinstance(found, Sent), str(found)
    path, payload = heard.requests[0]
    assert TOKEN in path
    title, body = [one["text"] for one in payload["attachments"][0]["content"]["body"] if one["type"] == "TextBlock"]
    assert title == MESSAGE.title
    assert body == "The run ended with findings.\n\n- said: 2 \\<findings\\> & more\n- when: 2026-03-01T04:05:06Z"


class Mailbox:
    """Takes mail, and keeps it."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, list[str], str]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 -- aiosmtpd looks for this name
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


def test_a_mail_server_gets_a_letter():
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        url = f"mailto://127.0.0.1:{server.port}?from=fleetkit@example.com&to=ops@example.com&format=text"
        assert send_notice(MESSAGE, [destination(url)], limits=QUICK).ok
    finally:
        server.stop()
    sender, receivers, letter = mailbox.letters[0]
    assert (sender, receivers) == ("fleetkit@example.com", ["ops@example.com"])
    assert f"Subject: {MESSAGE.title}" in letter


def test_a_mail_server_over_tls_must_prove_itself(tmp_path, monkeypatch):
    authority = make_foreign_ca(tmp_path)
    pair = issue(tmp_path, "mail", ca=authority, addresses=("127.0.0.1",), purpose=Purpose.MEMBER)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    mailbox = Mailbox()
    port = free_port()
    url = f"mailtos://127.0.0.1:{port}?mode=ssl&from=fleetkit@example.com&to=ops@example.com"
    # Known to the server's own look whether it is up, which would else refuse its certificate.
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    server = Controller(mailbox, hostname="127.0.0.1", port=port, ssl_context=context)
    server.start()
    try:
        assert send_notice(MESSAGE, [destination(url)], limits=QUICK).ok
        monkeypatch.delenv("SSL_CERT_FILE")
        said = failure(url)
    finally:
        server.stop()
    assert "CERTIFICATE_VERIFY_FAILED" in said
    assert "checking is never left out" in said
    assert len(mailbox.letters) == 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"json://127.0.0.1:1/{TOKEN}?key={TOKEN}", "Connection refused"),
        (f"jsons://ada:{TOKEN}@127.0.0.1:1/?verify=no", "its URL says verify=no"),
        (f"nosuch://{TOKEN}/x", "no scheme that apprise knows"),
        (TOKEN, "no scheme that apprise knows"),
        (f"sns://AKIAIOSFODNN7EXAMPLE/{TOKEN}/no-region/%23t", "apprise cannot read its URL of the scheme sns:"),
        (f"slack://{TOKEN}", "apprise cannot read its URL of the scheme slack:"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_of_without_showing_it(url, said, capfd):
    told = failure(url)
    assert said in told
    assert TOKEN not in told + "".join(capfd.readouterr())


def test_a_server_that_refuses_is_told_with_its_code_and_one_that_points_elsewhere_is_not_followed():
    replies = iter([Reply(status=403), Reply(status=302, headers={"Location": "/elsewhere"}), Reply()])
    asked = []

    def answer(request):
        asked.append(request.path)
        return next(replies)

    with serve_answers(answer) as address:
        url = address.replace("http://", "json://") + f"/{TOKEN}?redirect=yes&retry=5"
        assert "error=403" in failure(url)
        assert "error=302" in failure(url)
    assert len(asked) == 2


def test_one_that_hangs_is_given_up_in_time_and_holds_up_no_other(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent, serve_answers(lambda _request: Reply()) as address:
        urls = {
            "silent": f"json://127.0.0.1:{silent.getsockname()[1]}/{TOKEN}",
            "well": address.replace("http", "json"),
        }
        destinations = [destination(url, name) for name, url in urls.items()]
        found = send_notice(MESSAGE, destinations, limits=NoticeLimits(timeout_s=1.5))
    assert "no answer within 2 s" in str(found["silent"]) or "timed out" in str(found["silent"])
    assert isinstance(found["well"], Sent)


def command(tmp_path: Path, program: str, *arguments: str) -> CommandDestination:
    return CommandDestination(name="page", command=(sys.executable, "-c", program, *arguments), folder=tmp_path)


def test_a_command_reads_the_message_and_no_shell_reads_its_arguments(tmp_path):
    program = (
        "import sys, os; open('heard', 'w').write("
        "sys.stdin.read() + os.environ['NOTICE_TITLE'] + os.environ['NOTICE_SEVERITY'] + sys.argv[1])"
    )
    assert send_notice(MESSAGE, [command(tmp_path, program, "$(id); a b")]).ok
    heard = (tmp_path / "heard").read_text()
    assert heard == f"{MESSAGE.title}\n\n{MESSAGE.body}\n{MESSAGE.title}warning$(id); a b"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('AKIAIOSFODNN7EXAMPLE is no key')", "exit 1: [redacted] is no key"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "exit -15"),
    ],
)
def test_a_command_that_fails_is_told_with_what_it_said_last_and_no_secret(tmp_path, program, said):
    found = send_notice(MESSAGE, [command(tmp_path, program)])["page"]
    assert said in str(found)


def test_a_command_that_takes_too_long_is_killed_with_what_it_started(tmp_path):
    program = (
        "import subprocess, sys; inner = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE);"
        "open('pid', 'w').write(str(inner.pid)); inner.wait()"
    )
    found = send_notice(MESSAGE, [command(tmp_path, program)], limits=NoticeLimits(timeout_s=3))["page"]
    assert "took too long" in str(found)
    state = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")

    def look():
        # On a busy computer what was killed takes a moment to end, and another until somebody has asked for its code.
        ended = not state.exists() or state.read_text().split()[2] == "Z"
        return True if ended else NotYet("it is still there")

    assert wait_until(look, what="the inner process to end", patience=Patience(deadline_s=30, interval_s=0.05))


def test_what_a_command_leaves_at_work_is_not_waited_for(tmp_path):
    program = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3)']).pid)"
    )
    found = send_notice(MESSAGE, [command(tmp_path, program)], limits=NoticeLimits(timeout_s=30))["page"]
    assert isinstance(found, Sent)
    assert found.took_s < 3


def test_a_program_that_is_not_there_is_named(tmp_path):
    missing = CommandDestination(name="page", command=("/no/such/program",), folder=tmp_path)
    assert "/no/such/program: No such file" in str(send_notice(MESSAGE, [missing])["page"])


def test_what_is_called_takes_the_message_and_its_refusal_is_a_result():
    taken = []

    def refuse(_message):
        raise NoticeError("no")

    found = send_notice(MESSAGE, [CallDestination(name="a", call=taken.append), CallDestination(name="b", call=refuse)])
    assert taken == [MESSAGE]
    assert list(found.ok) == ["a"]
    assert isinstance(found["b"], FleetkitError)


def test_two_of_one_name_are_refused():
    twice = [CallDestination(name="a", call=print)] * 2
    with pytest.raises(SettingsError, match="one name"):
        send_notice(MESSAGE, twice)


def test_no_destination_shows_its_url_or_its_command(tmp_path):
    assert TOKEN not in repr(destination(f"json://{TOKEN}"))
    assert TOKEN not in repr(CommandDestination(name="page", command=("/bin/x", TOKEN), folder=tmp_path))
