"""Runs Terraform's commands in one folder: streams events, reads answers, and turns failures into errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fleetkit.core import FleetkitError, Redactor, TerraformStoppedError
from fleetkit.terraform._failures import failure_from
from fleetkit.terraform._running import RunningTerraform, forwarded_interrupts
from fleetkit.terraform.diagnostics import Diagnostic, parse_text_diagnostics
from fleetkit.terraform.events import DiagnosticEvent, Event, ResourceEvent, parse_event

__all__ = ["OnEvent", "Runner"]

OnEvent = Callable[[Event], None]
"""Is told each event as it comes, in the thread that runs the command; data sources are left out."""

_LONG_SECRET = 16
"""Shorter values of the environment are placeholders, whose removal would spoil ordinary text."""


class Runner:
    """Starts Terraform in a folder, one command at a time per thread.

    Parameters
    ----------
    folder
        Where it runs.
    environ
        Its whole environment.
    grace_s
        Seconds for a graceful stop when this process is killed.
    unlock_words
        Command line that clears a lock, for the message about one.
    """

    def __init__(
        self, folder: Path, *, environ: Mapping[str, str], grace_s: float, unlock_words: Sequence[str]
    ) -> None:
        self._folder = folder
        self._environ = dict(environ)
        self._grace_s = grace_s
        self._unlock_words = tuple(unlock_words)
        self._running: set[RunningTerraform] = set()
        self._guard = threading.Lock()
        self._redactor = Redactor(
            value
            for name, value in environ.items()
            if name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") and len(value) >= _LONG_SECRET
        )

    def stop(self) -> bool:
        """Ask whatever runs to stop gracefully, from any thread; return whether anything ran."""
        with self._guard:
            running = list(self._running)
        for one in running:
            one.stop()
        return bool(running)

    def stream(
        self,
        words: Sequence[str],
        *,
        doing: str,
        on_event: OnEvent | None = None,
        redactor: Redactor | None = None,
        good_codes: Sequence[int] = (0,),
        held: int | None = None,
    ) -> tuple[Event, ...]:
        """Run a command that writes ``-json`` events, and return those that are about no resource.

        ``held`` is as in `RunningTerraform`.

        Raises
        ------
        BusyError, StalePlanError, TerraformError
            When it fails; `TerraformError` also when `stop` ended it.
        KeyboardInterrupt
            When Ctrl-C ended it, after it has stopped in good order.
        """
        kept: list[Event] = []
        with self._start(words, held=held) as running:
            for line in running.lines():
                event = parse_event(line, redact=lambda text: self._clean(text, redactor))
                if isinstance(event, ResourceEvent):
                    if event.resource.is_data:
                        continue
                else:
                    kept.append(event)
                if on_event is not None:
                    on_event(event)
            code = running.wait()
        if code not in good_codes:
            diagnostics = [event.diagnostic for event in kept if isinstance(event, DiagnosticEvent)]
            texts = "\n".join(event.message for event in kept if event.kind == "text")
            raise self._failure(running, code, doing=doing, diagnostics=diagnostics, output=texts)
        return tuple(kept)

    def read(self, words: Sequence[str], *, doing: str, held: int | None = None) -> str:
        """Run a command whose standard output is the answer, and return that; ``held`` as in `RunningTerraform`.

        Raises
        ------
        BusyError, TerraformError
            When it fails.
        """
        with self._start(words, held=held) as running:
            answer = "\n".join(running.lines())
            code = running.wait()
        if code != 0:
            raise self._failure(running, code, doing=doing, diagnostics=(), output="")
        return answer

    @contextmanager
    def _start(self, words: Sequence[str], *, held: int | None) -> Iterator[RunningTerraform]:
        with (
            RunningTerraform(
                words, folder=self._folder, environ=self._environ, grace_s=self._grace_s, held=held
            ) as running,
            forwarded_interrupts(running),
        ):
            with self._guard:
                self._running.add(running)
            try:
                yield running
            finally:
                with self._guard:
                    self._running.discard(running)

    def _failure(
        self, running: RunningTerraform, code: int, *, doing: str, diagnostics: Sequence[Diagnostic], output: str
    ) -> FleetkitError:
        if running.stopped:
            return TerraformStoppedError(
                f"{doing} was stopped before its end",
                seen="what it had begun is finished or marked in the state",
                hint="run it again to go on",
            )
        leftover = self._clean(f"{output}\n{running.stderr}", None)
        return failure_from(
            diagnostics or parse_text_diagnostics(leftover),
            doing=doing,
            exit_code=code,
            leftover=leftover,
            unlock_words=self._unlock_words,
        )

    def _clean(self, text: str, redactor: Redactor | None) -> str:
        cleaned = self._redactor.redact(text)
        return cleaned if redactor is None else redactor.redact(cleaned)
