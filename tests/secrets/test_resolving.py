"""What lies on this computer is read late, where nobody else can read it, and told to whoever records."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fleetkit
from fleetkit.core import (
    FleetkitError,
    NotFoundError,
    PreconditionError,
    SettingsError,
    parse_reference,
)
from fleetkit.secrets import Secret, SecretSources, resolve_secret

VALUE = "CANARY-5c3a-9d1e"


def value_of(secret: Secret) -> bytes:
    pieces: list[bytes] = []
    secret.deliver(pieces.append)
    return pieces[0]


def resolve(text: str, **environ: str) -> bytes:
    return value_of(resolve_secret(parse_reference(text), SecretSources(environ=environ)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a secret"
    path.write_text(VALUE)
    path.chmod(0o600)
    return path


def test_a_variable_is_read_when_it_is_resolved() -> None:
    assert resolve("env:TOKEN", TOKEN=VALUE) == VALUE.encode()


def test_where_no_variables_are_handed_over_they_are_those_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", VALUE)
    assert value_of(resolve_secret(parse_reference("env:TOKEN"), SecretSources())) == VALUE.encode()


@pytest.mark.parametrize(("environ", "seen"), [({}, "no such variable is set"), ({"TOKEN": ""}, "is empty")])
def test_a_variable_that_says_nothing_is_named(environ: dict[str, str], seen: str) -> None:
    with pytest.raises(NotFoundError, match=f"the secret env:TOKEN is not there: .*{seen}"):
        resolve("env:TOKEN", **environ)


def test_neither_secret_nor_sources_show_the_value() -> None:
    sources = SecretSources(environ={"TOKEN": VALUE})
    secret = resolve_secret(parse_reference("env:TOKEN"), sources)
    assert VALUE not in f"{secret!r} {sources!r}"
    assert repr(secret) == "Secret(env:TOKEN)"


def test_whoever_records_is_told_before_anybody_has_the_secret() -> None:
    told: list[list[str]] = []
    resolve_secret(parse_reference("env:TOKEN"), SecretSources(environ={"TOKEN": VALUE}), protect=told.append)
    assert told == [[VALUE]]


def test_one_that_is_too_short_to_be_kept_out_of_records_is_refused_with_its_reference() -> None:
    with pytest.raises(SettingsError, match=r"the secret env:TOKEN cannot be used: .*fewer than 6") as caught:
        resolve("env:TOKEN", TOKEN="hunt")
    assert "'hunt'" not in "".join(traceback.format_exception(caught.value))
    package = str(Path(fleetkit.__file__).parent)
    frames = [
        frame
        for frame, _ in traceback.walk_tb(caught.value.__traceback__)
        if frame.f_code.co_filename.startswith(package)
    ]
    assert frames
    assert "hunt'" not in repr([{k: v for k, v in frame.f_locals.items() if k != "sources"} for frame in frames])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hunter2-hunter2\n", "hunter2-hunter2"),
        ("hunter2-hunter2\r\n", "hunter2-hunter2"),
        ("hunter2-hunter2", "hunter2-hunter2"),
        (" hunter2 \n", " hunter2 "),
        ("first line\nsecond line\n", "first line\nsecond line\n"),
    ],
)
def test_a_file_is_taken_as_it_is_but_for_the_line_end_of_its_only_line(file: Path, written: str, read: str) -> None:
    file.write_bytes(written.encode())
    assert resolve(f"file:{file}") == read.encode()


def test_a_file_may_lie_in_the_home_folder(hidden_operator: Path) -> None:
    token = hidden_operator / ".vault-token"
    token.write_text(VALUE)
    token.chmod(0o400)
    assert resolve("file:~/.vault-token") == VALUE.encode()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o602, 0o620, 0o644, 0o777])
def test_a_file_that_others_may_read_or_change_is_refused_with_the_command_that_mends_it(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(PreconditionError, match=rf"its mode is {mode:04o}.*\n  next: chmod 600 {file}") as caught:
        resolve(f"file:{file}")
    assert VALUE not in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(file: Path) -> None:
    os.chown(file, 12345, 12345)
    with pytest.raises(PreconditionError, match="belongs to user 12345"):
        resolve(f"file:{file}")


def test_what_is_no_plain_file_is_refused_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", mode=0o600)
    for name, seen in (("pipe", "no plain file"), ("", "no plain file|Is a directory")):
        with pytest.raises(SettingsError, match=seen):
            resolve(f"file:{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("content", "error", "seen"),
    [
        (b"", NotFoundError, "is empty"),
        (b"\n", NotFoundError, "is empty"),
        (b"x" * 65_537, SettingsError, "65537 bytes"),
    ],
)
def test_one_that_holds_no_secret_is_refused(file: Path, content: bytes, error: type[FleetkitError], seen: str) -> None:
    file.write_bytes(content)
    with pytest.raises(error, match=seen):
        resolve(f"file:{file}")


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=f"no file {tmp_path}/none"):
        resolve(f"file:{tmp_path}/none")


@pytest.mark.parametrize(("text", "hint"), [("ssm:/demo", None), ("vault:kv/demo", "VAULT_ADDR")])
def test_what_nobody_handed_over_is_said_to_be_missing(text: str, hint: str | None) -> None:
    with pytest.raises(SettingsError, match="nothing is known here that keeps") as caught:
        resolve(text)
    assert hint is None or hint in (caught.value.hint or "")


def is_long_enough(value: bytes) -> bool:
    """Return whether a variable may hold it, and it has the characters that a secret needs to be redacted."""
    return b"\0" not in value and len(value.decode(errors="replace")) >= 6


@given(st.binary(min_size=6, max_size=200).filter(is_long_enough))
def test_any_value_of_a_variable_comes_out_as_it_is(content: bytes) -> None:
    assert resolve("env:TOKEN", TOKEN=os.fsdecode(content)) == content
