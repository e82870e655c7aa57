"""What happens to keys while somebody looks at them: names and revisions, the newest first, and never a value."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from html import escape

from fleetkit.etcd import KeyEvent, KeyEventKind, Store
from fleetkit.ui import _parts
from fleetkit.views import table_html
from fleetkit.workflows import KeyPlace

__all__ = ["KeyWatch"]

_MOST_SHOWN = 30
_BEGIN, _END = "Watch", "End the watch"
_APART = "hidden paths apart: choose one"
"""A watch of v2's root hears nothing of what lies below a path that begins with ``_``: fleet's state is such."""


class KeyWatch:
    """A button that begins and ends a watch, and the list of what it sees.

    Parameters
    ----------
    watched
        Says what is to be watched when the button is pressed.
    failed
        Told what ended the watch.
    """

    def __init__(
        self, watched: Callable[[], tuple[KeyPlace, bytes]], *, failed: Callable[[BaseException], None]
    ) -> None:
        self._watched, self._failed = watched, failed
        self._stop: threading.Event | None = None
        self.button = _parts.button(
            _BEGIN, self.turn, tooltip=f"The directory that is chosen, or the whole store; of v2 {_APART}"
        )
        self.shown = _parts.html()

    def turn(self) -> None:
        """Begin a watch, or end the one under way."""
        if self._stop is not None:
            self.close()
            return
        try:
            place, path = self._watched()
        except KeyError:
            # The stores are not open yet; the button can be pressed again.
            return
        self._stop = stop = threading.Event()
        self.button.description = _END
        self._draw(place, path, ())
        threading.Thread(target=self._run, args=(place, path, stop), name="keys-watch", daemon=True).start()

    def close(self) -> None:
        """End the watch under way, if there is one; its thread ends with the next thing that it hears, or soon."""
        if self._stop is not None:
            self._stop.set()
            self._stop = None
            self.button.description = _BEGIN

    def _run(self, place: KeyPlace, path: bytes, stop: threading.Event) -> None:
        seen: deque[KeyEvent] = deque(maxlen=_MOST_SHOWN)
        try:
            for event in place.keys.watch(path, below=True, stop=stop):
                if stop.is_set():
                    return
                seen.appendleft(event)
                self._draw(place, path, tuple(seen))
        except BaseException as error:  # noqa: BLE001 -- a thread's error is nobody's: it is handed over
            if not stop.is_set():
                self.close()
                self._failed(error)

    def _draw(self, place: KeyPlace, path: bytes, seen: tuple[KeyEvent, ...]) -> None:
        name = escape(path.decode("utf-8", "backslashreplace") or "/")
        apart = f" ({_APART})" if place.keys.store is Store.V2 and name == "/" else ""
        rows = [(escape(_tell_kind(one)), escape(one.key.name), str(one.revision)) for one in seen]
        table = table_html(("what", "key", "revision"), rows, label=f"What happens below {name}")
        self.shown.value = _parts.box_html(
            f'<div role="status">watching {name}{apart}: {len(seen) or "nothing"} seen</div>{table if rows else ""}'
        )


def _tell_kind(event: KeyEvent) -> str:
    if event.kind is KeyEventKind.GAP:
        return "gap: what happened here is not known any more"
    return event.kind.value
