"""What a notice says: what came of the run, what to do next, and what is different; the most needed first.

Plain text that also reads where it is taken for Markdown. No secret is in it, and no mark-up of a notebook's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fleetkit.core import FleetkitError, Redactor, format_duration, format_utc
from fleetkit.notice import Message, Severity
from fleetkit.runs import Outcome, StoredRun, diff_runs, read_run
from fleetkit.schedule._amiss import name_finding
from fleetkit.schedule._told import Told

__all__ = ["combine_messages", "compose_message"]

_MARKS = {
    Outcome.DONE: Severity.SUCCESS,
    Outcome.FINDINGS: Severity.WARNING,
    Outcome.REFUSED: Severity.WARNING,
    Outcome.INTERRUPTED: Severity.WARNING,
}
_LINES = 15
_LINE = 240
_SAID = {"outcome", "error", "duration", "way", "actor", "audit", "findings"}
"""Topics of a comparison that the notice tells in its own words, or that say nothing to who is woken by it."""

_LEFT_OUT = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Colours and control characters; and halves of characters, as a name that is not UTF-8 leaves them."""


def compose_message(
    stored: StoredRun,
    *,
    told: Told,
    amiss: Sequence[str] | None,
    untold: Sequence[StoredRun] = (),
    changes: int = 0,
    folder: Path,
) -> Message:
    """Say what came of a run.

    Parameters
    ----------
    told
        What whoever is told knows already.
    amiss
        What the run found amiss; None where that is not known.
    untold
        Runs before it whose process was killed before it could tell of them.
    changes
        How often the outcome changed in the last 24 hours.
    folder
        The folder that commands work in.
    """
    record = stored.record
    before = f", before {told.outcome}" if told.outcome not in (None, record.outcome) else ""
    paragraphs = [
        _list(_tell_run(stored, told)),
        _list(_tell_next(stored, told, folder)),
        _list(_tell_untold(one) for one in untold),
        _under("Found amiss:", _tell_findings(told, amiss)),
        _under("Otherwise different:", _tell_differences(stored, told)),
        f"The outcome changed {changes} times in the last 24 hours." if changes > 1 else "",
    ]
    return Message(
        title=_clean(f"[{record.cluster}] {record.notebook}: {record.outcome}{before}"),
        body="\n\n".join(filter(None, paragraphs)),
        severity=_MARKS.get(record.outcome, Severity.FAILURE),
    )


def _tell_untold(stored: StoredRun) -> str:
    if stored.record.outcome is Outcome.ABANDONED:
        return f"{stored.record.id}: cut off, its process was killed"
    return f"{stored.record.id}: {stored.record.outcome}, and its process was killed before it could tell of it"


def combine_messages(messages: Sequence[tuple[str, Message]], *, given_up: Sequence[tuple[str, Message]]) -> Message:
    """Make one message of several about the same, each with its moment, the oldest first: the newest is told whole.

    Parameters
    ----------
    given_up
        Those that the destination will never be sent, though it was to be.
    """
    *earlier, (_, newest) = messages
    parts = [newest.body]
    if earlier:
        parts.append(_under("Earlier, and not delivered until now:", _titles(earlier)))
    if given_up:
        parts.append(_under("Given up, after they could not be delivered for too long:", _titles(given_up)))
    count = f" (and {len(earlier)} earlier)" if earlier else ""
    return Message(title=f"{newest.title}{count}", body="\n\n".join(parts), severity=newest.severity)


def _tell_run(stored: StoredRun, told: Told) -> Iterator[str]:
    record = stored.record
    took = "" if record.took_s is None else f", took {format_duration(record.took_s)}"
    yield f"{record.outcome}: {record.summary or _EXPLAINED.get(record.outcome, 'the notebook ran to its end')}"
    if record.error is not None:
        where = f" in “{record.error.title}”" if record.error.title else ""
        yield f"{record.error.kind}{where}: {record.error.message.partition(chr(10))[0]}"
    yield f"began {format_utc(record.started)}{took}, on {record.actor.host} as {record.actor.user}"
    if told.outcome is not None and told.run:
        same = "as before" if told.outcome is record.outcome else f"before it was {told.outcome}"
        yield f"{same}: {told.run}"


_EXPLAINED = {
    Outcome.FAILED: "it did not run to its end",
    Outcome.INTERRUPTED: "somebody stopped it",
    Outcome.ABANDONED: "its process was killed, and left no ending",
    Outcome.REFUSED: "a guard stopped it, or an approval was missing",
}


def _tell_next(stored: StoredRun, told: Told, folder: Path) -> Iterator[str]:
    record = stored.record
    yield f"look: fleetkit runs show {record.id} (in {folder} on {record.actor.host})"
    if told.run:
        yield f"compare: fleetkit runs diff {told.run} {record.id}"
    if record.error is not None and "\n  next: " in record.error.message:
        yield f"next: {record.error.message.partition(chr(10) + '  next: ')[2].splitlines()[0]}"


def _tell_findings(told: Told, amiss: Sequence[str] | None) -> Iterator[str]:
    if amiss is None:
        if told.found:
            yield f"not known; before it was: {'; '.join(told.found)}"
        return
    before, now = ({name_finding(one): one for one in lines} for lines in (told.found, amiss))
    yield from (f"new: {one}" for name, one in now.items() if name not in before)
    yield from (f"mended: {one}" for name, one in before.items() if name not in now)
    left = sum(name in before for name in now)
    if left:
        yield f"{left} as before"


def _tell_differences(stored: StoredRun, told: Told) -> Iterator[str]:
    if not told.run:
        return
    try:
        before = read_run(stored.folder.parent / told.run)
    except FleetkitError:
        yield f"not known: the record of {told.run} is not here any more"
        return
    difference = diff_runs(before, stored)
    for one in difference.differences:
        if one.topic not in _SAID:
            yield f"{' '.join(filter(None, (one.topic, one.name)))}: {one.before} → {one.after}"
    yield from difference.remarks


def _titles(messages: Sequence[tuple[str, Message]]) -> Iterator[str]:
    yield from (f"{at} {one.title}" for at, one in messages)


def _under(heading: str, lines: Iterable[str]) -> str:
    listed = _list(lines)
    return f"{heading}\n\n{listed}" if listed else ""


def _list(lines: Iterable[str]) -> str:
    # Cleaned before it is cut: half a secret would not be known for one.
    found = [" ".join(_clean(line).split()) for line in lines]
    shown = [f"- {line if len(line) <= _LINE else line[: _LINE - 1] + '…'}" for line in found[:_LINES]]
    more = [f"- and {len(found) - _LINES} more"] if len(found) > _LINES else []
    return "\n".join([*shown, *more])


def _clean(text: str) -> str:
    return _LEFT_OUT.sub("", Redactor().redact(text))
