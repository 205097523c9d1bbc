#!/usr/bin/env bash
# Build the images with podman, Docker or buildah, whichever is there: images.sh [NAME...], by default all of images/.
#
#   IMAGES_REGISTRY   what the names begin with (localhost)       IMAGES_TAG     the tag (the version and the commit)
#   PYTHON_IMAGE      the base image                              TORCH_INDEX    where torch comes from, see images/train
#   CONTAINER_ENGINE  podman, docker or buildah                   BUILD_OPTIONS  more options for the engine's build
#   IMAGES_ARCHIVES   a folder that each image is saved to as well
set -euo pipefail
cd "$(dirname "$0")/.."

engine=${CONTAINER_ENGINE:-}
for candidate in podman docker buildah; do
  if [ -z "$engine" ] && command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1; then
    engine=$candidate
  fi
done
if [ -z "$engine" ]; then
  echo "images.sh: none of podman, docker and buildah works here: install one, or name it with CONTAINER_ENGINE" >&2
  exit 2
fi

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' morphogenetic_engine/__init__.py)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
tag=${IMAGES_TAG:-$version-${revision:0:12}}
options=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision")
if [ -n "${PYTHON_IMAGE:-}" ]; then
  options+=(--build-arg "PYTHON_IMAGE=$PYTHON_IMAGE")
fi
# Set but empty counts: pip then takes the torch that it finds by itself.
if [ -n "${TORCH_INDEX+set}" ]; then
  options+=(--build-arg "TORCH_INDEX=$TORCH_INDEX")
fi
read -r -a more <<<"${BUILD_OPTIONS:-}"

save() { # IMAGE FILE
  case $engine in
  docker) docker save --output "$2" "$1" ;;
  podman) podman save --format docker-archive --output "$2" "$1" ;;
  *) "$engine" push "$1" "docker-archive:$2:$1" ;;
  esac
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  names=(train report suggestion mlflow)
fi
for name in "${names[@]}"; do
  image=${IMAGES_REGISTRY:-localhost}/morphogenetic-$name:$tag
  "$engine" build "${options[@]}" "${more[@]}" --tag "$image" --file "images/$name/Dockerfile" . >&2
  if [ -n "${IMAGES_ARCHIVES:-}" ]; then
    save "$image" "$IMAGES_ARCHIVES/$name.tar" >&2
  fi
  echo "$image"
done
