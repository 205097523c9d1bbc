#!/usr/bin/env bash
# Install the server that the tests start themselves: PostgreSQL, where it is missing and the user is root.
# Without it, the tests that need it are skipped, or fail where CI=true.
set -euo pipefail
if compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "PostgreSQL is not installed: its tests are skipped (apt-get install postgresql)" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt-get update && apt-get install -y --no-install-recommends postgresql; } >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
