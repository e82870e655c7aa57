"""Writing what an Ignition configuration asks for onto a machine's disk, at its first boot.

Order as the real one has it: directories, files, links, then units.
"""

from __future__ import annotations

import os
from pathlib import Path

from fleetkit.sandbox.machine.accounts import find_ids, record_owner
from fleetkit.sandbox.machine.ignition import Directory, File, Ignition, IgnitionError, Link, UnitEntry

__all__ = ["write_ignition"]

_UNITS = "etc/systemd/system"
_PRESETS = "etc/systemd/system-preset/20-ignition.preset"
_NOT_MOUNTED = ("/run", "/tmp", "/proc", "/sys", "/dev", "/usr")  # noqa: S108 - places that Ignition cannot write to


def write_ignition(config: Ignition, *, root: Path = Path("/")) -> None:
    """Write everything, and stop at the first thing that cannot be written.

    Raises
    ------
    IgnitionError
        Names what cannot be written, and why.
    """
    outer_first = sorted(config.directories, key=lambda one: one.path.count("/"))
    entries: tuple[Directory | File | Link, ...] = (*outer_first, *config.files, *config.links)
    for entry in entries:
        try:
            _write_entry(entry, root)
        except OSError as error:
            raise IgnitionError(f"{entry.path}: {error.strerror}") from error
    for unit in config.units:
        _write_unit(unit, root)
    presets = [
        f"{'enable' if unit.enabled else 'disable'} {unit.name}\n" for unit in config.units if unit.enabled is not None
    ]
    path = root / _PRESETS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(presets), encoding="utf-8")


def _write_entry(entry: Directory | File | Link, root: Path) -> None:
    if isinstance(entry, Directory):
        _write_directory(entry, root)
    elif isinstance(entry, File):
        _write_file(entry, root)
    else:
        _write_link(entry, root)


def _place(path: str, root: Path) -> Path:
    if path.startswith(tuple(f"{one}/" for one in _NOT_MOUNTED)):
        raise IgnitionError(f"{path}: Ignition runs before {path.split('/')[1]} is there, and /usr is read-only")
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _own(place: Path, path: str, user: str, group: str, root: Path) -> None:
    try:
        record_owner(place, *find_ids(user, group, root=root))
    except LookupError as error:
        raise IgnitionError(f"{path}: {error}") from error


def _write_directory(directory: Directory, root: Path) -> None:
    place = _place(directory.path, root)
    if place.exists() and not place.is_dir():
        if not directory.overwrite:
            raise IgnitionError(f"{directory.path}: something other than a directory is there, and overwrite is false")
        place.unlink()
    place.mkdir(exist_ok=True)
    place.chmod(directory.mode)
    _own(place, directory.path, directory.user, directory.group, root)


def _write_file(file: File, root: Path) -> None:
    place = _place(file.path, root)
    exists = place.exists() or place.is_symlink()
    if exists and file.content is not None and not file.overwrite:
        raise IgnitionError(f"{file.path}: a file is there already, and overwrite is false")
    if file.content is not None or not exists:
        if exists:
            place.unlink()
        place.write_bytes(file.content or b"")
    with place.open("ab") as end:
        for part in file.append:
            end.write(part)
    place.chmod(file.mode)
    _own(place, file.path, file.user, file.group, root)


def _write_link(link: Link, root: Path) -> None:
    place = _place(link.path, root)
    if place.exists() or place.is_symlink():
        if not link.overwrite:
            raise IgnitionError(f"{link.path}: something is there already, and overwrite is false")
        place.unlink()
    if link.hard:
        os.link(root / link.target.lstrip("/"), place)
    else:
        place.symlink_to(link.target)


def _write_unit(unit: UnitEntry, root: Path) -> None:
    folder = root / _UNITS
    folder.mkdir(parents=True, exist_ok=True)
    if unit.contents:
        (folder / unit.name).write_text(unit.contents, encoding="utf-8")
    for name, text in unit.dropins.items():
        (folder / f"{unit.name}.d").mkdir(exist_ok=True)
        (folder / f"{unit.name}.d" / name).write_text(text, encoding="utf-8")
    if unit.mask:
        place = folder / unit.name
        place.unlink(missing_ok=True)
        place.symlink_to("/dev/null")
