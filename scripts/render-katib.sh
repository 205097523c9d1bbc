#!/usr/bin/env bash
# Render every example as an Experiment into katib/, and one as an OptimizationJob of Kubeflow Trainer. With --check: fail where katib/ is not what they render to.
set -euo pipefail
cd "$(dirname "$0")/.."
image=morphogenetic-train # its registry and tag are the kustomization's
# What Katib has nothing for, as `sweep check --for katib` says of each; and what reads a file that no image has.
not_on_katib=" halving multi_objective population progressive_sweep versioned_data "
target=katib
if [ "${1:-}" = --check ]; then
  target=$(mktemp -d)
  trap 'rm -rf "$target"' EXIT
else
  find katib -name '*.yaml' ! -name kustomization.yaml -delete
fi

# render FILE SYSTEM WORDS TARGET: the example's manifest, under a list of what is lost.
render() {
  {
    echo "# Rendered from $1 by \`make render\`; what $3 does not do of it:"
    .venv/bin/morphogenetic sweep render --config "$1" --to "$2" --image "$image" 2>"$target/losses" >"$target/body" ||
      { cat "$target/losses" >&2; exit 1; }
    sed "s|^# $1: |#   |" "$target/losses"
    cat "$target/body"
  } >"$4"
}

for file in examples/*.yaml; do
  name=$(basename "$file" .yaml)
  [[ $not_on_katib == *" $name "* ]] && continue
  render "$file" katib Katib "$target/$name.yaml"
done
mkdir -p "$target/optimizationjob"
render examples/train_jobs.yaml optimizationjob "an OptimizationJob" "$target/optimizationjob/train_jobs.yaml"
rm -f "$target/losses" "$target/body"

if [ "$target" != katib ]; then
  diff --recursive --brief --exclude kustomization.yaml katib "$target" || {
    echo "render-katib.sh: katib/ is stale: make render" >&2
    exit 1
  }
fi
.venv/bin/kubectl kustomize katib >/dev/null
echo "katib: $(grep -c '\.yaml$' katib/kustomization.yaml) Experiments"
