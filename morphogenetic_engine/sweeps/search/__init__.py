"""The strategies: which configurations a sweep tries. The registry maps a configuration to its strategy.

A strategy is pure: suggestion n is a function of the configuration, the seed and a fixed set of earlier trials. Optuna
is imported in `optuna/` alone."""
