"""The search space: kinds of parameters, their values, the conditions between them, and their products."""
