#!/usr/bin/env bash
# Installs the Debian packages that the tests need: a browser, OpenSSH's client, and the validators of what
# machines are told.
# As somebody who may not install, it only says what is missing.
set -euo pipefail

declare -A package_of=(
  [chromium]=chromium
  [curl]=curl
  [ignition-validate]=ignition
  [openssl]=openssl
  [ssh-add]=openssh-client
  [ssh-agent]=openssh-client
  [systemd-analyze]=systemd
)
declare -A missing=()
for program in "${!package_of[@]}"; do
  command -v "$program" >/dev/null || missing["${package_of[$program]}"]=1
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2
  exec apt-get install --yes --quiet=2 --no-install-recommends "${!missing[@]}"
fi
echo "the tests need Debian packages that are not here: ${!missing[*]}" >&2
echo "  next: sudo apt-get install ${!missing[*]}" >&2
exit 1
