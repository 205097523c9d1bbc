#!/usr/bin/env bash
# A quick sweep and its report, into a folder that a CI run keeps: ci-sweep.sh [FOLDER]. summary.md is for the run's page.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-results/ci}
rm -rf "$folder"
morphogenetic=.venv/bin/morphogenetic
sweep=(--results "$folder" --sweep-id quick)

"$morphogenetic" sweep quick --problem moons --trials 12 --seed 1 "${sweep[@]}"
"$morphogenetic" report export --format html --format csv --format parquet "${sweep[@]}"
{
  echo "## A quick sweep"
  echo '```'
  COLUMNS=110 NO_COLOR=1 "$morphogenetic" report summary "${sweep[@]}"
  echo '```'
} >"$folder/summary.md"
