#!/usr/bin/env bash
# Resolve every extra in a fresh environment and write the exact versions to requirements.lock.
set -euo pipefail
python=${1:-python3}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet '.[all,benchmarks,peers,development,documentation]'
{
  echo "# Exact versions of everything, written by make lock; pip takes it as a constraint."
  # A local version (torch 2.13.0+cpu) names a build; which build there is depends on the machine.
  "$place/venv/bin/python" -m pip freeze --exclude morphogenetic-engine | sed 's/+[a-z0-9.]*$//'
} >requirements.lock
