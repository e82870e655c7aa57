"""An approval as a document: what it is for, who gave it, until when, and a signature over all of that."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleetkit.config import Approval
from fleetkit.core import ApprovalMissingError, SettingsError, Signer, format_utc, parse_utc, utc_now
from fleetkit.pki import verify_signature
from fleetkit.workflows._basis import Basis, Operation, Person

__all__ = ["SignedApproval", "read_approval", "sign_approval"]

_FORMAT = 1
_PURPOSE = b"fleetkit approval\n"
"""Stands before what is signed, so that no signature of anything else can be taken for an approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedApproval:
    """An approval that somebody signed.

    Attributes
    ----------
    basis
        The plan, and what it was made on.
    by
        Who approved.
    given_at, expires_at
        From when, and until when it holds.
    signature
        Over all of the above, in base64.
    """

    basis: Basis
    by: Person
    given_at: dt.datetime
    expires_at: dt.datetime
    signature: str = ""

    @property
    def message(self) -> bytes:
        """What is signed."""
        body = {name: value for name, value in self.to_json().items() if name != "signature"}
        return _PURPOSE + json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    def to_json(self) -> dict[str, Any]:
        """Return it as its file has it."""
        return {
            "format": _FORMAT,
            "plan": self.basis.to_json(),
            "by": self.by.to_json(),
            "given_at": format_utc(self.given_at),
            "expires_at": format_utc(self.expires_at),
            "signature": self.signature,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> SignedApproval:
        """Read what `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is something else, or holds anything that the signature would not cover.
        """
        found = cls(
            basis=Basis.from_json(fields["plan"]),
            by=Person.from_json(fields["by"]),
            given_at=parse_utc(fields["given_at"]),
            expires_at=parse_utc(fields["expires_at"]),
            signature=fields["signature"],
        )
        if found.to_json() != fields:
            raise ValueError("it holds more or other than an approval")
        return found

    @property
    def holds(self) -> bool:
        """Whether whoever it names signed it; whether they might, and whether it has expired, is another question."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
            return verify_signature(self.by.public_key, self.message, signature)
        except (SettingsError, ValueError):
            # A key or a signature that is none signs nothing.
            return False

    def require_for(self, *, cluster: str, operation: Operation) -> None:
        """Make sure that it is for this cluster, and for what is to be done with it.

        Raises
        ------
        ApprovalMissingError
            When it is for another, or for something else.
        """
        if self.basis.cluster != cluster:
            raise self.refuse(f"it is for the cluster {self.basis.cluster}, and this is {cluster}")
        if self.basis.operation is not operation:
            raise self.refuse(f"it is for a {self.basis.operation}, and this is a {operation}")

    def require_valid(self, rules: Approval, *, now: dt.datetime | None = None) -> None:
        """Make sure that it was given by somebody who may, and holds at the moment.

        Raises
        ------
        ApprovalMissingError
            When its key is not listed, its signature is broken, it has expired, or its giver planned as well.
        """
        moment = now or utc_now()
        if rules.owner_of(self.by.public_key) is None:
            raise self.refuse(f"its key {self.by.public_key} is not listed in approval.keys of the cluster file")
        if not self.holds:
            raise self.refuse("its signature does not hold: it was changed, or another key made it")
        if moment >= self.expires_at:
            raise self.refuse(f"it expired at {format_utc(self.expires_at)}")
        if moment < self.given_at:
            raise self.refuse(f"it is dated {format_utc(self.given_at)}, which is yet to come")
        if rules.distinct and self.by.public_key == self.basis.planner.public_key:
            raise self.refuse(
                "the one who planned approved as well, and the cluster file wants two (approval.distinct)"
            )

    def refuse(self, seen: str) -> ApprovalMissingError:
        """Return the error that says why it does not count."""
        return ApprovalMissingError(
            f"the approval of {self.by.arn} for the plan {self.basis.sha256[:12]} does not hold",
            seen=seen,
            hint="have the plan approved again, by somebody who may: fleetkit approve PLAN",
        )


def sign_approval(basis: Basis, *, by: Person, signer: Signer, life: dt.timedelta) -> SignedApproval:
    """Approve the plan of ``basis`` from now on for as long as ``life``."""
    given_at = utc_now().replace(microsecond=0)
    plain = SignedApproval(basis=basis, by=by, given_at=given_at, expires_at=given_at + life)
    return replace(plain, signature=base64.b64encode(signer.sign(plain.message)).decode("ascii"))


def read_approval(path: Path) -> SignedApproval:
    """Read the document in ``path``; whether it holds is not asked yet.

    Raises
    ------
    ApprovalMissingError
        When there is none, or it is not an approval.
    """
    hint = "fleetkit approve PLAN writes one"
    try:
        return SignedApproval.from_json(json.loads(path.read_bytes()))
    except OSError as error:
        raise ApprovalMissingError(f"no approval in {path}", seen=error.strerror, hint=hint) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        seen = f"{type(error).__name__}: {error}"
        raise ApprovalMissingError(f"{path} is not an approval", seen=seen, hint=hint) from error
