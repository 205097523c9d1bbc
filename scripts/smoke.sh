#!/usr/bin/env bash
# On a cluster that `make deploy OVERLAY=kind` has prepared: run the smoke pipeline and an Experiment to their ends, and
# fetch the report, into results/smoke (SMOKE_RESULTS: another folder). Fails when one of them fails or takes too long.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${SMOKE_RESULTS:-results/smoke}
config=examples/smoke.yaml
home=morphogenetic
mkdir -p "$folder"
export TRAIN_IMAGE=${TRAIN_IMAGE:-localhost/morphogenetic-train:kind}
export REPORT_IMAGE=${REPORT_IMAGE:-localhost/morphogenetic-report:kind}
export SWEEP_STORAGE=s3://sweeps/smoke SWEEP_STORAGE_SECRET=object-store
export SWEEP_STORAGE_ENDPOINT=http://seaweedfs.$home:8333

pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
forward() { # NAMESPACE SERVICE TARGET: sets port, one of this machine that was free
  local log=$folder/$2-forward.log
  kubectl --namespace "$1" port-forward "service/$2" ":$3" >"$log" 2>&1 &
  pids+=($!)
  for _ in $(seq 60); do
    port=$(sed -n 's/^Forwarding from 127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$log")
    if [ -n "$port" ]; then
      return
    fi
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.5
  done
  echo "smoke.sh: no connection to $2: $(<"$log")" >&2
  exit 1
}
secret() { kubectl --namespace "$home" get secret object-store --output="go-template={{.data.$1 | base64decode}}"; }

forward kubeflow ml-pipeline 8888
make submit-sweep CONFIG="$config" PIPELINE=smoke HOST="http://127.0.0.1:$port" | tee "$folder/pipeline.txt"

# What the retries of a task rest on: pods alone are tried again, whatever ended them (workflow-defaults.yaml).
defaults=$(kubectl --namespace kubeflow get configmap workflow-controller-configmap \
  --output='go-template={{.data.workflowDefaults}}')
if ! grep -q lastRetry.exitCode <<<"$defaults"; then
  echo "smoke.sh: the workflow controller has not the retryStrategy of manifests/third-party/kfp" >&2
  exit 1
fi

.venv/bin/morphogenetic sweep render --to katib --config "$config" --namespace "$home" --image "$TRAIN_IMAGE" \
  >"$folder/experiment.yaml"
kubectl apply --filename "$folder/experiment.yaml"
experiment=$(kubectl get --filename "$folder/experiment.yaml" --output=name)
for _ in $(seq 180); do
  said=$(kubectl --namespace "$home" get "$experiment" \
    --output='go-template={{range .status.conditions}}{{if eq .status "True"}}{{.type}} {{end}}{{end}}' || true)
  case $said in
  *Succeeded*) break ;;
  *Failed*) echo "smoke.sh: $experiment has failed" >&2 && exit 1 ;;
  esac
  sleep 5
done
kubectl --namespace "$home" get "$experiment" --output=yaml >"$folder/ended-experiment.yaml"
kubectl --namespace "$home" get trials | tee "$folder/trials.txt"
if [[ $said != *Succeeded* ]]; then
  echo "smoke.sh: $experiment has not ended in time: $said" >&2
  exit 1
fi

address=$(sed -n 's|^report: s3://||p' "$folder/pipeline.txt")
forward "$home" seaweedfs 8333
curl --fail --silent --show-error --output "$folder/index.html" --config - <<CURL
url = "http://127.0.0.1:$port/$address"
aws-sigv4 = "aws:amz:us-east-1:s3"
user = "$(secret AWS_ACCESS_KEY_ID):$(secret AWS_SECRET_ACCESS_KEY)"
CURL
grep -qi '<html' "$folder/index.html"
echo "report: $folder/index.html"
