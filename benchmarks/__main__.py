"""Measure everything, write ``results.json``, and fail over a goal.

What is not measured this time stays in the file as it was, with its own date and machine.

python -m benchmarks [--only NAME ...] [--cluster RUNS] [--prowler [ENVIRONMENT]] [--output FILE]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.auditing import measure_auditing
from benchmarks.backups import measure_backups
from benchmarks.deploy_overhead import builtin_subject, measure_deploy_overhead
from benchmarks.gathering import measure_gathering
from benchmarks.health import measure_health
from benchmarks.journal import measure_journal
from benchmarks.judging import all_met
from benchmarks.machine import describe_machine
from benchmarks.prowler import NEW_ENVIRONMENT
from benchmarks.recorded_runs import measure_recorded_runs
from benchmarks.report import RESULTS_FILE, keep_results, render_table
from benchmarks.start import measure_help, measure_import
from benchmarks.sweeps import measure_sweeps
from benchmarks.units import measure_units
from benchmarks.whole_deploy import measure_whole_deploy
from fleetkit.core import format_utc, utc_now

__all__ = ["MEASUREMENTS", "main"]


def _measure_deploy() -> Iterator[dict[str, Any]]:
    with builtin_subject() as subject:
        yield measure_deploy_overhead(subject)


MEASUREMENTS: dict[str, Callable[[], Iterable[dict[str, Any]]]] = {
    "import": lambda: [measure_import()],
    "help": lambda: [measure_help()],
    "health": measure_health,
    "gathering": measure_gathering,
    "backups": measure_backups,
    "deploy": _measure_deploy,
    "journal": measure_journal,
    "runs": measure_recorded_runs,
    "sweeps": measure_sweeps,
    "units": measure_units,
    "audit": measure_auditing,
}
"""What is measured without being asked for, by the name that ``--only`` takes."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, tell, write, and return the exit code: 1 when a goal was missed."""
    chosen = _parse(argv)
    measurements = {name: MEASUREMENTS[name] for name in chosen.only or MEASUREMENTS}
    if chosen.cluster:
        measurements["cluster"] = lambda: measure_whole_deploy(runs=chosen.cluster)
    if chosen.prowler is not None:
        measurements["audit"] = lambda: measure_auditing(prowler=chosen.prowler)
    results: list[dict[str, Any]] = []
    for name, measure in measurements.items():
        sys.stderr.write(f"measuring {name}\n")
        origin = {"measured": format_utc(utc_now()), "machine": describe_machine()}
        # Kept at once: a later one that breaks off, or a Ctrl-C, takes nothing of it away.
        found = [{**one, **origin} for one in measure()]
        keep_results(found, chosen.output)
        results += found
    sys.stdout.write(render_table(results))
    missed = [one["name"] for one in results if not one["met"]]
    if missed:
        sys.stderr.write(f"over the goal: {', '.join(missed)}\n")
    return 0 if all_met(results) else 1


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="measure this alone; may be repeated")
    parser.add_argument("--cluster", type=int, metavar="RUNS", default=0, help="also deploy a whole cluster so often")
    parser.add_argument(
        "--prowler",
        type=Path,
        nargs="?",
        const=NEW_ENVIRONMENT,
        metavar="ENVIRONMENT",
        help="also run prowler beside the audit: that of a virtual environment, else of one that is made (2.5 GB)",
    )
    parser.add_argument("--output", type=Path, default=RESULTS_FILE, help="file to write (default: %(default)s)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
