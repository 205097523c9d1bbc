"""Katib: a sweep as an Experiment (kubeflow.org/v1beta1), and its Trials as events of the sweep's journal.

`render/` turns a sweep into manifests and `read/` turns objects back into events; both are pure functions over plain
dictionaries. `client/` talks to the cluster."""
