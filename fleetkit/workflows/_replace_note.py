"""The note of a replacement that is under way: what was there when it began, for whoever has to go on with it.

How far it came is never noted, but looked up: a note could be older than the world.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from fleetkit.core import StalePlanError

__all__ = ["ReplaceNote", "read_note", "remove_note", "write_note"]

_FILE = "replacement.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceNote:
    """What was there when a replacement began.

    Attributes
    ----------
    member
        Name of the member.
    member_id
        Its id, in hex, before; empty where etcd did not list it any more.
    peer_urls
        Where its peers find it, before and after.
    instance_id
        The machine that it stood on; empty where there was none.
    begun_at
        When it began.
    """

    member: str
    member_id: str
    peer_urls: tuple[str, ...]
    instance_id: str
    begun_at: str


def read_note(folder: Path) -> ReplaceNote | None:
    """Read the note in a cluster's folder; None where no replacement is under way.

    Raises
    ------
    StalePlanError
        When it cannot be understood.
    """
    file = folder / _FILE
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        return ReplaceNote(**{**fields, "peer_urls": tuple(fields["peer_urls"])})
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise StalePlanError(
            f"the note of a replacement that is under way cannot be read: {file}",
            seen=f"{type(error).__name__}: {error}",
            hint="remove it; what is left to do is then found out without it, and the machine made once more",
        ) from error


def write_note(folder: Path, note: ReplaceNote) -> None:
    """Write the note, whole or not at all."""
    fresh = folder / f".{_FILE}.{os.getpid()}"
    fresh.write_text(json.dumps(asdict(note), indent=2) + "\n", encoding="utf-8")
    fresh.replace(folder / _FILE)


def remove_note(folder: Path) -> None:
    """Remove the note: nothing is under way any more."""
    (folder / _FILE).unlink(missing_ok=True)
