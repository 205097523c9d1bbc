"""A program that a sweep runs: it prints its metrics."""

import sys

x = float(sys.argv[1])
for step in range(3):
    print(f"step={step} loss={(x - 0.3) ** 2 + 1 / (step + 1):.6f}")
print(f"loss={(x - 0.3) ** 2:.6f}")
