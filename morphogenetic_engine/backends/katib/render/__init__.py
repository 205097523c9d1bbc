"""Renders a sweep as a Katib Experiment: algorithm, parameters, the trial's Job, checks before submission."""
