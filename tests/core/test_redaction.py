"""No known secret and no tell-tale shape gets through."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.core import MASK, Redactor, remember_secret

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (f"before {KEY} after", "MHcCAQEE"),
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
        ("AWS_SESSION_TOKEN=" + "q" * 120, "q" * 40),
        ('{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}', "wJalrXUtnFEMI"),
        (r'"{\"SecretAccessKey\": \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"}"', "wJalrXUtnFEMI"),
        ('{"Token" : "' + "q" * 120 + '"}', "q" * 40),
        ("https://s3/x?X-Amz-Expires=60&X-Amz-Signature=" + "0a" * 32, "0a0a"),
        ('{"auths": {"quay.io": {"auth": "dXNlcjpwYXNzd29yZA=="}}}', "dXNlcjpwYXNz"),
        (r"{\"quay.io\": {\"auth\": \"dXNlcjpwYXNzd29yZA==\"}}", "dXNlcjpwYXNz"),
        ("{'auth': 'dXNlcjpwYXNzd29yZA=='}", "dXNlcjpwYXNz"),
        ('{"identitytoken": "f3a1-99.b_c"}', "f3a1-99"),
        (KEY.replace("\n", r"\n"), "MHcCAQEE"),
        (KEY.split("-----END")[0] + "Traceback", "MHcCAQEE"),
        (base64.b64encode(KEY.encode()).decode(), "TUhjQ0FRRUU"),
        ("\x1b[31m-----BEGIN EC PRIVATE\x1b[0m KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----", "MHcCAQEE"),
        ("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQ", "QQQQQQQQ"),
    ],
)
def test_shapes_that_give_a_secret_away_are_masked(text: str, gone: str) -> None:
    redacted = Redactor().redact(text)
    assert gone not in redacted
    assert MASK in redacted


@pytest.mark.parametrize(
    "text",
    [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ann@desk",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIB").decode(),
        '{"auth": "none"}',
        "aws_secret_access_key = ssm:/fleetkit/key",
        "the session token is read from a file",
    ],
)
def test_what_is_public_or_a_reference_stays(text: str) -> None:
    assert Redactor().redact(text) == text


SECRET = "p@ss/wörd \"q' <1>&+2\n-second line, as long-"

FORMS = {
    "JSON": json.dumps(SECRET),
    "JSON, not ASCII": json.dumps(SECRET, ensure_ascii=False),
    "JSON in JSON": json.dumps(json.dumps(SECRET)),
    "repr": repr(SECRET),
    "repr of bytes": repr(SECRET.encode()),
    "an ASCII literal": '"' + SECRET.encode("unicode_escape").decode().replace('"', '\\"') + '"',
    "a literal in JSON": json.dumps(repr(SECRET)),
    "HTML": html.escape(SECRET),
    "URL": urllib.parse.quote(SECRET),
    "URL, all of it": urllib.parse.quote(SECRET, safe=""),
    "form": urllib.parse.urlencode({"password": SECRET}),
    "hex": SECRET.encode().hex(),
    "colours": "\x1b[32m".join(SECRET),
    "mark-up": "".join(f"<b class='x'>{html.escape(one)}</b>" for one in SECRET),
    "wrapped": SECRET.replace("ö", "ö\n    ").replace("line,", "\r\n line,"),
    **{
        f"base64 after {before} bytes, {name}": encode(b"-" * before + SECRET.encode() + b"!" * after).decode()
        for before in range(4)
        for after in range(3)
        for name, encode in (("standard", base64.b64encode), ("url-safe", base64.urlsafe_b64encode))
    },
    "base64, wrapped": base64.encodebytes(SECRET.encode() * 2).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_known_secret_is_found_in_every_form_that_it_is_written_in(form: str) -> None:
    redacted = Redactor([SECRET]).redact(f"before {FORMS[form]} after")
    assert MASK in redacted
    # What is left is the frame: quotation marks, and the characters that base64 shares with its neighbours.
    assert len(redacted.replace(MASK, "")) < len("before  after") + 20


@given(st.binary(min_size=8, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_no_place_in_a_base64_text_hides_a_secret(secret: bytes, before: bytes, after: bytes) -> None:
    text = secret.hex()
    encoded = base64.b64encode(before + text.encode() + after).decode()
    redacted = Redactor([text]).redact(encoded)
    assert MASK in redacted
    assert len(redacted.replace(MASK, "")) <= 4 * (len(before + after) // 3 + 2)


def test_a_secret_of_several_lines_is_found_line_by_line_and_its_armour_is_no_secret() -> None:
    lines = ["-----BEGIN THING-----", "c2VjcmV0LWxpbmUtMQ", "c2VjcmV0LWxpbmUtMg", "}", "-----END THING-----"]
    traceback = "".join(f"    {number} {line}\n" for number, line in enumerate(lines))
    redacted = Redactor(["\n".join(lines)]).redact(traceback)
    assert redacted.split() == ["0", *lines[0].split(), "1", MASK, "2", MASK, "3", "}", "4", *lines[4].split()]


def test_the_pieces_of_one_text_are_searched_as_one_and_the_mask_stands_once() -> None:
    pieces = Redactor(["correct horse"]).redact_pieces(["a cor", "rect", " horse b", "c"])
    assert pieces == [f"a {MASK}", "", " b", "c"]


@given(st.text(min_size=6, max_size=40), st.text(), st.text())
def test_a_known_secret_is_never_left_in_the_text(secret: str, before: str, after: str) -> None:
    if secret in MASK:
        return
    redacted = Redactor([secret]).redact(before + secret + after)
    assert secret not in redacted or secret in MASK + after or secret in before + MASK


def test_a_secret_that_contains_another_leaves_no_tail() -> None:
    assert Redactor(["hunter2", "hunter2-and-more"]).redact("x hunter2-and-more y") == f"x {MASK} y"


def test_a_secret_too_short_to_replace_is_refused_without_being_named() -> None:
    with pytest.raises(ValueError, match="fewer than 6") as caught:
        Redactor(["abc"])
    assert "abc" not in str(caught.value)


def test_ordinary_text_stays_as_it_is() -> None:
    text = "etcd1 https://10.10.3.100:2379 healthy, sha256 " + "ab" * 32
    assert Redactor(["correct horse"]).redact(text) == text


def test_what_was_remembered_is_masked_by_whoever_redacts_from_then_on_in_every_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fleetkit.core._remembered._FORMS", set())
    early = Redactor()
    assert early.redact("hunter2-hunter2") == "hunter2-hunter2"
    remember_secret("hunter2-hunter2")
    for text in (
        "hunter2-hunter2",
        base64.b64encode(b"hunter2-hunter2").decode(),
        "hunter2-\nhunter2",
        "hunter<b>2-</b>hunter2",
    ):
        assert early.redact(text).count(MASK) == Redactor().redact(text).count(MASK) == 1
    with pytest.raises(ValueError, match="fewer than 6 characters") as caught:
        remember_secret("k3y")
    assert "k3y" not in str(caught.value)
