#!/bin/bash
# fleetkit-deploy: start the units that the cluster begins with, say so in the bucket, end this host.
# It ends the host after half an hour in any case; without the mark in the bucket Terraform makes another one.
set -uo pipefail

start_units() {
  curl --silent --show-error --fail --max-time 10 --output /dev/null \
    --unix-socket /run/fleet.sock http://fleet/fleet/v1/machines || return 1
  shopt -s nullglob
  local units=(/etc/fleetkit/units/*)
  ((${#units[@]} == 0)) || /opt/bin/fleetctl --endpoint unix:///run/fleet.sock start "${units[@]}"
}

deadline=$((SECONDS + 1800))
until start_units && /opt/bin/fleetkit-fetch mark roles/deploy/done; do
  if ((SECONDS > deadline)); then
    echo "fleetkit-deploy: the units did not start within half an hour; this host ends unfinished" >&2
    break
  fi
  sleep 10
done
systemctl poweroff
