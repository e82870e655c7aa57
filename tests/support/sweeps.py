"""What is swept in tests: cluster files, a notebook that does what a file beside it says, and sweeps as values."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from support.cluster_files import write_cluster

from fleetkit.runs.sweeps import SweepRecord, SweepState, SweptCluster

STARTED = dt.datetime(2026, 3, 1, 4, 5, 6, tzinfo=dt.UTC)
FACTS = "- *Reads*: a file\n- *Changes*: {changes}\n- *Needs*: nothing else\n- *Takes about*: 1 second"
_BEGIN = (
    "from pathlib import Path\nfrom types import SimpleNamespace\nfrom fleetkit import runs\n"
    'run = runs.begin_run(notebook="look", cluster=cluster, parameters={"cluster": cluster, "depth": depth})\n'
    "result = None"
)
_WORK = "exec(Path(f'{Path(cluster).stem}.py').read_text())"


def write_look(
    folder: Path, *, changes: str = "nothing", parameters: str = 'cluster = ""\ndepth = 1', work: str = _WORK
) -> Path:
    """Write the notebook ``look``, which does for each cluster what the file ``<cluster>.py`` says."""
    notebook = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}})
    notebook.cells = [
        new_markdown_cell(f"# Look\n\nDo what a file says.\n\n{FACTS.format(changes=changes)}"),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new_code_cell(_BEGIN),
        new_markdown_cell("## Work\n\nAs the file says."),
        new_code_cell(work),
        new_markdown_cell("## Outcome\n\nIts own."),
        new_code_cell("run.finish(result)"),
    ]
    path = folder / "look.ipynb"
    nbformat.write(notebook, path)
    return path


def finding(summary: str, outcome: str = "findings") -> str:
    """Return what a cluster's file says to end so."""
    return f"result = SimpleNamespace(outcome={outcome!r}, summary={summary!r})"


def write_clusters(folder: Path, **scripts: str) -> None:
    """Write a cluster file for each name, and what the notebook does for it."""
    for name, script in scripts.items():
        write_cluster(folder, name)
        (folder / f"{name}.py").write_text(script)


def break_cluster(folder: Path, name: str) -> Path:
    """Write a cluster file that is not legal."""
    file = write_cluster(folder, name)
    file.write_text(file.read_text().replace("\nregion", "\nregoin", 1))
    return file


def swept(cluster: str, state: SweepState = SweepState.DONE, **more: Any) -> SweptCluster:
    """Return one cluster of a sweep."""
    known = SweptCluster(cluster=cluster, file=f"clusters/{cluster}.toml", region="us-west-2", state=state)
    return replace(known, **more)


def make_sweep(*clusters: SweptCluster, **more: Any) -> SweepRecord:
    """Return a sweep that has ended."""
    record = SweepRecord(
        id="20260301T040506Z-look",
        notebook="look",
        notebook_sha256="5f" * 32,
        parameters={"depth": 2},
        at_once=2,
        rate_per_s=5.0,
        timeout_s=60.0,
        user="ann",
        started=STARTED,
        ended=STARTED + dt.timedelta(seconds=90),
        clusters=clusters,
    )
    return replace(record, **more)
