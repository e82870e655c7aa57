"""Schedules as DAG files of an Airflow: one DAG each, whose one task runs the schedule as any other scheduler does.

Airflow's own operator for notebooks knows no engine but papermill's, and so would leave no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import SettingsError
from fleetkit.schedule._files import is_as_written, remove_written, require_free, sha256_of, write_whole
from fleetkit.schedule.cron_line import require_plain
from fleetkit.schedule.entry import Entry, Order
from fleetkit.schedule.scheduler import Placement

__all__ = ["DagFolder", "find_dags", "open_dags"]

_DAG = '''\
"""Written by fleetkit schedule add; fleetkit schedule remove {name} takes it away."""

from datetime import datetime, timedelta, timezone
from subprocess import Popen, TimeoutExpired

from airflow.sdk import DAG, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowFailException

COMMAND = {command!r}
FOLDER = {folder!r}

with DAG(
    {dag_id!r},
    description={description!r},
    schedule=CronTriggerTimetable({cron!r}, timezone={timezone!r}),
    # Long past: a run for a day before it would end well, with nothing run.
    start_date=datetime(2020, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["fleetkit"],
):

    # The run limits itself, and tries again by itself what may pass: its record alone says what that is.
    @task(retries=0, execution_timeout=timedelta(seconds={limit_s:.0f}))
    def run():
        with Popen(COMMAND, cwd=FOLDER) as process:
            try:
                code = process.wait()
            finally:
                # It lets the cell under way end well; past that it can only hang.
                process.terminate()
                try:
                    process.wait({stop_s:.0f})
                except TimeoutExpired:
                    process.kill()
        if code:
            raise AirflowFailException(f"fleetkit ended with exit code {{code}}; the record says why")

    run()
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class DagFolder:
    """The folder that an Airflow reads its DAGs from.

    Attributes
    ----------
    folder
        The folder; it must be there.
    """

    folder: Path

    def plan(self, order: Order) -> Placement:
        """Return the DAG file."""
        entry = order.entry
        require_plain(entry.line, of="Airflow")
        text = _DAG.format(
            name=entry.name,
            command=list(order.command),
            folder=str(order.folder),
            dag_id=f"fleetkit-{entry.name}",
            description=f"{entry.title}: {entry.line.words}",
            cron=entry.line.text,
            timezone=entry.line.timezone,
            limit_s=order.hard_limit_s,
            stop_s=order.stop_limit_s,
        )
        file = str(self._file(entry))
        return Placement(texts={file: text}, marks={file: sha256_of(text)})

    def install(self, order: Order, placement: Placement) -> Mapping[str, str]:
        """Write the DAG file."""
        file = self._file(order.entry)
        if not self.folder.is_dir():
            raise SettingsError(
                f"there is no folder {self.folder} for DAGs",
                hint="name Airflow's own: --dags FOLDER, or set AIRFLOW_HOME",
            )
        require_free(file, order.entry.wrote)
        write_whole(file, placement.texts[str(file)])
        return placement.marks

    def withdraw(self, entry: Entry) -> tuple[str, ...]:
        """Remove the DAG file; what Airflow knows of its past runs stays with it."""
        return tuple(file for file, mark in entry.wrote.items() if remove_written(Path(file), mark))

    def find_missing(self, entry: Entry) -> tuple[str, ...]:
        """Return the DAG file, where it is not there as it was written."""
        return tuple(file for file, mark in entry.wrote.items() if not is_as_written(Path(file), mark))

    def next_steps(self, order: Order) -> tuple[str, ...]:
        """Return how the DAG is let run: Airflow pauses new ones, unless it was told not to."""
        return (f"airflow dags unpause fleetkit-{order.entry.name}  # once Airflow has read it",)

    def _file(self, entry: Entry) -> Path:
        return self.folder / f"fleetkit_{entry.name.replace('-', '_')}.py"


def find_dags(environ: Mapping[str, str]) -> str:
    """Return the folder that Airflow reads DAGs from where nobody names one, as Airflow itself finds it."""
    home = Path(environ.get("AIRFLOW_HOME") or Path(environ.get("HOME") or Path.home()) / "airflow")
    return environ.get("AIRFLOW__CORE__DAGS_FOLDER") or str(home / "dags")


def open_dags(place: Mapping[str, str]) -> DagFolder:
    """Return the folder that an entry's place names."""
    if "dags" not in place:
        raise SettingsError("no folder of DAGs is named", hint="name Airflow's own: --dags FOLDER")
    return DagFolder(folder=Path(place["dags"]))
