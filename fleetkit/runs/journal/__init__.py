"""The journal of a run: what happened, one line per event, each with the hash of the line before it.

It is written while the run goes on, by the process that runs the notebook and by the notebook's kernel alike,
and signed as it grows.
"""

from fleetkit.runs.journal.checking import CheckedJournal, Flaw, check_journal
from fleetkit.runs.journal.events import BEGINNING, JOURNAL_FILE, TORN_FILE, EventKind, JournalEvent, hash_line
from fleetkit.runs.journal.reading import read_journal
from fleetkit.runs.journal.signing import BatchSigner, signature_holds
from fleetkit.runs.journal.writing import JournalEnd, JournalWriter

__all__ = [
    "BEGINNING",
    "JOURNAL_FILE",
    "TORN_FILE",
    "BatchSigner",
    "CheckedJournal",
    "EventKind",
    "Flaw",
    "JournalEnd",
    "JournalEvent",
    "JournalWriter",
    "check_journal",
    "hash_line",
    "read_journal",
    "signature_holds",
]
