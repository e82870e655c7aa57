"""What Terraform can be asked of a state, and the few changes of it that touch nothing but the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from fleetkit.core import NotFoundError
from fleetkit.terraform._commandline import FLAG, CommandLine, Option
from fleetkit.terraform._environment import terraform_environment
from fleetkit.terraform._lock import held_folder
from fleetkit.terraform._runner import Runner
from fleetkit.terraform.binary import TerraformBinary
from fleetkit.terraform.graph import ResourceGraph
from fleetkit.terraform.state import StateResource, StateVersion, parse_outputs, parse_state, parse_state_version

__all__ = ["RunOptions", "StateCommands"]


class RunOptions(TypedDict, total=False):
    """How Terraform is run, where it differs from the usual; `StateCommands` says what each means."""

    parallelism: int
    lock_timeout_s: int
    grace_s: float
    unlock_words: Sequence[str]
    locks_state: bool


class StateCommands:
    """A folder that Terraform runs in, and its state; `WorkingCopy` adds the files, plans and applies.

    Parameters
    ----------
    folder
        ``clusters/<name>/terraform``; made when it is not there.
    binary
        The Terraform to run, from `find_terraform`.
    environ
        The environment with the caller's credentials.
    parallelism
        How many resources are worked on at one time.
    lock_timeout_s
        Seconds to wait for a state that somebody else has locked.
    grace_s
        Seconds that Terraform has to end in good order when this process is killed.
    unlock_words
        Command line that clears a lock when the lock's id is put behind it; by default Terraform's own.
    locks_state
        Whether Terraform locks the state; not where the caller holds that very lock.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binary: TerraformBinary,
        environ: Mapping[str, str],
        parallelism: int = 10,
        lock_timeout_s: int = 0,
        grace_s: float = 30.0,
        unlock_words: Sequence[str] = (),
        locks_state: bool = True,
    ) -> None:
        self.folder = folder.absolute()
        self.binary = binary
        self._environ, self.warnings = terraform_environment(environ)
        self._line = CommandLine(str(binary.path))
        self._locking: dict[str, Option] = {
            "lock": None if locks_state else False,
            "lock_timeout": f"{lock_timeout_s}s",
        }
        self._work: dict[str, Option] = {"input": False, "parallelism": parallelism, **self._locking}
        unlock = unlock_words or (str(binary.path), f"-chdir={self.folder}", "force-unlock", "-force")
        self._runner = Runner(self.folder, environ=self._environ, grace_s=grace_s, unlock_words=unlock)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r}, {self.binary})"

    def outputs(self) -> dict[str, Any]:
        """Read the outputs: name to value, sensitive ones masked; empty before the first apply."""
        words = self._line.build("output", json=FLAG, no_color=FLAG)
        return parse_outputs(self._runner.read(words, doing="terraform output"))

    def state(self) -> tuple[StateResource, ...]:
        """Read what the state knows; empty before the first apply."""
        words = self._line.build("show", json=FLAG, no_color=FLAG)
        return parse_state(self._runner.read(words, doing="terraform show"))

    def state_version(self) -> StateVersion:
        """Read which state it is and how often it was written, and nothing of what is in it."""
        return parse_state_version(self._runner.read(self._line.build("state pull"), doing="terraform state pull"))

    def graph(self) -> ResourceGraph:
        """Read what depends on what in the configuration; the state and the world play no part."""
        return ResourceGraph.from_dot(self._runner.read(self._line.build("graph"), doing="terraform graph"))

    def import_resource(self, address: str, resource_id: str) -> None:
        """Take what exists under ``resource_id`` into the state as ``address``, which the configuration must hold.

        Raises
        ------
        BusyError, TerraformError
            When it fails; nothing is changed then.
        """
        options = {name: value for name, value in self._work.items() if name != "parallelism"}
        words = self._line.build("import", address, resource_id, no_color=FLAG, **options)
        with held_folder(self.folder, doing="terraform import") as held:
            self._runner.read(words, doing=f"terraform import {address}", held=held)

    def remove_from_state(self, address: str) -> None:
        """Make the state forget ``address``; the thing itself stays as it is.

        Raises
        ------
        NotFoundError
            When the state does not know it; lists what it knows.
        BusyError, TerraformError
            When it fails.
        """
        known = [one.address for one in self.state()]
        if address not in known:
            raise NotFoundError(f"the state knows no {address}", known=known)
        words = self._line.build("state rm", address, no_color=FLAG, **self._locking)
        with held_folder(self.folder, doing="terraform state rm") as held:
            self._runner.read(words, doing=f"terraform state rm {address}", held=held)

    def untaint(self, address: str) -> None:
        """Make the state take ``address`` for whole, so that it is not replaced because its creation broke off.

        Raises
        ------
        BusyError, TerraformError
            When it fails, as where it is not tainted.
        """
        words = self._line.build("untaint", address, no_color=FLAG, **self._locking)
        with held_folder(self.folder, doing="terraform untaint") as held:
            self._runner.read(words, doing=f"terraform untaint {address}", held=held)

    def force_unlock(self, lock_id: str) -> None:
        """Clear a lock that was left behind in S3.

        Raises
        ------
        TerraformError
            When there is no lock of that id, or it is of this computer and still held.
        """
        self._runner.read(self._line.build("force-unlock", lock_id, force=FLAG), doing="terraform force-unlock")

    def cancel(self) -> bool:
        """Ask what runs here to stop gracefully, from any thread; return whether anything ran."""
        return self._runner.stop()
