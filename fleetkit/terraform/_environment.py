"""The environment that Terraform runs in: what the caller's environment holds, made fit for automation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from fleetkit.core import TerraformError

__all__ = ["read_cli_configuration", "terraform_environment"]

_ALWAYS = {
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
}

_REMOVED = ("TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE")
"""These would bend the command lines and folders that this room has chosen."""

_LOGS = ("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER")


def terraform_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the environment for Terraform, and warnings about what had to be put right.

    Parameters
    ----------
    environ
        The caller's environment, credentials and all.

    Raises
    ------
    TerraformError
        When the plugin cache that the environment names cannot be made.
    """
    prepared = {
        name: value for name, value in environ.items() if name not in _REMOVED and not name.startswith("TF_CLI_ARGS_")
    }
    prepared.update(_ALWAYS)
    if not prepared.get("TF_LOG_PATH"):
        # Terraform's own log repeats every value of every request, secrets too; it is wanted only
        # where somebody has named a file for it.
        for name in _LOGS:
            prepared.pop(name, None)
    warnings = []
    configuration = prepared.get("TF_CLI_CONFIG_FILE")
    if configuration and not Path(configuration).expanduser().is_file():
        # Terraform would warn on standard error at every start and go on without one.
        prepared["TF_CLI_CONFIG_FILE"] = os.devnull
        warnings.append(f"TF_CLI_CONFIG_FILE names {configuration}, which is not there: Terraform runs without it")
    cache = prepared.get("TF_PLUGIN_CACHE_DIR")
    if cache:
        _make_plugin_cache(Path(cache).expanduser())
    return prepared, tuple(warnings)


def read_cli_configuration(environ: Mapping[str, str]) -> str:
    """Return the text of Terraform's CLI configuration, empty where there is none.

    It says where providers come from, so a change of it calls for a new ``init``.
    """
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named == os.devnull:
        return ""
    home = environ.get("HOME")
    path = Path(named).expanduser() if named else Path(home, ".terraformrc") if home else None
    if path is None or not path.is_file():
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def _make_plugin_cache(folder: Path) -> None:
    # Terraform refuses a cache folder that does not exist instead of making it.
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TerraformError(
            f"the plugin cache {folder} cannot be made",
            seen=str(error),
            hint="set TF_PLUGIN_CACHE_DIR to a folder that you may write to, or unset it",
        ) from error
