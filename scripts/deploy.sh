#!/usr/bin/env bash
# Install on the cluster that kubectl points at: deploy.sh OVERLAY, a folder of manifests/overlays or the path of your own.
# Everything is applied, so that a second run changes what has changed, and waited for; after a minute it is said what is
# not up, and why.
#
#   PLATFORM=no   leave Katib and Kubeflow Pipelines alone: the cluster has them, or an administrator installs them
#   TIMEOUT=15m   how long to wait for each
set -euo pipefail
cd "$(dirname "$0")/.."
overlay=${1:?which overlay? There are: $(cd manifests/overlays && echo *); make deploy OVERLAY=kind}
[ -d "$overlay" ] || overlay=manifests/overlays/$overlay
if [ ! -f "$overlay/kustomization.yaml" ]; then
  echo "deploy.sh: $overlay/kustomization.yaml: no such file; there are: $(cd manifests/overlays && echo *)" >&2
  exit 2
fi
home=$(sed -n 's/^namespace: *//p' "$overlay/kustomization.yaml")
if [ -z "$home" ]; then
  echo "deploy.sh: $overlay/kustomization.yaml: names no namespace: add the line 'namespace: morphogenetic'" >&2
  exit 2
fi
kubectl version --output=json >/dev/null || {
  echo "deploy.sh: no cluster answers: see 'kubectl config current-context'" >&2
  exit 2
}
rollout() { "${PYTHON:-python3}" scripts/rollout.py --timeout "${TIMEOUT:-15m}" "$@"; }
katib_config() {
  kubectl --namespace kubeflow get configmap katib-config --output='go-template={{.metadata.resourceVersion}}' 2>/dev/null || true
}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
kubectl kustomize "$overlay" >"$place/built.yaml"
# The owner of one namespace, whose overlay makes none, cannot install a platform either.
awk -v RS='---\n' '/(^|\n)kind: Namespace\n/' "$place/built.yaml" >"$place/namespace.yaml"
platform=${PLATFORM:-yes}
if [ ! -s "$place/namespace.yaml" ]; then
  platform=${PLATFORM:-no}
fi

if [ "$platform" != no ]; then
  # The namespace kubeflow comes with the CRDs of Kubeflow Pipelines. Katib's webhook must not guard the pods in it: with
  # Katib's label, which earlier versions left there, neither Katib nor a pipeline starts while Katib is away.
  kubectl apply --kustomize manifests/third-party/kfp-crds
  kubectl wait --for=condition=established --timeout=60s crd/applications.app.k8s.io crd/workflows.argoproj.io
  kubectl label namespace kubeflow katib.kubeflow.org/metrics-collector-injection-
  kubectl apply --kustomize manifests/third-party/kfp
  before=$(katib_config)
  kubectl apply --kustomize manifests/third-party/katib
  # Katib reads a part of its configuration only when it starts.
  if [ -n "$before" ] && [ "$before" != "$(katib_config)" ]; then
    kubectl --namespace kubeflow rollout restart deployment/katib-controller
  fi
fi
if [ -s "$place/namespace.yaml" ]; then
  kubectl apply --filename "$place/namespace.yaml"
fi
scripts/secrets.sh "$overlay"
kubectl apply --filename "$place/built.yaml"
if [ "$platform" != no ]; then
  rollout kubeflow
fi
rollout --selector app.kubernetes.io/part-of=morphogenetic "$home"
