"""A line of a journal, written and read."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.core import FleetkitError
from fleetkit.runs.journal import BEGINNING, EventKind, JournalEvent

TEXTS = st.text(st.characters(exclude_categories=()))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)
MOMENT = dt.datetime(2026, 3, 1, 4, 5, 6, 789000, tzinfo=dt.UTC)


@given(kind=st.sampled_from(EventKind), data=st.dictionaries(TEXTS, VALUES), seq=st.integers(min_value=0))
def test_what_is_written_on_one_line_is_read_back_as_it_was(kind, data, seq):
    event = JournalEvent(seq=seq, at=MOMENT, kind=kind, data=data, prev=BEGINNING)
    line = event.to_line()
    assert b"\n" not in line
    assert JournalEvent.from_line(line, where="here") == event


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (b"", "Expecting value"),
        (b"[]", "list indices"),
        (b"\xff", "utf-8"),
        (b'{"seq":0}', "is missing"),
        (b'{"seq":0,"at":"2026-03-01T04:05:06Z","kind":"gossip","data":{},"prev":""}', "gossip"),
        (b'{"seq":0,"at":"2026-03-01T04:05:06","kind":"failed","data":{},"prev":""}', "no time zone"),
        (b'{"seq":"x","at":"2026-03-01T04:05:06Z","kind":"failed","data":{},"prev":""}', "invalid literal"),
    ],
)
def test_what_is_no_line_is_refused_and_named(line, seen):
    with pytest.raises(FleetkitError, match="line 7 is no line of a journal") as refused:
        JournalEvent.from_line(line, where="line 7")
    assert seen in str(refused.value)
