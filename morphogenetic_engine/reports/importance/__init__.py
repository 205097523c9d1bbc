"""Parameter importance: PED-ANOVA, and fANOVA through Optuna, with intervals and a noise level."""
