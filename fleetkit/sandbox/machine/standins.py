"""The programs of ours that stand in for real ones inside a machine, and how they are started.

They lie in ``/sandbox/bin``, first on the path. A unit that names one by its usual place
(``/usr/bin/docker``) gets ours as well, because /usr is the host's own and cannot be added to.
"""

from __future__ import annotations

import shlex
from pathlib import Path

__all__ = ["FOLDER", "find_stand_in", "write_stand_ins"]

FOLDER = "/sandbox/bin"
_PROGRAMS = Path(__file__).resolve().parent / "programs"
_USUAL_PLACES = frozenset(("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"))
_STAND_INS = {
    "chgrp": "own.py",
    "chown": "own.py",
    "coreos-metadata": "inner.py",
    "docker": "ask.py",
    "install": "own.py",
    "journalctl": "ask.py",
    "ssh-keygen": "inner.py",
    "sshd": "inner.py",
    "systemctl": "ask.py",
}
"""Name to the file of ``programs/`` that plays it; each is told its name first."""

# Without site a start costs half; what needs packages is started in full, unless init forks it.
_BARE = ("-I", "-S")
_FLAGS = {"inner.py": ("-I",)}

_SUDO = """\
#!/bin/sh
# Everybody is uid 0 here: sudo has nothing to add but the path of the stand-ins.
while [ $# -gt 0 ]; do
  case "$1" in
    -n|-E|-H|-i|-S) shift ;;
    -u|-g) shift 2 ;;
    --) shift; break ;;
    -*) echo "sudo: the stand-in does not know option $1" >&2; exit 1 ;;
    *) break ;;
  esac
done
case "$1" in
  /usr/bin/*|/usr/sbin/*|/bin/*|/sbin/*)
    name=${1##*/}
    if [ -x "/sandbox/bin/$name" ]; then shift; set -- "/sandbox/bin/$name" "$@"; fi ;;
esac
exec "$@"
"""


_UPDATE_ENGINE = """\
#!/bin/sh
# Knows the one question that is asked. What waits for a reboot is named by a file that does not outlive one.
[ "$1" = -status ] || { echo "update_engine_client: the stand-in does not know $1" >&2; exit 1; }
if [ -e /run/update-waits ]; then
  echo CURRENT_OP=UPDATE_STATUS_UPDATED_NEED_REBOOT
  echo "NEW_VERSION=$(cat /run/update-waits)"
else
  echo CURRENT_OP=UPDATE_STATUS_IDLE
  echo NEW_VERSION=0.0.0
fi
"""


def find_stand_in(program: str) -> str | None:
    """Return the path of the stand-in for a program named by its name or its usual place, or None."""
    path = Path(program)
    if path.name in (*_STAND_INS, "sudo") and (program == path.name or str(path.parent) in _USUAL_PLACES):
        return f"{FOLDER}/{path.name}"
    return None


def write_stand_ins(folder: Path, *, interpreter: str) -> None:
    """Write the stand-ins into ``folder``'s ``bin``, to be run by ``interpreter``."""
    target = folder / "bin"
    target.mkdir(parents=True, exist_ok=True)
    for name, program in _STAND_INS.items():
        command = shlex.join([interpreter, *_FLAGS.get(program, _BARE), str(_PROGRAMS / program), name])
        _write(target / name, f'#!/bin/sh\nexec {command} "$@"\n')
    _write(target / "sudo", _SUDO)
    _write(target / "update_engine_client", _UPDATE_ENGINE)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
