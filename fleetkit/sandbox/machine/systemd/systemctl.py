"""``systemctl`` as init answers it."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Sequence

from fleetkit.sandbox.machine.control import Answer, Question
from fleetkit.sandbox.machine.systemd.live import JobFailedError
from fleetkit.sandbox.machine.systemd.manager import Manager
from fleetkit.sandbox.machine.systemd.service import Service
from fleetkit.sandbox.machine.systemd.showing import absent_properties, describe, read_properties
from fleetkit.sandbox.machine.systemd.store import UnitMaskedError, UnitNotFoundError

__all__ = ["Systemctl"]

_FLAGS = frozenset(("--no-pager", "--quiet", "-q", "--now", "--value", "--no-block", "--all", "-a", "--plain",
                    "--no-legend", "--full", "-l", "--failed", "--system", "-f", "--force"))  # fmt: skip
_VALUED = frozenset(("-p", "--property", "-n", "--lines", "-t", "--type", "-s", "--signal", "-o", "--output"))
_NOT_ACTIVE = 3
_NOT_FOUND = 4
_KNOWN_ERRORS = (UnitNotFoundError, UnitMaskedError, JobFailedError, FileExistsError)


class Systemctl:
    """Answers ``systemctl``.

    Parameters
    ----------
    power
        Called with ``poweroff``, ``reboot`` or ``halt`` when somebody asks for it.
    """

    def __init__(self, manager: Manager, *, power: Callable[[str], None]) -> None:
        self._manager = manager
        self._power = power

    async def __call__(self, question: Question, answer: Answer) -> int:
        """Answer one call."""
        try:
            words, options = _read_options(question.words)
        except ValueError as error:
            await answer.err(f"systemctl: {error}\n")
            return 1
        verb, names = (words[0], [_full_name(word) for word in words[1:]]) if words else ("list-units", [])
        if verb in ("poweroff", "reboot", "halt"):
            self._power(verb)
            return 0
        action = getattr(self, f"_do_{verb.replace('-', '_')}", None)
        if action is None:
            await answer.err(f"systemctl: verb {verb} is not known to the stand-in\n")
            return 1
        result: Awaitable[int] = action(names, options, answer)
        return await result

    async def _each(self, names: Sequence[str], answer: Answer, act: Callable[[str], Awaitable[object]]) -> int:
        code = 0
        for name in names:
            try:
                await act(name)
            except _KNOWN_ERRORS as error:
                await answer.err(f"{error}\n")
                code = 5 if isinstance(error, UnitNotFoundError) else 1
        return code

    async def _do_start(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        if "--no-block" in options:
            for name in names:
                self._manager.start_later(name, delay_s=0)
            return 0
        return await self._each(names, answer, self._manager.start)

    async def _do_stop(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        if "--no-block" in options:
            for name in names:
                self._manager.stop_later(name)
            return 0
        return await self._each(names, answer, self._manager.stop)

    async def _do_restart(self, names: Sequence[str], _: dict[str, str], answer: Answer) -> int:
        return await self._each(names, answer, self._manager.restart)

    async def _do_try_restart(self, names: Sequence[str], _: dict[str, str], answer: Answer) -> int:
        running = [name for name in names if name in self._manager.live and self._manager.live[name].active == "active"]
        return await self._each(running, answer, self._manager.restart)

    async def _do_reload(self, names: Sequence[str], _: dict[str, str], answer: Answer) -> int:
        async def reload(name: str) -> None:
            live = self._manager.find(name)
            if not isinstance(live, Service):
                raise JobFailedError(f"Job type reload is not applicable for unit {name}.")
            await live.reload()

        return await self._each(names, answer, reload)

    async def _do_reload_or_restart(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        can = [name for name in names if self._manager.find(name).unit.settings.last("Service", "ExecReload")]
        code = await self._do_reload(can, options, answer)
        return max(code, await self._do_restart([name for name in names if name not in can], options, answer))

    async def _do_kill(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        wish = options.get("-s", options.get("--signal", "SIGTERM"))
        number = int(wish) if wish.isdigit() else signal.Signals[f"SIG{wish.upper().removeprefix('SIG')}"]

        async def kill(name: str) -> None:
            live = self._manager.find(name)
            if isinstance(live, Service):
                live.kill(number)

        return await self._each(names, answer, kill)

    async def _do_is_active(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        return await self._tell_states(names, options, answer, wanted=("active",), otherwise=_NOT_ACTIVE)

    async def _do_is_failed(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        return await self._tell_states(names, options, answer, wanted=("failed",), otherwise=1)

    async def _tell_states(
        self, names: Sequence[str], options: dict[str, str], answer: Answer, *, wanted: Sequence[str], otherwise: int
    ) -> int:
        code = otherwise
        for name in names:
            try:
                state = self._manager.find(name).active
            except _KNOWN_ERRORS:
                state = "inactive"
            if state in wanted:
                code = 0
            if not {"-q", "--quiet"} & options.keys():
                await answer.out(f"{state}\n")
        return code

    async def _do_is_enabled(self, names: Sequence[str], _: dict[str, str], answer: Answer) -> int:
        code = 1
        for name in names:
            try:
                state = self._manager.store.is_enabled(name)
            except _KNOWN_ERRORS as error:
                await answer.err(f"Failed to get unit file state for {name}: {error}\n")
                continue
            code = 0 if state in ("enabled", "static") else code
            await answer.out(f"{state}\n")
        return code

    async def _do_is_system_running(self, _: Sequence[str], __: dict[str, str], answer: Answer) -> int:
        failed = [live.name for live in self._manager.live.values() if live.active == "failed"]
        await answer.out("degraded\n" if failed else "running\n")
        return 1 if failed else 0

    async def _do_status(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        code = 0
        for name in names:
            try:
                live = self._manager.find(name)
            except UnitNotFoundError as error:
                await answer.err(f"{error}\n")
                code = _NOT_FOUND
                continue
            except (UnitMaskedError, JobFailedError) as error:
                await answer.out(f"{name}\n     Loaded: {error}\n     Active: inactive (dead)\n")
                code = _NOT_ACTIVE
                continue
            lines = int(options.get("-n", options.get("--lines", "10")))
            await answer.out(describe(live) + "\n" + self._manager.journal.tail(name, lines=lines))
            code = code if live.active == "active" else _NOT_ACTIVE
        return code

    async def _do_show(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        wish = options.get("-p", options.get("--property", ""))

        async def show(name: str) -> None:
            try:
                properties = read_properties(self._manager.find(name))
            except UnitNotFoundError:
                properties = absent_properties(name, load="not-found")
            except UnitMaskedError:
                properties = absent_properties(name, load="masked")
            except JobFailedError:
                # Of a kind that is not run here: it is there, and nothing ever comes of it.
                properties = absent_properties(name, load="loaded")
            for key in wish.split(",") if wish else properties:
                value = properties.get(key, "")
                await answer.out(f"{value}\n" if "--value" in options else f"{key}={value}\n")

        return await self._each(names, answer, show)

    async def _do_cat(self, names: Sequence[str], _: dict[str, str], answer: Answer) -> int:
        async def show(name: str) -> None:
            unit = self._manager.store.load(name)
            for one in unit.settings.assignments:
                await answer.out(f"[{one.section}] {one.key}={one.value}\n")

        return await self._each(names, answer, show)

    async def _do_list_units(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        kind = options.get("-t", options.get("--type", ""))
        everything = bool({"-a", "--all"} & options.keys())
        for live in sorted(self._manager.live.values(), key=lambda one: one.name):
            if (names and live.name not in names) or (kind and live.unit.kind not in kind.split(",")):
                continue
            if "--failed" in options and live.active != "failed":
                continue
            if everything or live.active != "inactive":
                line = f"{live.name} loaded {live.active} {live.sub} {live.unit.description}"
                await answer.out(f"{line}\n")
        return 0

    async def _do_list_unit_files(self, _: Sequence[str], __: dict[str, str], answer: Answer) -> int:
        for name in self._manager.store.names():
            await answer.out(f"{name} {self._manager.store.is_enabled(name)}\n")
        return 0

    async def _do_daemon_reload(self, _: Sequence[str], __: dict[str, str], ___: Answer) -> int:
        self._manager.store.reload()
        return 0

    async def _do_reset_failed(self, names: Sequence[str], _: dict[str, str], answer: Answer) -> int:
        async def reset(name: str) -> None:
            self._manager.find(name).reset_failed()

        failed = [live.name for live in self._manager.live.values() if live.active == "failed"]
        return await self._each(names or failed, answer, reset)

    async def _do_enable(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        async def enable(name: str) -> None:
            if not self._manager.store.enable(name):
                await answer.err(f"The unit file of {name} has no installation config.\n")
            if "--now" in options:
                await self._manager.start(name)

        return await self._each(names, answer, enable)

    async def _do_disable(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        async def disable(name: str) -> None:
            self._manager.store.disable(name)
            if "--now" in options:
                await self._manager.stop(name)

        return await self._each(names, answer, disable)

    async def _do_mask(self, names: Sequence[str], options: dict[str, str], answer: Answer) -> int:
        async def mask(name: str) -> None:
            if "--now" in options:
                await self._manager.stop(name)
            self._manager.store.mask(name)

        return await self._each(names, answer, mask)

    async def _do_unmask(self, names: Sequence[str], _: dict[str, str], answer: Answer) -> int:
        async def unmask(name: str) -> None:
            self._manager.store.unmask(name)

        return await self._each(names, answer, unmask)


def _read_options(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    rest: list[str] = []
    options: dict[str, str] = {}
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            rest.append(word)
        elif name in _VALUED:
            options[name] = value if equals else next(left, "")
        elif word in _FLAGS:
            options[word] = ""
        elif name[:2] in _VALUED and not name.startswith("--"):
            options[name[:2]] = word[2:]
        else:
            raise ValueError(f"option {word} is not known to the stand-in")
    return rest, options


def _full_name(name: str) -> str:
    return name if "." in name else f"{name}.service"
