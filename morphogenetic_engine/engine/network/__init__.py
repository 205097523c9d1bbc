"""The network: a trunk with dormant seeds, how a seed germinates, and how it grows."""
