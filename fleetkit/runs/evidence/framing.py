"""What stands around the files of a zip archive: written in one way alone, so that nothing can hide there.

A zip archive has room for what no list of its files shows: bytes before, between and after them, comments, extra
fields, two files of one name. Readers overlook all of that, each in its own way. Here the few facts in which an entry
may differ are read, what stands around the files is made anew out of them, and has to come to the same bytes.
The layout is that of PKWARE's APPNOTE 6.3, without its extensions for more than 4 GB or 65,535 files.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from fleetkit.core import FleetkitError

__all__ = ["BIRTHDAY", "Entry", "is_plain_name", "read_content", "read_entries", "refuse"]

BIRTHDAY = (1980, 1, 1, 0, 0, 0)
"""The first moment that the format knows: when a file was packed is not to change the archive's bytes."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9][A-Za-z0-9._-]{0,199}){0,3}", re.ASCII)
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s2BH4H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _UNIX, _DEFLATED, _DAY = 20, 3, 8, 1 << 5 | 1
_MODE = 0o100644 << 16
_LONGEST_NAME = 4 * 201
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of an archive.

    Attributes
    ----------
    name
        Its path, with ``/`` between the parts.
    crc
        CRC-32 of its content.
    packed_bytes, size_bytes
        Its size in the archive, and as it is.
    offset
        Where its header begins.
    """

    name: str
    crc: int
    packed_bytes: int
    size_bytes: int
    offset: int

    @property
    def begins(self) -> int:
        """Where its packed content begins."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def ends(self) -> int:
        """Where the next thing begins."""
        return self.begins + self.packed_bytes

    def to_header(self) -> bytes:
        """Return what stands before its content."""
        return _LOCAL.pack(b"PK\x03\x04", _VERSION, *self._facts()) + self.name.encode("ascii")

    def to_line(self) -> bytes:
        """Return its line in the directory."""
        about = (b"PK\x01\x02", _VERSION, _UNIX, _VERSION, *self._facts(), 0, 0, 0, _MODE, self.offset)
        return _CENTRAL.pack(*about) + self.name.encode("ascii")

    def _facts(self) -> tuple[int, ...]:
        sizes = (self.crc, self.packed_bytes, self.size_bytes)
        return (0, _DEFLATED, 0, _DAY, *sizes, len(self.name), 0)


def is_plain_name(name: str) -> bool:
    """Return whether a path may stand in an archive: it leads nowhere but down, and reads the same everywhere."""
    return _NAME.fullmatch(name) is not None


def read_entries(file: BinaryIO, *, size_bytes: int) -> tuple[Entry, ...]:
    """Return the files of an archive, in their order, and none of their content.

    Raises
    ------
    FleetkitError
        When it holds anything but them, or is not whole.
    """
    if size_bytes < _END.size:
        raise refuse("the archive", "it is cut off, or is none", seen=f"{size_bytes} bytes")
    tail = _read_at(file, size_bytes - _END.size, _END.size)
    mark, _, _, _, count, length, begins, _ = _END.unpack(tail)
    if tail != _END.pack(b"PK\x05\x06", 0, 0, count, count, length, begins, 0):
        end = "the end of its directory" if mark == b"PK\x05\x06" else "something else"
        raise refuse("the archive", "it is cut off, was added to, or is none", seen=f"it ends with {end}")
    if begins + length + _END.size != size_bytes or length > count * (_CENTRAL.size + _LONGEST_NAME):
        raise refuse("the archive", "its end names a directory that is not there: it was changed, or bytes were added")
    entries = tuple(_read_lines(_read_at(file, begins, length), count))
    _require_bare(file, entries, directory=begins)
    return entries


def read_content(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield the content of a file in pieces; never more than the size that its entry tells.

    Raises
    ------
    FleetkitError
        When it is not what was packed.
    """
    unpacker, left, size, crc = zlib.decompressobj(-zlib.MAX_WBITS), entry.packed_bytes, 0, 0
    file.seek(entry.begins)
    packed = b""
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail
        if not packed:
            packed = file.read(min(left, _CHUNK_BYTES))
            left -= len(packed)
        try:
            content = unpacker.decompress(packed, _CHUNK_BYTES)
        except zlib.error as error:
            raise refuse(entry.name, "it was changed", seen=str(error)) from error
        size, crc = size + len(content), zlib.crc32(content, crc)
        if size > entry.size_bytes:
            raise refuse(entry.name, "it unpacks to more than it says", seen=f"more than {entry.size_bytes} bytes")
        if not packed and not content and not unpacker.eof:
            raise refuse(entry.name, "it is cut off", seen=f"{size} of {entry.size_bytes} bytes")
        if content:
            yield content
    if left or unpacker.unused_data:
        raise refuse(entry.name, "something stands behind its content")
    if size != entry.size_bytes:
        raise refuse(entry.name, "it was changed", seen=f"{size} bytes where {entry.size_bytes} belong")
    if crc != entry.crc:
        raise refuse(entry.name, "it was changed", seen=f"other bytes than those of the CRC-32 {entry.crc:08x}")


def refuse(where: str, what: str, *, seen: str = "") -> FleetkitError:
    """Return the error that says what is wrong with an archive, and where."""
    return FleetkitError(f"{where}: {what}", seen=seen or None, hint="ask whoever made the archive for it again")


def _read_at(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _read_lines(directory: bytes, count: int) -> Iterator[Entry]:
    place, names = 0, set()
    for number in range(1, count + 1):
        where = f"line {number} of the archive's directory"
        if len(directory) - place < _CENTRAL.size:
            raise refuse(where, "it is not there")
        facts = _CENTRAL.unpack_from(directory, place)
        crc, packed, size, length, offset = *facts[8:12], facts[-1]
        raw = directory[place + _CENTRAL.size : place + _CENTRAL.size + length]
        name = raw.decode("latin-1")
        if not is_plain_name(name):
            raise refuse(where, "a file has a name that none may have here", seen=repr(name[:100]))
        if name in names:
            raise refuse(name, "it is there twice")
        names.add(name)
        entry = Entry(name=name, crc=crc, packed_bytes=packed, size_bytes=size, offset=offset)
        if entry.to_line() != directory[place : place + len(entry.to_line())]:
            raise refuse(name, f"{where} was not written by fleetkit: it was changed")
        place += len(entry.to_line())
        yield entry
    if place != len(directory):
        raise refuse("the archive's directory", "it is longer than its files")


def _require_bare(file: BinaryIO, entries: Sequence[Entry], *, directory: int) -> None:
    """Make sure that the files stand one behind the other, each behind its own header, and nothing else does."""
    place = 0
    for entry in entries:
        if entry.offset != place or entry.ends > directory:
            raise refuse(entry.name, "it is not where it belongs: files were moved, or something stands between them")
        if _read_at(file, place, entry.begins - place) != entry.to_header():
            raise refuse(entry.name, "its header was changed: it is not what the archive's directory says")
        place = entry.ends
    if place != directory:
        raise refuse("the archive", "something stands between its last file and its directory")
