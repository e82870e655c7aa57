"""Machines that boot in tests: a metadata service of a few lines, user data, and a wait for the end of the boot."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox.hall import Hall, Machine, MachineSpec, MachineState
from fleetkit.sandbox.halls import AnyHall

TOKEN = "a-token-of-the-test"
BOOT = Patience(deadline_s=30, interval_s=0.02)
SOON = Patience(deadline_s=20, interval_s=0.05)


class MetadataService:
    """Answers each machine by its address, to those alone who bring a token."""

    def __init__(self, hall: AnyHall) -> None:
        self.answers: dict[str, dict[str, bytes]] = {}
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self._answer(200 if self.path == "/latest/api/token" else 404, TOKEN.encode())

            def do_GET(self) -> None:
                if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
                    self._answer(401, b"")
                    return
                body = service.answers.get(self.client_address[0], {}).get(self.path.removeprefix("/latest/"))
                self._answer(404 if body is None else 200, body or b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = hall.listen("router", "169.254.169.254", 80)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def tell(self, address: str, *, user_data: str | bytes = b"", public_key: str = "", **more: str) -> None:
        """Say what the machine at ``address`` is told; ``more`` are keys of meta-data with _ for -."""
        body = user_data.encode() if isinstance(user_data, str) else user_data
        answers = {"user-data": body, "meta-data/local-ipv4": address.encode()}
        if public_key:
            answers["meta-data/public-keys/"] = b"0=operator"
            answers["meta-data/public-keys/0/openssh-key"] = public_key.encode()
        answers |= {f"meta-data/{key.replace('_', '-')}": value.encode() for key, value in more.items()}
        self.answers[address] = answers

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def serve_metadata(hall: Hall) -> Iterator[MetadataService]:
    service = MetadataService(hall)
    try:
        yield service
    finally:
        service.close()


def ignition(
    files: Mapping[str, str | bytes | tuple[str | bytes, int]] = {},
    units: Sequence[Mapping[str, Any]] = (),
    directories: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> str:
    """Render a configuration; a file is its text, or its text and mode."""
    entries = []
    for path, given in files.items():
        text, mode = given if isinstance(given, tuple) else (given, 0o644)
        raw = text.encode() if isinstance(text, str) else text
        source = f"data:;base64,{base64.b64encode(raw).decode()}"
        entries.append({"path": path, "mode": mode, "overwrite": True, "contents": {"source": source}})
    storage = {"files": entries, "directories": list(directories)}
    return json.dumps({"ignition": {"version": "3.3.0"}, "storage": storage, "systemd": {"units": list(units)}, **more})


def unit(name: str, contents: str) -> dict[str, Any]:
    """Return an enabled unit, wanted by the boot unless it says by whom."""
    if "[Install]" not in contents:
        contents += "\n[Install]\nWantedBy=multi-user.target\n"
    return {"name": name, "enabled": True, "contents": contents}


def boot(hall: Hall, name: str, address: str, *, kind: Any = "flatcar") -> Machine:
    """Boot a machine whose metadata are told already, and wait until it is up or has failed."""
    machine = hall.add_machine(MachineSpec(machine_id=name, hostname=name, address=address, kind=kind))
    await_boot(machine)
    return machine


def await_boot(machine: Machine) -> None:
    def look() -> bool | NotYet[bool]:
        return NotYet(machine.log_path.read_text()) if machine.state is MachineState.BOOTING else True

    wait_until(look, what=f"{machine.spec.machine_id} to boot", patience=BOOT)


def text_of(machine: Machine, *words: str) -> str:
    """Run a program in a machine and return what it wrote."""
    done = machine.run(list(words), timeout_s=20)
    return (done.stdout + done.stderr).decode()


def await_text(machine: Machine, wanted: str, *words: str) -> str:
    """Run a program until its output contains ``wanted``, and return that output."""

    def look() -> str | NotYet[str]:
        seen = text_of(machine, *words)
        return seen if wanted in seen else NotYet(seen)

    return wait_until(look, what=f"{wanted!r} from {' '.join(words)}", patience=SOON)
