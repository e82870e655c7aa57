"""The options of docker's verbs, those that are known; every other one is refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DockerUsageError", "RunOptions", "Volume", "read_options", "read_run_options"]

_VALUED = {
    "-e": "env", "--env": "env", "--env-file": "env-file", "--entrypoint": "entrypoint", "--name": "name",
    "--net": "network", "--network": "network", "--pull": "pull", "--restart": "restart", "-u": "user",
    "--user": "user", "-v": "volume", "--volume": "volume", "--ulimit": "ulimit", "--log-driver": "log-driver",
    "--stop-timeout": "stop-timeout", "--cap-drop": "cap-drop", "--memory": "memory",
    "--security-opt": "security-opt", "--tmpfs": "tmpfs",
}  # fmt: skip
_FLAGS = {"-d": "detach", "--detach": "detach", "--rm": "rm", "-i": "interactive", "--interactive": "interactive",
          "--init": "init", "--read-only": "read-only"}  # fmt: skip
_MODES = ("ro", "rw", "z", "Z", "ro,z", "ro,Z", "rw,z", "rw,Z")


class DockerUsageError(ValueError):
    """The words cannot be acted on; docker ends with 125 then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A folder or file of the machine that the container sees, at the same path."""

    path: str
    read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What ``docker run`` was asked for."""

    image: str
    command: tuple[str, ...]
    name: str | None
    environment: Mapping[str, str]
    volumes: tuple[Volume, ...]
    user: tuple[str, str]
    entrypoint: str | None
    detach: bool
    remove: bool


def read_run_options(words: Sequence[str], *, caller_environment: Mapping[str, str]) -> RunOptions:
    """Read the words after ``docker run``.

    Raises
    ------
    DockerUsageError
        When an option is unknown, or its value is one that the stand-in cannot honour.
    """
    given: dict[str, list[str]] = {}
    left = list(words)
    while left and left[0].startswith("-"):
        name, equals, value = left.pop(0).partition("=")
        if name in _FLAGS and not equals:
            given[_FLAGS[name]] = [""]
        elif name in _VALUED:
            if not equals and not left:
                raise DockerUsageError(f"flag needs an argument: {name}")
            given.setdefault(_VALUED[name], []).append(value if equals else left.pop(0))
        else:
            raise DockerUsageError(
                f"unknown flag: {name} (the stand-in knows {', '.join(sorted({*_VALUED, *_FLAGS}))})"
            )
    if not left:
        raise DockerUsageError('"docker run" requires at least 1 argument.')
    network = given.get("network", ["bridge"])[-1]
    if network != "host":
        raise DockerUsageError(f"network {network}: the stand-in knows --network host alone")
    user, _, group = given.get("user", ["0"])[-1].partition(":")
    return RunOptions(
        image=left[0],
        command=tuple(left[1:]),
        name=given.get("name", [None])[-1],
        environment=_read_environment(given, caller_environment),
        volumes=tuple(_read_volume(value) for value in given.get("volume", [])),
        user=(user, group or user),
        entrypoint=given.get("entrypoint", [None])[-1],
        detach="detach" in given,
        remove="rm" in given,
    )


def read_options(
    words: Sequence[str], *, valued: Sequence[str], flags: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Tell the names among a verb's words from its options, and return both.

    Raises
    ------
    DockerUsageError
        When an option is unknown.
    """
    names: list[str] = []
    options: dict[str, str] = {}
    left = iter(words)
    for word in left:
        key, equals, value = word.partition("=")
        if key in valued:
            options[key] = value if equals else next(left, "")
        elif word in flags:
            options[word] = ""
        elif word.startswith("-"):
            raise DockerUsageError(f"unknown flag: {word}")
        else:
            names.append(word)
    return names, options


def _read_environment(given: Mapping[str, Sequence[str]], caller: Mapping[str, str]) -> dict[str, str]:
    lines: list[str] = []
    for name in given.get("env-file", ()):
        try:
            lines += Path(name).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DockerUsageError(f"open {name}: {(error.strerror or '').lower()}.") from error
    found: dict[str, str] = {}
    for line in [*(line.strip() for line in lines), *given.get("env", ())]:
        if not line or line.startswith("#"):
            continue
        # Everything after the first = is the value, quotes too: docker's files are no shell's.
        name, equals, value = line.partition("=")
        if equals:
            found[name] = value
        elif name in caller:
            found[name] = caller[name]
    return found


def _read_volume(value: str) -> Volume:
    source, _, rest = value.partition(":")
    target, _, mode = rest.partition(":")
    if not source.startswith("/"):
        raise DockerUsageError(f"volume {value}: the stand-in knows absolute paths alone, no named volumes")
    if target.rstrip("/") != source.rstrip("/"):
        raise DockerUsageError(f"volume {value}: the stand-in mounts a path at that same path alone")
    if mode and mode not in _MODES:
        raise DockerUsageError(f"volume {value}: invalid mode: {mode}")
    return Volume(path=source.rstrip("/"), read_only=mode.startswith("ro"))
