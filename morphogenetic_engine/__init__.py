"""Hyperparameter sweeps that are exact and honest, on one machine and on a cluster.

    import morphogenetic_engine as me

    space = {"lr": me.Float(1e-4, 1e-1, log=True), "layers": [1, 2, 4]}
    result = me.sweep(train, space, objective="val_acc", trials=50)
    result.best.params

Everything is imported when it is first used, so that importing the package costs nothing.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as that of typing, which takes longer to import than all of this

if TYPE_CHECKING:
    from morphogenetic_engine.api import (
        Choice,
        Comparison,
        Confirmation,
        Float,
        Int,
        Interrupted,
        Result,
        TrialResult,
        compare,
        confirm,
        load,
        resume,
        sweep,
    )
    from morphogenetic_engine.errors import (
        ConfigError,
        MorphogeneticError,
        Pruned,
        StoreError,
        SweepError,
        TrialFailed,
        WorkloadError,
    )
    from morphogenetic_engine.trial import Metrics, Params, Trial, declare

__all__ = [
    "Choice",
    "Comparison",
    "ConfigError",
    "Confirmation",
    "Float",
    "Int",
    "Interrupted",
    "Metrics",
    "MorphogeneticError",
    "Params",
    "Pruned",
    "Result",
    "StoreError",
    "SweepError",
    "Trial",
    "TrialFailed",
    "TrialResult",
    "WorkloadError",
    "compare",
    "confirm",
    "declare",
    "load",
    "resume",
    "sweep",
]

_TRIAL = frozenset({"Metrics", "Params", "Trial", "declare"})
_ERRORS = frozenset(
    {"ConfigError", "MorphogeneticError", "Pruned", "StoreError", "SweepError", "TrialFailed", "WorkloadError"}
)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # pylint: disable=import-outside-toplevel

    home = "trial" if name in _TRIAL else "errors" if name in _ERRORS else "api"
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
