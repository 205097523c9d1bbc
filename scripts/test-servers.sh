#!/usr/bin/env bash
# Install what the tests start themselves, where it is missing and the user is root: PostgreSQL, Chromium, curl, Slurm, an
# SSH server, and the libraries that WeasyPrint draws with. Without it, the tests that need it are skipped, or fail where CI=true.
set -euo pipefail

packages=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || packages+=(postgresql)
command -v chromium >/dev/null || packages+=(chromium fonts-liberation)
command -v curl >/dev/null || packages+=(curl)
command -v slurmctld >/dev/null || [ -x /usr/sbin/slurmctld ] || packages+=(slurmctld slurmd slurm-client munge)
command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || packages+=(openssh-server openssh-client)
ldconfig -p | grep -q libpangoft2 || packages+=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
if [ ${#packages[@]} -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed, so their tests are skipped: ${packages[*]} (apt-get install ${packages[*]})" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
