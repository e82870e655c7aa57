"""Preflight of the software: pins against registry and mirror, the private key, certificates, Terraform, settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from fleetkit.aws import list_key_pairs
from fleetkit.config import unknown_settings
from fleetkit.core import FleetkitError, NotFoundError
from fleetkit.etcd import FLOOR, EtcdVersion, find_traps
from fleetkit.origins import build_pages_archive, fetch_archive
from fleetkit.workflows._archives import is_pages_archive_there
from fleetkit.workflows._check_lines import Check, CheckLine, failure, ok, unread, warning
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.listing_certificates import list_made, tell_amiss
from fleetkit.workflows.pin import resolve_etcd_image, resolve_python_image

__all__ = ["SOFTWARE_CHECKS", "key_check", "terraform_check"]


def _check_etcd_image(workspace: Workspace) -> tuple[CheckLine, ...]:
    pins, check_id = workspace.cluster.pins, "pin-etcd-image"
    pin = f"fleetkit pin {workspace.cluster.name}"
    if not pins.etcd_image:
        return (failure(check_id, "pins.etcd_image is not pinned", mend=pin),)
    found = resolve_etcd_image(workspace.settings, pins)
    if found != pins.etcd_image:
        return (
            failure(
                check_id,
                f"v{pins.etcd_version} is {found} now, and {pins.etcd_image} is pinned",
                mend=f"find out why it changed; {pin} accepts the new one",
            ),
        )
    pinned = EtcdVersion.parse(pins.etcd_version)
    if pinned < FLOOR:
        flaws = "; ".join(find_traps(pins.etcd_version))
        return (
            warning(
                check_id,
                f"etcd {pinned} is below {FLOOR}, the oldest that real machines should run: {flaws}",
                mend=f'set pins.etcd_version = "{FLOOR}" or later, then {pin}; '
                f"fleetkit etcd upgrade {workspace.cluster.name} brings it to members that run",
            ),
        )
    return (ok(check_id, f"{pins.etcd_image} is v{pins.etcd_version}"),)


def _check_archive(workspace: Workspace) -> tuple[CheckLine, ...]:
    pins, check_id = workspace.cluster.pins, "pin-fleet-archive"
    pin = f"fleetkit pin {workspace.cluster.name}"
    if not pins.fleet_archive or not pins.fleet_sha256:
        return (failure(check_id, "pins.fleet_archive and pins.fleet_sha256 are not pinned", mend=pin),)
    archive = fetch_archive(pins.fleet_archive)
    if archive.sha256 != pins.fleet_sha256:
        return (
            failure(
                check_id,
                f"{archive.url} hashes to {archive.sha256}, and {pins.fleet_sha256} is pinned",
                mend=f"find out why it changed; {pin} accepts the new one",
            ),
        )
    return (ok(check_id, f"{archive.url} has the pinned hash"),)


def _check_python_image(workspace: Workspace) -> tuple[CheckLine, ...]:
    pins, check_id = workspace.cluster.pins, "pin-python-image"
    if not pins.python_image:
        return (ok(check_id, "no pages are pinned: masters get none"),)
    found = resolve_python_image(workspace.settings, pins)
    if found != pins.python_image:
        # That tag moves with each release of Python and of Debian: the pinned image is as good as it was.
        return (
            warning(
                check_id,
                f"Python's image is {found} now, and {pins.python_image} is pinned",
                mend=f"fleetkit pin {workspace.cluster.name} takes the new one",
            ),
        )
    return (ok(check_id, f"{pins.python_image} is the newest"),)


def _check_pages_archive(workspace: Workspace) -> tuple[CheckLine, ...]:
    pinned, check_id = workspace.cluster.pins.pages_sha256, "pin-pages"
    if not pinned:
        return (ok(check_id, "no pages are pinned: masters get none"),)
    if is_pages_archive_there(workspace):
        return (ok(check_id, "the pinned archive of the pages lies in the bucket"),)
    built = build_pages_archive()
    if built.sha256 != pinned:
        return (
            failure(
                check_id,
                f"the archive of the pages is {built.sha256} as it is built here, and {pinned} is pinned",
                mend=f"it was pinned with another fleetkit; fleetkit pin {workspace.cluster.name} accepts this one's",
            ),
        )
    return (ok(check_id, "the archive of the pages has the pinned hash"),)


def key_check(list_public_keys: Callable[[Path | None], Sequence[str]]) -> Check:
    """Return the check that compares the private key at hand with the key pair."""

    def run(workspace: Workspace) -> tuple[CheckLine, ...]:
        path = workspace.cluster.key_path
        if path is not None and not path.is_file():
            mend = "mend key_file, or leave it empty for the SSH agent"
            return (failure("key-file", f"{path} is not there", mend=mend),)
        return (_compare_keys(workspace, path, list_public_keys(path)),)

    return Check("key-file", run, soft=True)


def _compare_keys(workspace: Workspace, path: Path | None, offered: Sequence[str]) -> CheckLine:
    name = workspace.cluster.key_name
    where = str(path) if path is not None else "the SSH agent and ssh_config"
    pair = next((pair for pair in list_key_pairs(workspace.session) if pair.name == name), None)
    if not offered:
        return warning(
            "key-file", f"no key that can be read is offered by {where}", mend="ssh-add the key, or set key_file"
        )
    if pair is None or not pair.public_key:
        mend = f"make sure that {where} has its key"
        return warning("key-file", f"AWS does not tell the public key of {name}", mend=mend)
    if pair.public_key in offered:
        return ok("key-file", f"the key of {name} is offered by {where}")
    seen = f"none of the keys of {where} is that of the pair {name} ({pair.fingerprint})"
    mend = "set key_file to its private key, ssh-add it, or choose another key_name"
    # ssh_config may name the key under the bastion's address, which is not known before the first deploy.
    return failure("key-file", seen, mend=mend) if path is not None else warning("key-file", seen, mend=mend)


def _check_certificates(workspace: Workspace) -> tuple[CheckLine, ...]:
    """Look at the certificates that were made here; what members serve is `fleetkit certificates list`'s to tell."""
    check_id = "certificates"
    if not workspace.paths.pki.is_dir():
        return (ok(check_id, "none yet: the first deploy makes them"),)
    try:
        made = sorted(list_made(workspace), key=lambda one: (one.not_after, one.name))
    except NotFoundError as error:
        # A deploy that adds a master makes what is missing: that is no reason to refuse it.
        mend = "a deploy makes what is missing; after a handover, unpack the whole folder"
        return (warning(check_id, f"they are not complete here: {error.seen}", mend=mend),)
    seen, steps = tell_amiss(made)
    if not seen:
        return (ok(check_id, f"{len(made)}; the first to expire is {made[0].name}, in {made[0].days_left} days"),)
    return (warning(check_id, seen, mend=steps),)


