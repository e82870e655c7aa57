"""A secret's value is seen in the writer's call, and nowhere else."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import threading
import traceback
from collections.abc import Callable

import pytest

from fleetkit.core import MASK, FleetkitError, NotFoundError, Redactor, SettingsError
from fleetkit.secrets import Secret

VALUE = b"CANARY-5c3a-9d1e"
NAME = "ssm:/demo/token"


def make_secret(content: bytes = VALUE) -> Secret:
    return Secret(content, name=NAME)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{0!r:>40}".format, lambda one: f"{[one]}", ascii])
def test_it_shows_its_name_and_not_its_value(show: Callable[[object], str]) -> None:
    shown = show(make_secret())
    assert NAME in shown
    assert "CANARY" not in shown


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, bytes, len, list, vars])
def test_nothing_that_copies_or_stores_things_gets_at_it(take: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as caught:
        take(make_secret())
    assert "CANARY" not in str(caught.value)


def test_the_writer_alone_is_given_the_bytes_and_what_it_returns_is_dropped() -> None:
    written: list[bytes] = []
    assert make_secret().deliver(written.append) is None  # type: ignore[func-returns-value]
    assert make_secret().deliver(lambda content: content) is None  # type: ignore[func-returns-value]
    assert written == [VALUE]


def test_from_then_on_it_is_taken_out_of_every_text() -> None:
    make_secret()
    assert Redactor().redact(f"token={VALUE.decode()}") == f"token={MASK}"


def test_one_that_is_no_text_is_taken_out_as_programs_write_it_down() -> None:
    content = bytes(range(200, 232))
    make_secret(content)
    for text in (base64.b64encode(content).decode(), content.hex(), content.hex().upper(), f"{content!r}"):
        assert MASK in Redactor().redact(text)


@pytest.mark.parametrize("content", [b"", b"k3y"])
def test_one_that_could_not_be_taken_out_of_texts_is_refused(content: bytes) -> None:
    with pytest.raises(SettingsError, match="fewer than 6 characters") as caught:
        make_secret(content)
    assert "k3y" not in "".join(traceback.format_exception(caught.value))


class WriterError(Exception):
    """What a writer raises that is no error of ours."""


def fail(content: bytes) -> None:
    raise WriterError(f"cannot write {content!r} to the bucket")


def fail_by_name(content: bytes) -> None:
    try:
        fail(content)
    except WriterError as error:
        raise NotFoundError("there is no bucket", hint="make one") from error


def fail_as_ours(content: bytes) -> None:
    raise SettingsError(f"cannot write {content.decode()}")


@pytest.mark.parametrize("write", [fail, fail_by_name, fail_as_ours])
def test_a_writers_error_is_told_without_the_value_and_nothing_hangs_on_to_it(write: Callable[[bytes], None]) -> None:
    with pytest.raises(FleetkitError) as caught:
        make_secret().deliver(write)
    told: list[BaseException | None] = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert "CANARY" not in "".join(map(str, told))
    assert told[1:] == [None, None]
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert [value for frame in frames for value in frame.f_locals.values() if isinstance(value, bytes)] == []


def test_an_error_of_ours_that_does_not_name_it_stays_what_it_is() -> None:
    with pytest.raises(NotFoundError, match="there is no bucket\n  next: make one"):
        make_secret().deliver(fail_by_name)


def test_what_libraries_log_of_it_at_debug_level_is_dropped_in_this_thread_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("botocore.endpoint")

    def write(content: bytes) -> None:
        logger.debug("sending %s", content)
        logger.warning("sent")
        other = threading.Thread(target=logger.debug, args=("another's",))
        other.start()
        other.join()

    with caplog.at_level(logging.DEBUG):
        make_secret().deliver(write)
        logger.debug("afterwards")
    assert [record.getMessage() for record in caplog.records] == ["sent", "another's", "afterwards"]


def test_a_fingerprint_tells_whether_it_is_the_same_and_takes_a_key() -> None:
    key, other = b"k" * 16, b"o" * 16
    assert make_secret().fingerprint(key) == make_secret().fingerprint(key)
    assert make_secret().fingerprint(key) != make_secret().fingerprint(other)
    assert make_secret().fingerprint(key) != make_secret(b"another-value").fingerprint(key)
    with pytest.raises(ValueError, match="16 bytes or more"):
        make_secret().fingerprint(b"short")


def test_whoever_records_is_told_what_to_keep_out() -> None:
    told: list[list[str]] = []
    make_secret().protect(told.append)
    assert told == [[VALUE.decode()]]
