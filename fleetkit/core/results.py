"""One result for many targets: each target has its value or its exception, in the order asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

__all__ = ["Results", "call_each"]

K = TypeVar("K")
V = TypeVar("V")


class Results(Mapping[K, V | Exception], Generic[K, V]):
    """Target to value or exception, in input order.

    Attributes
    ----------
    ok
        The targets that answered, with their values.
    failed
        The targets that did not, with their exceptions.
    """

    __slots__ = ("_by_target",)

    def __init__(self, by_target: Mapping[K, V | Exception]) -> None:
        self._by_target = dict(by_target)

    def __getitem__(self, target: K) -> V | Exception:
        return self._by_target[target]

    def __iter__(self) -> Iterator[K]:
        return iter(self._by_target)

    def __len__(self) -> int:
        return len(self._by_target)

    def __repr__(self) -> str:
        return f"Results({len(self.ok)} ok, {len(self.failed)} failed)"

    @property
    def ok(self) -> dict[K, V]:
        """The targets that answered, with their values."""
        return {target: value for target, value in self._by_target.items() if not isinstance(value, Exception)}

    @property
    def failed(self) -> dict[K, Exception]:
        """The targets that did not answer, with their exceptions."""
        return {target: value for target, value in self._by_target.items() if isinstance(value, Exception)}


def call_each(
    targets: Sequence[K], call: Callable[[K], V], *, catch: type[Exception] = Exception, at_once: int = 16
) -> Results[K, V]:
    """Call ``call`` for each target at the same time and gather what came of it.

    Parameters
    ----------
    targets
        What to call for; the result keeps this order.
    call
        Is run in a thread; it must bring its own time limit, since a thread cannot be ended.
    catch
        Exceptions that become results; any other is raised here, after the rest have ended.
    at_once
        The most calls under way at one time.
    """
    if not targets:
        return Results({})
    import concurrent.futures  # here, since it costs the command line's start more than the rest of this room

    with concurrent.futures.ThreadPoolExecutor(max_workers=min(at_once, len(targets))) as pool:
        futures = [(target, pool.submit(call, target)) for target in targets]
    gathered: dict[K, V | Exception] = {}
    for target, future in futures:
        try:
            gathered[target] = future.result()
        except catch as error:
            gathered[target] = error
    return Results(gathered)
