"""The trials of a sweep as columns of numbers, and regions of the search space: the input of the analyses."""
