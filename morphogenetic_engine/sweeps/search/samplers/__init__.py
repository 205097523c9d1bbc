"""The samplers of a bayesian sweep: a file for each kind, imported without its library."""
