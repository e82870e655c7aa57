"""Plans without a Terraform behind them, people with keys of their own, and approvals that they give."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

from support.cluster_files import make_cluster

from fleetkit.config import Approval
from fleetkit.core import QuorumAtRiskError, Signer, utc_now
from fleetkit.pki import ensure_signing_key
from fleetkit.terraform import StateVersion
from fleetkit.workflows._basis import Basis, Operation, Person, describe_cluster
from fleetkit.workflows._signed_approval import SignedApproval, sign_approval

SHA256 = "ab" * 32
STATE = StateVersion(lineage="7d9d2c42-5b36-4a1c-b5d3-3f7a3f9a0d11", serial=12)
MEMBERS = {"8e9e05c52164694d": "etcd1", "91bc3c398fb3c146": "etcd2", "fd422379fda50e48": "etcd3"}


@dataclass(frozen=True)
class Somebody:
    """Who signs: a name, and a key in a folder of the test."""

    name: str
    signer: Signer

    @classmethod
    def called(cls, name: str, folder: Path) -> Somebody:
        return cls(name, ensure_signing_key(folder / name))

    @property
    def person(self) -> Person:
        return Person(arn=f"arn:aws:iam::123456789012:user/{self.name}", public_key=self.signer.public_key)

    @property
    def entry(self) -> str:
        """The line of the cluster file that lists the key."""
        return f"{self.signer.public_key} {self.name}"

    def approve(self, basis: Basis, *, life: dt.timedelta = dt.timedelta(hours=1)) -> SignedApproval:
        return sign_approval(basis, by=self.person, signer=self.signer, life=life)


@dataclass
class FakePlan:
    """What can be approved, with nothing behind it."""

    cluster: str = "demo"
    operation: Operation = Operation.DEPLOY
    sha256: str = SHA256
    is_empty: bool = False
    at_risk: bool = False
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

    def check(self) -> None:
        if self.at_risk:
            raise QuorumAtRiskError("the plan would take masters away")


def make_basis(planner: Somebody, /, **changes: object) -> Basis:
    """Return what a plan for the cluster demo was made on."""
    basis = Basis(
        cluster="demo",
        operation=Operation.DEPLOY,
        sha256=SHA256,
        planner=planner.person,
        made_at=utc_now().replace(microsecond=0),
        cluster_file=describe_cluster(make_cluster()),
        state=STATE,
        members=MEMBERS,
    )
    return replace(basis, **changes)  # type: ignore[arg-type]  # a test names any field
