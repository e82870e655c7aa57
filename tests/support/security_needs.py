"""What each flow between a cluster's machines is needed for, as something to look at that ends with the flow.

Every look opens a connection of its own, because open ones outlive their rule.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from support.e2e_world import CLUSTER, World, wait_for
from support.security_rules import Rule, taken_away

from fleetkit.core import Patience, WaitTimeoutError
from fleetkit.sandbox import Sandbox

LIMIT_S = "0.5"
_PATIENCE = Patience(deadline_s=20, interval_s=0.05)
_PLACES = ("operator", "vpn", "world")
_ZONE = f"{CLUSTER}.internal"
_INTERNET = "192.0.2.50"
_ANSWERING = """
import socket, sys, threading
def serve(port):
    listener = socket.create_server(("", int(port)))
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
for port in sys.argv[1:]:
    threading.Thread(target=serve, args=(port,)).start()
"""
_SERVED = {"master": ("3000", "8000"), "internal": ("80", "32768", "61000"), "public": ("80", "32768", "61000")}
"""Ports at which the cluster's own services will listen, which no release of this package brings yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A deployed cluster to look at: its machines' addresses by role, and the sandbox that runs them."""

    world: World
    sandbox: Sandbox
    machines: dict[str, list[str]]

    def run_at(self, place: str, *argv: str) -> subprocess.CompletedProcess[bytes]:
        """Run a program on the first machine of a role, or at the VPN's end."""
        if place == "vpn":
            return self.sandbox.run(argv)
        return self.sandbox.run_on(self.machines[place][0], argv)

    def reaches(self, source: str, address: str, port: int) -> bool:
        """Say whether somebody takes a connection from a role's first machine."""
        return self._dial(source, address, port) == 0

    def arrives(self, source: str, address: str, port: int) -> bool:
        """Say whether packets come to an address, be it that nobody listens there and it says so."""
        return self._dial(source, address, port) in (0, 1)

    def _dial(self, source: str, address: str, port: int) -> int:
        dial = f"exec 3<>/dev/tcp/{address}/{port}"
        return self.run_at(source, "timeout", LIMIT_S, "bash", "-c", dial).returncode

    def opens(self, source: str, url: str) -> bool:
        """Say whether a page is served."""
        return self.run_at(source, "curl", "-sf", "-m", LIMIT_S, url).returncode == 0

    def is_greeted(self, source: str, host: str, port: int) -> bool:
        """Say whether an SSH server shows itself."""
        read = f"exec 3<>/dev/tcp/{host}/{port}; head -c 4 <&3"
        return self.run_at(source, "timeout", LIMIT_S, "bash", "-c", read).stdout == b"SSH-"

    def enters(self, port: int, *argv: str) -> bool:
        """Say whether a program does what it is to do at a public port of the cluster, from outside."""
        (door,) = [one["local"] for one in self.sandbox.status()["public"] if one["port"] == port]
        host, _, number = door.rpartition(":")
        words = [word.format(host=host, port=number) for word in argv]
        return subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


Look = Callable[[Scene], bool]
"""Says whether it works now."""


def _dials(source: str, target: str, *ports: int) -> Look:
    """Look from the first machine of a role to the last of another, at all of these ports."""
    return lambda scene: all(scene.reaches(source, scene.machines[target][-1], port) for port in ports)


def _opens(source: str, name: str) -> Look:
    return lambda scene: scene.opens(source, f"http://{name}.{_ZONE}/")


def _fetches(role: str) -> Look:
    # Anybody is answered by the bucket's endpoint, were it with a refusal.
    return lambda scene: scene.reaches(role, "s3.us-west-2.amazonaws.com", 443)


def _way_in(place: str) -> dict[str, Look]:
    """Return what the operator does from the bastion, or from the VPN."""
    return {
        f"{place} > master:2379": _dials(place, "master", 2379),
        f"{place} > master:22": lambda scene: scene.is_greeted(place, scene.machines["master"][-1], 22),
        f"{place} > internal:22": lambda scene: scene.is_greeted(place, scene.machines["internal"][-1], 22),
        f"{place} > public:22": lambda scene: scene.is_greeted(place, scene.machines["public"][-1], 22),
        f"{place} > lb-internal:80": _opens(place, "internal-web"),
        f"{place} > lb-internal:2222": lambda scene: scene.is_greeted(place, f"internal-web.{_ZONE}", 2222),
        f"{place} > lb-ui:80": _opens(place, "fleet-ui"),
        "lb-ui > master:3000": _opens(place, "fleet-ui"),
        "lb-ui > master:8000": _opens(place, "etcd-browser"),
        "lb-internal > internal:22": lambda scene: scene.is_greeted(place, f"internal-web.{_ZONE}", 2222),
    }


def _fleet(role: str) -> dict[str, Look]:
    """Return what a machine does that is part of fleet."""
    return {f"{role} > master:2379": _dials(role, "master", 2379), f"{role} > world:443": _fetches(role)}


