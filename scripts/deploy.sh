#!/usr/bin/env bash
# Install on the cluster that kubectl points at: deploy.sh OVERLAY, a folder of manifests/overlays or the path of your own.
# Everything is applied, so that a second run changes what has changed, and waited for.
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
timeout=${TIMEOUT:-15m}
kubectl version --output=json >/dev/null || {
  echo "deploy.sh: no cluster answers: see 'kubectl config current-context'" >&2
  exit 2
}

if [ "${PLATFORM:-yes}" != no ]; then
  # The namespace kubeflow comes with the CRDs of Kubeflow Pipelines; Katib puts its label on it.
  kubectl apply --kustomize manifests/third-party/kfp-crds
  kubectl wait --for=condition=established --timeout=60s crd/applications.app.k8s.io crd/workflows.argoproj.io
  kubectl apply --kustomize manifests/third-party/kfp
  kubectl apply --kustomize manifests/third-party/katib
  kubectl --namespace kubeflow wait --for=condition=available --timeout="$timeout" deployment --all
fi
kubectl apply --filename manifests/base/namespace.yaml
scripts/secrets.sh "$overlay"
kubectl apply --kustomize "$overlay"
for kind in deployment statefulset; do
  for name in $(kubectl --namespace morphogenetic get "$kind" --output=name --selector=app.kubernetes.io/part-of=morphogenetic); do
    kubectl --namespace morphogenetic rollout status --timeout="$timeout" "$name"
  done
done
