"""Evidence: many records in one signed archive, which proves itself to whoever has the public key and nothing else."""

from fleetkit.runs.evidence.checking import RECORDS_FOLDER, CheckedArchive, check_archive
from fleetkit.runs.evidence.framing import is_plain_name
from fleetkit.runs.evidence.manifest import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    Lack,
    Manifest,
    PackedFile,
    PackedRecord,
)
from fleetkit.runs.evidence.packing import ArchiveWriter, write_archive
from fleetkit.runs.evidence.records import RECORD_FILES, copy_record, prove_record

__all__ = [
    "MANIFEST_FILE",
    "RECORDS_FOLDER",
    "RECORD_FILES",
    "SIGNATURE_FILE",
    "ArchiveWriter",
    "CheckedArchive",
    "Lack",
    "Manifest",
    "PackedFile",
    "PackedRecord",
    "check_archive",
    "copy_record",
    "is_plain_name",
    "prove_record",
    "write_archive",
]
