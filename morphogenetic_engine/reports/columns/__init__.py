"""The trials of a sweep as columns of numbers, and regions of the search space: what the analyses are computed from."""
