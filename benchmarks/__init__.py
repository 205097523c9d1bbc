"""How fast the parts are: each module measures one thing, `python -m benchmarks.<name>` prints it."""
