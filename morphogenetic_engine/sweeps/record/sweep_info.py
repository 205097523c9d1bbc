"""`sweep.json`: all that is needed to run a sweep again, with a checksum."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig, identity_of
from morphogenetic_engine.sweeps.record.inputs import InputFile
from morphogenetic_engine.sweeps.record.journal import remedy
from morphogenetic_engine.sweeps.record.machine import Machine
from morphogenetic_engine.sweeps.record.origin import Origin
from morphogenetic_engine.sweeps.record.record_file import parse_record
from morphogenetic_engine.sweeps.schema.halving_plan import earlier_default_brackets
from morphogenetic_engine.sweeps.schema.search_names import AUTO_SAMPLER

FORMAT = 2
SEAL = re.compile(rb',\n  "check": "([0-9a-f]{8})"\n\}\n?')
_SEAL_BYTES = len(b',\n  "check": "01234567"\n}\n')
_FORMAT = re.compile(rb'\{\s*"format":\s*(\d+)')


class SweepInfo(BaseModel):
    """`sweep.json`: all that is needed to run the sweep again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=FORMAT, ge=1)
    sweep_id: str
    created: str
    """Local time, ISO 8601."""
    config: SweepConfig
    """The resolved configuration; lookahead is filled in."""
    identity: str
    """The configuration's identity, see SweepConfig.identity."""
    earlier_identities: tuple[str, ...] = ()
    """The identities that earlier versions computed for the same search."""
    config_path: str
    """The sweep file as it was named, for messages."""
    working_directory: str
    """The directory that workloads are imported from, and in which commands run."""
    python: str
    versions: dict[str, str]
    rule: str | None = None
    """The rule that chose the search, where the sampler is `auto`."""
    trials: int | None = None
    """The number of trials of the sweep if nothing stops it early; not there in sweeps of earlier versions."""
    git_commit: str | None
    """The commit of the working directory, with "-dirty" where files differed from it; None outside a repository."""
    machine: Machine | None = None
    """The machine on which the sweep was started; missing in sweeps of earlier versions."""
    inputs: dict[str, InputFile] = Field(default_factory=dict)
    """The files that the trials read, by the names of their parameters; not there in sweeps of earlier versions."""
    mlflow_run: str | None = None
    """The run that `mlflow run` had opened for the sweep."""
    origin: Origin | None = None
    """The system that the sweep was collected from; None: it runs on this machine."""

    @model_validator(mode="before")
    @classmethod
    def _with_earlier_defaults(cls, written: object) -> object:
        """Fills in what a sweep was started with where its record does not name it: brackets, rules of `auto`."""
        return _with_earlier_rules(_with_earlier_brackets(written)) if isinstance(written, dict) else written

    @property
    def identities(self) -> frozenset[str]:
        """All identities of this search, by this version and by earlier ones."""
        return frozenset({self.identity, *self.earlier_identities})

    def with_config(self, config: SweepConfig, trials: int | None) -> SweepInfo:
        """Returns the record of the same search with other settings."""
        earlier = self.earlier_identities
        if config.identity != self.identity:
            earlier = (*earlier, self.identity)
        changes = {"config": config, "identity": config.identity, "earlier_identities": earlier, "trials": trials}
        return self.model_copy(update=changes)


def sweep_info_text(info: SweepInfo) -> bytes:
    """Returns the content of `sweep.json`; its last member is the CRC-32 of all before it."""
    members = {**info.model_dump(mode="json"), "format": FORMAT}
    body = orjson.dumps(members, option=orjson.OPT_INDENT_2).removesuffix(b"\n}")
    return body + b',\n  "check": "%08x"\n}\n' % crc32(body)


def read_sweep_info(path: Path) -> SweepInfo:
    """Reads a `sweep.json`.

    Raises:
        SweepError: it is damaged, was changed, or is of a newer format.
        StoreError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        body = _checked(path, content)
        info = parse_record(path, body, SweepInfo, newest=FORMAT)
        written = orjson.loads(body)["config"]
        if identity_of(written) != info.identity:
            raise SweepError(f"{path}: is damaged: config: was changed after the sweep began")
        if _earlier_halving(written) is not None:
            info = info.with_config(info.config, info.trials)
    except SweepError as error:
        raise error if "upgrade" in str(error) else SweepError(f"{error}; {remedy(path.parent)}") from error
    return info


def _earlier_halving(config: object) -> Mapping[str, object] | None:
    """Returns the section of a halving that names no number of brackets, as sweeps of version 0.1 had it."""
    settings = config.get("optimization") if isinstance(config, dict) else None
    halving = settings.get("halving") if isinstance(settings, dict) and settings.get("strategy") == "halving" else None
    return halving if isinstance(halving, dict) and halving.get("brackets") == "auto" else None


def _with_earlier_brackets(record: dict[str, object]) -> dict[str, object]:
    """Returns a record whose halving has the number of brackets that version 0.1 chose."""
    config, trials = record.get("config"), record.get("trials")
    halving = _earlier_halving(config)
    if halving is None or not isinstance(config, dict) or not isinstance(trials, int):
        return record
    settings, eta = config["optimization"], halving.get("eta")
    learns = config.get("sweep_type") == "bayesian" and settings.get("sampler") not in {"Random", "QMC"}
    brackets = earlier_default_brackets(trials, eta if isinstance(eta, int) else 3, learns)
    changed = {**config, "optimization": {**settings, "halving": {**halving, "brackets": brackets}}}
    return {**record, "config": changed}


def _with_earlier_rules(record: dict[str, object]) -> dict[str, object]:
    """Returns a record whose sampler `auto` keeps the first rules if it names none."""
    config = record.get("config")
    settings = config.get("optimization") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(settings, dict) or settings.get("sampler") != AUTO_SAMPLER:
        return record
    rules = settings.get("auto_rules") or 1
    return {**record, "config": {**config, "optimization": {**settings, "auto_rules": rules}}}


def _checked(path: Path, content: bytes) -> bytes:
    """Returns the content without its checksum, which fits; that of format 1 has none."""
    seal = SEAL.search(content, max(0, len(content) - _SEAL_BYTES))
    if seal is None or seal.end() != len(content):
        version = _FORMAT.match(content)
        if version is None or int(version[1]) != 2:
            return content
        raise SweepError(f"{path}: is damaged: check: is not at its end")
    body = content[: seal.start()]
    if crc32(body) != int(seal[1], 16):
        raise SweepError(f"{path}: is damaged: its checksum is {seal[1].decode()}, but {crc32(body):08x} belongs there")
    return body + b"\n}"
