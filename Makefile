SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# One lock for everything: it constrains, the extras choose.
LOCK ?= requirements.lock
EXTRAS ?= all,development,documentation
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(LOCK)

.DEFAULT_GOAL := help

##@ Use

sweep: .venv/runtime ## Run a real sweep of the morphogenetic engine on all cores (under two minutes)
	@$(BIN)/morphogenetic sweep bayesian --config examples/halving.yaml

##@ Develop

environment: .venv/development ## Make the environment (.venv) with everything that tests and linters need

test: .venv/development ## Run the quick tests: make test [TESTS="tests/storage -k link"]
	$(BIN)/python -m pytest --numprocesses 2 -m 'not slow' --durations 10 --durations-min 1 $(TESTS)

test-all: .venv/development ## Run all tests, with coverage
	$(BIN)/python -m pytest --numprocesses 2 --cov --cov-report=term

test-faults: .venv/development ## Kill sweeps at fifty random moments of each kind, and resume them
	SWEEP_FAULTS=50 CLUSTER_KILLS=50 $(BIN)/python -m pytest --numprocesses 2 -m faults

lint: .venv/development ## Check format, style, types, the layers of imports, YAML, shell, Dockerfiles, workflows
	$(BIN)/black --check --quiet . || { $(BIN)/black --check .; exit 1; }
	$(BIN)/ruff check --quiet .
	$(BIN)/pylint morphogenetic_engine components pipelines tests benchmarks scripts
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/yamllint --strict .
	$(BIN)/shellcheck scripts/*.sh .ci/run
	$(BIN)/hadolint images/*/Dockerfile
	$(BIN)/actionlint
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --quiet --offline --no-progress .github/workflows

format: .venv/development ## Format the code
	$(BIN)/black .

bench: .venv/development ## Measure speed; a table here, JSON in benchmarks/results/
	$(BIN)/python -m benchmarks

bench-compare: .venv/development ## Measure again, and print ratios to the results in benchmarks/results/
	$(BIN)/python -m benchmarks --compare

bench-search: .venv/development ## Compare search strategies, ours and others', on recorded trainings (takes hours)
	$(INSTALL) --editable '.[benchmarks,peers]'
	$(BIN)/python -m benchmarks.judge

reference: .venv/development ## Write the reference pages that are made from the code and from measurements
	@$(BIN)/python -m scripts.reference

pictures: .venv/development ## Take the pictures of README.md and docs/ of a real sweep (needs Chromium)
	@$(BIN)/python -m scripts.pictures

docs: .venv/development ## Build the documentation into site/, with warnings as errors
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --site-dir site

hooks: .venv/development ## Let git run the linters before each commit
	$(BIN)/pre-commit install

render: .venv/development ## Render the examples for Katib into katib/, the pipelines into pipelines/compiled/
	@scripts/render-katib.sh
	@scripts/render-pipelines.sh

verify: .venv/development .venv-checkov/checkov ## Build the manifests, and check them with Kubernetes' schemas and checkov
	@scripts/render-katib.sh --check
	@scripts/render-pipelines.sh --check
	@scripts/verify-manifests.sh

ci-sweep: .venv/development ## A quick sweep and its report, into results/ci
	@scripts/ci-sweep.sh

nightly: .venv/development ## A nightly sweep, compared with its reference: make nightly SWEEP=spirals
	@scripts/nightly.sh "$(or $(SWEEP),spirals)"

nightly-issue: ## Open or update the issue of a night's regressions: make nightly-issue VERDICTS=folder (needs gh)
	@scripts/nightly-issue.sh "$(VERDICTS)" "$(LINK)"

##@ On a cluster

images: ## Build the container images with podman, Docker or buildah
	@scripts/images.sh

test-images: .venv/development ## Build images, look into them, run trials in pods as Katib would; needs podman
	@scripts/test-images.sh

submit-sweep: .venv/development ## Run a sweep as a pipeline: make submit-sweep CONFIG=FILE [HOST=URL] [PIPELINE=local-sweep]
	@$(BIN)/python -m pipelines submit --config '$(CONFIG)' $(if $(HOST),--host '$(HOST)') --pipeline $(or $(PIPELINE),sweep)

pipeline-local: .venv/development ## Run the smoke pipeline for real on this machine: make pipeline-local [RUNNER=docker]
	@$(BIN)/python -m pipelines local $(if $(CONFIG),--config '$(CONFIG)') $(if $(RUNNER),--runner '$(RUNNER)')

deploy: ## Install everything on the cluster of kubectl: make deploy OVERLAY=kind
	@scripts/deploy.sh $(OVERLAY)

smoke: .venv/development ## Run the smoke pipeline and an Experiment on the cluster of kubectl (after make deploy OVERLAY=kind)
	@scripts/smoke.sh

port-forward: ## Open the pages of Kubeflow Pipelines, Katib and MLflow on this machine: make port-forward [NAMESPACE=...]
	@scripts/port-forward.sh $(NAMESPACE)

##@ Maintain

lock: ## Resolve all dependencies anew and write requirements.lock
	scripts/lock.sh "$(PYTHON)"

clean: ## Remove the environment and what tools left behind (sweeps stay)
	rm -rf .venv .venv-checkov .coverage .coverage.* .mypy_cache .pytest_cache .hypothesis .import_linter_cache dist

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z_-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/runtime: .venv/bin/python pyproject.toml $(LOCK)
	$(INSTALL) --editable '.[engine,bayesian,reports]'
	@touch $@

.venv/development: .venv/bin/python pyproject.toml $(LOCK)
	$(INSTALL) --editable '.[$(EXTRAS)]'
	@touch .venv/runtime $@

# Its requirements contradict ours.
.venv-checkov/checkov: manifests/checkov.lock
	$(PYTHON) -m venv .venv-checkov
	.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check --constraint manifests/checkov.lock checkov
	@touch $@

.PHONY: sweep environment test test-all test-faults lint reference pictures docs format bench bench-search hooks render verify ci-sweep images test-images deploy submit-sweep pipeline-local smoke port-forward lock clean nightly nightly-issue bench-compare help
