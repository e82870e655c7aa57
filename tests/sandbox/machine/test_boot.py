"""A machine boots from its user data and from nothing else, and fails where a real one would."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.hall_boot import SOON, MetadataService, await_text, boot, ignition, text_of, unit

from fleetkit.core import NotYet, PreconditionError, wait_until
from fleetkit.sandbox.hall import BOOT_ID, Hall, Machine, MachineState
from fleetkit.sandbox.machine.accounts import read_owner

pytestmark = pytest.mark.sandbox

ADDRESS = "10.77.1.10"
ONESHOT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart="


def boot_with(hall: Hall, metadata: MetadataService, user_data: str, *, kind: str = "flatcar") -> Machine:
    metadata.tell(ADDRESS, user_data=user_data)
    return boot(hall, "m", ADDRESS, kind=kind)


def test_ignition_writes_files_directories_links_and_units(hall: Hall, metadata: MetadataService) -> None:
    config = json.loads(
        ignition(
            {"/etc/app/hello": ("hello\n", 0o640)},
            [unit("a.service", ONESHOT + "/usr/bin/cp /etc/app/hello /var/lib/copied\n")],
            [{"path": "/var/lib/app", "mode": 0o711, "user": {"id": 232}, "group": {"name": "etcd"}}],
        )
    )
    config["storage"]["links"] = [{"path": "/etc/app/link", "target": "hello"}]
    machine = boot_with(hall, metadata, json.dumps(config))
    assert machine.state is MachineState.RUNNING
    assert text_of(machine, "cat", "/var/lib/copied", "/etc/app/link") == "hello\nhello\n"
    seen = text_of(machine, "stat", "-c", "%a", "/etc/app/hello", "/var/lib/app")
    assert seen.split() == ["640", "711"]
    assert text_of(machine, "hostname").strip() == "m"


@pytest.mark.parametrize(
    ("user_data", "said"),
    [
        ("{", "not valid JSON"),
        ("#cloud-config\n", "not valid JSON"),
        (json.dumps({"ignition": {"version": "2.3.0"}}), "unsupported config version '2.3.0'"),
        (json.dumps({"ignition": {"version": "3.3.0"}, "storagee": {}}), "$.storagee: no such key"),
        (ignition({"relative": "x"}), "path not absolute"),
        (ignition({"/usr/bin/new": "x"}), "/usr is read-only"),
        (ignition({"/elsewhere/x": "x"}), "Read-only file system"),
        (ignition(units=[{"name": "x.servise", "enabled": True}]), "invalid systemd unit extension"),
        (ignition(directories=[{"path": "/var/a", "user": {"name": "nobody-knows"}}]), "unknown user"),
    ],
)
def test_user_data_that_ignition_refuses_fails_the_boot(
    hall: Hall, metadata: MetadataService, user_data: str, said: str
) -> None:
    machine = boot_with(hall, metadata, user_data)
    assert machine.state is MachineState.FAILED
    assert machine.failure is not None
    assert said in machine.failure


def test_a_second_boot_keeps_the_disk_and_asks_for_no_user_data(hall: Hall, metadata: MetadataService) -> None:
    machine = boot_with(
        hall, metadata, ignition(units=[unit("a.service", ONESHOT + "/bin/sh -c 'echo on >> /var/x'\n")])
    )
    identity = text_of(machine, "cat", "/etc/machine-id")
    text_of(machine, "touch", "/run/gone", "/var/lib/kept")
    hall.stop_machine("m")
    assert machine.state is MachineState.STOPPED
    with pytest.raises(PreconditionError, match="stopped"):
        machine.exec(["true"])
    metadata.tell(ADDRESS, user_data="{ not read again")
    hall.start_machine("m")
    await_text(machine, "on\non\n", "cat", "/var/x")
    assert text_of(machine, "cat", "/etc/machine-id") == identity
    assert text_of(machine, "sh", "-c", "ls /run/gone /var/lib/kept 2>/dev/null").split() == ["/var/lib/kept"]


CASES = tomllib.loads(Path(__file__).with_name("unit_cases.toml").read_text(encoding="utf-8"))["case"]
READY = """#!{python}
import os, socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
"""


def read_unit(given: dict[str, Any]) -> dict[str, Any]:
    """Turn a case's unit into one of a configuration."""
    text = given.get("text", "")
    if "oneshot" in given:
        text += "" if "[Service]" in text else "\n[Service]"
        text += f"\nType=oneshot\nRemainAfterExit=yes\nExecStart={given['oneshot']}"
    if given.get("mask"):
        return {"name": given["name"], "mask": True}
    if given.get("plain"):
        return {"name": given["name"], "enabled": given.get("enabled"), "contents": text + "\n"}
    dropins = [{"name": "10-test.conf", "contents": given["dropin"]}] if "dropin" in given else []
    return unit(given["name"], text + "\n") | {"dropins": dropins}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_units_end_as_under_systemd(hall: Hall, metadata: MetadataService, case: dict[str, Any]) -> None:
    files = {"/opt/bin/ready": (READY.format(python=sys.executable), 0o755)}
    machine = boot_with(hall, metadata, ignition(files, [read_unit(one) for one in case["units"]]))
    assert machine.state is MachineState.RUNNING
    if case["state"]:
        assert text_of(machine, "systemctl", "is-active", "a").strip() == case["state"]
    assert case["said"] in machine.log_path.read_text()


