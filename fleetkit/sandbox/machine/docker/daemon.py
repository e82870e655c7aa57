"""``docker`` as init answers it: containers that outlive the client which started them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from fleetkit.sandbox.machine.accounts import find_ids
from fleetkit.sandbox.machine.control import Answer, Question
from fleetkit.sandbox.machine.docker.container import Container
from fleetkit.sandbox.machine.docker.images import Image, UnknownImageError, find_image
from fleetkit.sandbox.machine.docker.options import DockerUsageError, RunOptions, read_options, read_run_options
from fleetkit.sandbox.machine.docker.sight import check_environment, check_words, make_written_folders
from fleetkit.sandbox.machine.spawn import Children, StartError

__all__ = ["Docker"]

_FOLDER = Path("/var/lib/docker/containers")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DAEMON_FAILED, _NOT_FOUND_IN_IMAGE = 125, 127
_STOP_S = 10.0


class Docker:
    """Answers ``docker``."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._containers: dict[str, Container] = {}
        self._watching: set[asyncio.Task[None]] = set()

    async def __call__(self, question: Question, answer: Answer) -> int:
        """Answer one call."""
        verb, words = (question.words[0], question.words[1:]) if question.words else ("", ())
        verbs: dict[str, Callable[[Sequence[str], Question, Answer], Awaitable[int]]] = {
            "images": self._images,
            "inspect": self._inspect,
            "kill": self._kill,
            "logs": self._logs,
            "ps": self._ps,
            "pull": self._pull,
            "rm": self._rm,
            "run": self._run,
            "stop": self._stop,
            "version": self._version,
        }
        if verb not in verbs:
            await answer.err(f"docker: '{verb}' is not known to the stand-in; it knows {', '.join(verbs)}.\n")
            return 1
        try:
            return await verbs[verb](words, question, answer)
        except DockerUsageError as error:
            await answer.err(f"docker: {error}\nSee 'docker {verb} --help'.\n")
            return _DAEMON_FAILED
        except (LookupError, StartError) as error:
            await answer.err(f"docker: Error response from daemon: {error}\n")
            return _DAEMON_FAILED if verb == "run" else 1

    async def _run(self, words: Sequence[str], question: Question, answer: Answer) -> int:
        options = read_run_options(words, caller_environment=question.env)
        if options.name in self._containers:
            raise UnknownImageError(
                f'Conflict. The container name "/{options.name}" is already in use by container '
                f'"{self._containers[options.name or ""].identity}".'
            )
        image = find_image(options.image)
        uid, gid = _find_user(options)
        for volume in options.volumes:
            # As docker does for a path that is not there: an empty folder, root's own.
            if not Path(volume.path).exists():
                Path(volume.path).mkdir(parents=True)
        program, arguments = _choose_program(options, image)
        if program is None:
            await answer.err(f'exec: "{arguments[0]}": stat {arguments[0]}: no such file or directory\n')
            return _NOT_FOUND_IN_IMAGE
        fault = check_environment(options.environment, volumes=options.volumes, uid=uid, gid=gid) or check_words(
            arguments[1:], volumes=options.volumes, uid=uid, gid=gid
        )
        if fault is not None:
            await answer.err(f"{arguments[0]}: {fault}\n")
            return 1
        make_written_folders(options.environment, uid=uid, gid=gid)
        container = self._start(options, program, arguments)
        if options.detach:
            await answer.out(f"{container.identity}\n")
            return 0
        return await self._attend(container, question, answer)

    def _start(self, options: RunOptions, program: str, arguments: Sequence[str]) -> Container:
        identity = secrets.token_hex(32)
        log = _FOLDER / identity / "log"
        log.parent.mkdir(parents=True, mode=0o700)
        log.touch(mode=0o640)
        nothing = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        output, written = os.pipe()
        environment = {"PATH": _PATH, "HOME": "/", **options.environment}
        try:
            pid = self._children.start([program, *arguments[1:]], env=environment, fds=[nothing, written, written])
        except StartError:
            os.close(output)
            raise
        finally:
            os.close(nothing)
            os.close(written)
        os.set_blocking(output, False)
        name = options.name or f"nameless_{identity[:8]}"
        container = Container(identity=identity, name=name, options=options, pid=pid, log=log, output=output)
        self._containers[name] = container
        asyncio.get_running_loop().add_reader(output, container.take_output)
        task = asyncio.create_task(self._watch(container))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return container

    async def _watch(self, container: Container) -> None:
        code = await self._children.wait(container.pid)
        asyncio.get_running_loop().remove_reader(container.output)
        while container.take_output():
            continue
        os.close(container.output)
        container.code = code if code >= 0 else 128 - code
        container.ended.set()
        container.tell()
        if container.options.remove:
            self._forget(container)

    async def _attend(self, container: Container, question: Question, answer: Answer) -> int:
        """Stand between the client and its container: output one way, signals the other."""

        async def pass_on() -> None:
            while True:
                container.send_signal(await question.signals.get())

        passing_on = asyncio.create_task(pass_on())
        try:
            await container.follow(answer.out)
        finally:
            passing_on.cancel()
        return container.code or 0

    async def _stop(self, words: Sequence[str], _: Question, answer: Answer) -> int:
        names, options = read_options(words, valued=("-t", "--time"), flags=())
        wait_s = float(options.get("-t", options.get("--time", _STOP_S)))
        for name in names:
            await self._find(name).end(wait_s=wait_s)
            await answer.out(f"{name}\n")
        return 0

    async def _kill(self, words: Sequence[str], _: Question, answer: Answer) -> int:
        names, options = read_options(words, valued=("-s", "--signal"), flags=())
        wish = options.get("-s", options.get("--signal", "KILL")).upper().removeprefix("SIG")
        for name in names:
            self._find(name).send_signal(int(wish) if wish.isdigit() else signal.Signals[f"SIG{wish}"])
            await answer.out(f"{name}\n")
        return 0

    async def _rm(self, words: Sequence[str], _: Question, answer: Answer) -> int:
        names, options = read_options(words, valued=(), flags=("-f", "--force", "-v"))
        forced = bool({"-f", "--force"} & options.keys())
        code = 0
        for name in names:
            try:
                container = self._find(name)
            except LookupError as error:
                await answer.err(f"Error response from daemon: {error}\n")
                # With -f a container that is not there is as good as removed.
                code = 0 if forced else 1
                continue
            if container.code is None and not forced:
                await answer.err(f"Error response from daemon: cannot remove container {name}: it is running\n")
                code = 1
                continue
            await container.end(wait_s=0)
            self._forget(container)
            await answer.out(f"{name}\n")
        return code

    async def _ps(self, words: Sequence[str], _: Question, answer: Answer) -> int:
        options = read_options(words, valued=(), flags=("-a", "--all", "-q", "--quiet", "--no-trunc"))[1]
        everything = bool({"-a", "--all"} & options.keys())
        for container in self._containers.values():
            if container.code is None or everything:
                state = "Up" if container.code is None else f"Exited ({container.code})"
                line = f"{container.identity[:12]}  {container.options.image}  {state}  {container.name}"
                await answer.out(f"{container.identity[:12] if {'-q', '--quiet'} & options.keys() else line}\n")
        return 0

    async def _logs(self, words: Sequence[str], _: Question, answer: Answer) -> int:
        names, options = read_options(words, valued=("--tail", "-n"), flags=("-f", "--follow"))
        container = self._find(names[0] if names else "")
        tail = options.get("--tail", options.get("-n", "all"))
        if tail != "all":
            lines = container.log.read_bytes().splitlines(keepends=True)
            await answer.out(b"".join(lines[-int(tail) :]))
            return 0
        if {"-f", "--follow"} & options.keys():
            await container.follow(answer.out)
        else:
            await answer.out(container.log.read_bytes())
        return 0

    async def _inspect(self, words: Sequence[str], _: Question, answer: Answer) -> int:
        shown = []
        for name in words:
            container = self._find(name)
            running = container.code is None
            state = {"Running": running, "ExitCode": container.code or 0, "Pid": container.pid if running else 0}
            environment = [f"{key}={value}" for key, value in container.options.environment.items()]
            config = {"Image": container.options.image, "Env": environment}
            shown.append({"Id": container.identity, "Name": f"/{container.name}", "State": state, "Config": config})
        await answer.out(json.dumps(shown, indent=4) + "\n")
        return 0

    async def _pull(self, words: Sequence[str], _: Question, answer: Answer) -> int:
        names, _options = read_options(words, valued=(), flags=("-q", "--quiet"))
        for name in names:
            find_image(name)
            await answer.out(f"{name}\n")
        return 0

    async def _images(self, _: Sequence[str], __: Question, answer: Answer) -> int:
        await answer.out("the stand-in brings the programs of its images with it; there is nothing to list\n")
        return 0

    async def _version(self, _: Sequence[str], __: Question, answer: Answer) -> int:
        await answer.out("docker: fleetkit's stand-in\n")
        return 0

    def _find(self, name: str) -> Container:
        for container in self._containers.values():
            if name and (container.name == name or container.identity.startswith(name)):
                return container
        raise UnknownImageError(f"No such container: {name}")

    def _forget(self, container: Container) -> None:
        self._containers.pop(container.name, None)


def _find_user(options: RunOptions) -> tuple[int, int]:
    try:
        return find_ids(*options.user)
    except LookupError as error:
        raise DockerUsageError(f"unable to find user {options.user[0]}: {error}") from error


def _choose_program(options: RunOptions, image: Image) -> tuple[str | None, list[str]]:
    words = [options.entrypoint, *options.command] if options.entrypoint else list(options.command)
    if not words or words[0].startswith("-"):
        words = [image.entrypoint, *words]
    wished = words[0] if words[0].startswith("/") else f"/usr/local/bin/{words[0]}"
    return image.programs.get(wished), words
