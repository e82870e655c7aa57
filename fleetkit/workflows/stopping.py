"""A wish to stop, from any thread, that reaches whatever is under way then or is about to begin."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from fleetkit.core import StoppedError, TerraformStoppedError

__all__ = ["StopRequest"]

_GO_ON = "do the same again: it goes on from here"

T = TypeVar("T")


class StopRequest:
    """Asks a workflow to stop gracefully, once.

    A second request would make Terraform give up at once, and lose what it had begun; so further ones do nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._reached = False
        self._stop: Callable[[], bool] | None = None

    @property
    def asked(self) -> bool:
        """Whether somebody has asked."""
        return self._asked

    def ask(self) -> None:
        """Ask, from any thread; what runs ends in good order, and what has not begun does not begin."""
        self._asked = True
        self._pass_on()

    def check(self, doing: str, *, step: str, completed: Sequence[str] = ()) -> None:
        """Go no further when somebody has asked.

        Parameters
        ----------
        doing
            The workflow, as it is to stand in the error: ``the deploy of demo``.
        step, completed
            What would begin now, and what was completed before it.

        Raises
        ------
        StoppedError
            When somebody has asked.
        """
        if self._asked:
            raise StoppedError(
                f"{doing} was stopped before its step {step}", step=step, completed=completed, hint=_GO_ON
            )

    @contextlib.contextmanager
    def reaching(
        self, stop: Callable[[], bool], doing: str, *, step: str, completed: Sequence[str] = ()
    ) -> Iterator[None]:
        """Have a request call ``stop`` while the block runs.

        Parameters
        ----------
        stop
            Returns whether anything ran that it could stop.
        doing, step, completed
            As for `check`.

        Raises
        ------
        StoppedError
            When Terraform ended because it was asked to.
        """
        with self._lock:
            self._stop = stop
        try:
            yield
        except TerraformStoppedError as error:
            raise StoppedError(
                f"{doing} was stopped at its step {step}", step=step, completed=completed, seen=error.seen, hint=_GO_ON
            ) from error
        finally:
            with self._lock:
                self._stop = None

    def watching(self, tell: Callable[[T], None]) -> Callable[[T], None]:
        """Return ``tell``, which from now on also passes on a request that came before there was anything to stop."""

        def heard(what: T) -> None:
            self._pass_on()
            tell(what)

        return heard

    def _pass_on(self) -> None:
        with self._lock:
            if self._asked and not self._reached and self._stop is not None:
                self._reached = self._stop()
