"""A cluster's working copy: the folder that Terraform runs in, and what can be asked of it there."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from fleetkit.core import Redactor, TerraformError, data_folder, utc_now
from fleetkit.terraform import _files
from fleetkit.terraform._commandline import FLAG, Option
from fleetkit.terraform._lock import held_folder
from fleetkit.terraform._preparation import Preparation, initialise, lay_files, look_after_kill
from fleetkit.terraform._runner import OnEvent
from fleetkit.terraform._state_commands import RunOptions, StateCommands
from fleetkit.terraform.backend import Backend, LocalBackend
from fleetkit.terraform.binary import TerraformBinary
from fleetkit.terraform.events import ChangeSummaryEvent
from fleetkit.terraform.plan import Drift, Plan, read_plan
from fleetkit.terraform.saved_plan import ApplyResult, KeptPlan, PlanKind, SavedPlan, note_path

__all__ = ["WorkingCopy"]

_PLANS = "plans"
_PLAN_LIFE = dt.timedelta(days=1)
"""A plan file holds secrets; one that nobody applied within a day is removed by the next preparation."""
_KEPT_LIFE = dt.timedelta(days=7)
"""One that was kept waits for its approval, and for as long as that may hold."""


class WorkingCopy(StateCommands):
    """The folder of one cluster in which Terraform runs, and nowhere else.

    Parameters
    ----------
    folder, binary, environ, options
        As `StateCommands` has them.
    modules
        The root module to copy; by default the one that comes with fleetkit.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binary: TerraformBinary,
        environ: Mapping[str, str],
        modules: Path | None = None,
        **options: Unpack[RunOptions],
    ) -> None:
        super().__init__(folder, binary=binary, environ=environ, **options)
        self._modules = modules

    def prepare(
        self,
        variables: Mapping[str, Any],
        *,
        provider_file: Path | None = None,
        backend: Backend | None = None,
        move_state: bool = False,
        on_event: OnEvent | None = None,
    ) -> Preparation:
        """Bring the files up to date, and initialise Terraform if anything that matters to it changed.

        A state file that a kill cut off is mended first; the result says so.

        Parameters
        ----------
        variables
            Values of the root module's variables; no secrets, they end in a file and in the state.
        provider_file
            File with the provider block to use in place of the default one.
        backend
            Where the state lives; by default in this folder.
        move_state
            Move the state to ``backend`` when it was elsewhere until now, instead of refusing.

        Raises
        ------
        BusyError
            When another process works in this folder.
        TerraformError
            When files cannot be written, or ``init`` fails.
        """
        chosen = backend or LocalBackend()
        source = self._modules or data_folder("terraform")
        with _files.explained_disk_errors(self.folder), held_folder(self.folder, doing="terraform init"):
            notes = look_after_kill(self.folder, backend=chosen)
            self._remove_old_plans()
            hashes, written = lay_files(
                self.folder, source=source, variables=variables, provider_file=provider_file, backend=chosen
            )
            initialised = initialise(
                self.folder,
                hashes=hashes,
                backend=chosen,
                environ=self._environ,
                version=self.binary.version,
                runner=self._runner,
                line=self._line,
                move_state=move_state,
                on_event=on_event,
            )
        return Preparation(written=written, initialised=initialised, notes=notes)

    def plan(
        self,
        on_event: OnEvent | None = None,
        *,
        replace: Sequence[str] = (),
        targets: Sequence[str] = (),
        imports: Mapping[str, str] | None = None,
    ) -> SavedPlan:
        """Plan the pending changes and save the plan.

        Parameters
        ----------
        replace
            Addresses of resources to replace though nothing about them changed.
        targets
            Addresses to confine the plan to; empty for everything.
        imports
            What exists and is to be taken into the state by this plan: address to the provider's id.

        Raises
        ------
        BusyError
            When somebody else works on the same state; says who, since when, and how to clear a lock left behind.
        TerraformError
            When planning fails.
        KeyboardInterrupt
            When Ctrl-C ended it, after Terraform stopped in good order; so for every other call here.
        """
        return self._save_plan(PlanKind.CHANGE, on_event, imports, replace=list(replace), target=list(targets))

    def plan_destroy(self, on_event: OnEvent | None = None, *, targets: Sequence[str] = ()) -> SavedPlan:
        """Plan the removal of everything that the state knows, and save the plan; raises as `plan` does.

        With ``targets``, only of these and of what depends on them.
        """
        return self._save_plan(PlanKind.DESTROY, on_event, destroy=FLAG, target=list(targets))

    def take_up(self, kept: KeptPlan) -> SavedPlan:
        """Return a plan that was kept, as it was when it was saved.

        Raises
        ------
        StalePlanError
            When its file is gone, or is not the one that was kept.
        TerraformError
            When Terraform cannot show it.
        """
        saved = SavedPlan(path=kept.path, sha256=kept.sha256, made_at=kept.made_at, kind=kept.kind, plan=Plan())
        saved.check()
        plan, redactor = read_plan(self._show_plan(kept.path.absolute()))
        return replace(saved, plan=plan, redactor=redactor)

    def kept_plans(self) -> tuple[KeptPlan, ...]:
        """List the plans that were kept here, the newest first.

        Raises
        ------
        StalePlanError
            When what was kept with one of them cannot be understood; names it.
        """
        paths = [path for path in self.folder.glob(f"{_PLANS}/*.tfplan") if note_path(path).is_file()]
        return tuple(sorted(map(KeptPlan.read, paths), key=lambda kept: (kept.made_at, kept.path.name), reverse=True))

    def apply(self, saved: SavedPlan, on_event: OnEvent | None = None) -> ApplyResult:
        """Apply exactly the plan in ``saved``, then remove its file.

        Raises
        ------
        StalePlanError
            When its file is not what was shown, or the state has moved since.
        BusyError, TerraformError, KeyboardInterrupt
            As `plan` does.
        """
        with held_folder(self.folder, doing="terraform apply") as held:
            saved.check()
            started = time.monotonic()
            words = self._line.build("apply", str(saved.path), json=FLAG, **self._work)
            events = self._runner.stream(
                words, doing="terraform apply", on_event=on_event, redactor=saved.redactor, held=held
            )
            took_s = time.monotonic() - started
            saved.discard()
        summary = next((one for one in events if isinstance(one, ChangeSummaryEvent) and one.operation != "plan"), None)
        if summary is None:
            raise TerraformError("terraform apply ended well but did not say what it did")
        return ApplyResult(
            added=summary.added,
            changed=summary.changed,
            removed=summary.removed,
            imported=summary.imported,
            took_s=took_s,
        )

    def refresh(self) -> None:
        """Read the world into the state, changing nothing else: what AWS fills in only after a creation is no drift.

        Raises
        ------
        BusyError, TerraformError, KeyboardInterrupt
            As `plan` does.
        """
        with held_folder(self.folder, doing="terraform apply -refresh-only") as held:
            words = self._line.build("apply", refresh_only=FLAG, auto_approve=FLAG, json=FLAG, **self._work)
            self._runner.stream(words, doing="terraform apply -refresh-only", redactor=Redactor(), held=held)

    def drift(self, on_event: OnEvent | None = None) -> Drift:
        """Compare the world with the state, changing neither; pending changes play no part. Raises as `plan` does."""
        path = self._new_plan_path()
        with held_folder(self.folder, doing="terraform plan -refresh-only") as held:
            try:
                return Drift.from_json(self._run_plan(path, on_event, held=held, refresh_only=FLAG))
            finally:
                path.unlink(missing_ok=True)

    def _save_plan(
        self, kind: PlanKind, on_event: OnEvent | None, imports: Mapping[str, str] | None = None, **options: Option
    ) -> SavedPlan:
        path = self._new_plan_path()
        with held_folder(self.folder, doing="terraform plan") as held, _files.import_blocks(self.folder, imports or {}):
            try:
                plan, redactor = read_plan(self._run_plan(path, on_event, held=held, **options))
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return SavedPlan(
            path=path,
            sha256=_files.file_sha256(path),
            made_at=utc_now(),
            kind=kind,
            plan=plan,
            redactor=redactor,
        )

    def _run_plan(self, path: Path, on_event: OnEvent | None, *, held: int, **options: Option) -> str:
        words = self._line.build("plan", json=FLAG, out=str(path), **self._work, **options)
        self._runner.stream(words, doing="terraform plan", on_event=on_event, redactor=Redactor(), held=held)
        path.chmod(0o600)
        return self._show_plan(path)

    def _show_plan(self, path: Path) -> str:
        return self._runner.read(self._line.build("show", str(path), json=FLAG, no_color=FLAG), doing="terraform show")

    def _new_plan_path(self) -> Path:
        with _files.explained_disk_errors(self.folder):
            folder = self.folder / _PLANS
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / f"{utc_now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.tfplan"

    def _remove_old_plans(self) -> None:
        now = utc_now()
        for path in self.folder.glob(f"{_PLANS}/*.tfplan"):
            life = _KEPT_LIFE if note_path(path).exists() else _PLAN_LIFE
            if path.stat().st_mtime < (now - life).timestamp():
                path.unlink(missing_ok=True)
                note_path(path).unlink(missing_ok=True)
