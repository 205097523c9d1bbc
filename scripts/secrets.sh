#!/usr/bin/env bash
# Make the secrets that an overlay refers to and that are not there yet, with random passwords: secrets.sh OVERLAY.
# A secret that is there is never changed: yours, from a vault or by hand, stays. Nothing secret is printed, stands in a
# command line or is kept on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
overlay=${1:?usage: secrets.sh OVERLAY}
home=$(sed -n 's/^namespace: *//p' "$overlay/kustomization.yaml")
umask 077
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

kubectl kustomize "$overlay" >"$place/built.yaml"
uses() { grep -Eq "(secretName|name): $1\$" "$place/built.yaml"; }
has() { kubectl --namespace "$1" get secret "$2" --output=name >/dev/null 2>&1; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
value() { kubectl --namespace "$home" get secret "$1" --output="go-template={{index .data \"$2\" | base64decode}}"; }
create() { # NAMESPACE NAME FILE: one NAME=VALUE a line
  kubectl --namespace "$1" create secret generic "$2" --from-env-file="$3"
}

if uses object-store-identities && ! has "$home" object-store-identities; then
  if has "$home" object-store; then
    echo "secrets.sh: the secret object-store is there, but not object-store-identities, which has the same keys" >&2
    exit 2
  fi
  access=$(random) secret=$(random)
  cat >"$place/s3.json" <<JSON
{"identities": [{"name": "sweeps", "credentials": [{"accessKey": "$access", "secretKey": "$secret"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
JSON
  cat >"$place/object-store.env" <<ENV
AWS_ACCESS_KEY_ID=$access
AWS_SECRET_ACCESS_KEY=$secret
AWS_REGION=us-east-1
AWS_ENDPOINT_URL=http://seaweedfs.$home:8333
ENV
  kubectl --namespace "$home" create secret generic object-store-identities --from-file="$place/s3.json"
  create "$home" object-store "$place/object-store.env"
fi
if ! has "$home" object-store; then
  cat >&2 <<TEXT
secrets.sh: $overlay has no object store of its own: make the secret object-store, which says where yours is, first:
  kubectl --namespace $home create secret generic object-store --from-env-file=FILE
FILE has the lines AWS_ACCESS_KEY_ID=, AWS_SECRET_ACCESS_KEY=, AWS_REGION= and, if it is not Amazon's, AWS_ENDPOINT_URL=
TEXT
  exit 2
fi
for key in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_ENDPOINT_URL; do
  found=$(value object-store "$key" 2>/dev/null || true)
  if [ -n "$found" ] && [ "$found" != "<no value>" ]; then
    echo "$key=$found" >>"$place/client.env"
  fi
done
# The steps of a pipeline run in the namespace of Kubeflow Pipelines, but where each user has one of their own.
if grep -q 'name: pipeline-runner$' "$place/built.yaml" && kubectl get namespace kubeflow --output=name >/dev/null 2>&1 && ! has kubeflow object-store; then
  create kubeflow object-store "$place/client.env"
fi

if uses database && ! has "$home" database; then
  echo "password=$(random)" >"$place/database.env"
  create "$home" database "$place/database.env"
fi
if uses mlflow && ! has "$home" mlflow; then
  {
    cat "$place/client.env"
    sed -n 's/^AWS_ENDPOINT_URL=/MLFLOW_S3_ENDPOINT_URL=/p' "$place/client.env"
    echo "MLFLOW_BACKEND_STORE_URI=postgresql+psycopg://morphogenetic:$(value database password)@postgres:5432/mlflow"
  } >"$place/mlflow.env"
  create "$home" mlflow "$place/mlflow.env"
fi
