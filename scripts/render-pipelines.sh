#!/usr/bin/env bash
# Compile the pipelines into pipelines/compiled/, as overlays/kind has images and store. With --check: fail where they
# are not what they compile to.
set -euo pipefail
cd "$(dirname "$0")/.."
target=pipelines/compiled
if [ "${1:-}" = --check ]; then
  target=$(mktemp -d)
  trap 'rm -rf "$target"' EXIT
fi
export TRAIN_IMAGE=localhost/morphogenetic-train:kind REPORT_IMAGE=localhost/morphogenetic-report:kind
export SWEEP_STORAGE=s3://sweeps/pipelines SWEEP_STORAGE_SECRET=object-store SWEEP_NAMESPACE=morphogenetic
export SWEEP_STORAGE_ENDPOINT=http://seaweedfs.morphogenetic:8333

compile() { # PIPELINE EXAMPLE
  .venv/bin/python -m pipelines compile --pipeline "$1" --config "examples/$2.yaml" --output "$target/$1.yaml" >/dev/null
}
compile sweep spirals
compile smoke smoke
compile local-sweep bayesian_config

if [ "$target" != pipelines/compiled ]; then
  diff --recursive --brief pipelines/compiled "$target" || {
    echo "render-pipelines.sh: pipelines/compiled is stale: make render" >&2
    exit 1
  }
fi
echo "pipelines/compiled: $(find "$target" -name '*.yaml' | wc -l) pipelines"
