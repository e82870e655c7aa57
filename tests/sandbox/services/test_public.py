"""The ssh_config leads public addresses to their ports, and keeps their keys apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fleetkit.sandbox.services.balancers import fixed_answer
from fleetkit.sandbox.services.public import PublicPort, render_ssh_config
from fleetkit.sandbox.world import Listener


def test_ssh_reads_the_configuration_as_it_is_meant(tmp_path: Path) -> None:
    config = tmp_path / "config"
    ports = [PublicPort(host="203.0.113.30", port=22, local_port=4022)]
    config.write_text(render_ssh_config(ports, key_file=tmp_path / "key with space"))
    shown = subprocess.run(
        ["/usr/bin/ssh", "-G", "-F", str(config), "203.0.113.30"], capture_output=True, text=True, check=True
    )
    facts = dict(line.split(" ", 1) for line in shown.stdout.splitlines() if " " in line)
    assert (facts["hostname"], facts["port"], facts["hostkeyalias"]) == ("127.0.0.1", "4022", "203.0.113.30")
    assert facts["identityfile"] == str(tmp_path / "key with space")


def test_an_application_balancer_answers_by_itself_where_it_is_told_to() -> None:
    redirect = Listener(port=80, protocol="HTTP", action="redirect", details=(("StatusCode", "HTTP_301"),))
    assert fixed_answer(redirect).startswith(b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://")
    fixed = Listener(
        port=80, protocol="HTTP", action="fixed-response", details=(("StatusCode", "404"), ("MessageBody", "no"))
    )
    assert fixed_answer(fixed).endswith(b"\r\n\r\nno")
    assert fixed_answer(Listener(port=80, protocol="HTTP", action="forward")).startswith(b"HTTP/1.1 503")
    assert fixed_answer(Listener(port=80, protocol="TCP", action="forward")) == b""
