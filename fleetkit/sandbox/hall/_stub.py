"""The process that holds a hall together: it makes the namespaces, starts the agent in them, and watches.

::

    controller (host; any number of threads)
      └── stub: enters a user namespace and is told by the lifeline's end that the controller is gone
            └── agent: pid 1 of the hall, the router is its network namespace
                  └── machines: each pid 1 of a namespace of its own

The kernel kills everything below a pid 1 that dies, so nothing outlives the stub or the agent.
Run as ``python -m fleetkit.sandbox.hall._stub LIFELINE CHANNEL FOLDER``, both numbers of open descriptors.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
from contextlib import suppress

from fleetkit.sandbox.hall import _linux
from fleetkit.sandbox.hall._entrance import enter_user_namespace

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Start the agent, and kill it when the controller is gone."""
    lifeline, channel = int(arguments[0]), int(arguments[1])
    os.setsid()
    enter_user_namespace()
    agent = os.fork()
    if agent == 0:
        _linux.die_with_parent()
        from fleetkit.sandbox.hall._agent import serve

        serve(lifeline=lifeline, channel=channel)
        os._exit(0)
    os.close(channel)
    pidfd = os.pidfd_open(agent)
    with selectors.DefaultSelector() as selector:
        selector.register(lifeline, selectors.EVENT_READ)
        selector.register(pidfd, selectors.EVENT_READ)
        selector.select()
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.waitpid(agent, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
