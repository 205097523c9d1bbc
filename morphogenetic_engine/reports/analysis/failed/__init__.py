"""Failed trials: how many of each reason, and the parts of the space in which they concentrate."""
