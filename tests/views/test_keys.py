"""Keys as rows, facts and lines: what is known of each, and its value only where it is asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.etcd import KeyEvent, KeyEventKind, Store, StoredKey, decode_content
from fleetkit.views import KEY_COLUMNS, key_facts, key_rows, keys_frame, tell_event, tell_key, value_facts

V2_DIR = StoredKey(store=Store.V2, key=b"/app", is_dir=True, revision=3, created=3)
V2_KEY = StoredKey(store=Store.V2, key=b"/app/a", content=b"hunter2", revision=7, created=4, ttl_s=27)
V3_DIR = StoredKey(store=Store.V3, key=b"/app/", is_dir=True)
V3_LISTED = StoredKey(store=Store.V3, key=b"/app/a", revision=9, created=8, version=2, lease="1f")
V3_READ = StoredKey(store=Store.V3, key=b"\xff", content=b"\0\1", revision=9, created=8, version=2)


def test_a_row_has_what_is_known_and_leaves_open_what_was_not_read() -> None:
    assert key_rows([V2_DIR, V2_KEY, V3_DIR, V3_LISTED, V3_READ]) == [
        ("app/", "directory", "", "3", "never"),
        ("a", "text", "7 B", "7", "in 27 s"),
        ("app/", "directory", "", "", ""),
        ("a", "", "", "9", "with lease 1f"),
        ("\\xff", "bytes", "2 B", "9", "never"),
    ]


def test_a_table_has_values_only_where_they_are_asked_for() -> None:
    frame = keys_frame([V2_DIR, V2_KEY])
    assert tuple(frame.columns) == KEY_COLUMNS
    assert "hunter2" not in frame.to_string()
    assert list(keys_frame([V2_DIR, V2_KEY], values=True)["value"]) == ["", "hunter2"]


def test_facts_name_what_each_store_has() -> None:
    assert key_facts(V2_KEY) == {
        "store": "v2", "key": "/app/a", "is_dir": False, "kind": "text", "size_bytes": 7, "value": "hunter2",
        "revision": 7, "created": 4, "ttl_s": 27,
    }  # fmt: skip
    assert "value" not in key_facts(V2_KEY, value=False)
    assert key_facts(V3_READ) == {
        "store": "v3", "key": None, "key_base64": "/w==", "is_dir": False, "kind": "bytes", "size_bytes": 2,
        "value": None, "value_base64": "AAE=", "revision": 9, "created": 8, "version": 2, "lease": "", "ttl_s": None,
    }  # fmt: skip
    assert value_facts(None) == {"is_dir": True}


@given(st.binary())
def test_facts_are_json_whatever_a_value_holds(content: bytes) -> None:
    facts = json.loads(json.dumps(value_facts(content)))
    assert facts["size_bytes"] == len(content)
    assert facts["value"] == decode_content(content)


def test_one_line_says_all_that_is_known_beside_the_value() -> None:
    assert tell_key(V2_KEY) == "modifiedIndex 7, created at 4, text, 7 B, expires in 27 s"
    assert tell_key(V3_READ) == "mod_revision 9, created at 8, version 2, bytes, 2 B, never expires"


@pytest.mark.parametrize(
    ("kind", "key", "told"),
    [
        (KeyEventKind.PUT, V2_KEY, "put /app/a at 12: hunter2"),
        (KeyEventKind.PUT, V2_DIR, "put /app at 12 (directory)"),
        (KeyEventKind.EXPIRE, StoredKey(store=Store.V2, key=b"/app/a"), "expire /app/a at 12"),
        (KeyEventKind.DELETE, V2_DIR, "delete /app at 12"),
    ],
)
def test_what_happened_is_told_in_a_line(kind: KeyEventKind, key: StoredKey, told: str) -> None:
    assert tell_event(KeyEvent(kind=kind, key=key, revision=12)) == told
