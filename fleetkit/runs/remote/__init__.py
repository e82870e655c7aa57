"""Records in a bucket: sent there while they are written, and read from there by everybody who may.

The bucket is a second place, never the first: a journal needs locks and a disk that holds what it was told to hold,
so a run is recorded in a folder, and the folder is mirrored.
"""

from fleetkit.runs.remote.mirror import RecordMirror
from fleetkit.runs.remote.objects import ObjectFacts, RecordObjects
from fleetkit.runs.remote.pushing import is_pushed, push_pending, push_record
from fleetkit.runs.remote.reading import RemoteStore

__all__ = [
    "ObjectFacts",
    "RecordMirror",
    "RecordObjects",
    "RemoteStore",
    "is_pushed",
    "push_pending",
    "push_record",
]
