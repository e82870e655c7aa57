"""No known secret and no tell-tale shape gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.core import MASK, Redactor

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (f"before {KEY} after", "MHcCAQEE"),
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
        ("AWS_SESSION_TOKEN=" + "q" * 120, "q" * 40),
        ("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQ", "QQQQQQQQ"),
    ],
)
def test_shapes_that_give_a_secret_away_are_masked(text: str, gone: str) -> None:
    redacted = Redactor().redact(text)
    assert gone not in redacted
    assert MASK in redacted


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
