#!/usr/bin/env bash
# A cluster from nothing to nothing, in an AWS on this computer: deploy, inspect, destroy, each a recorded notebook.
# Only public commands are used; with real credentials in place of the sandbox's, the same ones work on AWS.
set -euo pipefail

folder=${1:-demo}
name=demo
started=$SECONDS

say() { printf '\n== %3d s  %s\n' "$((SECONDS - started))" "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

mkdir -p "$folder"
cd "$folder"
rm -rf "clusters/$name" "clusters/$name.toml"

say "an AWS on this computer"
run fleetkit sandbox up
trap 'fleetkit sandbox down' EXIT
eval "$(fleetkit sandbox env)"

say "the cluster file, its pins, and a look at everything a deploy needs"
run fleetkit init "$name"
run fleetkit pin "$name"
run fleetkit preflight "$name"

say "deploy"
run fleetkit run deploy-cluster --cluster "$name" -p approve "$name"

say "look around: the public commands against the cluster"
run fleetkit etcd health "$name"
run fleetkit plan "$name"

say "inspect"
# The web and the two pages have load balancers and no units yet, so their targets are findings: exit code 3.
run fleetkit run inspect-cluster --cluster "$name" || [ $? -eq 3 ]

say "back etcd up and restore that once, destroy, and prove that nothing is left"
run fleetkit run destroy-cluster --cluster "$name" -p approve "$name"

say "what outlasts the cluster"
run fleetkit etcd backups "$name"

say "done; the records, each with a report to open in a browser:"
find "runs/$name" -name report.html | sort | sed "s|^|  $folder/|"
