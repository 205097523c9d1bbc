#!/usr/bin/env bash
# Publish the documentation of a tag to the branch gh-pages: a folder for each minor version, and `latest` for the newest
# tag: publish-docs.sh v0.2.0
set -euo pipefail
tag=${1:?usage: publish-docs.sh TAG}
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
remote=${DOCS_REMOTE:-origin}
export NO_MKDOCS_2_WARNING=1

if git ls-remote --exit-code --heads "$remote" gh-pages >/dev/null; then
  git fetch --quiet "$remote" +gh-pages:gh-pages
fi
minor=${tag#v}
minor=${minor%.*}
newest=$(git tag --list 'v*' --sort=-version:refname | head -n 1)
aliases=()
if [ "$tag" = "$newest" ]; then
  aliases=(latest)
fi
mike deploy --update-aliases "$minor" "${aliases[@]}"
if [ ${#aliases[@]} -gt 0 ]; then
  mike set-default latest
fi
git push --quiet "$remote" gh-pages
