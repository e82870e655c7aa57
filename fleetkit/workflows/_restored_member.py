"""What is done on a master for a restore: the new data made beside the old, then put in their place, none removed.

The restored data come from etcdutl of the member's own image. Each step may be done again after it was cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit.ssh import Connection, run_command

__all__ = [
    "REVISION_BUMP",
    "MemberFolders",
    "clean_up",
    "measure_data",
    "prepare_data",
    "signal_fleet",
    "start_etcd",
    "switch_data",
]

_UNIT = "etcd-member.service"
_DATA = "/var/lib/etcd"
_PREPARE_S = 1800
_STEP_S = 180

REVISION_BUMP = 1_000_000_000
"""By how much revisions go on higher where etcdutl knows how."""

_PREPARE = f"""
set -eu
. /etc/fleetkit/images.env
folder=$1
shift
etcdutl() {{
  docker run --rm --network host --user 232:232 -v "$folder:$folder:rw" "$ETCD_IMAGE" /usr/local/bin/etcdutl "$@"
}}
chown -R etcd:etcd "$folder"
chmod 0700 "$folder"
# Where etcdutl can, watchers and compaction are told that no revision of before comes again.
case "$(etcdutl snapshot restore --help 2>&1)" in
  *--bump-revision*) set -- "$@" --bump-revision={REVISION_BUMP} --mark-compacted ;;
esac
etcdutl snapshot restore "$folder/snapshot.db" "--data-dir=$folder/data" "$@"
chown -R etcd:etcd "$folder/data"
chmod 0700 "$folder/data"
rm "$folder/snapshot.db"
touch "$folder/ready"
"""

_SWITCH = f"""
set -eu
folder=$1 aside=$2
systemctl stop {_UNIT}
docker rm -f etcd > /dev/null 2>&1 || true
if [ -e "$folder/data" ]; then
  if [ -e {_DATA} ]; then
    [ ! -e "$aside" ] || aside=$aside.$(date +%s)
    mv {_DATA} "$aside"
  fi
  mv "$folder/data" {_DATA}
fi
systemctl restart fleetkit-fetch.service
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFolders:
    """The folders of one restore on a master.

    Attributes
    ----------
    stamp
        When the restore was begun, as it stands in names.
    """

    stamp: str

    @property
    def work(self) -> str:
        """Where the new data are made."""
        return f"{_DATA}-restore-{self.stamp}"

    @property
    def aside(self) -> str:
        """Where the old data lie afterwards."""
        return f"{_DATA}-before-{self.stamp}"


def measure_data(connection: Connection) -> int:
    """Return what the data directory takes, in KiB; 0 where there is none."""
    told = run_command(connection, ["sudo", "sh", "-c", f"[ ! -e {_DATA} ] || du -sk {_DATA}"])
    return int((told.stdout.split() or ["0"])[0])


def prepare_data(connection: Connection, folders: MemberFolders, snapshot: Path, *, options: Sequence[str]) -> None:
    """Make the new data beside the old; nothing that etcd uses is touched.

    Parameters
    ----------
    options
        What etcdutl is told beside the snapshot and the folder.

    Raises
    ------
    SshError
        When the machine cannot be reached, has no room, or etcdutl refuses the snapshot.
    """
    work = folders.work
    if run_command(connection, ["sudo", "test", "-e", f"{work}/ready"], check=False).exit_status == 0:
        return
    receive = 'set -eu; umask 077; rm -rf "$1"; mkdir "$1"; cat > "$1/snapshot.db"'
    with snapshot.open("rb") as stream:
        run_command(connection, ["sudo", "sh", "-c", receive, "receive", work], stdin=stream, limit_s=_PREPARE_S)
    run_command(connection, ["sudo", "bash", "-c", _PREPARE, "prepare", work, *options], limit_s=_PREPARE_S)


def switch_data(connection: Connection, folders: MemberFolders) -> None:
    """Stop etcd, put its data aside and the new ones in their place, and fetch the settings that go with them."""
    run_command(connection, ["sudo", "bash", "-c", _SWITCH, "switch", folders.work, folders.aside], limit_s=_STEP_S)


def start_etcd(connection: Connection) -> None:
    """Start etcd, without a wait for its quorum."""
    run_command(connection, ["sudo", "systemctl", "start", _UNIT], limit_s=_STEP_S)


def clean_up(connection: Connection, folders: MemberFolders) -> None:
    """Remove the folder in which the new data were made; what was put aside stays."""
    run_command(connection, ["sudo", "rm", "-rf", folders.work], limit_s=_STEP_S)


def signal_fleet(connection: Connection, signal: str) -> None:
    """Send fleetd a signal; the units that it started are no part of its own."""
    run_command(connection, ["sudo", "systemctl", "kill", "-s", signal, "fleet.service"], limit_s=_STEP_S)
