"""Renders a sweep as a Katib Experiment: the algorithm, the parameters, the trial's Job, and the checks before submission."""
