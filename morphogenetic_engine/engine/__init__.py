"""The built-in workload: a multi-layer perceptron that grows where it struggles. The only folder that needs torch."""
