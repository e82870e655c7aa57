"""What came of a rotation of certificates: what was done, and who has what was made."""

from __future__ import annotations

from dataclasses import dataclass

from fleetkit.workflows._shown import Shown, Verified

__all__ = ["AppliedRotation", "VerifiedRotation"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedRotation(Shown):
    """What a rotation did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    renewed
        Names of the leaves that were re-issued.
    fetched
        Names of the machines that fetched.
    delivered
        Names of the leaves that were re-issued before, and lie in the bucket now.
    pages
        Whether etcd's pages in the cluster have one of them to take, which they do when their units start.
    """

    cluster: str
    renewed: tuple[str, ...]
    fetched: tuple[str, ...]
    delivered: tuple[str, ...] = ()
    pages: bool = False

    def __str__(self) -> str:
        if not self.renewed and not self.delivered:
            return f"Nothing to do: all certificates of {self.cluster} are as they should be."
        renewed = ", ".join(self.renewed) or "none"
        before = f"made before, and in the bucket now: {', '.join(self.delivered)}; " if self.delivered else ""
        told = f"Re-issued: {renewed}; {before}fetched by: {', '.join(self.fetched) or 'no machine'}."
        if self.pages:
            told += (
                "\nEach unit etcd-browser@N.service takes the new one when it is stopped and started: "
                f"fleetkit units stop {self.cluster} etcd-browser@1.service, then start, then the next."
            )
        return told


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedRotation(Verified):
    """Who has the certificates that were made.

    Attributes
    ----------
    cluster
        Name of the cluster.
    proven
        Leaves of which the one before was let go, for all that use them have the new one.
    findings
        What is not as it should be; one sentence each.
    """

    cluster: str
    proven: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on the certificates of {self.cluster} after the rotation"
        return f"all members and machines of {self.cluster} have the certificates that were made for them"
