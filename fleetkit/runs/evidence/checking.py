"""Checking an archive: with nothing but itself and public keys that came another way."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fleetkit.core import FleetkitError, NotFoundError, VerifySignature
from fleetkit.runs.evidence.framing import Entry, read_content, read_entries, refuse
from fleetkit.runs.evidence.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest, PackedFile
from fleetkit.runs.evidence.records import RECORD_FILES, prove_record
from fleetkit.runs.journal import Flaw
from fleetkit.runs.verify import RunProof

__all__ = ["RECORDS_FOLDER", "CheckedArchive", "check_archive"]

RECORDS_FOLDER = "records"
_MOST_MANIFEST_BYTES = 1 << 26
_MOST_SIGNATURE_BYTES = 1 << 10

_Look = Callable[[Path, str], Iterable[Flaw]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedArchive:
    """What the check of an archive found.

    Attributes
    ----------
    manifest
        What it says of itself; None where nobody vouches for that, and then nothing else was looked at.
    signed_by
        The one of the given keys that signed it; empty where none did.
    records
        What the check of each of its records came to, in their order.
    flaws
        What is not as it was packed, and what is wrong with the records in it.
    """

    manifest: Manifest | None
    signed_by: str
    records: tuple[RunProof, ...]
    flaws: tuple[Flaw, ...]


def check_archive(path: Path, *, verify: VerifySignature, keys: Collection[str], look: _Look) -> CheckedArchive:
    """Check the archive in ``path``; what it holds is unpacked record by record, into a folder that goes again.

    First the frame, then the signature, and only then what is signed: no size, name or hash is believed before.

    Parameters
    ----------
    verify
        Says whether a public key made a signature of a message.
    keys
        Public keys of which one must have signed the archive, and one each record.
    look
        Given the folder of each record and the name of its cluster, says what else is wrong with it.

    Raises
    ------
    NotFoundError
        When there is no such file.
    FleetkitError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _check(_Opened(file, path.stat().st_size), verify=verify, keys=keys, look=look)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFoundError(f"there is no archive {path}", hint="fleetkit evidence makes one") from error
    except OSError as error:
        raise FleetkitError(f"the archive {path} cannot be read", seen=str(error)) from error


