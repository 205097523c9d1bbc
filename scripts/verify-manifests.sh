#!/usr/bin/env bash
# Build every kustomization that can be built without a network, and hold it against Kubernetes' schemas and checkov.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
kubernetes=1.34
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
mkdir "$built/parts" "$built/overlays"

for folder in manifests/base manifests/options/* manifests/overlays/*; do
  case $folder in
  manifests/overlays/*) file=$built/overlays/${folder##*/}.yaml ;;
  *) file=$built/parts/${folder##*/}.yaml ;;
  esac
  "$bin/kubectl" kustomize "$folder" >"$file"
  "$bin/kubernetes-validate" --quiet --strict --kubernetes-version "$kubernetes" "$file"
  echo "$folder: $(grep -c '^kind:' "$file") objects"
done
# Only what is deployed, and that has its tags. Waivers stand, each with its reason, on the objects that they are for.
.venv-checkov/bin/checkov --quiet --compact --skip-download --framework kubernetes --directory "$built/overlays" || {
  echo "verify-manifests.sh: checkov objects, see above" >&2
  exit 1
}
