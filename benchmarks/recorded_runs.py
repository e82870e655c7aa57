"""What a record costs: ``fleetkit run`` against plain papermill, and against nbclient that saves nothing.

Each side is a whole command, from its start to its end, because that is what a person or a scheduler waits for.
Much of it is the import of libraries, so that is measured too and told beside the result: a part of our gain over
papermill is not the engine but a grammar that is left out (docs/decisions/008-what-a-run-costs.md).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.judging import describe_times, judge, take_turns

__all__ = ["GOAL_NBCLIENT", "GOAL_PAPERMILL", "GOAL_SIDE_BY_SIDE", "measure_recorded_runs"]

GOAL_PAPERMILL = 0.5
"""At most half of the time of plain papermill."""

GOAL_NBCLIENT = 1.3
"""At most this many times as long as nbclient takes that saves nothing at all."""

GOAL_SIDE_BY_SIDE = 1.15
"""At most this many times as long as the same runs side by side with plain papermill."""

_STEPS = 100
_LAST_WORDS = 2000
_SIDE_BY_SIDE = 16

_NBCLIENT = (
    "import sys, nbclient, nbformat; nbclient.NotebookClient(nbformat.read(sys.argv[1], as_version=4)).execute()"
)
_IMPORTS = {
    "ours": "from fleetkit.cli import run; from fleetkit.runs._loading import rare_parts_on_demand as later\n"
    "with later(): import papermill\nfrom fleetkit.runs import _engine",
    "papermill": "import papermill.cli",
    "nbclient": "import nbclient, nbformat",
}


def measure_recorded_runs(*, runs: int = 10, rounds: int = 2) -> Iterator[dict[str, Any]]:
    """Measure all three goals.

    Parameters
    ----------
    runs
        Counted runs on each side of the first two; a kernel's stop is quick or slow by chance, so few say little.
    rounds
        Of the runs side by side.
    """
    with _workspace() as folder:
        notebook = folder / "steps.ipynb"
        ours, papermill, nbclient = take_turns(
            [lambda words=words: _finish([_start(words, folder)]) for words in _commands(notebook)], runs=runs
        )
        imports = {name: _import_times(code, runs=runs) for name, code in _IMPORTS.items()}
        yield {
            **judge(
                "run-over-papermill",
                f"`fleetkit run` of {_STEPS} steps over plain `papermill`, whole commands",
                GOAL_PAPERMILL,
                ours,
                papermill,
                unit="s",
            ),
            "parts": {"import_ours": imports["ours"], "import_theirs": imports["papermill"]},
        }
        yield {
            **judge(
                "run-over-nbclient",
                "the same over nbclient that saves nothing",
                GOAL_NBCLIENT,
                ours,
                nbclient,
                unit="s",
            ),
            "parts": {"import_ours": imports["ours"], "import_theirs": imports["nbclient"]},
        }
        together = [_together(index, folder) for index in (0, 1)]
        ours, papermill = take_turns(together, runs=rounds, warm_ups=0)
        title = f"{_SIDE_BY_SIDE} such runs side by side over the same with plain `papermill`"
        yield judge("runs-side-by-side-over-papermill", title, GOAL_SIDE_BY_SIDE, ours, papermill, unit="s")


@contextmanager
def _workspace() -> Iterator[Path]:
    """Yield a folder with a notebook of many short steps."""
    from nbformat.v4 import new_code_cell, new_notebook, writes

    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        folder = Path(name)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [new_code_cell(f"print('step', {number})\n{number} * 2") for number in range(_STEPS)]
        (folder / "steps.ipynb").write_text(writes(notebook), encoding="utf-8")
        yield folder


def _commands(notebook: Path, *, output: str = "out.ipynb") -> list[list[str]]:
    """Return our command, papermill's, and a program that uses nbclient."""
    programs = Path(sys.executable).parent
    return [
        [str(programs / "fleetkit"), "run", str(notebook), "--quiet"],
        [str(programs / "papermill"), str(notebook), str(notebook.with_name(output)), "--no-progress-bar"],
        [sys.executable, "-c", _NBCLIENT, str(notebook)],
    ]


def _together(side: int, folder: Path) -> Callable[[], None]:
    commands = [
        _commands(folder / "steps.ipynb", output=f"out-{number}.ipynb")[side] for number in range(_SIDE_BY_SIDE)
    ]
    return lambda: _finish([_start(words, folder) for words in commands])


def _start(words: Sequence[str], folder: Path) -> _Started:
    # A profile of its own, that no start-up file of who measures runs with it.
    environ = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
    said = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process that writes into it
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
    )
    return _Started(process=process, said=said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    process: subprocess.Popen[bytes]
    said: IO[bytes]


def _finish(started: Sequence[_Started]) -> None:
    """Wait for all of them; one that failed did something else than what is measured, and its words tell why."""
    codes = [one.process.wait() for one in started]
    failed = [one for one, code in zip(started, codes, strict=True) if code]
    words = []
    for one in failed:
        one.said.seek(0)
        last = one.said.read()[-_LAST_WORDS:].decode(errors="replace")
        words.append(f"{one.process.args!r} ended with {one.process.returncode}: {last}")
    for one in started:
        one.said.close()
    if words:
        raise RuntimeError("\n".join(words))


def _import_times(code: str, *, runs: int) -> dict[str, Any]:
    (times,) = take_turns([lambda: _finish([_start([sys.executable, "-c", code], Path.cwd())])], runs=runs)
    return describe_times(times, unit="s")
