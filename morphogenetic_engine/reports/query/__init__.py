"""Filters over trials, such as `lr < 0.01 and kind in (relu, tanh)`."""