def terraform_check(describe_terraform: Callable[[], str]) -> Check:
    """Return the check that a Terraform is found and new enough."""

    def run(_workspace: Workspace) -> tuple[CheckLine, ...]:
        try:
            return (ok("terraform", describe_terraform()),)
        except FleetkitError as error:
            # That there is none is what was seen, not a failure to look.
            return (dataclasses.replace(unread("terraform", error, soft=False), unread=False),)

    return Check("terraform", run, needs_aws=False)


def _check_settings(workspace: Workspace) -> tuple[CheckLine, ...]:
    unknown = unknown_settings(workspace.environ)
    if not unknown:
        return (ok("settings", "every FLEETKIT_* variable is known"),)
    return tuple(
        warning(
            "settings",
            f"{name} is no setting of fleetkit" + (f"; did you mean {meant}?" if meant else ""),
            mend=f"unset {name}",
        )
        for name, meant in unknown.items()
    )


SOFTWARE_CHECKS: tuple[Check, ...] = (
    Check("pin-etcd-image", _check_etcd_image, needs_aws=False),
    Check("pin-fleet-archive", _check_archive, needs_aws=False),
    Check("pin-python-image", _check_python_image, needs_aws=False),
    Check("pin-pages", _check_pages_archive),
    Check("certificates", _check_certificates, needs_aws=False),
    Check("settings", _check_settings, needs_aws=False),
)
"""What is asked of the registry, the mirror, the certificates here and the environment."""
