#!/bin/sh
# Installs the Debian packages that the tests need: a browser, OpenSSH's client, the validators of what machines are
# told, cron, and strace, which slows a disk.
# As somebody who may not install, it only says what is missing.
set -eu

missing=
need() {
  command -v "$1" >/dev/null || case " $missing " in
    *" $2 "*) ;;
    *) missing="${missing:+$missing }$2" ;;
  esac
}
need chromium chromium
need cron cron
need crontab cron
need curl curl
need git git
need ignition-validate ignition
need openssl openssl
need ssh-add openssh-client
need ssh-agent openssh-client
need strace strace
need systemctl systemd
need systemd-analyze systemd
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet=2
  # shellcheck disable=SC2086 -- each word is a package
  exec apt-get install --yes --quiet=2 --no-install-recommends $missing
fi
echo "the tests need Debian packages that are not here: $missing" >&2
echo "  next: sudo apt-get install $missing" >&2
exit 1
