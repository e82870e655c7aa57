"""What a machine's user data says, written into its folder: Ignition's files, or the here-documents of a script.

No script is run: its paths would be this computer's own.
"""

from __future__ import annotations

import gzip
import re

from fleetkit.sandbox.loopback.inside.here import Here
from fleetkit.sandbox.machine.ec2 import FACTS_PATH, install_public_keys, write_facts
from fleetkit.sandbox.machine.ignition import IgnitionError, parse_ignition
from fleetkit.sandbox.machine.image import write_base
from fleetkit.sandbox.machine.provision import write_ignition
from fleetkit.sandbox.machine.ssh.keygen import make_host_keys

__all__ = ["BootError", "prepare", "read_here_documents"]

_USERS = {"flatcar": "core", "ubuntu": "ubuntu"}
_HERE_DOCUMENT = re.compile(r"^cat > (/\S+) <<'(\w+)'\n(.*?)^\2$", re.MULTILINE | re.DOTALL)
_GZIP = b"\x1f\x8b"


class BootError(Exception):
    """The machine cannot boot; the text says why."""


def prepare(here: Here, *, kind: str) -> None:
    """Write a machine's files as its image and its user data have them; safe to do again.

    Raises
    ------
    BootError
        When the user data cannot be used.
    WaitTimeoutError
        When the metadata service does not answer; ask again.
    """
    metadata = here.metadata()
    raw = metadata.read_bytes("user-data") or b""
    write_base(here.root, kind=kind)
    make_host_keys(here.root)
    body = gzip.decompress(raw) if raw.startswith(_GZIP) else raw
    keys = _write_ignition(here, body) if kind == "flatcar" else _write_script(here, body)
    count = install_public_keys(metadata, user=_USERS[kind], more=keys, root=here.root)
    write_facts(metadata, here.path(str(FACTS_PATH)))
    here.say(f"user data: {len(raw)} bytes; {count} public keys for {_USERS[kind]}")


def _write_ignition(here: Here, body: bytes) -> tuple[str, ...]:
    if not body.strip():
        return ()
    try:
        config = parse_ignition(body.decode())
        write_ignition(config, root=here.root)
    except (IgnitionError, UnicodeDecodeError) as error:
        raise BootError(f"Ignition failed: {error}") from error
    here.say(f"Ignition finished: {len(config.files)} files, {len(config.units)} units that are not run as such")
    return config.keys.get(_USERS["flatcar"], ())


def _write_script(here: Here, body: bytes) -> tuple[str, ...]:
    found = read_here_documents(body.decode(errors="replace"))
    for path, text in found.items():
        place = here.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    here.say(f"the script is not run; files that it would write: {', '.join(found) or 'none'}")
    return ()


def read_here_documents(script: str) -> dict[str, str]:
    """Return the files that a script writes out of itself with ``cat > PATH <<'MARK'``, by absolute path."""
    return {path: text for path, _, text in _HERE_DOCUMENT.findall(script)}
