"""The files of a place of backups: what a place must be able to do, and how a folder does it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from fleetkit.core import FleetkitError

__all__ = ["BackupFiles", "FolderFiles"]


class BackupFiles(Protocol):
    """Files under names of one level, wherever they are."""

    @property
    def address(self) -> str: ...

    def list_sizes(self, prefix: str = "") -> dict[str, int]: ...

    def read_object(self, key: str) -> bytes: ...

    def write_object(self, key: str, content: bytes) -> None: ...

    def send_file(self, key: str, file: Path) -> None: ...

    def fetch_file(self, key: str, target: Path) -> None: ...

    def delete_objects(self, keys: Iterable[str]) -> None: ...


class FolderFiles:
    """Files of a folder of this computer; it need not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        return str(self._folder)

    def list_sizes(self, prefix: str = "") -> dict[str, int]:
        folder = self._folder / prefix
        with _naming_failure(folder, "read"):
            # Not glob, which takes a folder that may not be read for one with nothing in it.
            try:
                found = sorted(folder.iterdir())
            except FileNotFoundError:
                return {}
            return {str(path.relative_to(self._folder)): path.stat().st_size for path in found if path.is_file()}

    def read_object(self, key: str) -> bytes:
        path = self._folder / key
        with _naming_failure(path, "read"):
            return path.read_bytes()

    def write_object(self, key: str, content: bytes) -> None:
        with self._naming(key) as half:
            half.write_bytes(content)

    def send_file(self, key: str, file: Path) -> None:
        with self._naming(key) as half:
            shutil.copyfile(file, half)
            # Values of the stores are in it: it is for its owner alone.
            half.chmod(0o600)

    def fetch_file(self, key: str, target: Path) -> None:
        shutil.copyfile(self._folder / key, target)

    def delete_objects(self, keys: Iterable[str]) -> None:
        for path in (self._folder / key for key in keys):
            with _naming_failure(path, "removed"):
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _naming(self, key: str) -> Iterator[Path]:
        """Give a file to write beside the one that is meant, and rename it when it is whole."""
        target = self._folder / key
        half = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield half
            # A backup that is said to be kept has to be there after the power failed, name and all.
            _sync(half)
            half.replace(target)
            _sync(target.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
            raise FleetkitError(
                f"the backup {target} cannot be kept",
                seen=error.strerror or str(error),
                hint="see that the folder may be written to, and that its disk has room",
            ) from error


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextlib.contextmanager
def _naming_failure(path: Path, done: str) -> Iterator[None]:
    """Say of a file or folder that it cannot be ``done``, where the system says so."""
    try:
        yield
    except OSError as error:
        raise FleetkitError(
            f"{path} cannot be {done}",
            seen=error.strerror or str(error),
            hint="see that it is what was meant, and that you may",
        ) from error
