"""A record on its way into an archive and out of it: a copy that nobody writes to, and what its check comes to."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from fleetkit.core import BusyError, FleetkitError, VerifySignature
from fleetkit.runs.folders import is_under_way
from fleetkit.runs.journal import JOURNAL_FILE, TORN_FILE, Flaw
from fleetkit.runs.store import NOTEBOOK_FILE, REPORT_FILE, RUN_FILE, parse_run
from fleetkit.runs.verify import ProofState, RunProof, verify_run

__all__ = ["RECORD_FILES", "copy_record", "prove_record"]

RECORD_FILES = (RUN_FILE, JOURNAL_FILE, TORN_FILE, NOTEBOOK_FILE, REPORT_FILE)
"""What belongs to a record; whatever else lies in its folder is nobody's word."""


def copy_record(folder: Path, target: Path) -> tuple[str, ...]:
    """Copy the files of a record into a new folder, and return the names of what was left behind.

    A run may write on meanwhile; what is proven and packed is the copy. No link is followed: what it leads to is
    no part of the record, and nobody has looked whether it may be shown.

    Raises
    ------
    BusyError
        When its run is under way on this computer.
    FleetkitError
        When a file of the record cannot be read.
    """
    try:
        if folder.is_symlink():
            raise FleetkitError(f"the record {folder.name} cannot be read", seen="its folder is a link")
        if is_under_way(folder):
            raise BusyError(f"the run {folder.name} is under way", hint="make the archive once it has ended")
        target.mkdir(parents=True)
        plain = {one.name for one in folder.iterdir() if stat.S_ISREG(one.lstat().st_mode)}
        # The journal first: what is written meanwhile then stands in the rest, and not the other way round.
        for name in sorted(plain & set(RECORD_FILES), key=lambda name: name != JOURNAL_FILE):
            with (
                os.fdopen(os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as source,
                (target / name).open("wb") as copy,
            ):
                shutil.copyfileobj(source, copy)
        return tuple(sorted(one.name for one in folder.iterdir() if one.name not in plain & set(RECORD_FILES)))
    except OSError as error:
        raise FleetkitError(f"the record {folder.name} cannot be read", seen=str(error)) from error


def prove_record(folder: Path, *, cluster: str, verify: VerifySignature, keys: Collection[str] = ()) -> RunProof:
    """Check a record as `verify_run` does; one without a journal, or that cannot be read, is broken.

    Parameters
    ----------
    cluster
        Of which cluster it must be: one of another, though whole, says nothing of this one.
    keys
        Public keys of which one must have signed it; any will do where none is given.
    """
    try:
        proof = verify_run(folder, verify=verify, keys=keys)
    except FleetkitError as error:
        flaw = Flaw(where=JOURNAL_FILE, what=error.without_hint.replace(f"{folder.parent}/", ""))
        return RunProof(folder=folder, state=ProofState.BROKEN, flaws=(flaw,), remarks=(), lines=0, signed=0, keys=())
    flaws = (*proof.flaws, *_of_cluster(folder, cluster))
    return replace(proof, flaws=flaws, state=ProofState.BROKEN if flaws else proof.state)


def _of_cluster(folder: Path, cluster: str) -> Iterator[Flaw]:
    try:
        told = parse_run(folder / RUN_FILE, where=RUN_FILE).cluster
    except FleetkitError:
        # Its check tells that.
        return
    if told != cluster:
        yield Flaw(where=RUN_FILE, what=f"it is of the cluster {told}, and lay among the records of {cluster}")