class _Opened:
    """An archive whose frame was found whole."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file, self._size_bytes = file, size_bytes
        self._entries: dict[str, Entry] = {}

    def read_names(self) -> tuple[str, ...]:
        """Return the names of its files, in their order."""
        self._entries = {one.name: one for one in read_entries(self._file, size_bytes=self._size_bytes)}
        return tuple(self._entries)

    def read(self, name: str, *, most_bytes: int) -> bytes:
        """Return the content of a small file that nobody vouches for yet."""
        entry = self._entries.get(name)
        if entry is None:
            raise refuse(name, "it is missing")
        if entry.size_bytes > most_bytes:
            raise refuse(name, "it is larger than any may be", seen=f"{entry.size_bytes} bytes, {most_bytes} at most")
        return b"".join(read_content(self._file, entry))

    def find_flaws(self, packed: PackedFile, *, copy: Path | None = None) -> list[Flaw]:
        """Return what is wrong with a file, which is unpacked to ``copy`` meanwhile where that is given."""
        entry = self._entries.get(packed.path)
        if entry is None:
            return []  # it was told with the names
        if entry.size_bytes != packed.size_bytes:
            what = f"it was changed: it has {entry.size_bytes} bytes, and {MANIFEST_FILE} says {packed.size_bytes}"
            return [Flaw(where=packed.path, what=what)]
        digest = hashlib.sha256()
        try:
            with Path(os.devnull if copy is None else copy).open("wb") as target:
                for piece in read_content(self._file, entry):
                    digest.update(piece)
                    target.write(piece)
        except FleetkitError as error:
            return [_as_flaw(error)]
        if (seen := digest.hexdigest()) != packed.sha256:
            what = f"it was changed: its sha256 is {seen}, and {MANIFEST_FILE} says {packed.sha256}"
            return [Flaw(where=packed.path, what=what)]
        return []


def _check(archive: _Opened, *, verify: VerifySignature, keys: Collection[str], look: _Look) -> CheckedArchive:
    try:
        names = archive.read_names()
        manifest, signed_by = _read_manifest(archive, verify=verify, keys=keys)
    except FleetkitError as error:
        return CheckedArchive(manifest=None, signed_by="", records=(), flaws=(_as_flaw(error),))
    flaws = [*_of_names(manifest, names)]
    packed = {one.path: one for one in manifest.files}
    # Looked up and not searched for: an archive of many records is as long to check as they are many.
    of_records = {
        record.id: [file for name in RECORD_FILES if (file := packed.pop(f"{RECORDS_FOLDER}/{record.id}/{name}", None))]
        for record in manifest.records
    }
    for file in packed.values():
        flaws += archive.find_flaws(file)
        if file.path.startswith(f"{RECORDS_FOLDER}/"):
            flaws.append(Flaw(where=file.path, what=f"it is of no record that {MANIFEST_FILE} tells of"))
    proofs: list[RunProof] = []
    for record, files in of_records.items():
        proof, found = _check_record(
            archive, record, files, cluster=manifest.cluster, verify=verify, keys=keys, look=look
        )
        proofs.append(proof)
        flaws += found
    return CheckedArchive(manifest=manifest, signed_by=signed_by, records=tuple(proofs), flaws=tuple(flaws))


def _read_manifest(archive: _Opened, *, verify: VerifySignature, keys: Collection[str]) -> tuple[Manifest, str]:
    content = archive.read(MANIFEST_FILE, most_bytes=_MOST_MANIFEST_BYTES)
    signature = archive.read(SIGNATURE_FILE, most_bytes=_MOST_SIGNATURE_BYTES)
    signed_by = next((key for key in keys if verify(key, content, signature)), "")
    if not signed_by:
        raise refuse(
            MANIFEST_FILE,
            "none of the keys that were given signed it: it was changed, or somebody else made the archive",
            seen=f"it says that it was signed by {_tell_signer(content)}",
        )
    return Manifest.from_bytes(content), signed_by


def _tell_signer(content: bytes) -> str:
    try:
        signer = Manifest.from_bytes(content).public_key
    except FleetkitError:
        return "nobody"
    # Whoever made it may have written anything there, and a terminal obeys what it is shown.
    return signer if str(signer).isprintable() else repr(signer)


def _of_names(manifest: Manifest, names: Sequence[str]) -> Iterator[Flaw]:
    # Of each name there is one: the frame was read so, and a manifest is a list of files.
    wanted = dict.fromkeys([*(one.path for one in manifest.files), MANIFEST_FILE, SIGNATURE_FILE])
    there = dict.fromkeys(names)
    for name in (name for name in wanted if name not in there):
        yield Flaw(where=name, what="it was removed: it is missing")
    for name in (name for name in there if name not in wanted):
        yield Flaw(where=name, what=f"it was added: {MANIFEST_FILE} does not name it")
    moved = ((name, seen) for name, seen in zip(wanted, there, strict=False) if name != seen)
    if wanted.keys() == there.keys() and (first := next(moved, None)):
        yield Flaw(where=first[0], what=f"the files were re-ordered: {first[1]} stands in its place")


def _check_record(
    archive: _Opened,
    record: str,
    files: Sequence[PackedFile],
    *,
    cluster: str,
    verify: VerifySignature,
    keys: Collection[str],
    look: _Look,
) -> tuple[RunProof, list[Flaw]]:
    place = f"{RECORDS_FOLDER}/{record}"
    with tempfile.TemporaryDirectory(prefix="fleetkit-evidence-") as room:
        folder = Path(room) / record
        folder.mkdir()
        damaged: list[Flaw] = []
        for file in files:
            damaged += archive.find_flaws(file, copy=folder / Path(file.path).name)
        proof = prove_record(folder, cluster=cluster, verify=verify, keys=keys)
        # What was damaged on the way is told as that; what its check makes of it says nothing more.
        found = () if damaged else (*proof.flaws, *look(folder, cluster))
    return proof, [*damaged, *(Flaw(where=f"{place}, {one.where}", what=one.what) for one in found)]


def _as_flaw(error: FleetkitError) -> Flaw:
    where, _, what = error.without_hint.partition(": ")
    return Flaw(where=where, what=what)
