#!/usr/bin/env bash
# Installs the Debian packages that the tests need: a browser and Ignition's validator.
# As somebody who may not install, it only says what is missing.
set -euo pipefail

declare -A package_of=([chromium]=chromium [ignition-validate]=ignition [curl]=curl)
missing=()
for program in "${!package_of[@]}"; do
  command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2
  exec apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
fi
echo "the tests need Debian packages that are not here: ${missing[*]}" >&2
echo "  next: sudo apt-get install ${missing[*]}" >&2
exit 1
