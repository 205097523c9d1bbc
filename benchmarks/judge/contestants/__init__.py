"""The strategies that are compared; each yields the loss of every step that it trains, in its order, without an end."""
