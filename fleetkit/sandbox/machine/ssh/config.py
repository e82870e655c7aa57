"""``sshd_config`` as sshd reads it: the first value of a keyword counts, an unknown keyword is fatal."""

from __future__ import annotations

import fnmatch
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["SshdConfig", "SshdConfigError", "read_sshd_config"]

_ADDING = frozenset(("acceptenv", "allowusers", "denyusers", "hostkey", "listenaddress", "port", "setenv", "subsystem"))
_ACTED_ON = frozenset((
    "allowstreamlocalforwarding", "allowtcpforwarding", "authenticationmethods", "authorizedkeysfile",
    "clientalivecountmax", "clientaliveinterval", "logingracetime", "permitopen", "permitrootlogin",
    "pubkeyauthentication",
)) | _ADDING  # fmt: skip
_WITHOUT_MEANING_HERE = frozenset((
    "addressfamily", "allowagentforwarding", "banner", "challengeresponseauthentication", "gatewayports",
    "kbdinteractiveauthentication", "loglevel", "maxauthtries", "maxsessions", "maxstartups", "passwordauthentication",
    "permitemptypasswords", "pidfile", "printlastlog", "printmotd", "strictmodes", "syslogfacility", "tcpkeepalive",
    "usedns", "usepam", "useprivilegeseparation", "x11forwarding",
))  # fmt: skip
_NEEDED = {"authenticationmethods": ("publickey", "any"), "permitrootlogin": ("yes", "no", "prohibit-password",
           "without-password"), "pubkeyauthentication": ("yes", "no")}  # fmt: skip
_FORWARDING = ("yes", "no", "local", "remote", "all")


class SshdConfigError(ValueError):
    """The configuration keeps the server from starting; one line per fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshdConfig:
    """What the server goes by.

    Attributes
    ----------
    values
        Keyword in lower case to its values, in order.
    remarks
        What was read and is not acted on, one line each.
    """

    values: Mapping[str, tuple[str, ...]]
    remarks: tuple[str, ...] = field(default=())

    def first(self, keyword: str, default: str) -> str:
        """Return the value that counts."""
        return self.values.get(keyword, (default,))[0]

    def lets_in(self, user: str) -> bool:
        """Say whether a user may log in at all, whatever its keys."""
        if user == "root" and self.first("permitrootlogin", "prohibit-password") == "no":
            return False
        denied = self._patterns("denyusers")
        allowed = self._patterns("allowusers")
        if any(fnmatch.fnmatchcase(user, pattern) for pattern in denied):
            return False
        return not allowed or any(fnmatch.fnmatchcase(user, pattern) for pattern in allowed)

    def forwards_tcp_to(self, host: str, port: int) -> bool:
        """Say whether a connection to ``host`` and ``port`` may be forwarded."""
        if self.first("allowtcpforwarding", "yes") not in ("yes", "all", "local"):
            return False
        wishes = self.first("permitopen", "any").split()
        if wishes[:1] in (["any"], ["none"]):
            return wishes == ["any"]
        return any(
            fnmatch.fnmatchcase(host, wish.rpartition(":")[0]) and wish.rpartition(":")[2] in ("*", str(port))
            for wish in wishes
        )

    @property
    def forwards_streams(self) -> bool:
        """True where a connection to a unix socket may be forwarded."""
        return self.first("allowstreamlocalforwarding", "yes") in ("yes", "all", "local")

    def _patterns(self, keyword: str) -> list[str]:
        return [pattern for value in self.values.get(keyword, ()) for pattern in value.split()]


def read_sshd_config(path: Path, *, root: Path = Path("/")) -> SshdConfig:
    """Read the configuration with all that it includes.

    Parameters
    ----------
    root
        The folder that is the machine's ``/``.

    Raises
    ------
    SshdConfigError
        When it cannot be read, or sshd (or the stand-in) would not start with it.
    """
    values: dict[str, list[str]] = {}
    remarks: list[str] = []
    faults: list[str] = []
    _read(path, root, values, remarks, faults)
    for keyword, legal in _NEEDED.items():
        for value in values.get(keyword, [])[:1]:
            if value not in legal:
                faults.append(f"{path}: {keyword} {value} is not known to the stand-in (it knows {', '.join(legal)})")
    for keyword in ("allowtcpforwarding", "allowstreamlocalforwarding"):
        for value in values.get(keyword, [])[:1]:
            if value not in _FORWARDING:
                faults.append(f"{path}: unsupported option {value!r} for {keyword}")
    for port in values.get("port", []):
        if not port.isdigit() or not 0 < int(port) <= 65535:
            faults.append(f"{path}: Badly formatted port number {port!r}.")
    if faults:
        raise SshdConfigError("\n".join(faults))
    return SshdConfig(values={key: tuple(found) for key, found in values.items()}, remarks=tuple(remarks))


def _read(path: Path, root: Path, values: dict[str, list[str]], remarks: list[str], faults: list[str]) -> None:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        faults.append(f"{path}: {error.strerror}")
        return
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        keyword, words = _split(line)
        if keyword == "include":
            for word in words:
                place = root / str(Path("/etc/ssh", word)).lstrip("/")
                for included in sorted(place.parent.glob(place.name)):
                    _read(included, root, values, remarks, faults)
            continue
        fault = _find_fault(keyword, words, line)
        if fault is not None:
            faults.append(f"{path}: line {number}: {fault}")
            continue
        if keyword in _ADDING or keyword not in values:
            values.setdefault(keyword, []).append(" ".join(words))
        if keyword in _WITHOUT_MEANING_HERE:
            remarks.append(f"{path}: {keyword} is read and has no meaning here: the server takes public keys alone")


def _find_fault(keyword: str, words: Sequence[str], line: str) -> str | None:
    if keyword == "match":
        return "Match is not known to the stand-in"
    if keyword not in _ACTED_ON | _WITHOUT_MEANING_HERE:
        return f"Bad configuration option: {line.split()[0]}"
    return None if words else f"{keyword}: missing argument."


def _split(line: str) -> tuple[str, Sequence[str]]:
    words = shlex.split(line.replace("=", " ", 1) if "=" in line.split()[0] else line, comments=True)
    return words[0].lower(), words[1:]