def test_variables_are_expanded_as_systemd_does(hall: Hall, metadata: MetadataService) -> None:
    show = (
        '[Service]\nType=oneshot\nEnvironment=ONE=1 "TWO=a b"\nEnvironmentFile=/etc/x.env\n'
        "ExecStart=/usr/bin/printf '[%%s]\\n' ${ONE}x $TWO ${TWO} ${THREE},${NONE}. %N $$HOME\n"
    )
    machine = boot_with(
        hall, metadata, ignition({"/etc/x.env": "# no\nTHREE='q \"r'\nFOUR=4\n"}, [unit("a.service", show)])
    )
    log = text_of(machine, "journalctl", "-u", "a")
    assert [line for line in log.splitlines() if line.startswith("[")] == [
        "[1x]", "[a]", "[b]", "[a b]", '[q "r,.]', "[a]", "[$HOME]",
    ]  # fmt: skip
    assert "unset environment variable evaluates to an empty string: NONE" in log


def test_a_restart_takes_its_time_and_comes(hall: Hall, metadata: MetadataService) -> None:
    flaky = "[Service]\nType=oneshot\nRemainAfterExit=yes\nRestart=on-failure\nRestartSec=0.2\nExecStart="
    script = "/bin/sh -c 'test -e /run/seen || { touch /run/seen; exit 1; }'\n"
    late = "[Unit]\nWants=a.service\nAfter=a.service\n" + ONESHOT + "/bin/true\n"
    machine = boot_with(hall, metadata, ignition(units=[unit("a.service", flaky + script), unit("b.service", late)]))
    await_text(machine, "active", "systemctl", "show", "-p", "ActiveState", "--value", "a")
    assert "Scheduled restart job in 0.2 s" in machine.log_path.read_text()


def test_a_socket_starts_its_service_and_hands_itself_over(hall: Hall, metadata: MetadataService) -> None:
    server = (
        "import os, socket\n"
        "assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDS'] == '1'\n"
        "listener = socket.socket(fileno=3)\n"
        "while True:\n"
        "    connection, _ = listener.accept()\n"
        "    connection.sendall(b'served by fd 3'); connection.close()\n"
    )
    units = [
        unit(
            "app.socket",
            "[Socket]\nListenStream=/run/app.sock\nSocketMode=0660\nSocketGroup=core\n"
            "[Install]\nWantedBy=sockets.target\n",
        ),
        {
            "name": "app.service",
            "contents": f"[Service]\nExecStart=/usr/bin/env -- {sys.executable} /opt/bin/server.py\n",
        },
    ]
    machine = boot_with(hall, metadata, ignition({"/opt/bin/server.py": server}, units))
    assert text_of(machine, "systemctl", "is-active", "app.service").strip() == "inactive"
    assert text_of(machine, "stat", "-c", "%a %F", "/run/app.sock").strip() == "660 socket"
    ask = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/app.sock'); print(s.recv(99).decode())"
    assert "served by fd 3" in text_of(machine, sys.executable, "-c", ask)
    assert text_of(machine, "systemctl", "is-active", "app.service").strip() == "active"
    text_of(machine, "systemctl", "stop", "app.service")
    assert "served by fd 3" in text_of(machine, sys.executable, "-c", ask)


