"""etcd and fleet on a machine: what their units would start, with addresses and paths as the table has them.

Which programs a machine has is what its user data enables; their settings are its own files'.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fleetkit.sandbox.loopback.inside.here import Here
from fleetkit.sandbox.machine.docker.images import UnknownImageError, find_image
from fleetkit.sandbox.machine.docker.options import DockerUsageError, read_run_options
from fleetkit.sandbox.machine.systemd.commands import UnitSyntaxError, expand_words, parse_command
from fleetkit.sandbox.machine.systemd.environment import parse_environment_file
from fleetkit.sandbox.machine.systemd.text import Settings, parse_unit_text
from fleetkit.sandbox.machine.systemd.unit import parse_time

__all__ = ["Program", "find_programs", "translate_etcd"]

_UNITS = "/etc/systemd/system"
_ETCD, _FLEET = "etcd-member.service", "fleet.service"
_ARCHIVE, _FLEETD, _FLEET_SOCKET = "/opt/fleetkit/fleet.tar.gz", "/opt/bin/fleetd", "/run/fleet.sock"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LISTENING = ("ETCD_LISTEN_CLIENT_URLS", "ETCD_LISTEN_PEER_URLS", "ETCD_LISTEN_METRICS_URLS")
_KEPT = "ETCD_DATA_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program to keep running.

    Attributes
    ----------
    socket
        Unix socket that is opened for it and handed over, or None.
    pause_s
        Seconds after which it is started again when it ended.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    socket: Path | None
    pause_s: float


def find_programs(here: Here, *, relay: str) -> tuple[list[Program], list[str]]:
    """Return the programs that the machine's units would start, and why any of them cannot be.

    Parameters
    ----------
    relay
        URL of the relay by which a program reaches private addresses.
    """
    found, faults = [], []
    for unit, find in ((_ETCD, _find_etcd), (_FLEET, _find_fleet)):
        if not here.path(f"{_UNITS}/{unit}").exists():
            continue
        try:
            found.append(find(here, relay))
        except (OSError, LookupError, UnitSyntaxError, DockerUsageError, tarfile.TarError) as error:
            faults.append(f"{unit}: {error}")
    return found, faults


def _read_unit(here: Here, name: str) -> tuple[list[str], dict[str, str], float]:
    """Return a service's command with its variables in place, its environment, and its pause before a restart."""
    place = here.path(f"{_UNITS}/{name}")
    settings = Settings(parse_unit_text(place.read_text(encoding="utf-8"), source=name)[0])
    environment: dict[str, str] = {}
    for file in settings.all("Service", "EnvironmentFile"):
        environment |= parse_environment_file(here.path(file))
    command = parse_command(settings.last("Service", "ExecStart"), specifiers={})
    words, unset = expand_words(command.words, environment)
    if unset:
        raise UnitSyntaxError(f"{name}: not set: {', '.join(unset)}")
    return words, environment, parse_time(settings.last("Service", "RestartSec", "1"))


def _find_etcd(here: Here, relay: str) -> Program:
    words, environment, pause_s = _read_unit(here, _ETCD)
    for number, word in enumerate(words):
        if word == "--env-file":
            words[number + 1] = str(here.path(words[number + 1]))
    options = read_run_options(words[2:], caller_environment=environment)
    image = find_image(options.image)
    program = image.programs.get(options.command[0] if options.command else image.entrypoint)
    if program is None:
        raise UnknownImageError(f"{options.image} has no {options.command[0]}")
    settings = translate_etcd(options.environment, here, relay=relay)
    if _KEPT in settings:
        Path(settings[_KEPT]).mkdir(parents=True, exist_ok=True, mode=0o700)
    return Program(
        name="etcd",
        argv=(program, *options.command[1:]),
        environment={"PATH": _PATH, "HOME": str(here.root), **settings},
        socket=None,
        pause_s=pause_s,
    )


def translate_etcd(environment: Mapping[str, str], here: Here, *, relay: str) -> dict[str, str]:
    """Return etcd's settings with paths and listening addresses as the table has them; all else stays.

    What members tell of themselves stays private addresses: they dial each other through the relay, which
    knows the way, and check the names in each other's certificates against these very addresses.
    """
    found = {}
    for name, value in environment.items():
        if value.startswith("/"):
            found[name] = str(here.path(value))
        elif name in _LISTENING:
            found[name] = ",".join(dict.fromkeys(_move(url, here) for url in value.split(",")))
        else:
            found[name] = value
    return found | {
        "HTTPS_PROXY": relay,
        "NO_PROXY": "127.0.0.0/8",
        # A peer that comes through the relay comes from an address that its certificate cannot name.
        "ETCD_EXPERIMENTAL_PEER_SKIP_CLIENT_SAN_VERIFICATION": "true",
    }


def _move(url: str, here: Here) -> str:
    parts = urlsplit(url)
    host, port = here.place(parts.hostname or "", parts.port or 0)
    return f"{parts.scheme}://{host}:{port}"


def _find_fleet(here: Here, relay: str) -> Program:
    words, environment, pause_s = _read_unit(here, _FLEET)
    _unpack_fleet(here)
    assigned = dict(word.partition("=")[::2] for word in words[1:] if "=" in word)
    settings = {
        name: str(here.path(value)) if value.startswith("/") else value
        for name, value in {**environment, **assigned}.items()
    }
    return Program(
        name="fleetd",
        argv=(str(here.path(_FLEETD)), "--machine-id-file", str(here.path("/etc/machine-id")), "--without-units"),
        environment={"PATH": _PATH, "HOME": str(here.root), **settings, "HTTPS_PROXY": relay},
        socket=here.path(_FLEET_SOCKET),
        pause_s=pause_s,
    )


def _unpack_fleet(here: Here) -> None:
    """Take fleetd out of the archive that was fetched."""
    with tarfile.open(here.path(_ARCHIVE)) as archive:
        member = next((one for one in archive.getmembers() if one.name.endswith("/fleetd")), None)
        content = None if member is None else archive.extractfile(member)
        if content is None:
            raise LookupError(f"{_ARCHIVE} holds no fleetd")
        place = here.path(_FLEETD)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.read())
        place.chmod(0o755)
