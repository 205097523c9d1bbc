"""Every mistake in a sweep file gives one line: file, key, rule, value, and the nearest known key."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import parse_config, parse_yaml
from morphogenetic_engine.sweeps.schema.search_names import STRATEGIES


def _mistake(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(parse_yaml(text, where="sweep.yaml"), where="sweep.yaml")
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert line.startswith("sweep.yaml: ")
    return line.removeprefix("sweep.yaml: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("optimisation: {n_trials: 3}", "optimisation: unknown key; did you mean 'optimization'?"),
        ("{experiment: {}, banana: 3}", "banana: unknown key"),
        ("execution: {max-parallel: 3}", "execution.max-parallel: unknown key; did you mean 'max_parallel'?"),
        (
            "execution: {early_stopping: {patiense: 3}}",
            "execution.early_stopping.patiense: unknown key; did you mean 'patience'?",
        ),
        ("execution: {retries: {crashs: 1}}", "execution.retries.crashs: unknown key; did you mean 'crashes'?"),
        (
            "execution: {dask: {kubernetes: {worker: 2}}}",
            "execution.dask.kubernetes.worker: unknown key; did you mean 'workers'? (and 1 more)",
        ),
        ("optimization: {halving: {ful: 9}}", "optimization.halving.ful: unknown key; did you mean 'full'?"),
        ("optimization: {n_trails: 1}", "optimization.n_trails: unknown key; did you mean 'n_trials'?"),
        ("tracking: {ml_flow: true}", "tracking.ml_flow: unknown key; did you mean 'mlflow'?"),
        (
            "parameters: {lr: {low: 1, high: 2, hihg: 3}}",
            "parameters.lr.hihg: unknown key; did you mean 'high'?",
        ),
        ("parameters: {lr: {choices: [1], low: 2}}", "parameters.lr.low: unknown key"),
        (
            "{execution: {timeout_per_trial: x}, optimization: {n_trails: 1}}",
            "optimization.n_trails: unknown key; did you mean 'n_trials'? (and 1 more)",
        ),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(text: str, line: str) -> None:
    assert _mistake(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("experiment: []", "experiment: must be a mapping of keys to values, but got []"),
        ("execution:", "execution: must be a mapping of keys to values, but got nothing"),
        ("parameters: [1]", "parameters: must be a mapping of keys to values, but got [1]"),
        ("parameters: {lr: }", "parameters.lr: must be a mapping of keys to values, but got nothing"),
        (
            "experiment: {lr: }",
            'experiment.lr: must be a number, text, true or false, but got None; write "null" or "none" in'
            " quotes and let the workload"
            " read it",
        ),
        ("experiment: {lr: {}}", "experiment.lr: must be a number, text, true or false, but got {}"),
        ("experiment: {workload: 3}", "experiment.workload: must be text, but got 3"),
        (
            "experiment: {command: prog}",
            "experiment.command: must be a list, without a shell: [\"prog\"], but got 'prog'",
        ),
        (
            "experiment: {command: [1]}",
            "experiment.command: arguments must be text, or lists of texts, but got 1; put it in quotes",
        ),
        ("optimization: {n_trials: many}", "optimization.n_trials: must be a whole number, but got 'many'"),
        ("optimization: {n_trials: 1.5}", "optimization.n_trials: must be a whole number, but got 1.5"),
        ("optimization: {n_trials: true}", "optimization.n_trials: must be a number, but got True"),
        ("optimization: {secondary_metrics: a}", "optimization.secondary_metrics: must be a list, but got 'a'"),
        (
            "execution: {timeout_per_trial: soon}",
            "execution.timeout_per_trial: must be a number, but got 'soon'",
        ),
        (
            "execution: {dask: {slurm: {workers: 0, memory: 1G}}}",
            "execution.dask.slurm.workers: must be >= 1, but got 0",
        ),
        ("tracking: {mlflow: 3}", "tracking.mlflow: must be true or false, but got 3"),
        (
            "execution: {max_parallel: some}",
            "execution.max_parallel: must be auto or a whole number >= 1, but got 'some'",
        ),
        (
            "sweep_type: gird",
            f"sweep_type: must be one of {', '.join(STRATEGIES.names)}, but got 'gird'; did you mean 'grid'?",
        ),
        (
            "optimization: {direction: max}",
            "optimization.direction: must be one of maximize, minimize, but got 'max'",
        ),
        (
            "parameters: {lr: {type: flaot, low: 1}}",
            "parameters.lr: type must be one of categorical, int, float, but got 'flaot'; did you mean 'float'?",
        ),
        ("parameters: {lr: {type: int, low: 1.5, high: 2}}", "parameters.lr.low: must be a whole number, but got 1.5"),
        ("parameters: {lr: {low: abc, high: 2}}", "parameters.lr.low: must be a number, but got 'abc'"),
        ("parameters: {lr: {low: 1}}", "parameters.lr.high: is missing"),
        ("parameters: {lr: {}}", "parameters.lr.low: is missing (and 1 more)"),
        ("parameters: {lr: {type: categorical}}", "parameters.lr.choices: is missing"),
    ],
)
def test_a_value_of_the_wrong_kind_is_shown_with_what_was_wanted(text: str, line: str) -> None:
    assert _mistake(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("parameters: {a-b: {low: 2, high: 1}}", "parameters.a-b: low must be <= high, but got low=2, high=1"),
        (
            "parameters: {lr: {low: 0, high: 1.0, log: true}}",
            "parameters.lr: low must be > 0 when log is true, but got low=0.0",
        ),
        (
            "parameters: {lr: {low: 1, high: 8, mean: 3}}",
            "parameters.lr: std is missing; a normal distribution has mean and std",
        ),
        (
            "parameters: {lr: {type: normal, std: 3}}",
            "parameters.lr: mean is missing; a normal distribution has mean and std",
        ),
        (
            "parameters: {lr: {type: log_normal, mean: -1, std: 3}}",
            "parameters.lr: mean must be > 0 in a log_normal distribution, but got mean=-1.0",
        ),
        (
            "parameters: {lr: {type: log_normal, mean: 1, std: 3000}}",
            "parameters.lr: std must be smaller, or low and high given, but got std=3000.0",
        ),
        (
            "parameters: {lr: {type: normal, mean: 1, std: 1, log: true}}",
            "parameters.lr: log must be left out; the type is normal, or log_normal",
        ),
        (
            "parameters: {kind: {choices: [a, b], probabilities: [0.5]}}",
            "parameters.kind: probabilities must be 2, one for each choice, but got 1",
        ),
        ("parameters: {lr: {low: 1, high: 8, points: 0}}", "parameters.lr: points must be >= 1, but got points=0"),
        ("parameters: {lr: []}", "parameters.lr: choices must not be empty"),
        ("experiment: {lr: []}", "experiment.lr: a list is an axis of the search and must not be empty"),
        ("parameters: {lr: [1, 1]}", "parameters.lr: choices must differ from each other, but 1 is a duplicate value"),
        (
            "experiment: {lr: [1, 1.0]}",
            "experiment.lr: choices must differ from each other, but 1.0 is a duplicate value",
        ),
        ("parameters: {lr: [1, .nan]}", "parameters.lr.choices.1: must be finite, but got nan"),
        ("parameters: {lr: [-1e999]}", "parameters.lr.choices.0: must be finite, but got -inf"),
        ("parameters: {lr: {low: 0, high: .inf}}", "parameters.lr.high: must be finite, but got inf"),
        ("experiment: {lr: .inf}", "experiment.lr: must be finite, but got inf"),
        (
            "experiment: {n: 9223372036854775808}",
            "experiment.n: must fit in 64 bits, but got 9223372036854775808",
        ),
        (
            "parameters: {lr: [1, [2]]}",
            'parameters.lr.choices.1: must be a number, text, true or false, but got [2]; write "2" in quotes and let'
            " the workload split it",
        ),
        ("{experiment: {lr: 1}, parameters: {lr: [1]}}", "parameters: experiment gives lr too; keep one"),
        (
            "experiment: {a b: 1}",
            "experiment: names must match [A-Za-z_][A-Za-z0-9_-]*, with dots between groups, but got 'a b'",
        ),
        (
            "parameters: {1st: [1]}",
            "parameters: names must match [A-Za-z_][A-Za-z0-9_-]*, with dots between groups, but got '1st'",
        ),
        (
            'optimization: {target_metric: " acc"}',
            "optimization.target_metric: metric names must not be empty, nor begin or end with a space, but got ' acc'",
        ),
        ("optimization: {seed: -1}", "optimization.seed: must be >= 0, but got -1"),
        ("optimization: {seed: 4294967296}", "optimization.seed: must be < 4294967296, but got 4294967296"),
        ("optimization: {timeout: 0}", "optimization.timeout: must be > 0.0, but got 0"),
        ("execution: {retries: -1}", "execution.retries: must be >= 0, but got -1"),
        ("execution: {early_stopping: {}}", "execution.early_stopping: needs patience, threshold or both"),
        ("sweep_type: sobol", "optimization.n_trials: must be given when sweep_type is sobol"),
        (
            "{sweep_type: random, parameters: {a: [1, 2]}, optimization: {n_trials: 3}}",
            "optimization.n_trials: must be <= 2, the number of points in the space, but got 3",
        ),
        (
            "experiment: {workload: 'a:b', command: [c]}",
            "experiment: workload and command exclude each other; keep one",
        ),
        ("experiment: {command: []}", "experiment: command must name a program"),
        (
            "{experiment: {command: [p, '{lrr}']}, parameters: {lr_x: 1, lr: 1}}",
            "experiment.command: {lrr} is not a parameter; did you mean 'lr'?",
        ),
        (
            "{experiment: {command: [p]}, parameters: {lr: 1}}",
            "experiment.command: has no {lr}, which is searched; pass it on (or all, as JSON, with {params})",
        ),
        (
            "experiment: {command: ['{']}",
            "experiment.command: '{': Single '{' encountered in format string; write {{ and }} for plain braces",
        ),
    ],
)
def test_a_broken_rule_is_told_with_the_value(text: str, line: str) -> None:
    assert _mistake(text) == line


@pytest.mark.parametrize(
    "key",
    [
        "experiment.replicates",
        "execution.threads_per_trial",
        "execution.early_stopping.patience",
        "execution.retries.crashes",
        "optimization.n_trials",
        "optimization.seed",
        "optimization.lookahead",
        "optimization.rounds",
        "optimization.regions",
        "optimization.budget.steps",
        "resources.gpu",
    ],
)
def test_a_whole_number_is_neither_true_nor_larger_than_64_bits(key: str) -> None:
    section, *names = key.split(".")
    for written, rule in (("true", "must be a number, but got True"), (2**63, f"must fit in 64 bits, but got {2**63}")):
        text = f"{section}: " + "".join(f"{{{name}: " for name in names) + f"{written}" + "}" * len(names)
        assert _mistake(text + "\nparameters: {lr: [1]}") == f"{key}: {rule}"


def test_more_workers_than_64_bits_can_count_are_refused() -> None:
    text = f"{{execution: {{max_parallel: {2**63}}}, parameters: {{lr: [1]}}}}"
    assert _mistake(text) == f"execution.max_parallel: must fit in 64 bits, but got {2**63}"


def test_a_long_value_is_cut_short() -> None:
    line = _mistake(f"optimization: {{n_trials: {'x' * 500}}}")
    assert line == f"optimization.n_trials: must be a whole number, but got '{'x' * 56}..."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("--lr: [1, 1]", "parameters.lr: choices must differ from each other, but 1 is a duplicate value"),
        ("lr: .nan", "experiment.lr: must be finite, but got nan"),
        ("{--lr: 1, lr: 2}", "lr: is a duplicate key, with and without dashes"),
    ],
)
def test_a_mistake_in_a_flat_file_is_one_line_too(text: str, line: str) -> None:
    assert _mistake(text) == line


def test_an_unknown_executor_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({"parameters": {"x": [1]}, "execution": {"executor": "loca"}}, where="sweep.yaml")
    assert str(caught.value) == (
        "sweep.yaml: execution.executor: must be one of local, dask, but got 'loca'; did you mean 'local'?"
    )


def test_the_executor_and_isolation_are_no_part_of_a_sweeps_identity() -> None:
    written = {"parameters": {"x": [1]}}
    isolated = parse_config({**written, "execution": {"executor": "local", "isolate": True}}, where="sweep.yaml")
    assert isolated.identity == parse_config(written, where="sweep.yaml").identity
