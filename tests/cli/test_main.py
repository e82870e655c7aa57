"""The command line answers at once, teaches, and ends with the exit code that was promised."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fleetkit import core
from fleetkit.cli import VERBS, main
from fleetkit.cli._exit import ExitCode, exit_code_of, join_exit_codes
from fleetkit.cli._output import to_plain


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_its_command_and_teaches(verb: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = verb.name  # type: ignore[attr-defined]
    module = importlib.import_module(f"fleetkit.cli.{verb.module or name}")  # type: ignore[attr-defined]
    assert isinstance(module.command, click.Command)
    assert main([name, "--help"]) == ExitCode.DONE
    assert len(capsys.readouterr().out.splitlines()) > 5


def test_help_lists_every_verb_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert all(f"  {verb.name} " in text for verb in VERBS)
    assert "130 Ctrl-C" in " ".join(text.split()), "however the terminal's width breaks the lines"


def test_help_imports_no_workflow() -> None:
    program = (
        "import sys; from fleetkit.cli import main; main(['--help']);"
        "print([module for module in sys.modules if 'workflows' in module])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("argv", [["nonsense"], ["plan", "--nonsense"], ["completion", "tcsh"]])
def test_wrong_use_exits_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == ExitCode.WRONG_USE
    assert "Error" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_completion_scripts_ask_the_command_itself(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == ExitCode.DONE
    assert "_FLEETKIT_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (core.ClusterFileError("x"), ExitCode.WRONG_USE),
        (core.NotFoundError("x"), ExitCode.WRONG_USE),
        (core.ApprovalMissingError("x"), ExitCode.REFUSED),
        (core.QuorumAtRiskError("x"), ExitCode.REFUSED),
        (core.BusyError("x"), ExitCode.FAILED),
        (core.EtcdError("x"), ExitCode.FAILED),
        (core.WaitTimeoutError("x"), ExitCode.FAILED),
        (core.WorkflowError("x", step="apply"), ExitCode.FAILED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (OSError("disk full"), ExitCode.FAILED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_earns_its_exit_code(error: BaseException, code: ExitCode) -> None:
    assert exit_code_of(error) is code


@pytest.mark.parametrize(
    ("codes", "worst"), [([], 0), ([0, 3], 3), ([3, 2], 2), ([2, 4, 3], 4), ([4, 1, 3], 1), ([0, 130, 1], 130)]
)
def test_the_worst_of_several_codes_comes_first(codes: list[int], worst: int) -> None:
    assert join_exit_codes(codes) == worst


def test_ctrl_c_says_so_and_exits_130() -> None:
    program = (
        "import sys, fleetkit.cli as cli\n"
        "def stop(*a, **k): raise KeyboardInterrupt\n"
        "cli._fleetkit.main = stop\n"
        "sys.exit(cli.main(['plan']))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 130
    assert answer.stderr == "interrupted\n"


@pytest.mark.parametrize(("error", "code"), [(EOFError("cut"), ExitCode.FAILED), (KeyboardInterrupt(), 130)])
def test_a_stream_that_ends_is_no_person_who_interrupts(
    error: BaseException,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # There the trace of an error is kept that nobody expected.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(importlib.import_module("fleetkit.cli.init").command, "callback", fail)
    assert main(["init", "demo"]) == code
    told = capsys.readouterr().err
    assert ("EOFError: cut" in told, "interrupted" in told) == (code == ExitCode.FAILED, code == 130)


def test_results_become_json_whatever_they_are_made_of() -> None:
    quorum = core.judge_quorum(voters=3, healthy=2)
    plain = to_plain({"quorum": quorum, "seen": {"b", "a"}, "error": core.BusyError("held"), "at": core.utc_now()})
    text = json.dumps(plain)
    assert '"state": "degraded"' in text
    assert '"seen": ["a", "b"]' in text
    assert '"message": "held"' in text


WITHOUT_JSON = {
    "completion": "prints a script for a shell to read",
    "lab": "hands the terminal to JupyterLab",
    "machines ssh": "hands the terminal to ssh",
    "runs prune": "shows what will go, and asks",
    "runs report": "prints one path",
    "sandbox down": "ends what sandbox status tells of",
    "sandbox exec": "hands standard output to the program",
    "sandbox shell": "hands the terminal to a machine",
    "sandbox up": "says what to type next; sandbox status has the facts",
    "web etcd": "prints one address; the facts are for a browser",
    "web fleet": "prints one address; the facts are for a browser",
}
"""Commands whose output is not facts, and why not."""


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Walk to every command that does something, under the words that call it."""
    for verb in VERBS:
        yield from below(verb.name, importlib.import_module(f"fleetkit.cli.{verb.module or verb.name}").command)


def below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield words, command
        return
    for name, inner in command.commands.items():
        yield from below(f"{words} {name}", inner)


def test_every_command_that_prints_facts_prints_them_as_json_too():
    silent = {words for words, command in leaves() if not any("--json" in one.opts for one in command.params)}
    assert silent == set(WITHOUT_JSON)


def test_no_help_shows_the_mark_that_keeps_its_examples_apart():
    assert [words for words, command in leaves() if "\\b" in (command.help or "")] == []
