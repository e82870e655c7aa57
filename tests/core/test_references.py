"""A reference is read as it was written, and what is none is refused without being repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.core import SecretReference, SecretScheme, SettingsError, parse_reference

LEGAL = {
    "env:REGISTRY_PASSWORD": ("env", "REGISTRY_PASSWORD", "", "", ""),
    "file:/etc/fleetkit/a password#1?": ("file", "/etc/fleetkit/a password#1?", "", "", ""),
    "file:~/.vault-token": ("file", "~/.vault-token", "", "", ""),
    "ssm:/fleetkit/demo/token": ("ssm", "/fleetkit/demo/token", "", "", ""),
    "ssm:token": ("ssm", "token", "", "", ""),
    "ssm:/fleetkit/demo/token:3": ("ssm", "/fleetkit/demo/token:3", "", "", ""),
    "ssm:arn:aws:ssm:us-west-2:123456789012:parameter/shared/token": (
        *("ssm", "arn:aws:ssm:us-west-2:123456789012:parameter/shared/token"),
        *("", "", ""),
    ),
    "secretsmanager:demo/registry": ("secretsmanager", "demo/registry", "", "", ""),
    "secretsmanager:demo/registry#password": ("secretsmanager", "demo/registry", "password", "", ""),
    "secretsmanager:demo?stage=AWSPREVIOUS#a key": ("secretsmanager", "demo", "a key", "AWSPREVIOUS", ""),
    "secretsmanager:demo?version=EXAMPLE1-90ab-cdef-fedc-ba987SECRET1": (
        *("secretsmanager", "demo", "", "", "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1"),
    ),
    "secretsmanager:arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:demo-AbCdEf#user": (
        *("secretsmanager", "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:demo-AbCdEf"),
        *("user", "", ""),
    ),
    "vault:secret/demo/registry#password": ("vault", "secret/demo/registry", "password", "", ""),
    "vault:team/kv/demo?version=2#password": ("vault", "team/kv/demo", "password", "", "2"),
    "vault:secret/token": ("vault", "secret/token", "", "", ""),
}


@pytest.mark.parametrize("text", LEGAL)
def test_a_reference_is_read_and_written_back_as_it_was(text: str) -> None:
    scheme, place, field, stage, version = LEGAL[text]
    found = parse_reference(text)
    assert found == SecretReference(scheme=SecretScheme(scheme), place=place, field=field, stage=stage, version=version)
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CANARY-5c3a",
        "https://user:CANARY-5c3a@host/",
        "ENV:CANARY_5c3a",
        "env:",
        "env:5CANARY",
        "env:CANARY-5c3a",
        "env:CANARY 5c3a",
        "env:CANARY\n",
        "file:CANARY-5c3a",
        "file:~ada/CANARY-5c3a",
        "file:/CANARY\x005c3a",
        "file:/etc/../CANARY",
        "ssm:",
        "ssm:/CANARY//5c3a",
        "ssm:/CANARY/",
        "ssm:CANARY 5c3a",
        "ssm:CANARY#5c3a",
        "secretsmanager:CANARY 5c3a",
        "secretsmanager:CANARY#",
        "secretsmanager:CANARY?",
        "secretsmanager:CANARY?stage=",
        "secretsmanager:CANARY?other=1",
        "secretsmanager:CANARY?version=1",
        "vault:CANARY-5c3a",
        "vault:CANARY/5c3a#",
        "vault:/CANARY/5c3a",
        "vault:CANARY/../5c3a",
        "vault:CANARY/5c3a?version=0",
        "vault:CANARY/5c3a?stage=AWSCURRENT",
    ],
)
def test_what_is_none_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^secrets.token is none: .*not repeated here\n  next: write ") as caught:
        parse_reference(text, what="secrets.token")
    assert "CANARY" not in str(caught.value)
    assert "5c3a" not in str(caught.value)


def test_one_that_is_wrong_in_its_place_is_told_the_form_of_its_own_kind_alone() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_reference("vault:x")
    assert caught.value.hint == "write vault:MOUNT/PATH#FIELD, with ?version=NUMBER before the #"


@given(st.sampled_from(sorted(SecretScheme)), st.text(max_size=40))
def test_any_text_is_a_reference_that_says_so_again_or_is_refused(scheme: SecretScheme, place: str) -> None:
    text = f"{scheme}:{place}"
    try:
        found = parse_reference(text)
    except SettingsError:
        return
    assert str(found) == text
    assert parse_reference(str(found)) == found
