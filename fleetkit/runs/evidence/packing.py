"""Writing an archive: file by file, whole or not at all, and never over another one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from fleetkit.core import FleetkitError, PreconditionError, format_bytes
from fleetkit.runs.evidence.framing import BIRTHDAY, is_plain_name
from fleetkit.runs.evidence.manifest import MANIFEST_FILE, SIGNATURE_FILE, PackedFile

__all__ = ["ArchiveWriter", "write_archive"]

_CHUNK_BYTES = 1 << 16
_UNIX, _MODE, _LEVEL = 3, 0o100644 << 16, 6


class ArchiveWriter:
    """Takes the files of an archive, one after the other, and remembers their hashes.

    Parameters
    ----------
    file
        Where the archive goes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=False, compresslevel=_LEVEL)
        self.files: list[PackedFile] = []

    def add_file(self, path: str, source: Path) -> None:
        """Add the content of a file, in pieces."""
        with source.open("rb") as stream:
            self._add(path, iter(lambda: stream.read(_CHUNK_BYTES), b""))

    def add_text(self, path: str, text: str) -> None:
        """Add a text."""
        self._add(path, [text.encode("utf-8", "backslashreplace")])

    def close(self, manifest: bytes, signature: bytes) -> None:
        """Add what vouches for the rest, and end the archive."""
        self._add(MANIFEST_FILE, [manifest])
        self._add(SIGNATURE_FILE, [signature])
        self._zip.close()

    def give_up(self) -> None:
        """Let go of the file, of which nothing is kept."""
        # It would write its directory when it is swept up otherwise, into a file that is closed by then.
        with contextlib.suppress(OSError, ValueError, zipfile.LargeZipFile):
            self._zip.close()

    def _add(self, path: str, content: Iterable[bytes]) -> None:
        if not is_plain_name(path):
            raise ValueError(f"a file of an archive may not be called {path!r}")
        info = zipfile.ZipInfo(path, BIRTHDAY)
        info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _MODE
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w") as target:
            for piece in content:
                size += len(piece)
                if size > zipfile.ZIP64_LIMIT:
                    # The library says the same of the whole archive; of one file it only trips over its own check.
                    raise zipfile.LargeZipFile(f"{path} is larger than {format_bytes(zipfile.ZIP64_LIMIT)}")
                target.write(piece)
                digest.update(piece)
        self.files.append(PackedFile(path=path, sha256=digest.hexdigest(), size_bytes=size))


@contextlib.contextmanager
def write_archive(path: Path, *, replace: bool = False) -> Iterator[ArchiveWriter]:
    """Write an archive in this block; it is there, whole, once the block has ended without an error.

    Parameters
    ----------
    replace
        Whether a file that is there already may go.

    Raises
    ------
    PreconditionError
        When something of that name is there already.
    FleetkitError
        When it cannot be written, or would become larger than the format allows.
    """
    if path.exists() and not replace:
        raise _is_there(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        half = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                writer = ArchiveWriter(file)
                try:
                    yield writer
                finally:
                    writer.give_up()
                file.flush()
                os.fsync(file.fileno())
            _put(half, path, replace=replace)
        finally:
            half.unlink(missing_ok=True)
    except (OSError, zipfile.LargeZipFile) as error:
        raise FleetkitError(
            f"the archive {path} cannot be written",
            seen=getattr(error, "strerror", None) or str(error),
            hint="make room, name another place with --output, or pack a shorter time",
        ) from error


def _put(half: Path, path: Path, *, replace: bool) -> None:
    if replace:
        half.replace(path)
    else:
        try:
            os.link(half, path)
        except FileExistsError as error:
            raise _is_there(path) from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_there(path: Path) -> PreconditionError:
    return PreconditionError(
        f"{path} is there already", hint="name another file with --output, or give --force to replace it"
    )
