"""What a shell does in a machine to give it a fault, or to take one away."""

from __future__ import annotations

__all__ = ["COMMANDS", "DELAY_MS", "SPEED_UP"]

_FILL = """
set -eu
sed -i 's/^ETCD_QUOTA_BACKEND_BYTES=.*/ETCD_QUOTA_BACKEND_BYTES=16777216/' /etc/etcd/etcd.env
systemctl restart etcd-member.service
fat=$(mktemp)
trap 'rm -f "$fat"' EXIT
{
  printf '{"key":"%s","value":"' "$(printf fault-fill | base64)"
  head -c 900000 /dev/zero | base64 -w 0
  printf '"}'
} > "$fat"
pki=/etc/fleet/pki
for _ in $(seq 600); do
  said=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 --data "@$fat" \
    --cacert $pki/ca.crt --cert $pki/client.crt --key $pki/client.key https://127.0.0.1:2379/v3/kv/put) || said=none
  [ "$said" != 429 ] || exit 0
  [ "$said" = 200 ] || sleep 0.2
done
echo "its quota was not met: the last write was answered with $said" >&2
exit 1
"""
"""One key is overwritten with much: its history is what fills the quota, and what a compaction frees."""

DELAY_MS = 60
"""How long a sync of a slow disk waits where nothing else is said: six times what etcd's guidance bears."""

_SLOW = """
set -u
pid=$(pgrep -o -x etcd) || { echo "no etcd runs" >&2; exit 1; }
command -v strace > /dev/null || { echo "strace is not installed here: apt-get install strace" >&2; exit 1; }
said=$(mktemp)
trap 'rm -f "$said"' EXIT
setsid strace -f -qq -e trace=fdatasync,fsync -e inject=fdatasync,fsync:delay_enter="$1" \\
  -o /dev/null -p "$pid" < /dev/null > "$said" 2>&1 &
for _ in $(seq 100); do
  grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$pid/status" && exit 0
  kill -0 $! 2> /dev/null || break
  sleep 0.1
done
cat "$said" >&2
exit 1
"""
"""strace holds up each sync of a machine's etcd, by microseconds, until either ends."""

SPEED_UP = """
tracer=$(sed -n 's/^TracerPid:[[:space:]]*//p' "/proc/$(pgrep -o -x etcd)/status" 2> /dev/null) || exit 0
case "$tracer" in ''|0) ;; *) kill "$tracer" ;; esac
"""

_CERTIFY = """
set -eu
put() {
  printf %s "$3" | base64 -d > "/etc/etcd/pki/$1.new"
  chown etcd:etcd "/etc/etcd/pki/$1.new"
  chmod "$2" "/etc/etcd/pki/$1.new"
  mv "/etc/etcd/pki/$1.new" "/etc/etcd/pki/$1"
}
while [ $# -gt 0 ]; do
  put "$1.crt" 0644 "$2"
  put "$1.key" 0400 "$3"
  shift 3
done
systemctl restart etcd-member.service
"""
"""etcd is started anew, for connections that are open outlive their certificates."""

COMMANDS = {
    "expire": _CERTIFY,
    "swap": _CERTIFY,
    "slow": _SLOW,
    "kill": "docker kill etcd",
    "wipe": "docker kill etcd; rm -rf /var/lib/etcd/member",
    "fill": _FILL,
}
"""By the kind of fault; other containers and files stay as they are.

``slow`` is told by how many microseconds; ``expire`` and ``swap`` are told name, certificate and key of each pair, the
latter two in base64.
"""
