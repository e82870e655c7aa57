"""Making a working copy ready: its files, and Terraform's ``init`` when something that matters to it changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import TerraformError, utc_now
from fleetkit.terraform import _files
from fleetkit.terraform._commandline import FLAG, CommandLine
from fleetkit.terraform._environment import read_cli_configuration
from fleetkit.terraform._runner import OnEvent, Runner
from fleetkit.terraform._state_file import STATE_FILE, find_left_lock, is_cut_off, mend_state
from fleetkit.terraform.backend import Backend, LocalBackend

__all__ = ["Preparation", "initialise", "lay_files", "look_after_kill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What a preparation did.

    Attributes
    ----------
    written
        Names of the files that were written or removed, relative to the folder.
    initialised
        Whether ``terraform init`` was run.
    notes
        What a person should know of what a kill had left here, and what was done about it.
    """

    written: tuple[str, ...]
    initialised: bool
    notes: tuple[str, ...] = ()


def lay_files(
    folder: Path, *, source: Path, variables: Mapping[str, Any], provider_file: Path | None, backend: Backend
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Write all files of a working copy; return the hashes that ``init`` depends on, and what was written.

    Raises
    ------
    TerraformError
        When the provider file cannot be read.
    """
    # A plan that was killed leaves its import blocks; by now they may name things that are gone.
    (folder / _files.IMPORTS_FILE).unlink(missing_ok=True)
    provider = _files.DEFAULT_PROVIDER if provider_file is None else _read_provider(provider_file)
    known = _files.read_note(folder).get("modules", {})
    present, written = _files.sync_modules(source, folder, known=known)
    generated = ((_files.PROVIDER_FILE, provider), (_files.BACKEND_FILE, backend.render()))
    for name, text in generated:
        if _files.write_file(folder / name, text.encode(), mode=0o644):
            written.append(name)
    values = json.dumps(variables, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # Readable by the owner alone: what a cluster is made of is nobody else's business.
    if _files.write_file(folder / _files.VARIABLES_FILE, values.encode(), mode=0o600):
        written.append(_files.VARIABLES_FILE)
    _files.write_note(folder, {**_files.read_note(folder), "modules": present})
    hashes = {name: digest for name, digest in present.items() if name.endswith((".tf", ".tf.json"))}
    hashes.update({name: hashlib.sha256(text.encode()).hexdigest() for name, text in generated})
    return hashes, tuple(written)


def initialise(
    folder: Path,
    *,
    hashes: Mapping[str, str],
    backend: Backend,
    environ: Mapping[str, str],
    version: str,
    runner: Runner,
    line: CommandLine,
    move_state: bool,
    on_event: OnEvent | None,
) -> bool:
    """Run ``terraform init`` if anything that it depends on changed since the last one; return whether it ran.

    Raises
    ------
    TerraformError
        When it fails, or when the state would have to move and ``move_state`` is not given.
    """
    depends = {
        "files": dict(hashes),
        "version": version,
        "configuration": read_cli_configuration(environ),
        "cache": environ.get("TF_PLUGIN_CACHE_DIR", ""),
    }
    signature = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
    note = _files.read_note(folder)
    if note.get("init") == signature and not _is_broken(folder):
        return False
    for path in _records_of_init(folder):
        # Terraform makes them anew, but stumbles over one that it was killed in the middle of.
        if is_cut_off(path):
            path.unlink()
    before = str(note.get("backend", ""))
    moves = bool(before) and before != str(backend) and _may_hold_state(folder, before)
    if moves and not move_state:
        raise TerraformError(
            f"the state of this cluster lies in {before}, and the cluster file now says {backend}",
            hint=f"put [state] back as it was, or prepare with move_state to move the state to {backend}",
        )
    if moves:
        # Terraform has no -json for this one.
        words = line.build("init", input=False, no_color=FLAG, migrate_state=FLAG, force_copy=FLAG)
        runner.read(words, doing="terraform init")
    else:
        runner.stream(
            line.build("init", json=FLAG, input=False, reconfigure=FLAG), doing="terraform init", on_event=on_event
        )
    _files.write_note(folder, {**note, "init": signature, "backend": str(backend)})
    return True


def _read_provider(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TerraformError(
            f"the provider file {path} cannot be read",
            seen=str(error),
            hint="correct FLEETKIT_TERRAFORM_PROVIDER, or unset it to use the provider block that fleetkit writes",
        ) from error


def _may_hold_state(folder: Path, backend: str) -> bool:
    return backend != str(LocalBackend()) or (folder / STATE_FILE).exists()


def look_after_kill(folder: Path, *, backend: Backend) -> tuple[str, ...]:
    """Mend the state of a working copy that was killed, where it is kept here; return what there is to say of it."""
    before = str(_files.read_note(folder).get("backend", ""))
    # Moving a state elsewhere leaves an empty file on purpose.
    if not isinstance(backend, LocalBackend) or before not in ("", str(backend)):
        return ()
    notes = []
    lock = find_left_lock(folder)
    if lock is not None:
        notes.append(f"Terraform was killed here: {lock}; the lock that it left holds nothing any more")
    mended = mend_state(folder, now=utc_now())
    return (*notes, mended) if mended else tuple(notes)


def _is_broken(folder: Path) -> bool:
    """Return whether what ``init`` made is gone or cut off, or a provider that it only links to is gone."""
    made = folder / ".terraform"
    return (
        not made.is_dir()
        or any(not link.exists() for link in _links(made / "providers"))
        or any(is_cut_off(path) for path in _records_of_init(folder))
    )


def _records_of_init(folder: Path) -> tuple[Path, ...]:
    return folder / ".terraform" / "terraform.tfstate", folder / ".terraform" / "modules" / "modules.json"


def _links(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_symlink():
            yield path
        elif path.is_dir():
            yield from _links(path)
