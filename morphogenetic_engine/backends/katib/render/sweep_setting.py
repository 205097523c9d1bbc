"""The sweep in the settings of Katib's algorithm: the service of our suggestions has no other state.

`sweep` is the configuration as JSON in base64, `sweep_sha256` its hash, `slots` how many trials may run at a time, and
`warm_start` the results of an earlier sweep, where there are any.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import config_of_json
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import AUTO_SAMPLER
from morphogenetic_engine.sweeps.search.warm_start import results_json, results_of_json

ALGORITHM = "morphogenetic"
"""The name under which the service is registered in Katib's configuration."""

SWEEP, HASH, SLOTS, WARM_START = "sweep", "sweep_sha256", "slots", "warm_start"


@dataclass(frozen=True)
class SentSweep:
    """A sweep as the settings hold it."""

    config: SweepConfig
    slots: int
    """The number of trials that run at a time."""
    known: Sequence[TrialRecord] = ()
    """The results of a warm start."""


def sweep_settings(sweep: SentSweep) -> dict[str, str]:
    """Returns the settings of a sweep."""
    written = sweep.config.canonical_json.encode()
    settings = {
        SWEEP: base64.b64encode(written).decode(),
        HASH: hashlib.sha256(written).hexdigest(),
        SLOTS: str(sweep.slots),
    }
    if sweep.known:
        known = [replace(each, curve=_last_report(each)) for each in sweep.known]
        settings[WARM_START] = base64.b64encode(zlib.compress(results_json(known))).decode()
    return settings


def sweep_of_settings(settings: Mapping[str, str]) -> SentSweep:
    """Returns the sweep that settings hold.

    Raises:
        ConfigError: one is missing or damaged, or the sweep breaks a rule of the schema.
    """
    missing = [name for name in (SWEEP, HASH, SLOTS) if name not in settings]
    if missing:
        raise ConfigError(
            f"algorithmSettings: {missing[0]} is missing; write the Experiment with"
            " `sweep render --to katib --algorithm morphogenetic`"
        )
    written = _decoded(SWEEP, settings[SWEEP])
    if hashlib.sha256(written).hexdigest() != settings[HASH]:
        raise ConfigError(f"algorithmSettings: {HASH}: is not the hash of {SWEEP}; write the Experiment anew")
    slots = settings[SLOTS]
    if not slots.isascii() or not slots.isdigit() or int(slots) < 1:
        raise ConfigError(f"algorithmSettings: {SLOTS}: must be a whole number >= 1, but got {slots!r}")
    config = config_of_json(written, where=f"algorithmSettings: {SWEEP}").config
    return SentSweep(_with_first_rules(config), int(slots), _results(settings.get(WARM_START)))


def _with_first_rules(config: SweepConfig) -> SweepConfig:
    """Returns the configuration of an Experiment; the rules of `auto` that earlier versions did not name are the first.

    An Experiment that runs while the service is upgraded keeps its search.
    """
    optimization = config.optimization
    if optimization.sampler != AUTO_SAMPLER or optimization.auto_rules is not None:
        return config
    return config.model_copy(update={"optimization": optimization.model_copy(update={"auto_rules": 1})})


def _last_report(trial: TrialRecord) -> dict[int, Mapping[str, float]]:
    """Returns what a sampler reads of a curve: the last report of a pruned trial."""
    if trial.state is not TrialState.PRUNED or not trial.curve:
        return {}
    last = max(trial.curve)
    return {last: trial.curve[last]}


def _results(setting: str | None) -> list[TrialRecord]:
    if setting is None:
        return []
    where = f"algorithmSettings: {WARM_START}"
    try:
        return results_of_json(zlib.decompress(_decoded(WARM_START, setting)), where=where)
    except zlib.error as error:
        raise ConfigError(f"{where}: is damaged: {error}") from error
    except SweepError as error:
        raise ConfigError(str(error)) from error


def _decoded(name: str, written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except binascii.Error as error:
        raise ConfigError(f"algorithmSettings: {name}: is not base64: {error}") from error
