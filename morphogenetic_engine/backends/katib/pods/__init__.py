"""What a trial is on the cluster: a Job or a TrainJob, its resources, and its part of a shared GPU; pure."""
