"""What to do next about members that are ill: the same words wherever their health is told."""

from __future__ import annotations

from fleetkit.etcd import ClusterHealth, Trouble, Verdict

__all__ = ["list_next_steps"]


def list_next_steps(health: ClusterHealth, *, cluster: str) -> tuple[str, ...]:
    """Say what to do about members that are ill; what mends an alarm stands in its own reason.

    Parameters
    ----------
    cluster
        Name of the cluster, for the commands.
    """
    if health.verdict is Verdict.LOST:
        return (
            "the quorum is lost: nothing can be written until a majority of the voters is back, each on its own data; "
            f"whose machine does not run: fleetkit inspect {cluster}",
            f"where the data of a majority are gone, a backup is put back: fleetkit etcd restore {cluster}",
        )
    if health.verdict is not Verdict.DEGRADED:
        return ()
    ill = {trouble: [one.name for one in health.members if one.trouble is trouble] for trouble in Trouble}
    steps = []
    if gone := ill[Trouble.DOWN] + ill[Trouble.UNREACHABLE]:
        steps.append(f"a member whose machine or data are gone is replaced: fleetkit etcd replace {cluster} {gone[0]}")
    if silent := ill[Trouble.SILENT]:
        steps.append(
            "a machine that is paused or overloaded is rebooted; "
            f"one that does not come back is replaced: fleetkit etcd replace {cluster} {silent[0]}"
        )
    if alone := ill[Trouble.NO_QUORUM]:
        steps.append(
            f"{alone[0]} does not hear the others on port 2380; rules that were changed: fleetkit inspect {cluster}"
        )
    if old := ill[Trouble.SERVER_CERTIFICATE_EXPIRED]:
        steps.append(f"the certificates of {', '.join(old)} are made anew: fleetkit certificates rotate {cluster}")
    if strange := ill[Trouble.NAME_MISMATCH] + ill[Trouble.SERVER_UNTRUSTED]:
        steps.append(
            f"{', '.join(strange)} serves another certificate than its own, which is brought to it by: "
            f"fleetkit certificates rotate {cluster}"
        )
    return tuple(steps)
