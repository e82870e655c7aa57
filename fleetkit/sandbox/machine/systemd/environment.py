"""The environment of a service: what units assign, and what their environment files say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from fleetkit.sandbox.machine.systemd.commands import expand_specifiers, split_words

__all__ = ["BASE_ENVIRONMENT", "STAND_IN_PATH", "parse_environment_file", "read_assignments", "with_stand_ins"]

STAND_IN_PATH = "/sandbox/bin"
BASE_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/sandbox/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    # Archives name owners that do not exist here, and the kernel refuses to make files theirs.
    "TAR_OPTIONS": "--no-same-owner",
}
"""What every service gets before its unit adds to it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def with_stand_ins(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the stand-ins first on its path, whatever a unit or a session made of it."""
    path = environment.get("PATH", BASE_ENVIRONMENT["PATH"])
    if path.split(":")[0] != STAND_IN_PATH:
        path = f"{STAND_IN_PATH}:{path}"
    return {**environment, "PATH": path}


def read_assignments(values: Iterable[str], *, specifiers: Mapping[str, str]) -> dict[str, str]:
    """Read the values of ``Environment=`` lines: quoted words ``NAME=value``."""
    found: dict[str, str] = {}
    for value in values:
        for word in split_words(value):
            name, equals, text = expand_specifiers(word, specifiers).partition("=")
            if equals and _NAME.fullmatch(name):
                found[name] = text
    return found


def parse_environment_file(path: Path) -> dict[str, str]:
    """Read a file of ``NAME=value`` lines as systemd does: remarks, quotes, continued lines; nothing is expanded.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    found: dict[str, str] = {}
    text = path.read_text(encoding="utf-8").replace("\\\n", "")
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        name, equals, value = line.partition("=")
        if equals and _NAME.fullmatch(name.strip()):
            found[name.strip()] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        inner = value[1:-1]
        return inner if value[0] == "'" else re.sub(r"\\([\"\\`$])", r"\1", inner)
    return re.sub(r"\\(.)", r"\1", value)
