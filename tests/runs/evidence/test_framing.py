"""An archive has one form alone: whatever stands in it that its files do not need is refused, and so is any change."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from support.evidence_world import pack

from fleetkit.core import FleetkitError
from fleetkit.runs.evidence import is_plain_name
from fleetkit.runs.evidence.framing import read_content, read_entries

FILES = {"a.txt": b"one\n" * 50, "records/x/run.json": b"{}\n", "empty": b""}


def read(content: bytes) -> dict[str, bytes]:
    file = io.BytesIO(content)
    entries = read_entries(file, size_bytes=len(content))
    return {one.name: b"".join(read_content(file, one)) for one in entries}


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return pack(tmp_path / "a.zip", FILES.items()).read_bytes()


def zipped(*files: tuple[str, bytes], **about: object) -> bytes:
    """Return an archive as anybody may make one."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr, info.compress_type = 3, 0o100644 << 16, zipfile.ZIP_DEFLATED
            for field, value in about.items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return file.getvalue()


def test_what_was_packed_is_read_in_its_order(content: bytes) -> None:
    assert read(content) == FILES
    assert list(read(content)) == list(FILES)


@pytest.mark.parametrize("bit", range(8))
def test_any_changed_bit_is_found_but_those_that_fill_up_a_files_last_byte(content: bytes, bit: int) -> None:
    unseen = []
    for place in range(len(content)):
        changed = content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
        try:
            assert read(changed) == FILES, "whatever is read is what was packed"
        except FleetkitError:
            continue
        unseen.append(place)
    entries = read_entries(io.BytesIO(content), size_bytes=len(content))
    assert set(unseen) <= {one.ends - 1 for one in entries}
    assert bit or not unseen


@pytest.mark.parametrize("share", [0, 1, 21, 22, 60, 300])
def test_a_cut_off_archive_is_refused(content: bytes, share: int) -> None:
    with pytest.raises(FleetkitError, match="cut off"):
        read(content[:share])
    with pytest.raises(FleetkitError):
        read(content[share + 1 :])


def _between(content: bytes) -> bytes:
    """Put bytes between the last file and the directory, and let the end name the directory's new place."""
    begins = content.index(b"PK\x01\x02")
    end = bytearray(content[-22:])
    struct.pack_into("<I", end, 16, begins + 5)
    return content[:begins] + b"extra" + content[begins:-22] + bytes(end)


def _behind_content(_: bytes) -> bytes:
    """Let a file's packed content go on behind its end."""
    packed = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packed.compress(b"one") + packed.flush() + b"hidden"
    facts = (0, 8, 0, 33, zlib.crc32(b"one"), len(body), 3, 1, 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, *facts) + b"a"
    line = struct.pack("<4s2BH4H3I5H2I", b"PK\x01\x02", 20, 3, 20, *facts, 0, 0, 0, 0o100644 << 16, 0) + b"a"
    head = local + body
    return head + line + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(line), len(head), 0)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda content: b"before" + content, "bytes were added"),
        (lambda content: content + b"behind", "added to"),
        (lambda content: content[:-2] + b"\x02\x00hi", "added to"),
        (_between, "something stands between its last file and its directory"),
        (_behind_content, "something stands behind its content"),
        (lambda _: zipped(("a", b"1"), ("b", b"2"), comment=b"hidden"), "was not written by fleetkit"),
        (lambda _: zipped(("a", b"1"), extra=b"\x01\x00\x00\x00"), "was not written by fleetkit"),
        (lambda _: zipped(("a", b"1"), compress_type=zipfile.ZIP_STORED), "was not written by fleetkit"),
        (lambda _: zipped(("a", b"1"), date_time=(2026, 3, 1, 0, 0, 0)), "was not written by fleetkit"),
        (lambda _: zipped(("a", b"../../etc"), external_attr=0o120777 << 16), "was not written by fleetkit"),
        (lambda _: zipped(("../a", b"1")), "a name that none may have"),
        (lambda _: zipped(("/etc/passwd", b"1")), "a name that none may have"),
        (lambda _: zipped(("a/../../b", b"1")), "a name that none may have"),
        (lambda _: zipped(("a\\b", b"1")), "a name that none may have"),
        (lambda _: zipped(("a/", b"")), "a name that none may have"),
        (lambda _: b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 9, 9, 0, 0, 0), "it is not there"),
        (lambda _: b"nothing of the kind, but long enough for an end", "is none"),
    ],
    ids=[
        "bytes before", "bytes behind", "a comment", "bytes between", "bytes behind a file's content",
        "a file's comment", "an extra field", "not packed", "a date", "a link", "a name that leads up",
        "a name from the root", "a name that leads up within", "another system's separator", "a folder",
        "a directory that is not there", "no archive",
    ],
)  # fmt: skip
def test_whatever_else_an_archive_may_hold_is_refused(
    content: bytes, make: Callable[[bytes], bytes], what: str
) -> None:
    with pytest.raises(FleetkitError, match=what):
        read(make(content))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FleetkitError, match="it is there twice"):
        read(zipped(("a", b"1"), ("a", b"2")))


def test_what_unpacks_to_more_than_it_says_is_given_up_at_that_size(tmp_path: Path) -> None:
    bomb = bytearray(zipped(("a", b"\x00" * 50_000_000)))
    assert len(bomb) < 60_000
    line = bomb.index(b"PK\x01\x02")
    struct.pack_into("<I", bomb, line + 24, 1000)
    struct.pack_into("<I", bomb, 22, 1000)
    file = io.BytesIO(bytes(bomb))
    (entry,) = read_entries(file, size_bytes=len(bomb))
    taken: list[bytes] = []
    with pytest.raises(FleetkitError, match="unpacks to more than it says"):
        taken.extend(read_content(file, entry))
    assert sum(map(len, taken)) <= 1000


@pytest.mark.parametrize("name", ["a", "records/20260301T040506Z-10-try/run.json", "a..b", "A-b_c.d"])
def test_plain_names(name: str) -> None:
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".a", "a//b", "/a", "a/", "a/../b", "ä", "a b", "a\n", "C:a", "a" * 201]
)
def test_names_that_none_may_have(name: str) -> None:
    assert not is_plain_name(name)
