"""Why a plugin did not send is told without what its URL is made of, whatever the plugin or a library logs."""

from __future__ import annotations

import logging
import urllib.parse
from types import SimpleNamespace

import pytest

from fleetkit.notice._reasons import Reasons

URL = "jsons://ada-user:p%40ss-word@hooks.example.com:8443/first-token/second-token?key=third-token#fourth-token"
SECRETS = ["ada-user", "p%40ss-word", "p@ss-word", "first-token", "second-token", "third-token", "fourth-token", URL]


def tell(*lines: tuple[int, str], url: str = URL, host: str = "hooks.example.com", tokens: tuple[str, ...] = ("host",)):
    reasons = Reasons(url)
    reasons.learn(SimpleNamespace(host=host, template_tokens=dict.fromkeys(tokens)))
    for level, said in lines:
        reasons.emit(logging.LogRecord("apprise", level, "", 0, said, None, None))
    return reasons.tell()


@pytest.mark.parametrize("secret", SECRETS)
def test_no_part_of_a_url_is_told(secret):
    told = tell((logging.WARNING, f"it failed for {secret}, and for {urllib.parse.quote(secret, safe='')}"))
    assert told == "it failed for [redacted], and for [redacted]"


def test_the_host_is_told_where_it_is_one_and_not_where_a_token_stands_in_its_place():
    line = (logging.WARNING, "cannot reach hooks.example.com")
    assert tell(line) == "cannot reach hooks.example.com"
    assert tell(line, tokens=("token_a",)) == "cannot reach [redacted]"
    web = "https://hooks.example.com/first-token"
    assert tell(line, url=web, tokens=("token_a",)) == "cannot reach hooks.example.com"


def test_the_last_warning_and_its_cause_are_told_and_nothing_else_of_what_is_logged():
    told = tell(
        (logging.DEBUG, "POST URL: https://hooks.example.com/x"),
        (logging.WARNING, "an earlier one"),
        (logging.WARNING, "Could not send."),
        (
            logging.DEBUG,
            "Socket Exception: HTTPSConnectionPool(host='hooks.example.com', port=443): Max retries exceeded with url: "
            "/x/a/b (Caused by NewConnectionError(\"HTTPSConnection(host='hooks.example.com', port=443): refused\"))",
        ),
    )
    assert told == "Could not send. hooks.example.com:443: refused"


def test_where_a_plugin_says_nothing_that_is_said():
    assert tell((logging.DEBUG, "Payload: secret")) == "its plugin of apprise does not say why"
