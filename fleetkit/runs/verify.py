"""Whether a record is what its run wrote: every line of the journal, and every file that the record closes over."""

from __future__ import annotations

import enum
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, KeyScheme, VerifySignature
from fleetkit.runs._writing import hash_file, hash_run, render_run
from fleetkit.runs.folders import is_under_way
from fleetkit.runs.journal import JOURNAL_FILE, TORN_FILE, CheckedJournal, Flaw, check_journal, hash_line
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.record import RunRecord
from fleetkit.runs.store import NOTEBOOK_FILE, REPORT_FILE, RUN_FILE

__all__ = ["ProofState", "RunProof", "verify_run"]

_CLOSED_OVER = frozenset({NOTEBOOK_FILE, REPORT_FILE})
_NOT_IN_RUN_FILE = frozenset({"notebook_sha256"})
_KNOWN = _CLOSED_OVER | {JOURNAL_FILE, RUN_FILE, TORN_FILE}


class ProofState(enum.StrEnum):
    """What can be said of a record."""

    CLOSED = "closed"
    """The run ended, and everything is as it was written."""
    OPEN = "open"
    """The run goes on, was killed, or ended while its key was out of reach: nothing vouches for the end."""
    BROKEN = "broken"
    """Something was changed, removed, added or moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProof:
    """What the check of a record found.

    Attributes
    ----------
    folder
        The record's folder.
    state
        The answer in one word.
    flaws
        What is not as it was written; empty unless the state is ``broken``.
    remarks
        What the answer does not cover, and why.
    lines, signed
        Number of the journal's lines, and how many of them, from the first on, a signature vouches for.
    keys
        Public keys of the signatures.
    """

    folder: Path
    state: ProofState
    flaws: tuple[Flaw, ...]
    remarks: tuple[str, ...]
    lines: int
    signed: int
    keys: tuple[str, ...]


def verify_run(folder: Path, *, verify: VerifySignature, keys: Collection[str] = ()) -> RunProof:
    """Check the record in ``folder``.

    A chain of hashes alone cannot show that a whole record was written anew; a signature can, to whom knows the key.

    Parameters
    ----------
    verify
        Says whether a public key made a signature of a message.
    keys
        Public keys of which one must have signed the record; where none is given, any key will do, and is told.

    Raises
    ------
    NotFoundError
        When there is no journal.
    FleetkitError
        When the record cannot be read.
    """
    journal = check_journal(folder, verify=verify)
    document, flaws = _read_run_file(folder)
    ended = journal.finished is not None or document.get("closing") is not None
    flaws = [*journal.flaws, *flaws]
    if not journal.flaws:
        flaws += _of_signatures(journal, keys, ended=ended)
        flaws += _of_start(journal, document, folder)
        flaws += _of_end(journal, document, folder) if ended else _of_open(document)
        flaws += _of_torn(journal, folder)
    state = ProofState.BROKEN if flaws else ProofState.CLOSED if ended else ProofState.OPEN
    if state is ProofState.CLOSED and (document.get("closing") is None or _lacks_end(journal)):
        state = ProofState.OPEN
    return RunProof(
        folder=folder,
        state=state,
        flaws=tuple(flaws),
        remarks=tuple(_remarks(journal, folder, state)),
        lines=journal.lines,
        signed=journal.signed,
        keys=tuple(journal.keys),
    )


def _of_signatures(journal: CheckedJournal, keys: Collection[str], *, ended: bool) -> Iterator[Flaw]:
    for key in journal.keys:
        if keys and key not in keys:
            yield Flaw(where=JOURNAL_FILE, what=f"it is signed by {key}, which is none of the keys that were given")
    # A run may be killed before its first signature; one that ended was signed at its end.
    if keys and ended and not journal.keys:
        yield Flaw(where=JOURNAL_FILE, what="it bears no signature, and one of the keys given was to sign it")


def _lacks_end(journal: CheckedJournal) -> bool:
    """Return whether the journal is signed, and its end is not."""
    return bool(journal.keys) and journal.signed < journal.lines


def _may_be_away(journal: CheckedJournal) -> bool:
    """Return whether who signed may have been out of reach at the end; a key in a file is always there."""
    return all(key.startswith(f"{KeyScheme.P256}:") for key in journal.keys)


def _read_run_file(folder: Path) -> tuple[Mapping[str, Any], list[Flaw]]:
    try:
        text = (folder / RUN_FILE).read_bytes()
        document = json.loads(text)
        RunRecord.from_json(document, where=RUN_FILE)
    except FileNotFoundError:
        return {}, [Flaw(where=RUN_FILE, what="it is not there")]
    except (FleetkitError, RecursionError, ValueError) as error:
        return {}, [Flaw(where=RUN_FILE, what=f"it was changed: {error}")]
    if render_run(document) != text:
        return document, [Flaw(where=RUN_FILE, what="it was changed: fleetkit writes it in another form")]
    return document, []


def _of_start(journal: CheckedJournal, document: Mapping[str, Any], folder: Path) -> Iterator[Flaw]:
    if journal.lines and journal.started is None:
        yield Flaw(where=f"Line 1 of {JOURNAL_FILE}", what="the journal does not begin with the run's start")
        return
    started = journal.started or {}
    told = {"id" if name == "run" else name: said for name, said in started.items() if name not in _NOT_IN_RUN_FILE}
    for field, said in told.items():
        if document and document.get(field) != said:
            yield Flaw(where=RUN_FILE, what=f"its {field} is not the one that the journal's first line tells")
    if started and started.get("run") != folder.name:
        yield Flaw(where=JOURNAL_FILE, what=f"it is that of the run {started.get('run')}")


def _of_open(document: Mapping[str, Any]) -> Iterator[Flaw]:
    if document and document["outcome"] != Outcome.RUNNING:
        yield Flaw(where=RUN_FILE, what=f"it says {document['outcome']}, and the journal tells of no end")


def _of_end(journal: CheckedJournal, document: Mapping[str, Any], folder: Path) -> Iterator[Flaw]:
    closing, finished = document.get("closing"), journal.finished
    if closing is not None and journal.lines < closing["lines"]:
        missing = closing["lines"] - journal.lines
        yield Flaw(where=JOURNAL_FILE, what=f"its end was cut off: {missing} of {closing['lines']} lines are missing")
        return
    if closing is not None and (journal.lines, journal.sha256) != (closing["lines"], closing["sha256"]):
        yield Flaw(where=f"Line {journal.lines} of {JOURNAL_FILE}", what=f"it is not the one that {RUN_FILE} names")
    if journal.rest:
        yield Flaw(where=JOURNAL_FILE, what=f"{journal.rest} bytes were added to its end")
    if finished is None:
        yield Flaw(where=JOURNAL_FILE, what=f"it tells of no end, and {RUN_FILE} does")
        return
    if _lacks_end(journal) and not _may_be_away(journal):
        yield Flaw(where=JOURNAL_FILE, what="its end bears no signature, and lines before it do")
    match finished:
        case {"run_sha256": str(), "files": dict(files), "plans": list()} if files.keys() == _CLOSED_OVER:
            yield from _of_run_file(document, finished)
            yield from _of_files(finished["files"], folder)
        case _:
            yield Flaw(where=JOURNAL_FILE, what="its end does not say what the run closed over: it was changed")


def _of_run_file(document: Mapping[str, Any], finished: Mapping[str, Any]) -> Iterator[Flaw]:
    closing = document.get("closing")
    if closing is None and document.get("outcome") == Outcome.RUNNING:
        # It was killed between its last line and the file that names it.
        return
    if document and hash_run(document) != finished["run_sha256"]:
        yield Flaw(where=RUN_FILE, what="it was changed: the journal's end names another")
    # Its closing is what that hash leaves out, so nothing may stand there but what the journal says too.
    if closing is not None and closing != {
        "lines": closing["lines"],
        "sha256": closing["sha256"],
        "files": finished["files"],
        "plans": finished["plans"],
    }:
        yield Flaw(where=RUN_FILE, what="it closes over something else than the journal's end names")


def _of_files(files: Mapping[str, str], folder: Path) -> Iterator[Flaw]:
    for name, sha256 in files.items():
        path = folder / name
        if not path.is_file():
            yield Flaw(where=name, what="it is not there")
        elif (seen := hash_file(path)) != sha256:
            yield Flaw(where=name, what=f"it was changed: its sha256 is {seen}, and the journal's end says {sha256}")


def _of_torn(journal: CheckedJournal, folder: Path) -> Iterator[Flaw]:
    path = folder / TORN_FILE
    kept = path.read_bytes() if path.is_file() else b""
    told = 0
    for fact in journal.torn:
        match fact:
            case {"offset": int(offset), "size_bytes": int(size), "sha256": str(sha256)}:
                told = max(told, offset + size)
                if hash_line(kept[offset : offset + size]) != sha256:
                    yield Flaw(where=TORN_FILE, what="it is not what the journal says that a killed writer left")
            case _:
                yield Flaw(where=JOURNAL_FILE, what="it tells of a killed writer's line, and not what was left of it")
    if len(kept) > told and journal.finished is not None:
        yield Flaw(where=TORN_FILE, what=f"the journal tells of {told} bytes, and it has {len(kept)}")


def _remarks(journal: CheckedJournal, folder: Path, state: ProofState) -> Iterator[str]:
    if state is ProofState.OPEN and journal.finished is not None and _lacks_end(journal):
        yield "it ended unsigned, as with a key out of reach: nothing vouches for its end, the notebook and the report"
    elif state is ProofState.OPEN:
        why = "its run is under way" if is_under_way(folder) else "its run was killed, or goes on at another computer"
        yield f"{why}: the notebook and the report are as they were last saved, and nothing vouches for them"
        if journal.rest:
            yield f"{journal.rest} bytes at the journal's end are half a line"
    if not journal.keys:
        yield "no signature: that the record was not written anew as a whole cannot be said"
    elif journal.signed < journal.lines:
        yield f"no signature vouches for the last {journal.lines - journal.signed} of {journal.lines} lines"
    if journal.unsigned is not None:
        yield f"the journal says why nobody signed: {journal.unsigned.get('why')}"
    for path in sorted(folder.iterdir()):
        if path.name not in _KNOWN and not path.name.startswith("."):
            yield f"{path.name} is no part of the record, and nothing is said of it"
