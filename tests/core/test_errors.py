"""A message says what failed, what was seen and what to do next."""

from __future__ import annotations

from fleetkit.core import (
    ClusterFileError,
    FleetkitError,
    NotFoundError,
    WaitTimeoutError,
    format_duration,
    on_one_line,
)


def test_a_message_has_three_parts() -> None:
    error = FleetkitError("cannot read clusters/demo.toml", seen="permission denied", hint="chmod u+r the file")
    assert str(error) == "cannot read clusters/demo.toml: permission denied\n  next: chmod u+r the file"


def test_a_message_fits_on_one_line_with_its_next_step() -> None:
    error = FleetkitError("cannot ask AWS", seen="it said:\n  no", hint="give credentials")
    assert on_one_line(str(error)) == "cannot ask AWS: it said: no; give credentials"
    assert on_one_line(f"machines: {error}") == "machines: cannot ask AWS: it said: no; give credentials"


def test_all_problems_of_a_cluster_file_are_told_at_once() -> None:
    error = ClusterFileError("clusters/demo.toml is not legal", problems=["masters: 4", "zones: none"])
    assert str(error).splitlines()[1:] == ["  - masters: 4", "  - zones: none"]


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert "known: demo, prod" in str(NotFoundError("no cluster called dmeo", known=["demo", "prod"]))


def test_errors_are_also_the_builtin_ones_that_callers_expect() -> None:
    assert isinstance(WaitTimeoutError("x"), TimeoutError)
    assert isinstance(ClusterFileError("x"), ValueError)


def test_spans_are_written_for_people() -> None:
    assert [format_duration(s) for s in (0.85, 42, 185, 7440)] == ["850 ms", "42 s", "3 min 05 s", "2 h 04 min"]
