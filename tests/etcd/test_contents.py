"""A value is shown as what it is, and nothing of it is lost or made up."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.etcd import ContentKind, decode_content, indent_json, show_content, show_key, tell_kind

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ContentKind.EMPTY),
        (b'{"a": [1, 2]}', ContentKind.JSON),
        (b" [] ", ContentKind.JSON),
        (b"1", ContentKind.TEXT),
        (b"true", ContentKind.TEXT),
        (b'"quoted"', ContentKind.TEXT),
        (b"{not json}", ContentKind.TEXT),
        (b'{"a": NaN}', ContentKind.TEXT),
        (b"[" * 100_000, ContentKind.TEXT),
        ("grün\n\tmit Zeilen\r\n".encode(), ContentKind.TEXT),
        (b"\x1b[2J", ContentKind.BYTES),
        (b"a\0b", ContentKind.BYTES),
        ("c1 \x9b".encode(), ContentKind.BYTES),
        (b"\xff\xfe", ContentKind.BYTES),
        (b"k8s\x00\x0a\x0f", ContentKind.BYTES),
    ],
    ids=repr,
)
def test_each_kind_is_told(content: bytes, kind: ContentKind) -> None:
    assert tell_kind(content) is kind


@given(st.binary())
def test_bytes_are_shown_in_hex_and_all_else_can_be_read_back(content: bytes) -> None:
    shown, kind = show_content(content), tell_kind(content)
    if kind is ContentKind.BYTES:
        assert bytes.fromhex(shown) == content
    elif kind is ContentKind.JSON:
        assert json.loads(shown) == json.loads(content)
    else:
        assert shown.encode() == content
    assert (decode_content(content) is None) is (kind is ContentKind.BYTES)


@given(st.text())
def test_nothing_that_is_shown_can_steer_a_terminal(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", show_content(text.encode(errors="replace")))


@given(JSON, st.sampled_from([None, 1, 4]))
def test_json_is_indented_and_stays_what_it_was(value: object, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    shown = indent_json(text)
    assert json.loads(shown) == value
    assert indent_json(shown) == shown
    if isinstance(value, (dict, list)):
        assert shown == json.dumps(value, ensure_ascii=False, indent=2)


def test_a_number_a_name_and_a_letter_stay_as_they_were_written() -> None:
    text = '{"big":12345678901234567890.10,"a":1,"a":2,"\\u00e9":1e400,"empty":{},"none":[ ]}'
    assert indent_json(text) == (
        '{\n  "big": 12345678901234567890.10,\n  "a": 1,\n  "a": 2,\n'
        '  "\\u00e9": 1e400,\n  "empty": {},\n  "none": []\n}'
    )


def test_what_cannot_be_seen_in_a_key_is_written_out() -> None:
    assert show_key("/straße/a b".encode()) == "/straße/a b"
    assert show_key(b"/a\xff\n\x1b") == "/a\\xff\\n\\x1b"
    assert show_key("a\u200bb".encode()) == "a\\u200bb"
    assert show_key("a\u202eb".encode()) == "a\\u202eb"
    assert show_key(rb"/job/a\x2db.service") == "/job/a\\x2db.service"
