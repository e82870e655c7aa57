#!/bin/bash
# fleetkit-fetch: bring this machine's files from the cluster's bucket, as its manifest lists them.
# A manifest's line: <sha256> <mode> <owner>:<group> <destination> <object key>; lines with # are remarks.
# Everything is fetched and checked first and put in place after, so a failure leaves the old files whole.
# `fleetkit-fetch for NAME` brings what a unit of that name needs beside, by a manifest below that of the machine.
# `fleetkit-fetch mark KEY` leaves the present time in the bucket under KEY, where the role allows it.
set -euo pipefail
umask 077

die() { echo "fleetkit-fetch: $*" >&2; exit 1; }

# shellcheck disable=SC1091
source /etc/fleetkit/fetch.env || die "cannot read /etc/fleetkit/fetch.env"
case "${1:-}" in
  "" | for | mark) ;;
  *) die "what is to be done? $1 is neither 'for' nor 'mark'" ;;
esac
for name in FLEETKIT_BUCKET FLEETKIT_REGION FLEETKIT_MANIFEST; do
  [[ -n "${!name:-}" ]] || die "/etc/fleetkit/fetch.env does not set $name"
done

# Older ones sign a request with a session token wrongly, and the bucket's 403 would not say why.
read -r major minor <<< "$(curl --version | sed -n '1s/^curl \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')"
((${major:-0} > 7 || (${major:-0} == 7 && ${minor:-0} >= 88))) || die "curl is ${major:-?}.${minor:-?}; 7.88 or later is needed"

work=$(mktemp -d)
staged=()
trap 'rm -rf "$work" "${staged[@]}"' EXIT

# Ask the metadata service; it answers late on a young machine, and 404 until the role is attached.
metadata() {
  curl --silent --show-error --fail --noproxy '*' --max-time 5 --retry 8 --retry-delay 2 --retry-all-errors \
    "${@:2}" "http://169.254.169.254/latest/$1" || die "the metadata service did not answer $1"
}

read_field() { sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p" "$work/role.json"; }

# Take the role's keys once; they go to curl on its standard input, never onto a command line.
read_credentials() {
  local token role
  token=$(metadata api/token --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 300')
  local header="X-aws-ec2-metadata-token: $token"
  role=$(metadata meta-data/iam/security-credentials/ --header "$header")
  metadata "meta-data/iam/security-credentials/$role" --header "$header" > "$work/role.json"
  access_key=$(read_field AccessKeyId)
  secret_key=$(read_field SecretAccessKey)
  session_token=$(read_field Token)
  [[ -n "$access_key" && -n "$secret_key" && -n "$session_token" ]] || die "role $role came without usable credentials"
}

# s3 KEY [curl options]: one signed request for an object.
s3() {
  local key=$1 seen
  shift
  if ! seen=$(curl --config - --silent --show-error --fail --connect-timeout 10 --max-time 300 --retry 3 --retry-delay 1 \
    --aws-sigv4 "aws:amz:$FLEETKIT_REGION:s3" --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" \
    "https://s3.$FLEETKIT_REGION.amazonaws.com/$FLEETKIT_BUCKET/$key" 2>&1 <<CONFIG
user = "$access_key:$secret_key"
header = "x-amz-security-token: $session_token"
CONFIG
  ); then
    die "s3://$FLEETKIT_BUCKET/$key: $seen (403 also means that there is no such object)"
  fi
}

sum() { sha256sum "$1" | cut -d ' ' -f 1; }

# stage SHA256 MODE OWNER DESTINATION KEY: fetch beside the destination, so that the move is one rename.
stage() {
  local sha256=$1 mode=$2 owner=$3 destination=$4 key=$5 new="$4.fleetkit-new" seen
  [[ "$sha256" =~ ^[0-9a-f]{64}$ && "$mode" =~ ^0?[0-7]{3}$ && "$owner" =~ ^[a-z0-9_-]+:[a-z0-9_-]+$ && "$destination" == /* && -n "$key" ]] ||
    die "the manifest has a line that cannot be read: $*"
  (umask 022 && mkdir -p "$(dirname "$destination")")
  staged+=("$new")
  if [[ -f "$destination" && "$(sum "$destination")" == "$sha256" ]]; then
    cp "$destination" "$new"
  else
    s3 "$key" --output "$new"
  fi
  seen=$(sum "$new")
  [[ "$seen" == "$sha256" ]] || die "$key has sha256 $seen, and the manifest says $sha256"
  chown "$owner" "$new" || die "$destination cannot be given to $owner"
  chmod "$mode" "$new"
}

# One at a time: two would put the same new file beside the old one.
exec 9> /run/fleetkit-fetch.lock
flock --timeout 600 9 || die "another one has been at it for ten minutes"

read_credentials
if [[ "${1:-}" == mark ]]; then
  s3 "${2:?which key}" --request PUT --header 'Content-Type: text/plain' --data-binary "$(date -u +%FT%TZ)"
  exit 0
fi

if [[ "${1:-}" == for ]]; then
  FLEETKIT_MANIFEST="${FLEETKIT_MANIFEST%/manifest}/${2:?for whom}/manifest"
fi

s3 "$FLEETKIT_MANIFEST" --output "$work/manifest"
while read -r sha256 mode owner destination key rest || [[ -n "${sha256:-}" ]]; do
  [[ -z "$sha256" || "$sha256" == \#* ]] && continue
  [[ -z "$rest" ]] || die "the manifest has a line with more than five fields: $destination"
  stage "$sha256" "$mode" "$owner" "$destination" "$key"
done < "$work/manifest"
((${#staged[@]})) || die "the manifest $FLEETKIT_MANIFEST names no file"
for new in "${staged[@]}"; do
  mv -f "$new" "${new%.fleetkit-new}"
done
echo "fleetkit-fetch: ${#staged[@]} files are as the manifest says"
