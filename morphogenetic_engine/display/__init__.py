"""A running sweep on a screen: its state, and what draws it in a terminal, as plain lines, or in a notebook."""