def _browses(port: int, scheme: str) -> Look:
    """Look at the public web; where it is encrypted, port 80 answers by itself, with a redirect."""
    url = f"{scheme}://{{host}}:{{port}}/"
    return lambda scene: scene.enters(port, "curl", "-skf", "-m", LIMIT_S, url)


_EVERYWHERE: dict[str, Look] = {
    **_fleet("master"),
    **_fleet("internal"),
    **_fleet("public"),
    "master > master:2380": _dials("master", "master", 2380),
    "internal > internal:32768-61000": _dials("internal", "internal", 32768, 61000),
    "internal > public:32768-61000": _dials("internal", "public", 32768, 61000),
    "public > internal:32768-61000": _dials("public", "internal", 32768, 61000),
    "public > public:32768-61000": _dials("public", "public", 32768, 61000),
    "internal > lb-internal:80": _opens("internal", "internal-web"),
    "public > lb-internal:80": _opens("public", "internal-web"),
    "lb-internal > internal:80": _opens("public", "internal-web"),
}

WITH_A_BASTION: dict[str, Look] = {
    **_EVERYWHERE,
    **_way_in("bastion"),
    "world > lb-public:80": _browses(80, "http"),
    "lb-public > public:80": _browses(80, "http"),
    "bastion > world:443": _fetches("bastion"),
    # Ubuntu's own upgrades; nobody listens there, so a refusal says that the packet has arrived.
    "bastion > world:80": lambda scene: scene.arrives("bastion", _INTERNET, 80),
    "operator > bastion:22": lambda scene: scene.enters(
        22, "timeout", LIMIT_S, "bash", "-c", "exec 3<>/dev/tcp/{host}/{port}; head -c 4 <&3 | grep -q SSH-"
    ),
}
"""Flow to what ends with it, for a cluster with a bastion and no more than the defaults."""

WITH_ALL_ELSE: dict[str, Look] = {
    **_EVERYWHERE,
    **_way_in("vpn"),
    "world > lb-public:80": _browses(80, "http"),
    "world > lb-public:443": _browses(443, "https"),
    "lb-public > public:80": _browses(443, "https"),
    **_fleet("deploy"),
    "vpn > deploy:22": lambda scene: scene.is_greeted("vpn", scene.machines["deploy"][-1], 22),
}
"""The same for a cluster that is entered by a VPN, encrypts its public web, and has a deploy host at work."""


def find_misfits(rules: Sequence[Rule], needs: Mapping[str, Look]) -> list[str]:
    """Return rules that nothing is known to need, and needs without the rules that they ought to have."""
    there: dict[str, set[str]] = {}
    for rule in rules:
        there.setdefault(rule.flow, set()).add(rule.direction)
    misfits = [f"nothing is known to need {flow}" for flow in there if flow not in needs]
    for flow in needs:
        source, target = flow.split(":", 1)[0].split(" > ")
        wanted = {end for end, place in (("out", source), ("in", target)) if place not in _PLACES}
        # What may leave for the whole world on a port needs no second rule for a neighbour.
        if target not in _PLACES and f"{source} > world:{flow.rpartition(':')[2]}" in needs:
            wanted -= {"out"}
        if there.get(flow, set()) != wanted:
            misfits.append(f"{flow} has the rules {sorted(there.get(flow, ()))}, not {sorted(wanted)}")
    return misfits


def try_without(scene: Scene, rule: Rule, needs: Mapping[str, Look]) -> str:
    """Take a rule away and put it back; return what did not go as it should, or nothing."""
    look = needs[rule.flow]
    try:
        wait_for("it to work before", lambda: look(scene), patience=_PATIENCE)
        with taken_away(scene.world, rule):
            # Twice, because a single look may fail on a computer that is busy.
            wait_for("it to end", lambda: not look(scene) and not look(scene), patience=_PATIENCE)
        wait_for("it to work again", lambda: look(scene), patience=_PATIENCE)
    except WaitTimeoutError as error:
        return str(error)
    return ""


@contextlib.contextmanager
def set_scene(world: World) -> Iterator[Scene]:
    """Have something answer at the ports of services that are not there yet, for the length of a block."""
    roles = ("master", "internal", "public", "bastion", "deploy")
    machines = {role: [one["PrivateIpAddress"] for one in world.instances_of(role)] for role in roles}
    scene = Scene(world=world, sandbox=Sandbox(world.box), machines=machines)
    with contextlib.ExitStack() as stack:
        nothing = stack.enter_context(open("/dev/null", "r+b"))  # noqa: PTH123 -- Path.open would want a mode each way
        streams = (nothing.fileno(),) * 3
        for role, ports in _SERVED.items():
            for address in machines[role]:
                argv = ("python3", "-c", _ANSWERING, *ports)
                shell = scene.sandbox.start_shell(address, argv, tty=False, term="dumb", streams=streams)
                # A program ends with the connection that follows it.
                stack.enter_context(shell)
        for role, ports in _SERVED.items():
            for port in ports:
                own = machines[role][0]
                wait_for(f"{role} to serve {port}", partial(scene.reaches, role, own, int(port)))
        yield scene
