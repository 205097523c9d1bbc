"""Builds the object that runs a trial on the cluster: a Job or TrainJob, its resources, its part of a GPU; pure."""
