#!/bin/sh
# Says at once, before anything is installed, where the emulated AWS cannot run.
set -eu

if [ "$(uname -s)" != Linux ] || [ "$(uname -m)" != x86_64 ]; then
  echo "the demo needs Linux on x86_64, since the AWS provider and etcd come as such builds; all else works here" >&2
  echo "  next: make setup, then .venv/bin/fleetkit --help" >&2
  exit 1
fi
