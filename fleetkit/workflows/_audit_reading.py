"""Reading the facts of an audit: each once, all at the same time, and of one cluster alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

from fleetkit import aws, checks
from fleetkit.config import Access, Cluster
from fleetkit.core import FleetkitError, NotFoundError, call_each, utc_now
from fleetkit.workflows import _audit_access as access
from fleetkit.workflows import _audit_balancers as balancing
from fleetkit.workflows import _audit_etcd as inside
from fleetkit.workflows import _audit_machines as computing
from fleetkit.workflows import _audit_network as network
from fleetkit.workflows import _audit_starts as starting
from fleetkit.workflows._awaited import telling_what_is_awaited
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.last_backup import recall_backup
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["read_facts"]

T = TypeVar("T")


class _Once(Generic[T]):
    """Something that several facts are made of: read when it is first wanted, and then known, or failed, to all."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._known: list[T] = []
        self._failure: FleetkitError | None = None

    def __call__(self) -> T:
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if not self._known:
                try:
                    self._known.append(self._read())
                except FleetkitError as error:
                    self._failure = error
                    raise
            return self._known[0]


def read_facts(
    workspace: Workspace, names: Collection[str], *, note: Callable[[str], None] = lambda _line: None
) -> checks.Facts:
    """Read facts of a cluster; one that cannot be read keeps no other from being read.

    Parameters
    ----------
    names
        Those that are wanted, of `fleetkit.checks.FACT_NAMES`; nothing else is asked for.
    note
        Told every few seconds what is still waited for.
    """
    with contextlib.ExitStack() as stack:
        machines = _Once(lambda: aws.list_instances(workspace.session, workspace.cluster.name))
        # Opened by whoever first reads through it, and closed once all is read.
        way = _Once(lambda: stack.enter_context(open_way_in(workspace, machines=machines)))
        readers = {**_readers(workspace, machines), **_readers_inside(workspace, way)}
        words = {name: checks.FACT_SOURCES[name].what for name in sorted(names)}
        awaited = stack.enter_context(telling_what_is_awaited(words, note))

        def read(name: str) -> Any:
            with awaited.waiting_for(name):
                return readers[name]()

        # All of them at once: one that waits for what another reads must keep no third from being begun.
        results = call_each(list(words), read, catch=FleetkitError, at_once=max(len(words), 1))
    return checks.Facts(
        _tell_cluster(workspace.cluster),
        read=results.ok,
        unread={name: _tell(error) for name, error in results.failed.items()},
    )


def _readers(workspace: Workspace, machines: Callable[[], tuple[aws.Instance, ...]]) -> Mapping[str, Callable[[], Any]]:
    session, cluster = workspace.session, workspace.cluster
    pools = _Once(lambda: aws.list_scaling_groups(session, cluster.name))
    groups = _Once(lambda: _list_groups(session, cluster.name))
    given = (*cluster.network.public_subnet_ids, *cluster.network.private_subnet_ids)
    balancers = _Once(lambda: _list_balancers(session, cluster.name, vpc_id=vpc_id()))
    subnets = _Once(
        lambda: network.read_subnets(session, machines(), cluster=cluster.name, vpc_id=vpc_id(), given=given)
    )

    def vpc_id() -> str:
        return cluster.network.vpc_id or groups()[0].vpc_id

    return {
        "groups": lambda: network.read_groups(
            session, groups(), machines=machines(), balancers=balancers(), vpc_id=vpc_id()
        ),
        "wearers": lambda: network.read_wearers(session, groups(), machines=machines(), balancers=balancers()),
        "subnets": subnets,
        "acls": lambda: network.read_acls(session, subnets(), vpc_id=vpc_id()),
        "flow_logs": lambda: network.read_flow_logs(session, vpc_id=vpc_id()),
        "machines": lambda: computing.tell_machines(machines(), cluster),
        "balancers": lambda: balancing.tell_balancers(balancers(), cluster=cluster.name),
        "balancer_settings": lambda: balancing.read_settings(session, balancers()),
        "target_groups": lambda: balancing.read_target_groups(session, cluster=cluster.name, vpc_id=vpc_id()),
        "volumes": lambda: computing.read_volumes(session, machines(), cluster),
        "pools": lambda: computing.tell_pools(pools()),
        "protection": lambda: computing.read_protection(session, machines(), cluster),
        "given": lambda: starting.read_given(session, computing.name_machines(machines(), cluster), pools()),
        "images": lambda: starting.read_images(session, machines(), computing.name_machines(machines(), cluster)),
        "managed": lambda: aws.list_managed(session, [one.instance_id for one in machines()]),
        "caller": lambda: access.read_caller(session),
        "roles": lambda: access.read_roles(session, machines()),
        "state": lambda: access.read_state(workspace),
        "kept": lambda: access.read_kept(workspace),
        "variables": lambda: access.read_variables(workspace),
        "operator_address": lambda: str(aws.read_public_address(workspace.settings.address_url)),
    }


def _readers_inside(workspace: Workspace, way: Callable[[], WayIn]) -> Mapping[str, Callable[[], Any]]:
    """Return how each fact of etcd and fleet is read, and those of backups."""
    last = _Once(lambda: recall_backup(workspace))
    return {
        "members": lambda: inside.read_members(way()),
        "tls": lambda: inside.read_tls(workspace, way()),
        "strain": lambda: inside.read_strain(way()),
        "registered": lambda: inside.read_registered(way()),
        "backups": lambda: inside.read_backups(workspace, last()),
        "backup_bucket": lambda: inside.read_backup_bucket(workspace, last()),
    }


def _list_groups(session: aws.AwsSession, cluster: str) -> tuple[aws.SecurityGroup, ...]:
    found = aws.list_security_groups(session, cluster)
    if not found:
        raise NotFoundError(f"{cluster} has no security group", hint=f"is it deployed? fleetkit inspect {cluster}")
    return found


def _list_balancers(session: aws.AwsSession, cluster: str, *, vpc_id: str) -> tuple[aws.LoadBalancer, ...]:
    return aws.list_load_balancers(session, cluster, vpc_id=vpc_id)


def _tell_cluster(cluster: Cluster) -> checks.ClusterFact:
    has_bastion = cluster.access is Access.BASTION
    return checks.ClusterFact(
        name=cluster.name,
        region=cluster.region,
        now=utc_now(),
        masters={name: one.address for name, one in cluster.masters.items()},
        pools={name: one.desired for name, one in cluster.pools.items()},
        has_bastion=has_bastion,
        vpn_cidr="" if has_bastion else cluster.vpn_cidr,
        makes_network=cluster.network.create,
    )


def _tell(error: Exception) -> str:
    """Return why a fact is not known, with the next step, in one line."""
    if not isinstance(error, FleetkitError):
        raise TypeError(f"{type(error).__name__} is no reason for a fact to be unknown") from error
    return f"{error.without_hint} ({error.hint})" if error.hint else error.without_hint
