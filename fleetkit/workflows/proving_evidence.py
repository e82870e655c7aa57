"""Proving an archive of evidence: with the archive and public keys alone; no network, no cluster file, no state."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import SettingsError, format_utc
from fleetkit.pki import verify_signature
from fleetkit.runs import Flaw, ProofState, RunProof
from fleetkit.runs.evidence import Manifest, check_archive
from fleetkit.workflows._evidence_approvals import find_approval_flaws
from fleetkit.workflows._shown import Shown

__all__ = ["EvidenceProof", "prove_evidence"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EvidenceProof(Shown):
    """What the check of an archive came to.

    Attributes
    ----------
    path
        Which archive.
    manifest
        What it says of itself; None where no given key vouches for that.
    signed_by
        The given key that signed it.
    records
        What the check of each record came to.
    flaws
        What is not as it was packed, and what is wrong with records and approvals.
    """

    path: Path
    manifest: Manifest | None
    signed_by: str
    records: tuple[RunProof, ...]
    flaws: tuple[Flaw, ...]

    @property
    def outcome(self) -> str:
        """``failed`` for any flaw, ``findings`` where the archive tells that something is missing or open."""
        if self.flaws or self.manifest is None:
            return "failed"
        return "findings" if self.manifest.lacks or self._open else "done"

    @property
    def _open(self) -> list[str]:
        return [one.folder.name for one in self.records if one.state is ProofState.OPEN]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.manifest is None:
            return f"not proven: {self.path.name}"
        one = self.manifest
        held = (
            f"{len(one.records)} records of {one.cluster} from {format_utc(one.since)} to {format_utc(one.until)}, "
            f"packed {format_utc(one.made_at)} by {one.made_by.user} on {one.made_by.host}"
        )
        if self.flaws:
            return f"broken: {self.path.name}, {held}"
        return f"proven: {self.path.name}, {held}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What its maker told of, and what the answer does not cover."""
        if self.manifest is None:
            return ("nothing else was looked at: what nobody vouches for is not to be believed",)
        known = {one.id: one.state for one in self.manifest.records}
        before = [one.folder.name for one in self.records if known.get(one.folder.name) == ProofState.BROKEN]
        return (
            *(f"missing, as the archive tells: {one}" for one in self.manifest.lacks),
            *(f"open: {name}: nothing vouches for its end" for name in self._open),
            *(f"broken already when the archive was made: {name}" for name in before),
        )

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"  {one}" for one in self.flaws), *self.remarks])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        about = self.manifest
        return {
            "archive": str(self.path),
            "outcome": self.outcome,
            "signed_by": self.signed_by,
            "cluster": about and about.cluster,
            "from": about and format_utc(about.since),
            "to": about and format_utc(about.until),
            "made_at": about and format_utc(about.made_at),
            "records": {one.folder.name: one.state.value for one in self.records},
            "missing": [{"what": one.what, "why": one.why} for one in about.lacks] if about else [],
            "flaws": [{"where": one.where, "what": one.what} for one in self.flaws],
            "remarks": list(self.remarks),
        }


def prove_evidence(path: Path, *, keys: Sequence[str]) -> EvidenceProof:
    """Check an archive; nobody is asked, and nothing of this computer is read but the archive.

    Parameters
    ----------
    keys
        Public keys, as text, of whom is trusted: one of them must have signed the archive, and one each record and
        each signed approval.

    Raises
    ------
    NotFoundError
        When there is no such archive.
    SettingsError
        When no key is given.
    FleetkitError
        When it cannot be read.
    """
    if not keys:
        raise SettingsError("no key was given", hint="give the public key of whoever made the archive: --key")
    look = functools.partial(find_approval_flaws, keys=keys)
    found = check_archive(path, verify=verify_signature, keys=keys, look=look)
    return EvidenceProof(
        path=path,
        manifest=found.manifest,
        signed_by=found.signed_by,
        records=found.records,
        flaws=found.flaws,
    )
