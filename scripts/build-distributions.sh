#!/usr/bin/env bash
# Build wheel and sdist into a folder, and see that the wheel runs in a fresh environment: build-distributions.sh FOLDER
set -euo pipefail
to=$(realpath -m "${1:?usage: build-distributions.sh FOLDER}")
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"$python" -m venv "$place/build"
"$place/build/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements.lock hatchling
"$place/build/bin/python" -m hatchling build --directory "$to"

"$python" -m venv "$place/fresh"
"$place/fresh/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements.lock "$to"/*.whl
cd "$place"
fresh/bin/morphogenetic --version
fresh/bin/morphogenetic sweep schema >schema.json
