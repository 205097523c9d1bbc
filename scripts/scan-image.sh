#!/usr/bin/env bash
# Scan an image that is here for known vulnerabilities: scan-image.sh IMAGE [FOLDER]. It fails on those of Python packages
# that a newer version mends: those are in our hands. All are in FOLDER/vulnerabilities.json, the base image's too.
set -euo pipefail
cd "$(dirname "$0")/.."
image=${1:?usage: scan-image.sh IMAGE [FOLDER]}
folder=${2:-results/scan}
version=2.3.8
checksum=bc98e15319ed0d515e3f9235287ba53cdc5535d576d24fd573978ecfe9ab92dc
mkdir -p "$folder"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

curl --fail --silent --show-error --location --retry 5 --output "$place/osv-scanner" \
  "https://github.com/google/osv-scanner/releases/download/v$version/osv-scanner_linux_amd64"
echo "$checksum  $place/osv-scanner" | sha256sum --check --strict --quiet
chmod +x "$place/osv-scanner"

# 0: none found, 1: some found; everything else is no answer.
status=0
"$place/osv-scanner" scan image --format json --output-file "$folder/vulnerabilities.json" "$image" || status=$?
if [ "$status" -gt 1 ]; then
  echo "scan-image.sh: osv-scanner ended with $status" >&2
  exit "$status"
fi
python3 scripts/mendable.py "$folder/vulnerabilities.json"
