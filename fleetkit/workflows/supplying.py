"""Filling the cluster's bucket with what machines fetch, and saying beforehand what would be put there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from fleetkit import aws
from fleetkit.config import Cluster
from fleetkit.core import FleetkitError, NotFoundError, call_each
from fleetkit.pki import ClusterPki, ensure_pki, load_pki
from fleetkit.workflows._archives import supply_fleet, supply_pages
from fleetkit.workflows._first_units import read_first_units
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.bucket_keys import (
    DEPLOY_PREFIX,
    deploy_mark_key,
    is_of_page,
    master_prefix,
    settings_key,
)
from fleetkit.workflows.delivery import (
    DeliveredFile,
    image_file,
    keep_secrets,
    list_deliveries,
    render_manifest,
    says_image,
    says_joining,
)

__all__ = [
    "ensure_certificates",
    "find_joining",
    "find_pending_deliveries",
    "find_pending_settings",
    "find_supplied_image",
    "supply_bucket",
    "supply_image",
    "supply_joining_member",
]

_AT_ONCE = 8


def ensure_certificates(workspace: Workspace) -> ClusterPki:
    """Make the cluster's certificates and host keys where they are missing."""
    cluster = workspace.cluster
    return ensure_pki(
        workspace.paths.pki,
        cluster=cluster.name,
        members=_members(cluster),
        dns_zone=cluster.dns_zone,
    )


def _members(cluster: Cluster) -> dict[str, str]:
    return {name: master.address for name, master in cluster.masters.items()}


def find_pending_deliveries(workspace: Workspace) -> tuple[str, ...]:
    """Return what a deploy would put into the bucket, as words; empty when all is there as it should be.

    Reads only: neither the bucket nor a certificate is made.
    """
    if not aws.bucket_exists(workspace.session, workspace.bucket):
        # Refused here, where nothing is made yet.
        read_first_units(workspace)
        return (f"the bucket {workspace.bucket}, and all that machines fetch from it",)
    try:
        pki = load_pki(workspace.paths.pki, members=_members(workspace.cluster))
    except NotFoundError:
        return ("certificates and host keys",)
    there = {one.key for one in aws.list_objects(workspace.session, workspace.bucket)}
    deliveries = _list_wanted(workspace, pki, there=there)
    right = _right_objects(workspace, {one.key: one for files in deliveries.values() for one in files})
    pending = []
    for prefix, files in deliveries.items():
        manifest = f"{prefix}/manifest"
        missing = [one.key for one in files if one.key not in there]
        wrong = [one.key for one in files if one.key in there and one.key not in right]
        if manifest not in there or missing:
            pending.append(f"what {prefix} fetches ({len(missing) or len(files)} files)")
        elif (before := aws.read_object(workspace.session, workspace.bucket, key=manifest)) != keep_secrets(
            render_manifest(files), before
        ):
            pending.append(f"what {prefix} fetches (it changed)")
        pending += [f"{key} (what lies there is not what was put there)" for key in wrong]
    unwanted = _find_unwanted(workspace, there)
    pending += [f"what pages fetch is removed ({len(unwanted)} objects)"] if unwanted else []
    return tuple(dict.fromkeys(pending))


def _find_unwanted(workspace: Workspace, there: Collection[str]) -> tuple[str, ...]:
    """Return what pages would fetch that are pinned no longer; a key of great power is among it."""
    return () if workspace.cluster.pins.pages_sha256 else tuple(sorted(key for key in there if is_of_page(key)))


def find_pending_settings(workspace: Workspace, pki: ClusterPki) -> tuple[str, ...]:
    """Return which files other than certificates machines would fetch anew, were the bucket filled now.

    A rotation delivers certificates and nothing besides: settings are what a deploy brings.
    """
    pending = []
    for prefix, files in list_deliveries(workspace.cluster, pki, joining=find_joining(workspace)).items():
        try:
            there = aws.read_object(workspace.session, workspace.bucket, key=f"{prefix}/manifest")
        except NotFoundError:
            pending.append(f"{prefix}/manifest is not there")
            continue
        lines = frozenset(there.decode("ascii", "replace").splitlines())
        pending += [
            f"{one.destination} of {prefix}"
            for one in files
            if "/pki/" not in one.destination and render_manifest((one,)).decode("ascii").strip() not in lines
        ]
    return tuple(pending)


def _right_objects(workspace: Workspace, files: Mapping[str, DeliveredFile]) -> frozenset[str]:
    """Return the keys of the files that lie in the bucket as they were put there."""

    def is_right(key: str) -> bool:
        file = files[key]
        size = None if file.content is None else len(file.content)
        return aws.has_object(workspace.session, workspace.bucket, key=key, sha256=file.sha256, size_bytes=size)

    return frozenset(key for key, right in _each(files, is_right).items() if right)


def _each(keys: Iterable[str], call: Callable[[str], bool]) -> Mapping[str, bool]:
    results = call_each(list(keys), call, catch=FleetkitError, at_once=_AT_ONCE)
    for error in results.failed.values():
        raise error
    return results.ok


