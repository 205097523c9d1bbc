"""The original command-line entry point, kept for compatibility: one training run from flags, or the sweep of a file.

python scripts/run_morphogenetic_experiment.py --problem_type moons --lr 0.003
python scripts/run_morphogenetic_experiment.py --sweep_config examples/flat_sweep.yaml
"""

from morphogenetic_engine.cli.commands.legacy_script import main

if __name__ == "__main__":
    main()
