"""What is done on a master for a restore: the new data made beside the old, then put in their place, none removed.

The restored data come from etcdutl of the member's own image. Each step may be done again after it was cut off; what
was cut off goes on by itself on the machine, and the next one waits for its end.
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
_LOCK = "/run/fleetkit-restore.lock"
_PREPARE_S = 1800
_STEP_S = 180
_ALONE_S = 120
"""How long a step waits for the end of another that was cut off."""

REVISION_BUMP = 1_000_000_000
"""By how much revisions go on higher where etcdutl knows how."""

_ALONE = f"""
set -eu
exec 9> {_LOCK}
flock -w {_ALONE_S} 9 || {{ echo 'a step of a restore that was cut off still goes on there' >&2; exit 75; }}
folder=$1
# The new data are known by their directory's inode, which stays the same where they are moved to.
is_switched() {{ [ -s "$folder/ready" ] && [ "$(stat -c %i {_DATA} 2> /dev/null)" = "$(cat "$folder/ready")" ]; }}
"""
"""Begins each step: one at a time on a machine, whoever is still connected to it."""

_IS_MADE = f"""{_ALONE}
if [ -s "$folder/ready" ] && {{ [ -e "$folder/data" ] || is_switched; }}; then echo made; fi
"""

_RECEIVE = f"""{_ALONE}
umask 077
rm -rf "$folder"
mkdir "$folder"
cat > "$folder/snapshot.db"
"""

_PREPARE = f"""{_ALONE}
. /etc/fleetkit/images.env
shift
# One whose caller was cut off goes on without it.
docker rm -f fleetkit-restore > /dev/null 2>&1 || true
etcdutl() {{
  docker run --rm --name fleetkit-restore --network host --user 232:232 -v "$folder:$folder:rw" \\
    "$ETCD_IMAGE" /usr/local/bin/etcdutl "$@"
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
stat -c %i "$folder/data" > "$folder/ready.new"
mv "$folder/ready.new" "$folder/ready"
"""

_SWITCH = f"""{_ALONE}
aside=$2
if ! is_switched && ! [ -e "$folder/data" ]; then
  echo "the new data are neither in $folder nor in {_DATA}: somebody took them away" >&2
  exit 1
fi
systemctl stop {_UNIT}
docker rm -f etcd > /dev/null 2>&1 || true
if ! is_switched; then
  if [ -e {_DATA} ]; then
    [ ! -e "$aside" ] || aside=$aside.$(date +%s)
    mv {_DATA} "$aside"
  fi
  mv "$folder/data" {_DATA}
fi
systemctl restart fleetkit-fetch.service
"""

_CLEAN_UP = f"""{_ALONE}
rm -rf {_DATA}-restore-*
for one in {_DATA}-before-*; do
  case "$one" in "$2"*) ;; *) [ ! -e "$one" ] || echo "$one" ;; esac
done
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
    if run_command(connection, ["sudo", "bash", "-c", _IS_MADE, "look", work], limit_s=_STEP_S).stdout.strip():
        return
    with snapshot.open("rb") as stream:
        run_command(connection, ["sudo", "bash", "-c", _RECEIVE, "receive", work], stdin=stream, limit_s=_PREPARE_S)
    run_command(connection, ["sudo", "bash", "-c", _PREPARE, "prepare", work, *options], limit_s=_PREPARE_S)


def switch_data(connection: Connection, folders: MemberFolders) -> None:
    """Stop etcd, put its data aside and the new ones in their place, and fetch the settings that go with them.

    Raises
    ------
    SshError
        When the machine cannot be reached; when the new data are neither beside the old nor in their place.
    """
    run_command(connection, ["sudo", "bash", "-c", _SWITCH, "switch", folders.work, folders.aside], limit_s=_STEP_S)


def start_etcd(connection: Connection) -> None:
    """Start etcd, without a wait for its quorum."""
    run_command(connection, ["sudo", "systemctl", "start", _UNIT], limit_s=_STEP_S)


def clean_up(connection: Connection, folders: MemberFolders) -> tuple[str, ...]:
    """Remove the folders in which new data were made, of restores that were given up too; what was put aside stays.

    Returns
    -------
    tuple of str
        The folders of what earlier restores put aside.
    """
    words = ["sudo", "bash", "-c", _CLEAN_UP, "clean", folders.work, folders.aside]
    return tuple(run_command(connection, words, limit_s=_STEP_S).stdout.split())


def signal_fleet(connection: Connection, signal: str) -> None:
    """Send fleetd a signal; the units that it started are no part of its own."""
    run_command(connection, ["sudo", "systemctl", "kill", "-s", signal, "fleet.service"], limit_s=_STEP_S)
