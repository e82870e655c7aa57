#!/bin/bash
# fleetkit-deploy: send the units that the cluster begins with to fleet, say so in the bucket, end this host.
# It ends the host after half an hour in any case; without the mark in the bucket Terraform makes another one.
set -uo pipefail

fleet() {
  curl --silent --show-error --fail --max-time 30 --output /dev/null --unix-socket /run/fleet.sock "$@"
}

# /etc/fleetkit/units has a line for each unit, in their order: the path of the request, a space, its body.
# Sent once more, a unit that fleet has already stays as it is.
send_units() {
  local path body
  fleet http://fleet/fleet/v1/machines || return 1
  [[ -e /etc/fleetkit/units ]] || return 0
  while read -r path body || [[ -n "${path:-}" ]]; do
    fleet --request PUT --header 'Content-Type: application/json' --data-binary @- "http://fleet$path" <<< "$body" || {
      echo "fleetkit-deploy: fleet did not take $path" >&2
      return 1
    }
    echo "fleetkit-deploy: sent $path"
  done < /etc/fleetkit/units
}

deadline=$((SECONDS + 1800))
until send_units && /opt/bin/fleetkit-fetch mark roles/deploy/done; do
  if ((SECONDS > deadline)); then
    echo "fleetkit-deploy: the units were not sent within half an hour; this host ends unfinished" >&2
    break
  fi
  sleep 10
done
systemctl poweroff
