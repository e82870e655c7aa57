"""A service: its commands in their order, its main process, and what happens when that ends."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from contextlib import suppress

from fleetkit.sandbox.machine.spawn import StartError
from fleetkit.sandbox.machine.systemd.commands import Command, UnitSyntaxError, parse_command
from fleetkit.sandbox.machine.systemd.execution import Execution, ReadySocket, describe_exit, kill_marked, notify_socket
from fleetkit.sandbox.machine.systemd.live import JobFailedError, Live, Surroundings
from fleetkit.sandbox.machine.systemd.unit import Unit, parse_bool, parse_time

__all__ = ["Service"]

_TYPES = ("simple", "exec", "idle", "oneshot", "notify")
_CLEAN_SIGNALS = (-signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM, -signal.SIGPIPE)
_DEFAULT_TIMEOUT = "90s"


class Service(Live):
    """A service and its processes."""

    def __init__(self, unit: Unit, manager: Surroundings) -> None:
        super().__init__(unit, manager)
        self._starts: list[float] = []
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False
        self._given_up = False
        self._execution = Execution(self)

    def setting(self, key: str, default: str = "") -> str:
        """Return a setting of ``[Service]``."""
        return self.unit.settings.last("Service", key, default)

    @property
    def kind(self) -> str:
        """``Type=``; without one, a service that starts nothing lasting is a oneshot."""
        return self.setting("Type", "simple" if self.setting("ExecStart") else "oneshot")

    async def start(self) -> None:
        """Run the service's start; see `Live.start`."""
        self._stopping = self._given_up = False
        self.result = "success"
        try:
            self._refuse_too_many()
            self._execution.prepare(uuid.uuid4().hex)
            self.set_state("activating", "start")
            await asyncio.wait_for(self._run_start(), self._timeout("TimeoutStartSec"))
        except TimeoutError:
            await self._fail("timeout", "start operation timed out. Terminating.")
        except UnitSyntaxError as error:
            await self._fail("resources", f"bad unit file setting: {error}", final=True)
        except StartError as error:
            await self._fail("exit-code", str(error))
        except OSError as error:
            await self._fail("resources", f"Failed to load environment files: {error.filename}: {error.strerror}")

    async def _run_start(self) -> None:
        await self._run_all("ExecStartPre")
        commands = self.commands("ExecStart")
        if self.kind not in _TYPES:
            raise UnitSyntaxError(f"Type={self.kind} is not known to the stand-in (it knows {', '.join(_TYPES)})")
        if self.kind == "oneshot":
            await self._run_all("ExecStart")
            await self._run_all("ExecStartPost")
            stays = parse_bool(self.setting("RemainAfterExit", "no"))
            self.set_state(*(("active", "exited") if stays else ("inactive", "dead")))
            self.say(f"Finished {self.unit.description}.")
            return
        if len(commands) != 1:
            raise UnitSyntaxError(f"Type={self.kind} needs exactly one ExecStart=, seen {len(commands)}")
        await self._start_main(commands[0])
        await self._run_all("ExecStartPost")
        if self.sub == "start":
            self.set_state("active", "running")
            self.say(f"Started {self.unit.description}.")

    async def _start_main(self, command: Command) -> None:
        with notify_socket(wanted=self.kind == "notify") as ready:
            environment = {} if ready is None else {"NOTIFY_SOCKET": ready.path}
            self.main_pid = self._execution.spawn(
                command, extra=environment, passed=self.manager.triggered_by(self.name)
            )
            self._watch = asyncio.create_task(self._watch_main(self.main_pid, command))
            if ready is not None:
                await self._await_readiness(ready, self._watch)

    async def _await_readiness(self, ready: ReadySocket, watch: asyncio.Task[None]) -> None:
        told = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait([watch, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            # The socket is closed next, and a loop that still listens to it would hear whoever gets its number.
            told.cancel()
        if watch.done():
            raise JobFailedError(f"{self.name} ended before it was ready")

    def _successes(self) -> list[str]:
        return [word for value in self.unit.settings.all("Service", "SuccessExitStatus") for word in value.split()]

    async def _watch_main(self, pid: int, command: Command) -> None:
        code = await self.manager.children.wait(pid)
        self.main_pid = 0
        self.say(f"Main process exited, {describe_exit(code)}")
        if self._stopping or self._given_up:
            return
        clean = code == 0 or code in _CLEAN_SIGNALS or command.may_fail or str(code) in self._successes()
        self.kill(signal.SIGKILL)
        if not clean:
            with suppress(JobFailedError):
                await self._fail("exit-code" if code > 0 else "signal", None)
        else:
            await self._run_quietly("ExecStopPost")
            if parse_bool(self.setting("RemainAfterExit", "no")):
                self.set_state("active", "exited")
                return
            self.set_state("inactive", "dead")
            self.say("Deactivated successfully.")
            self._maybe_restart(clean=True)

    async def stop(self) -> None:
        """Run the stop commands, then end every process of the service, at last by force."""
        self._stopping = True
        if self.active in ("inactive", "failed") and self.main_pid == 0:
            return
        self.set_state("deactivating", "stop")
        await self._run_quietly("ExecStop")
        number = getattr(signal, self.setting("KillSignal", "SIGTERM"), signal.SIGTERM)
        self.kill(number)
        if self._watch is not None:
            try:
                await asyncio.wait_for(asyncio.shield(self._watch), self._timeout("TimeoutStopSec"))
            except TimeoutError:
                self.say("State 'stop-sigterm' timed out. Killing.")
                self.kill(signal.SIGKILL)
                await self._watch
        self.kill(signal.SIGKILL)
        await self._run_quietly("ExecStopPost")
        self.main_pid = 0
        self.set_state("inactive", "dead")
        self.say(f"Stopped {self.unit.description}.")

    async def reload(self) -> None:
        """Run ``ExecReload=``.

        Raises
        ------
        JobFailedError
            When there is none, or it failed.
        """
        if not self.setting("ExecReload"):
            raise JobFailedError(f"Job type reload is not applicable for unit {self.name}.")
        await self._run_all("ExecReload")

    def kill(self, number: int) -> None:
        """Send a signal to all processes of the service."""
        kill_marked(self._execution.invocation, number, main_pid=self.main_pid)

    def commands(self, key: str) -> list[Command]:
        """Return the commands of a setting, read."""
        values = self.unit.settings.all("Service", key)
        return [parse_command(value, specifiers=self._execution.specifiers) for value in values]

    async def _run_all(self, key: str) -> None:
        for command in self.commands(key):
            pid = self._execution.spawn(command, extra={"MAINPID": str(self.main_pid)} if self.main_pid else {})
            if key == "ExecStart":
                self.main_pid = pid
            code = await self.manager.children.wait(pid)
            if key == "ExecStart":
                self.main_pid = 0
            if code != 0:
                what = "Main process" if key == "ExecStart" else f"{key.removeprefix('Exec')} process"
                self.say(f"{what} exited, {describe_exit(code)}")
            if code != 0 and not command.may_fail:
                await self._fail("exit-code" if code > 0 else "signal", None)

    async def _run_quietly(self, key: str) -> None:
        for command in self.commands(key):
            with suppress(StartError):
                await self.manager.children.wait(self._execution.spawn(command, extra={"MAINPID": str(self.main_pid)}))

    async def _fail(self, result: str, why: str | None, *, final: bool = False) -> None:
        if why is not None:
            self.say(why)
        self._given_up = True
        self.kill(signal.SIGKILL)
        self.result = result
        self.set_state("failed", "failed")
        self.say(f"Failed with result '{result}'.")
        if not final:
            self._maybe_restart(clean=False)
        raise JobFailedError(why or f"{self.name} failed with result '{result}'")

    def _maybe_restart(self, *, clean: bool) -> None:
        wish = self.setting("Restart", "no")
        abnormal = self.result in ("signal", "timeout", "watchdog")
        wanted = {
            "always": True,
            "on-success": clean,
            "on-failure": not clean,
            "on-abnormal": abnormal,
            "on-abort": self.result == "signal",
        }.get(wish, False)
        if wanted and not self._stopping:
            delay_s = parse_time(self.setting("RestartSec", "100ms"))
            self.set_state("activating", "auto-restart")
            self.say(f"Scheduled restart job in {delay_s:g} s.")
            self.manager.start_later(self.name, delay_s=delay_s)

    def _refuse_too_many(self) -> None:
        span_s = parse_time(self.unit.settings.last("Unit", "StartLimitIntervalSec", "10s"))
        burst = int(self.unit.settings.last("Unit", "StartLimitBurst", "5"))
        now = time.monotonic()
        self._starts = [moment for moment in self._starts if now - moment < span_s]
        if span_s > 0 and burst > 0 and len(self._starts) >= burst:
            self.say("Start request repeated too quickly.")
            self.result = "start-limit-hit"
            self.set_state("failed", "failed")
            self.say("Failed with result 'start-limit-hit'.")
            raise JobFailedError(f"{self.name}: start request repeated too quickly")
        self._starts.append(now)

    def reset_failed(self) -> None:
        """Forget a failure and the starts that led to it."""
        self._starts.clear()
        super().reset_failed()

    def _timeout(self, key: str) -> float | None:
        default = "infinity" if self.kind == "oneshot" and key == "TimeoutStartSec" else _DEFAULT_TIMEOUT
        seconds = parse_time(self.setting(key) or self.setting("TimeoutSec") or default)
        return None if seconds in (0, float("inf")) else seconds
