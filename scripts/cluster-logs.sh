#!/usr/bin/env bash
# Everything that says why a cluster did not do what it should, into a folder, without secrets:
# cluster-logs.sh FOLDER [NAMESPACE...], by default of the namespaces morphogenetic and kubeflow.
set -uo pipefail
folder=${1:?usage: cluster-logs.sh FOLDER [NAMESPACE...]}
shift
namespaces=("$@")
if [ $# -eq 0 ]; then
  namespaces=(morphogenetic kubeflow)
fi
mkdir -p "$folder"

keep() { # FILE COMMAND...: what cannot be had is no reason to stop
  local file=$folder/$1
  shift
  "$@" >"$file" 2>&1 || echo "cluster-logs.sh: '$*' failed, see $file" >&2
}

keep nodes.txt kubectl describe nodes
keep pods.txt kubectl get pods --all-namespaces --output=wide
keep events.txt kubectl get events --all-namespaces --sort-by=.lastTimestamp
for namespace in "${namespaces[@]}"; do
  keep "$namespace-pods.txt" kubectl --namespace "$namespace" describe pods
  keep "$namespace-sweeps.yaml" kubectl --namespace "$namespace" get experiments,suggestions,trials,jobs --output=yaml
  keep "$namespace-workflows.yaml" kubectl --namespace "$namespace" get workflows --output=yaml
  for pod in $(kubectl --namespace "$namespace" get pods --output=name 2>/dev/null); do
    keep "$namespace-${pod#pod/}.log" kubectl --namespace "$namespace" logs "$pod" --all-containers --prefix --tail=2000
  done
done
