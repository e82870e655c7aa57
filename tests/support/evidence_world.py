"""A folder with signed records of March 2026, for tests of evidence: audits, and a deploy that somebody approved."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from support.approvals import Somebody, make_basis
from support.audits import Stood, make_audit
from support.runs_records import STARTED, make_record

from fleetkit.core import Signer
from fleetkit.runs import EventKind, Outcome
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.evidence import Manifest
from fleetkit.runs.store import make_record_folder
from fleetkit.workflows import MadeEvidence, make_evidence, open_record_place
from fleetkit.workflows._signed_approval import SignedApproval
from fleetkit.workflows.approval import ApprovalWay

Event = tuple[EventKind, Mapping[str, Any]]

SINCE = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
UNTIL = dt.datetime(2026, 3, 31, 23, 59, 59, tzinfo=dt.UTC)
MADE = dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
OPEN, UNUSED = ("ssh-open-to-world", "master"), ("security-group-unused", "old")


def write_run(
    runs: Path,
    signer: Signer | None,
    *events: Event,
    day: int,
    cluster: str = "demo",
    notebook: str = "10-try",
    closes: bool = True,
    outcome: Outcome = Outcome.DONE,
) -> Path:
    """Write the whole record of a run that began on a day of March, signed; return its folder."""
    started = STARTED.replace(day=day)
    folder = make_record_folder(runs, cluster=cluster, notebook=notebook, started=started)
    begun = make_record(
        id=folder.name,
        cluster=cluster,
        notebook=notebook,
        started=started,
        ended=None,
        outcome=Outcome.RUNNING,
        exit=None,
    )
    writer = RecordWriter(folder, signer=signer)
    writer.write_run(begun)
    writer.record(EventKind.RUN_STARTED, begun.to_start(notebook_sha256="ab" * 32))
    for kind, data in events:
        writer.record(kind, data)
    if closes:
        cells = [nbformat.v4.new_markdown_cell(f"# {notebook} of day {day}")]
        ended = replace(begun, ended=started + dt.timedelta(seconds=90), outcome=outcome, exit=outcome.exit)
        writer.write_closed(nbformat.v4.new_notebook(cells=cells), ended)
    writer.close()
    return folder


def audited(stood: Stood, *, day: int) -> Event:
    """Return what the audit of a day records."""
    return EventKind.FACT, {"about": "audit", **make_audit(stood, day=day).to_json()}


def approved(ada: Somebody, bob: Somebody, *, day: int, **changes: Any) -> list[Event]:
    """Return what a deploy records that Ada planned and Bob approved."""
    signed = sign_on(ada, bob, day=day)
    facts = {"plan_sha256": signed.basis.sha256, "way": ApprovalWay.FILE.value}
    by = {**signed.by.to_json(), "name": bob.name}
    return [
        (
            EventKind.PLAN,
            {"operation": "deploy", "sha256": signed.basis.sha256, "empty": False, "counts": {"create": 2}},
        ),
        (EventKind.APPROVAL, {**facts, "by": by, "document": {**signed.to_json(), **changes}}),
    ]


def sign_on(ada: Somebody, bob: Somebody, *, day: int) -> SignedApproval:
    """Return Bob's approval of Ada's plan, which holds for long."""
    basis = make_basis(ada, made_at=STARTED.replace(day=day))
    return bob.approve(basis, life=dt.timedelta(days=3650))


@dataclass(frozen=True)
class World:
    """A folder to work in, with the records of a month, and two people."""

    folder: Path
    ada: Somebody
    bob: Somebody

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def keys(self) -> list[str]:
        return [self.ada.signer.public_key, self.bob.signer.public_key]

    def make(self, path: Path | None = None, **changes: Any) -> MadeEvidence:
        """Make the archive of March."""
        about = {"cluster": "demo", "since": SINCE, "until": UNTIL, "signer": self.ada.signer, "now": MADE}
        place = open_record_place(self.folder, environ={})
        return make_evidence(place, path or self.folder / "march.zip", **{**about, **changes})


def write_world(folder: Path) -> World:
    """Write a month: three audits, of which the second finds more and the third less, and a deploy with an approval."""
    world = World(folder, Somebody.called("ada", folder / "keys"), Somebody.called("bob", folder / "keys"))
    ada, bob = world.ada.signer, world.bob.signer
    audit = {"notebook": "50-audit-cluster", "outcome": Outcome.FINDINGS}
    write_run(world.runs, ada, audited({OPEN: "failed", UNUSED: "waived"}, day=2), day=2, **audit)
    write_run(world.runs, ada, *approved(world.ada, world.bob, day=5), day=5, notebook="12-deploy-cluster")
    write_run(world.runs, bob, audited({OPEN: "failed", UNUSED: "failed"}, day=9), day=9, **audit)
    write_run(world.runs, ada, audited({OPEN: "passed", UNUSED: "failed"}, day=16), day=16, **audit)
    return world


def copy_world(world: World, folder: Path) -> World:
    """Return the same records and people in a folder of a test's own: writing them takes longer."""
    shutil.copytree(world.folder, folder, dirs_exist_ok=True)
    return World(folder, Somebody.called("ada", folder / "keys"), Somebody.called("bob", folder / "keys"))


def read_manifest(path: Path) -> Manifest:
    """Return what an archive says of itself, believed."""
    with zipfile.ZipFile(path) as archive:
        return Manifest.from_bytes(archive.read("manifest.json"))


def unpack(path: Path) -> dict[str, bytes]:
    """Return the files of an archive, in their order."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """Write an archive of these files as fleetkit would; whether it verifies is another question."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            archive.writestr(info, content)
    return path


def sign_anew(files: Mapping[str, bytes], signer: Signer, **changes: Any) -> dict[str, bytes]:
    """Return the files with a manifest that fits them, signed by whoever signs."""
    told = Manifest.from_bytes(files["manifest.json"])
    packed = tuple(
        replace(told.files[0], path=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
        for name, content in files.items()
        if name not in ("manifest.json", "manifest.sig")
    )
    manifest = replace(told, files=packed, public_key=signer.public_key, **changes).to_bytes()
    return {**files, "manifest.json": manifest, "manifest.sig": signer.sign(manifest)}
