#!/usr/bin/env bash
# Open one issue for all regressions of a night, or add to the one that is open: nightly-issue.sh FOLDER [LINK].
# FOLDER holds the verdicts of `sweep regress` (name.json, name.md). Needs gh, and GH_TOKEN with issues: write.
# The exit status is 3 when there was a regression, so that the night is red.
set -euo pipefail
folder=$1
link=${2:-}
label=nightly-regression
worse=()
for verdict in "$folder"/*.json; do
  [ -f "$verdict" ] || continue
  if python3 -c 'import json, sys; sys.exit(all(m["change"] != "regression" for m in json.load(open(sys.argv[1]))["metrics"]))' "$verdict"; then
    worse+=("${verdict%.json}.md")
  fi
done
if [ ${#worse[@]} -eq 0 ]; then
  echo "no regression in $folder"
  exit 0
fi
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat "${worse[@]}" >"$body"
printf '\n%s\n' "$link" >>"$body"
gh label create "$label" --description "The nightly sweep became worse" --force
open=$(gh issue list --label "$label" --state open --limit 1 --json number --jq '.[0].number // empty')
if [ -n "$open" ]; then
  gh issue comment "$open" --body-file "$body"
else
  gh issue create --label "$label" --title "The nightly sweep became worse" --body-file "$body"
fi
exit 3
