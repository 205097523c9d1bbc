"""The display of a running sweep: its state, and a live panel, plain lines or the cell of a notebook that show it."""
