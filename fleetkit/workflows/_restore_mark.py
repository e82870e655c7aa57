"""The mark of a restore that was begun: what the next one needs to go on with it after a kill."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fleetkit.core import FleetkitError, format_utc, utc_now

__all__ = ["RestoreMark", "drop_mark", "find_mark", "make_mark", "mark_put", "mark_switching", "read_mark"]

_FILE = "restore.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreMark:
    """A restore that was begun and not ended.

    Attributes
    ----------
    backup_sha256
        Of the backup's file.
    stamp
        When it was begun, as it stands in the names of folders.
    token
        The initial cluster token that the restored members share.
    is_switching
        Whether data have begun to be switched: what serves from then on is what was restored.
    put_at
        Index of the v2 store when it had been put back, from which on others change it; 0 before.
    backup
        Name of the backup; empty where that was not noted.
    """

    backup_sha256: str
    stamp: str
    token: str
    is_switching: bool = False
    put_at: int = 0
    backup: str = ""


def read_mark(folder: Path, backup_sha256: str) -> RestoreMark | None:
    """Return the restore of that backup that was begun and not ended; None where there is none.

    Raises
    ------
    FleetkitError
        When what lies there is no such mark.
    """
    mark = find_mark(folder)
    return mark if mark is not None and mark.backup_sha256 == backup_sha256 else None


def find_mark(folder: Path) -> RestoreMark | None:
    """Return the restore that was begun and not ended, of whatever backup; None where there is none.

    Raises
    ------
    FleetkitError
        When what lies there is no such mark.
    """
    file = folder / _FILE
    try:
        return RestoreMark(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as error:
        raise FleetkitError(f"{file} is no mark of a restore", seen=str(error), hint="remove it") from error


def make_mark(folder: Path, backup_sha256: str, *, cluster: str, backup: str) -> RestoreMark:
    """Mark that a restore begins, in place of one that was not ended."""
    stamp = format_utc(utc_now()).replace("-", "").replace(":", "")
    # Members of the old cluster never take up with the restored ones: its id follows from the token.
    token = f"{cluster}-{stamp}-{secrets.token_hex(4)}"
    return _write(folder, RestoreMark(backup_sha256=backup_sha256, stamp=stamp, token=token, backup=backup))


def mark_switching(folder: Path, mark: RestoreMark) -> RestoreMark:
    """Mark that data begin to be switched."""
    return _write(folder, replace(mark, is_switching=True))


def mark_put(folder: Path, mark: RestoreMark, *, index: int) -> RestoreMark:
    """Mark that the v2 store was put back: what others have changed since is not put back once more."""
    return _write(folder, replace(mark, put_at=index))


def _write(folder: Path, mark: RestoreMark) -> RestoreMark:
    new = folder / f"{_FILE}.new"
    new.write_text(json.dumps(asdict(mark)), encoding="utf-8")
    new.replace(folder / _FILE)
    return mark


def drop_mark(folder: Path) -> None:
    """Say that the restore has ended."""
    (folder / _FILE).unlink(missing_ok=True)
