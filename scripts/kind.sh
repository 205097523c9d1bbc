#!/usr/bin/env bash
# A cluster on this machine with kind, and the project's images in it. With the cluster there, it only loads the images.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${KIND_CLUSTER:-morphogenetic}
command -v kind >/dev/null || {
  echo "kind.sh: kind is missing: https://kind.sigs.k8s.io/docs/user/quick-start/#installation" >&2
  exit 2
}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

if ! kind get clusters 2>/dev/null | grep -qx "$name"; then
  kind create cluster --name "$name" --wait 180s
fi
IMAGES_REGISTRY=localhost IMAGES_TAG=kind IMAGES_ARCHIVES=$place scripts/images.sh "$@"
for archive in "$place"/*.tar; do
  kind load image-archive "$archive" --name "$name"
  rm "$archive"
done

# A name by digest too, which never means another image: only then may a pipeline take a training from its cache.
engine=${KIND_EXPERIMENTAL_PROVIDER:-docker}
for node in $(kind get nodes --name "$name"); do
  "$engine" exec "$node" ctr --namespace k8s.io images list | awk '/^localhost\/morphogenetic-[a-z]*:kind / {print $1, $3}' |
    while read -r image digest; do
      "$engine" exec "$node" ctr --namespace k8s.io images tag --force "$image" "${image%:*}@$digest" </dev/null
    done
done
