"""``chown``, ``chgrp`` and ``install`` inside a machine: check the names, and write the owner down.

Everything belongs to uid 0 in truth, see `fleetkit.sandbox.machine.accounts`, which holds the same attribute's name.
Standard library only, and no other module of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys

__all__ = ["main"]

_ATTRIBUTE = "user.fleetkit.owner"
_NOT_KEPT = (1, 95)
_INSTALL = "/usr/bin/install"


def main() -> int:
    """Play the program that the first word names."""
    name, words = sys.argv[1], sys.argv[2:]
    try:
        if name == "install":
            return _install(words)
        return _change(name, words)
    except (LookupError, OSError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1


def _change(name: str, words: list[str]) -> int:
    options = [word for word in words if word.startswith("-") and word != "-"]
    rest = [word for word in words if word not in options]
    known = {"-R", "--recursive", "-h", "--no-dereference", "-v", "-f", "-L", "-P", "-H", "--"}
    unknown = [option for option in options if option not in known and not option.startswith("--reference=")]
    if unknown:
        raise LookupError(f"the stand-in does not know option {unknown[0]}")
    reference = [option.partition("=")[2] for option in options if option.startswith("--reference=")]
    if not reference and len(rest) < 2:
        raise LookupError("missing operand")
    uid: int | None
    gid: int | None
    if reference:
        uid, gid = _read(reference[0])
    else:
        owner = rest.pop(0)
        uid, gid = _parse(owner) if name == "chown" else (None, _find("/etc/group", owner, "group"))
    for path in rest:
        os.lstat(path)
        for one in _walk(path) if {"-R", "--recursive"} & set(options) else [path]:
            _record(one, uid, gid)
    return 0


def _install(words: list[str]) -> int:
    uid = gid = None
    passed: list[str] = []
    left = iter(words)
    for word in left:
        if word in ("-o", "-g"):
            table = ("/etc/passwd", "user") if word == "-o" else ("/etc/group", "group")
            number = _find(table[0], next(left), table[1])
            uid, gid = (number, gid) if word == "-o" else (uid, number)
        elif word.startswith(("--owner=", "--group=")):
            raise LookupError(f"the stand-in knows -o and -g, not {word}")
        else:
            passed.append(word)
    code = subprocess.run([_INSTALL, *passed], check=False).returncode
    if code == 0 and (uid, gid) != (None, None):
        _record(_installed(passed), uid, gid)
    return code


def _installed(words: list[str]) -> str:
    names = [word for word in words if not word.startswith("-")]
    target = names[-1]
    return os.path.join(target, os.path.basename(names[-2])) if os.path.isdir(target) and len(names) > 1 else target  # noqa: PTH112, PTH118, PTH119 - no pathlib here


def _parse(owner: str) -> tuple[int | None, int | None]:
    user, colon, group = owner.partition(":")
    uid = _find("/etc/passwd", user, "user") if user else None
    if colon and not group and uid is not None:
        return uid, uid
    return uid, _find("/etc/group", group, "group") if group else None


def _find(table: str, name: str, what: str) -> int:
    if name.isdigit():
        return int(name)
    with open(table, encoding="ascii") as lines:  # noqa: PTH123 - no pathlib here
        for line in lines:
            fields = line.split(":")
            if fields[0] == name:
                return int(fields[2])
    raise LookupError(f"invalid {what}: '{name}'")


def _walk(path: str) -> list[str]:
    found = [path]
    for folder, folders, files in os.walk(path):
        found += [os.path.join(folder, name) for name in (*folders, *files)]  # noqa: PTH118 - no pathlib here
    return found


def _read(path: str) -> tuple[int, int]:
    try:
        uid, _, gid = os.getxattr(path, _ATTRIBUTE).decode().partition(":")
    except OSError:
        return 0, 0
    return int(uid), int(gid)


def _record(path: str, uid: int | None, gid: int | None) -> None:
    old_uid, old_gid = _read(path)
    wish = f"{old_uid if uid is None else uid}:{old_gid if gid is None else gid}"
    if wish == f"{old_uid}:{old_gid}":
        return
    mode = os.stat(path).st_mode & 0o7777  # noqa: PTH116 - no pathlib here
    try:
        # uid 0 has no powers here, so a file that its owner may not write takes no attribute either.
        os.chmod(path, mode | 0o200)  # noqa: PTH101 - the same
        os.setxattr(path, _ATTRIBUTE, wish.encode())
    except OSError as error:
        if error.errno not in _NOT_KEPT:
            raise
    finally:
        os.chmod(path, mode)  # noqa: PTH101 - the same


if __name__ == "__main__":
    sys.exit(main())
