"""Statistics that know nothing of sweeps: ranks, tests, intervals, PED-ANOVA."""
