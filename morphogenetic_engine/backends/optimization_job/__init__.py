"""A sweep as an OptimizationJob of Kubeflow Trainer: a configuration in, a manifest and what it cannot say out."""