def find_joining(workspace: Workspace) -> frozenset[str]:
    """Return the members whose settings in the bucket say that they join a cluster that is there.

    The bucket alone knows it: whoever deploys next, on whatever computer, leaves it as it is.
    """

    def is_joining(name: str) -> bool:
        try:
            return says_joining(aws.read_object(workspace.session, workspace.bucket, key=settings_key(name)))
        except NotFoundError:
            return False

    return frozenset(name for name, joins in _each(workspace.cluster.masters, is_joining).items() if joins)


def supply_bucket(
    workspace: Workspace, pki: ClusterPki, *, on_note: Callable[[str], None] = lambda _text: None
) -> tuple[str, ...]:
    """Make the bucket what it must be, and put into it what is missing or changed.

    Returns
    -------
    tuple of str
        The keys that were put; empty when all was there.
    """
    on_note(f"bucket {workspace.bucket}")
    aws.ensure_bucket(workspace.session, workspace.bucket, cluster=workspace.cluster.name)
    put = [*supply_fleet(workspace), *supply_pages(workspace, on_note=on_note)]
    there = {one.key for one in aws.list_objects(workspace.session, workspace.bucket)}
    unwanted = _find_unwanted(workspace, there)
    if unwanted:
        aws.delete_objects(workspace.session, workspace.bucket, keys=unwanted)
        on_note(f"{len(unwanted)} objects removed that pages fetched")
    for prefix, files in _list_wanted(workspace, pki, there=there).items():
        put += _put_files(workspace, prefix, files)
    if put:
        on_note(f"{len(put)} objects put into {workspace.bucket}")
    return tuple(put)


def _list_wanted(
    workspace: Workspace, pki: ClusterPki, *, there: Collection[str]
) -> dict[str, tuple[DeliveredFile, ...]]:
    """Return what each prefix has to hold; that of the deploy host only until it has done its work.

    Who edits the folder of its units afterwards changes nothing that anybody fetches.
    """
    joining = find_joining(workspace)
    if deploy_mark_key() not in there:
        return list_deliveries(workspace.cluster, pki, joining=joining, first_units=read_first_units(workspace))
    found = list_deliveries(workspace.cluster, pki, joining=joining)
    del found[DEPLOY_PREFIX]
    return found


def supply_joining_member(workspace: Workspace, pki: ClusterPki, name: str) -> tuple[str, ...]:
    """Put what one master fetches, with settings by which its member joins the cluster that is there.

    What other machines fetch is left as it is, be it missing or changed.

    Returns
    -------
    tuple of str
        The keys that were put; empty when all was there.
    """
    prefix = master_prefix(name)
    files = list_deliveries(workspace.cluster, pki, joining={name})[prefix]
    return (*supply_fleet(workspace), *_put_files(workspace, prefix, files))


def find_supplied_image(workspace: Workspace, name: str) -> str:
    """Return the image of etcd that the master of a member fetches the name of; empty where there is none."""
    try:
        return says_image(aws.read_object(workspace.session, workspace.bucket, key=image_file(name, "").key))
    except NotFoundError:
        return ""


def supply_image(workspace: Workspace, name: str, image: str) -> None:
    """Put which image of etcd one master runs, and nothing besides: neither certificates nor settings that changed.

    Raises
    ------
    NotFoundError
        When its manifest is not there, or does not name that file.
    AwsError
        When the bucket cannot be written.
    """
    session, bucket, file = workspace.session, workspace.bucket, image_file(name, image)
    manifest = f"{master_prefix(name)}/manifest"
    line = render_manifest((file,)).decode("ascii").strip()
    there = aws.read_object(session, bucket, key=manifest).decode("ascii").splitlines()
    fresh = [line if file.destination in one.split() else one for one in there]
    if line not in fresh:
        raise NotFoundError(
            f"{manifest} of {bucket} does not name {file.destination}",
            known=[one.split()[3] for one in there],
            hint=f"fleetkit deploy {workspace.cluster.name} puts what machines fetch",
        )
    aws.put_object(session, bucket, key=file.key, content=file.content or b"")
    aws.put_object(session, bucket, key=manifest, content="".join(f"{one}\n" for one in fresh).encode("ascii"))


def _put_files(workspace: Workspace, prefix: str, files: tuple[DeliveredFile, ...]) -> list[str]:
    """Put the files of a prefix before its manifest, so that a machine never reads of a file that is not there.

    Between the two a machine that starts refuses files that its manifest knows otherwise, and tries again: what breaks
    off there says so.
    """
    try:
        return _put_before_manifest(workspace, prefix, files)
    except FleetkitError as error:
        soon = f"do the same again soon: until then a machine of {prefix} that starts may refuse what it finds"
        error.hint = f"{error.hint}; {soon}" if error.hint else soon
        raise


def _put_before_manifest(workspace: Workspace, prefix: str, files: tuple[DeliveredFile, ...]) -> list[str]:
    session, bucket = workspace.session, workspace.bucket
    contents = {one.key: one.content for one in files if one.content is not None}

    def put_one(key: str) -> bool:
        return aws.put_object(session, bucket, key=key, content=contents[key])

    put = [key for key, was_put in _each(contents, put_one).items() if was_put]
    manifest = f"{prefix}/manifest"
    try:
        before = aws.read_object(session, bucket, key=manifest)
    except NotFoundError:
        before = b""
    if aws.put_object(session, bucket, key=manifest, content=keep_secrets(render_manifest(files), before)):
        put.append(manifest)
    return put
