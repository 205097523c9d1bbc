#!/usr/bin/env bash
# Open the cluster's pages on this machine, until Ctrl-C: Kubeflow Pipelines, Katib and MLflow.
#
#   port-forward.sh [NAMESPACE]   the namespace of MLflow, which is that of the overlay (morphogenetic)
#   KUBEFLOW_NAMESPACE            that of Kubeflow Pipelines and Katib (kubeflow)
set -euo pipefail
home=${1:-morphogenetic}
kubeflow=${KUBEFLOW_NAMESPACE:-kubeflow}
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT

forward() { # NAMESPACE SERVICE PORT TARGET WHAT PATH
  if kubectl --namespace "$1" get service "$2" --output=name >/dev/null 2>&1; then
    kubectl --namespace "$1" port-forward "service/$2" "$3:$4" >/dev/null &
    pids+=($!)
    echo "$5: http://localhost:$3$6"
  else
    echo "$5: there is no service $2 in the namespace $1"
  fi
}
forward "$kubeflow" ml-pipeline-ui 8080 80 "Kubeflow Pipelines" /
forward "$kubeflow" katib-ui 8081 80 Katib /katib/
forward "$home" mlflow 5000 5000 MLflow /
if [ ${#pids[@]} -eq 0 ]; then
  echo "port-forward.sh: nothing to open: see 'kubectl config current-context', and make deploy" >&2
  exit 2
fi
# One that ends (its pod is gone, its port is taken) ends all: a page that silently stays away helps nobody.
wait -n
echo "port-forward.sh: a connection has ended; start again" >&2
exit 1
