"""Links, addresses and routes: a router in the middle, each machine on a line of its own.

No bridge and no subnets: every machine has its address as a /32, so any address plan works,
and whatever goes between two machines passes the router, where it can be judged and dropped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fleetkit.sandbox.hall._linux import CLONE_NEWNET, setns, unshare
from fleetkit.sandbox.hall.model import METADATA_ADDRESS

__all__ = ["Router"]

_ROUTER_ADDRESS = "169.254.1.1"
_OWN_NAMESPACE = "/proc/self/ns/net"


class Router:
    """Makes the network of a hall; the calling process must be in the namespace that is to be the router.

    The caller is single-threaded: it steps into another namespace and back again for each machine.
    """

    def __init__(self) -> None:
        from pyroute2.iproute.linux import IPRoute

        self._make_iproute: Any = IPRoute
        self.namespace = os.open(_OWN_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)
        self._links = IPRoute()
        self._count = 0
        lo = self._links.link_lookup(ifname="lo")[0]
        self._links.link("set", index=lo, state="up")
        for address in (_ROUTER_ADDRESS, METADATA_ADDRESS):
            self._links.addr("add", index=lo, address=address, prefixlen=32)
        # Nothing answers for an address that nobody has: silence, as on a private network of AWS.
        self._links.route("add", dst="0.0.0.0/0", type="blackhole")
        _write("/proc/sys/net/ipv4/ip_forward", "1")
        _quieten()

    def add_machine(self, address: str) -> tuple[int, int]:
        """Make a network namespace with ``address`` and return its descriptor and the router's link index."""
        self._count += 1
        name = f"m{self._count}"
        unshare(CLONE_NEWNET)
        try:
            namespace = os.open(_OWN_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)
            inside = self._make_iproute()
        finally:
            setns(self.namespace, CLONE_NEWNET)
        try:
            self._links.link("add", ifname=name, kind="veth", peer={"ifname": "eth0", "net_ns_fd": namespace})
            index: int = self._links.link_lookup(ifname=name)[0]
            self._links.link("set", index=index, state="up")
            self._links.route("add", dst=f"{address}/32", oif=index)
            lo, eth0 = inside.link_lookup(ifname="lo")[0], inside.link_lookup(ifname="eth0")[0]
            inside.link("set", index=lo, state="up")
            inside.addr("add", index=eth0, address=address, prefixlen=32)
            inside.link("set", index=eth0, state="up")
            inside.route("add", dst=f"{_ROUTER_ADDRESS}/32", oif=eth0, scope="link")
            inside.route("add", dst="default", gateway=_ROUTER_ADDRESS, oif=eth0, prefsrc=address)
        except BaseException:
            os.close(namespace)
            raise
        finally:
            inside.close()
        self._inside(namespace, _open_doors)
        return namespace, index

    def remove_machine(self, namespace: int, index: int) -> None:
        """Take the machine's line away; its namespace ends with the last process in it."""
        self._links.link("del", index=index)
        os.close(namespace)

    def _inside(self, namespace: int, act: Any) -> None:
        setns(namespace, CLONE_NEWNET)
        try:
            act()
        finally:
            setns(self.namespace, CLONE_NEWNET)


def _open_doors() -> None:
    # Machines hold no capability, yet must serve port 22 and answer ping, as root does on a real one.
    _write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")
    _write("/proc/sys/net/ipv4/ping_group_range", "0 0")
    _quieten()


def _quieten() -> None:
    # Without IPv6 nothing waits for duplicate address detection; a kernel may have none to switch off.
    path = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
    if path.exists():
        _write(path, "1")


def _write(path: str | Path, value: str) -> None:
    Path(path).write_text(value, encoding="ascii")
