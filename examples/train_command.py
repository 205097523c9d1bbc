"""A program that knows nothing of sweeps: fits a noisy line by gradient descent and prints its loss."""

from __future__ import annotations

import argparse
import random


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--width", type=int, required=True, help="points a batch")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    slope = 0.0
    for step in range(20):
        batch = [generator.uniform(-1, 1) for _ in range(arguments.width)]
        errors = [(slope - 2.0) * x + generator.gauss(0, 0.1) for x in batch]
        loss = sum(error * error for error in errors) / len(errors)
        slope -= arguments.lr * 2 * sum(error * x for error, x in zip(errors, batch)) / len(errors)
        print(f"step={step} loss={loss:.6f}")


if __name__ == "__main__":
    main()
