"""Small notebooks for tests of runs and records."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CANARY = "canary-5f2c9e17ab"
BEGIN = (
    "from fleetkit import runs\n"
    'run = runs.begin_run(notebook="{name}.ipynb", cluster="demo", parameters={{"count": count}})\n'
    "run"
)
_PROBE = "from pathlib import Path\nPath('made').exists()"
_MAKE = "with open('made', 'a') as file: file.write('once ')\nprint('made it')"
PARAMETERS = 'cluster = ""  # which one\ncount = 3  # how many\nratio = 0.5  # of what\nflag = False  # whether'


def write_notebook(path: Path, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook; a cell that starts with ``#`` and a space is prose, any other is code."""
    notebook = new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    notebook.cells = [new_markdown_cell("# A notebook for a test")]
    if parameters:
        notebook.cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    for cell in cells:
        notebook.cells.append(new_markdown_cell(cell) if cell.startswith("#") else new_code_cell(cell))
    nbformat.write(notebook, path)
    return path


def write_recorded_notebook(path: Path, *cells: str, finish: str = "run.finish()") -> Path:
    """Write a notebook that begins and finishes its own run, as those of the package do."""
    begin = BEGIN.format(name=path.stem)
    return write_notebook(path, "## Set up", begin, *cells, "## Outcome", finish)


def write_notebook_with_a_probe(path: Path, *cells: str) -> Path:
    """Write a notebook whose step ``Make`` must be done once, with a probe that says whether it is done."""
    write_recorded_notebook(path, "## Make", _PROBE, _MAKE, *cells)
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.source == _PROBE).metadata["tags"] = ["probe"]
    nbformat.write(notebook, path)
    return path


def records_under(folder: Path) -> list[Path]:
    """Return the folders of the records of the cluster ``demo``, the oldest first."""
    return sorted((folder / "runs" / "demo").iterdir())


def everything_in(record: Path) -> str:
    """Return the text of all files of a record."""
    return "\n".join(path.read_text(encoding="utf-8") for path in record.iterdir())


def start_run(notebook: Path, *, folder: Path, code: str = "") -> subprocess.Popen[str]:
    """Run a notebook in a process of its own, which prints its events and ends with the run's exit code."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom fleetkit.runs import *\n"
        "def tell(event): print(event.kind.value, event.text, flush=True)\n"
        f"stored = execute_notebook(find_notebook({str(notebook)!r}), cluster='demo', folder=Path({str(folder)!r}),"
        f" on_event=tell{code})\nsys.exit(stored.record.exit)\n"
    )
    return start_python(["-c", program], folder=folder)


def start_python(arguments: Sequence[str], *, folder: Path) -> subprocess.Popen[str]:
    """Start this interpreter in a session of its own, with its output to be read."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "IPYTHONDIR": str(folder / ".ipython")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_line(process: subprocess.Popen[str], wanted: str) -> None:
    """Read what a process prints until a line holds ``wanted``."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if wanted in line:
            return
    raise AssertionError(f"{wanted!r} was never printed, but: {''.join(seen)}")
