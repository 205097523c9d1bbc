#!/usr/bin/env bash
# On a cluster that `make deploy OVERLAY=kind` has prepared: run the smoke pipeline and an Experiment to their ends, and
# fetch the report, into results/smoke (SMOKE_RESULTS: another folder). On the way a pod of the sweep is deleted, a second
# run takes its trainings from the cache, and a third is stopped; a search runs here and on Katib, with the same trials.
# Fails when something of it does, or takes too long.
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

fail() { echo "smoke.sh: $*" >&2 && exit 1; }
told() { sed -n "s|^$2: ||p" "$folder/$1.txt" | head -n 1; } # FILE WORD: what `pipelines submit` said after it
pods_of() { # RUN STEP: the pods in which a step of a run ran
  kubectl --namespace kubeflow get pods "--selector=pipeline/runid=$1" \
    --output='go-template={{range .items}}{{.metadata.name}} {{index .metadata.annotations "workflows.argoproj.io/node-name"}}{{"\n"}}{{end}}' |
    sed -n "s/^\([^ ]*\) .*\.$2\.executor.*/\1/p"
}
experiment_of() { kubectl --namespace "$home" get experiment "${1#*/}" --ignore-not-found --output=name; }
within() { # SECONDS WHAT COMMAND...: until the command prints something, which is printed
  local seconds=$1 what=$2 printed
  shift 2
  for _ in $(seq $((seconds / 2))); do
    printed=$("$@" 2>/dev/null || true)
    if [ -n "$printed" ]; then
      echo "$printed"
      return
    fi
    sleep 2
  done
  fail "$what: not within $seconds s"
}

# Trainings are taken from the cache only where the image's name is a digest: scripts/kind.sh gives it one on the node.
if [[ $TRAIN_IMAGE != *@sha256:* ]]; then
  digest=$(kubectl get nodes --output='go-template={{range .items}}{{range .status.images}}{{range .names}}{{.}}{{"\n"}}{{end}}{{end}}{{end}}' |
    grep -m 1 "^${TRAIN_IMAGE%:*}@sha256:" || true)
  TRAIN_IMAGE=${digest:-$TRAIN_IMAGE}
fi

forward kubeflow ml-pipeline 8888
host=http://127.0.0.1:$port
make submit-sweep CONFIG="$config" PIPELINE=smoke HOST="$host" >"$folder/pipeline.txt" 2>&1 &
pids+=($!)
pipeline=$!
# A deleted pod or a drained node is no failure: the step is retried and finds its Experiment.
within 180 "the run has started" told pipeline experiment >"$folder/first-experiment.txt"
run=$(told pipeline run)
run=${run##*/}
within 300 "the Experiment of the run is there" experiment_of "$(<"$folder/first-experiment.txt")"
within 120 "a pod of the step sweep" pods_of "$run" sweep >"$folder/deleted.txt"
kubectl --namespace kubeflow delete pod "$(<"$folder/deleted.txt")" --wait=false
wait "$pipeline" || {
  cat "$folder/pipeline.txt"
  fail "the pipeline has failed"
}
cat "$folder/pipeline.txt"
if ! pods_of "$run" sweep | grep -qvxF --file="$folder/deleted.txt"; then
  fail "the step sweep was not retried after its pod was deleted"
fi
kubectl --namespace kubeflow get workflows "--selector=pipeline/runid=$run" >"$folder/nodes.txt" \
  --output='go-template={{range .items}}{{range .status.nodes}}{{.displayName}} {{.phase}}{{"\n"}}{{end}}{{end}}'
grep -qx 'failure-report Succeeded' "$folder/nodes.txt" || fail "the exit task has not ended well, see $folder/nodes.txt"

# What the retries of a task rest on: pods alone are retried, whatever ended them (workflow-defaults.yaml).
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
# The exit task must not have written its own page over it.
grep -q 'The best, trained again' "$folder/index.html" || fail "$folder/index.html is not the report of a success"

if [[ $TRAIN_IMAGE == *@sha256:* ]]; then
  make submit-sweep CONFIG="$config" PIPELINE=smoke HOST="$host" | tee "$folder/again.txt"
  again=$(told again run)
  if [ -z "$(pods_of "$run" 'train[-0-9]*')" ] || [ -n "$(pods_of "${again##*/}" 'train[-0-9]*')" ]; then
    fail "the second run has not taken its trainings from the cache"
  fi
else
  fail "no node knows $TRAIN_IMAGE by its digest, so the cache was not tried: scripts/kind.sh train, or set TRAIN_IMAGE"
fi

.venv/bin/python -m pipelines submit --config "$config" --pipeline smoke --host "$host" --no-cache --no-wait |
  tee "$folder/stopped.txt"
left=$(told stopped experiment)
within 300 "the Experiment of the run to stop is there" experiment_of "$left"
stopped=$(told stopped run)
.venv/bin/python -m pipelines stop "${stopped##*/}" --host "$host" --poll 2 | tee -a "$folder/stopped.txt"
if [ -n "$(experiment_of "$left")" ]; then
  fail "the run was stopped, but its Experiment $left goes on"
fi
# A search on Katib through our suggestion service has the trials of the same search on this machine.
search=$folder/search
rm -rf "$search"
.venv/bin/morphogenetic sweep run --config scripts/smoke-search.yaml --results "$search" --sweep-id here
kubectl --namespace "$home" delete experiment smoke-search --ignore-not-found
timeout 900 .venv/bin/morphogenetic sweep submit --config scripts/smoke-search.yaml --to katib \
  --algorithm morphogenetic --name smoke-search --namespace "$home" --image "$TRAIN_IMAGE" --wait \
  --results "$search" --sweep-id katib || fail "the search smoke-search has not ended well on Katib"
.venv/bin/python scripts/same_trials.py "$search/here" "$search/katib" ||
  fail "the trials of smoke-search on Katib are not those of this machine"
echo "report: $folder/index.html"
