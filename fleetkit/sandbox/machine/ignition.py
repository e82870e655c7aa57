"""Ignition 3.3 read strictly: what the stand-in does not know is named, and the boot fails.

The real one passes over a key that is in no version of its specification, with a warning;
here it fails too, because in user data that a program rendered it is a mistake.
Reading writes nothing; `fleetkit.sandbox.machine.provision` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetkit.sandbox.machine.ignition_document import IgnitionError, Node, read_resource

__all__ = ["Directory", "File", "Ignition", "IgnitionError", "Link", "UnitEntry", "parse_ignition"]

_VERSIONS = ("3.0.0", "3.1.0", "3.2.0", "3.3.0")
_UNIT_KINDS = ("automount", "device", "mount", "path", "scope", "service", "slice", "socket", "swap", "target", "timer")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to write. ``content`` is None where the configuration has no ``contents.source``."""

    path: str
    content: bytes | None
    append: tuple[bytes, ...]
    mode: int
    user: str
    group: str
    overwrite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory to make."""

    path: str
    mode: int
    user: str
    group: str
    overwrite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link to make."""

    path: str
    target: str
    hard: bool
    overwrite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEntry:
    """A unit; ``enabled`` and ``contents`` are None where the configuration does not speak of them."""

    name: str
    contents: str | None
    enabled: bool | None
    mask: bool
    dropins: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignition:
    """What a configuration asks for, in its order."""

    files: tuple[File, ...] = ()
    directories: tuple[Directory, ...] = ()
    links: tuple[Link, ...] = ()
    units: tuple[UnitEntry, ...] = ()
    keys: Mapping[str, tuple[str, ...]]


def parse_ignition(text: str) -> Ignition:
    """Read a configuration.

    Raises
    ------
    IgnitionError
        When it is no Ignition configuration, or asks for what is not known.
    """
    try:
        root = Node(json.loads(text), "$")
    except json.JSONDecodeError as error:
        raise IgnitionError(f"not valid JSON: {error}") from error
    root.only("ignition", "storage", "systemd", "passwd", known_but_not_done=("kernelArguments",))
    head = root.node("ignition")
    head.only("version", "timeouts", known_but_not_done=("config", "security", "proxy"))
    version = head.get("version", str)
    if version not in _VERSIONS:
        known = ", ".join(_VERSIONS)
        raise IgnitionError(f"$.ignition.version: unsupported config version {version!r}; known: {known}")
    storage = root.node("storage")
    storage.only("files", "directories", "links", known_but_not_done=("disks", "raid", "filesystems", "luks"))
    systemd = root.node("systemd")
    systemd.only("units")
    found = Ignition(
        files=tuple(_read_file(node) for node in storage.nodes("files")),
        directories=tuple(_read_directory(node) for node in storage.nodes("directories")),
        links=tuple(_read_link(node) for node in storage.nodes("links")),
        units=tuple(_read_unit(node) for node in systemd.nodes("units")),
        keys=_read_keys(root.node("passwd")),
    )
    entries: tuple[File | Directory | Link, ...] = (*found.files, *found.directories, *found.links)
    _refuse_doubles("path", [entry.path for entry in entries])
    _refuse_doubles("unit", [unit.name for unit in found.units])
    return found


def _read_file(node: Node) -> File:
    node.only("path", "overwrite", "contents", "append", "mode", "user", "group")
    append = [read_resource(one) for one in node.nodes("append")]
    overwrite: bool = node.get("overwrite", bool, False)
    if overwrite and append:
        raise IgnitionError(f"{node.place}: cannot set append with overwrite")
    return File(
        path=node.path(),
        content=read_resource(node.node("contents")),
        append=tuple(one for one in append if one is not None),
        mode=node.mode(0o644),
        user=node.owner("user"),
        group=node.owner("group"),
        overwrite=overwrite,
    )


def _read_directory(node: Node) -> Directory:
    node.only("path", "overwrite", "mode", "user", "group")
    return Directory(
        path=node.path(),
        mode=node.mode(0o755),
        user=node.owner("user"),
        group=node.owner("group"),
        overwrite=node.get("overwrite", bool, False),
    )


def _read_link(node: Node) -> Link:
    node.only("path", "overwrite", "target", "hard", "user", "group")
    target: str | None = node.get("target", str)
    if not target:
        raise IgnitionError(f"{node.place}.target: missing")
    return Link(
        path=node.path(),
        target=target,
        hard=node.get("hard", bool, False),
        overwrite=node.get("overwrite", bool, False),
    )


def _read_unit(node: Node) -> UnitEntry:
    node.only("name", "enabled", "mask", "contents", "dropins")
    name: str = node.get("name", str, "")
    if name.rpartition(".")[2] not in _UNIT_KINDS or name.startswith("."):
        raise IgnitionError(f"{node.place}.name: invalid systemd unit extension: {name!r}")
    dropins: dict[str, str] = {}
    for one in node.nodes("dropins"):
        one.only("name", "contents")
        file: str = one.get("name", str, "")
        if not file.endswith(".conf"):
            raise IgnitionError(f"{one.place}.name: invalid systemd unit drop-in extension: {file!r}")
        dropins[file] = one.get("contents", str, "")
        _refuse_broken_unit(one.place, dropins[file])
    contents: str | None = node.get("contents", str)
    _refuse_broken_unit(node.place, contents or "")
    return UnitEntry(
        name=name,
        contents=contents,
        enabled=node.get("enabled", bool),
        mask=node.get("mask", bool, False),
        dropins=dropins,
    )


def _refuse_broken_unit(place: str, text: str) -> None:
    for line in text.splitlines():
        if re.match(r"\s*\[", line) and not re.fullmatch(r"\s*\[[^\[\]]+\]\s*", line):
            raise IgnitionError(
                f"{place}.contents: invalid unit content: unable to find end of section {line.strip()!r}"
            )


def _read_keys(passwd: Node) -> dict[str, tuple[str, ...]]:
    passwd.only("users", known_but_not_done=("groups",))
    keys: dict[str, tuple[str, ...]] = {}
    for node in passwd.nodes("users"):
        node.only("name", "sshAuthorizedKeys", known_but_not_done=("groups", "uid", "passwordHash", "shell", "system"))
        keys[node.get("name", str, "")] = tuple(node.get("sshAuthorizedKeys", list, []))
    return keys


def _refuse_doubles(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise IgnitionError(f"duplicate entry defined: {what} {name}")
