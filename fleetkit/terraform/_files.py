"""The files of a working copy: copied modules, generated provider and backend, variables, and the note of them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fleetkit.core import TerraformError

__all__ = [
    "BACKEND_FILE",
    "DEFAULT_PROVIDER",
    "IMPORTS_FILE",
    "PROVIDER_FILE",
    "VARIABLES_FILE",
    "explained_disk_errors",
    "file_sha256",
    "import_blocks",
    "read_note",
    "sync_modules",
    "write_file",
    "write_note",
]

BACKEND_FILE = "fleetkit-backend.tf"
IMPORTS_FILE = "fleetkit-imports.tf"
PROVIDER_FILE = "fleetkit-provider.tf"
VARIABLES_FILE = "terraform.tfvars.json"

DEFAULT_PROVIDER = """\
# Credentials come from the environment, as for every AWS tool. A caller of another account is refused.
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}
"""

_NOTE = ".fleetkit.json"
_LEFT_OUT_FOLDERS = frozenset({".terraform", "examples", "tests"})
_LEFT_OUT_SUFFIXES = (
    ".md",
    ".tfvars",
    ".tfvars.json",
    ".tfstate",
    ".tfstate.backup",
    ".tftest.hcl",
    ".terraform.lock.hcl",
)


def sync_modules(source: Path, folder: Path, *, known: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Make ``folder`` hold the modules of ``source``, and take away those that ``source`` holds no more.

    Parameters
    ----------
    source
        The root module with its modules; never written to.
    known
        Result of the last time: relative path to sha256. Only these are ever removed.

    Returns
    -------
    tuple
        Relative path to sha256 of what is there now, and the paths that were written or removed.
    """
    present: dict[str, str] = {}
    changed: list[str] = []
    for path in _module_files(source):
        name = path.relative_to(source).as_posix()
        content = path.read_bytes()
        present[name] = hashlib.sha256(content).hexdigest()
        if write_file(folder / name, content, mode=0o644):
            changed.append(name)
    for name in sorted(set(known) - set(present)):
        (folder / name).unlink(missing_ok=True)
        changed.append(name)
    return present, changed


def _module_files(source: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT_FOLDERS)
        for name in sorted(names):
            if not name.endswith(_LEFT_OUT_SUFFIXES):
                yield Path(parent, name)


def write_file(path: Path, content: bytes, *, mode: int) -> bool:
    """Write ``path`` in one step unless it holds ``content`` already; return whether it was written."""
    if path.is_file() and path.read_bytes() == content:
        path.chmod(mode)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        fresh.chmod(mode)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    return True


def file_sha256(path: Path) -> str:
    """Return the hash of a file's content, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_note(folder: Path) -> dict[str, Any]:
    """Return what the last preparation noted; empty where there was none, or where its note is damaged."""
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        # A damaged note costs one more "init" and nothing else.
        return {}
    return note if isinstance(note, dict) else {}


def write_note(folder: Path, note: Mapping[str, Any]) -> None:
    """Keep ``note`` for the next preparation."""
    write_file(folder / _NOTE, json.dumps(note, indent=1, sort_keys=True).encode(), mode=0o600)


@contextmanager
def import_blocks(folder: Path, imports: Mapping[str, str]) -> Iterator[None]:
    """Let the configuration hold an import block for each address for the time of a plan, which then keeps them."""
    path = folder / IMPORTS_FILE
    blocks = [f"import {{\n  to = {address}\n  id = {_quote(key)}\n}}\n" for address, key in imports.items()]
    try:
        if blocks:
            write_file(path, "\n".join(blocks).encode(), mode=0o600)
        yield
    finally:
        path.unlink(missing_ok=True)


def _quote(text: str) -> str:
    """Write a string as HCL has it: JSON's escapes, and no template in it."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")


@contextmanager
def explained_disk_errors(folder: Path) -> Iterator[None]:
    """Turn a failure of the file system under ``folder`` into an error that says what to do.

    Raises
    ------
    TerraformError
        When the block raises OSError.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise TerraformError(
            f"the working copy {folder} cannot be written" + (": the disk is full" if full else ""),
            seen=str(error),
            hint="free some space" if full else "check who owns the folder, and its permissions",
        ) from error
