#!/usr/bin/env bash
# One nightly sweep: run or resume it, confirm the best on fresh seeds, report, compare: nightly.sh NAME [FOLDER].
# NAME.yaml and NAME.json are in baselines/. The exit status is that of `sweep regress`: 0 fine, 3 worse, 4 no verdict.
# NIGHTLY_SECONDS bounds the search; a sweep that ran out of time is resumed by the same command, and has no verdict yet.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
folder=${2:-results/nightly}
seconds=${NIGHTLY_SECONDS:-3000}
morphogenetic=.venv/bin/morphogenetic
sweep=(--results "$folder" --sweep-id "$name")
mkdir -p "$folder/verdicts"

if [ -f "$folder/$name/sweep.json" ]; then
  "$morphogenetic" sweep resume "${sweep[@]}" --timeout "$seconds"
else
  "$morphogenetic" sweep run --config "baselines/$name.yaml" "${sweep[@]}" --timeout "$seconds"
fi
state=$("$morphogenetic" sweep show "${sweep[@]}" --json | .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["state"])')
if [ "$state" != finished ]; then
  echo "sweep $name: $state: run this again to go on" >&2
  exit 4
fi
"$morphogenetic" sweep confirm "${sweep[@]}" --top 1 --seeds 8
"$morphogenetic" report export --format html "${sweep[@]}"
if [ -n "${MLFLOW_TRACKING_URI:-}" ]; then
  "$morphogenetic" sweep publish "${sweep[@]}"
else
  echo "MLFLOW_TRACKING_URI is not set: not published"
fi
if [ ! -f "baselines/$name.json" ]; then
  echo "no reference yet: $morphogenetic sweep baseline ${sweep[*]} baselines/$name.json" >&2
  exit 4
fi
"$morphogenetic" sweep regress "${sweep[@]}" --baseline "baselines/$name.json" \
  --json "$folder/verdicts/$name.json" --markdown "$folder/verdicts/$name.md"
