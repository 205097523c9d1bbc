#!/usr/bin/env bash
# Install on the cluster that kubectl points at: deploy.sh OVERLAY, a folder of manifests/overlays or the path of your own.
# Everything is applied, so that a second run changes what has changed, and waited for; after a minute it is said what is
# not up, and why.
#
#   PLATFORM=no   leave Katib and Kubeflow Pipelines alone: the cluster has them, or an administrator installs them; of
#                 Katib's configuration only the entry of our suggestion service is written
#   PYTHON        a Python with PyYAML (that of .venv, else python3)
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
python=${PYTHON:-}
if [ -z "$python" ]; then
  python=$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)
fi
rollout() { "$python" scripts/rollout.py --timeout "${TIMEOUT:-15m}" "$@"; }
katib_config() {
  kubectl --namespace kubeflow get configmap katib-config --output='go-template={{.metadata.resourceVersion}}' 2>/dev/null || true
}
register_service() { # Katib is another's: only our suggestion service is put into its configuration.
  if ! kubectl --namespace kubeflow get configmap katib-config --output=yaml >"$place/config.yaml"; then
    echo "deploy.sh: Katib's configuration cannot be read, so --algorithm morphogenetic is not there: docs/katib.md" >&2
    return
  fi
  "$python" scripts/katib_config.py --service "$place/built.yaml" <"$place/config.yaml" >"$place/config-with-service.yaml"
  cmp --silent "$place/config.yaml" "$place/config-with-service.yaml" ||
    kubectl replace --filename "$place/config-with-service.yaml"
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
  kubectl kustomize manifests/third-party/katib >"$place/katib.yaml"
  "$python" scripts/katib_config.py --service "$place/built.yaml" <"$place/katib.yaml" >"$place/katib-with-service.yaml"
  kubectl apply --filename "$place/katib-with-service.yaml"
  # Katib reads a part of its configuration only when it starts.
  if [ -n "$before" ] && [ "$before" != "$(katib_config)" ]; then
    kubectl --namespace kubeflow rollout restart deployment/katib-controller
  fi
elif grep -q '^kind: PodTemplate' "$place/built.yaml"; then
  register_service
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
