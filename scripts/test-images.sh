#!/usr/bin/env bash
# Build the images that sweeps run in with podman, and test them: what is in them, trials in pods as Katib runs them, and
# the suggestion service with the rights of its pod.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v podman >/dev/null || {
  echo "test-images.sh: podman is missing (Debian: apt-get install podman buildah crun)" >&2
  exit 2
}
export CONTAINER_ENGINE=podman IMAGES_REGISTRY=localhost IMAGES_TAG=test
TRAIN_IMAGE=$(scripts/images.sh train)
REPORT_IMAGE=$(scripts/images.sh report)
SUGGESTION_IMAGE=$(scripts/images.sh suggestion)
export TRAIN_IMAGE REPORT_IMAGE SUGGESTION_IMAGE
exec .venv/bin/python -m pytest tests/images "$@"