def test_facts_come_from_the_metadata_service(hall: Hall, metadata: MetadataService) -> None:
    shown = unit(
        "a.service",
        "[Unit]\nRequires=coreos-metadata.service\nAfter=coreos-metadata.service\n[Service]\nType=oneshot\n"
        "EnvironmentFile=/run/metadata/flatcar\n"
        "ExecStart=/usr/bin/echo ip=${COREOS_EC2_IPV4_LOCAL} id=${COREOS_EC2_INSTANCE_ID}\n",
    )
    metadata.tell(ADDRESS, user_data=ignition(units=[shown]), instance_id="i-0abc", instance_type="t3.small")
    machine = boot(hall, "m", ADDRESS)
    assert "ip=10.77.1.10 id=i-0abc" in text_of(machine, "journalctl", "-u", "a.service")


def test_a_machine_can_power_itself_off(hall: Hall, metadata: MetadataService) -> None:
    machine = boot_with(hall, metadata, ignition())
    machine.exec(["systemctl", "poweroff"]).close()
    wait_until(
        lambda: True if machine.state is MachineState.STOPPED else NotYet(machine.state), what="the end", patience=SOON
    )
    hall.start_machine("m")
    await_text(machine, "multi-user.target", "systemctl", "list-units")


def test_a_reboot_keeps_the_disk_and_nothing_else(hall: Hall, metadata: MetadataService) -> None:
    machine = boot_with(
        hall, metadata, ignition(units=[unit("a.service", ONESHOT + "/bin/sh -c 'echo on >> /var/x'\n")])
    )
    sleeper = machine.exec(["sleep", "60"])
    text_of(machine, "sh", "-c", "touch /run/gone /tmp/gone")
    machine.exec(["systemctl", "reboot"]).close()
    await_text(machine, "on\non\n", "cat", "/var/x")
    await_text(machine, "multi-user.target", "systemctl", "list-units")
    assert machine.state is MachineState.RUNNING
    assert sleeper.wait(timeout_s=1) == -9
    sleeper.close()
    assert text_of(machine, "sh", "-c", "ls /run/gone /tmp/gone 2>/dev/null") == ""
    assert "10.77.1.10" in text_of(machine, "getent", "hosts", "m")


def test_a_reboot_from_outside_begins_a_boot_with_an_id_of_its_own(hall: Hall, metadata: MetadataService) -> None:
    machine = boot_with(hall, metadata, ignition())
    own = boot_id_of(machine)
    assert own != Path(BOOT_ID).read_text().strip()
    text_of(machine, "sh", "-c", "touch /run/gone; echo kept > /etc/kept")
    hall.reboot_machine("m")
    wait_until(lambda: NotYet("the same") if boot_id_of(machine) == own else True, what="a new boot", patience=SOON)
    assert text_of(machine, "sh", "-c", "cat /etc/kept; ls /run/gone 2>/dev/null") == "kept\n"
    hall.stop_machine("m")
    with pytest.raises(PreconditionError, match="stopped"):
        hall.reboot_machine("m")


def boot_id_of(machine: Machine) -> str:
    return text_of(machine, "cat", BOOT_ID).strip()


def test_a_bastion_runs_its_script_as_cloud_init_does(hall: Hall, metadata: MetadataService) -> None:
    script = "#!/bin/bash\nset -eu\nid -u\nmkdir -p /etc/made\nsystemctl restart ssh\necho script has ended\n"
    machine = boot_with(hall, metadata, script, kind="ubuntu")
    assert machine.state is MachineState.RUNNING
    assert text_of(machine, "cat", "/var/log/cloud-init-output.log") == "0\nscript has ended\n"
    assert text_of(machine, "systemctl", "is-active", "ssh", "cloud-final").split() == ["active", "active"]


def test_what_cloud_init_cannot_run_is_named_and_passed_over(hall: Hall, metadata: MetadataService) -> None:
    machine = boot_with(hall, metadata, "#cloud-config\npackages: [x]\n", kind="ubuntu")
    assert machine.state is MachineState.RUNNING
    assert "passed over: '#cloud-config'" in machine.log_path.read_text()


def test_owners_are_checked_and_kept_through_a_move(hall: Hall, metadata: MetadataService) -> None:
    machine = boot_with(hall, metadata, ignition())
    assert "invalid user" in text_of(machine, "chown", "nobody-knows:etcd", "/etc/hostname")
    script = "cd /var/lib; touch new; chmod 400 new; chown etcd:etcd new; mv -f new key; stat -c %a key"
    assert text_of(machine, "sh", "-c", script).strip() == "400"
    key = machine.folder / "root/var/lib/key"
    assert read_owner(key) == (232, 232)
    text_of(machine, "install", "-m", "0600", "-o", "core", "-g", "core", "/etc/hostname", "/var/lib/copy")
    assert read_owner(machine.folder / "root/var/lib/copy") == (500, 500)
