"""Workers that a session starts where no folder is shared: by ssh, by Slurm, and as pods."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from morphogenetic_engine.backends.dask.files_check import check_files
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.process_kubelet import pods_as_processes
from tests.backends.dask.slurm_cluster import SlurmCluster, queued_jobs
from tests.backends.dask.ssh_server import ssh_server
from tests.conftest import StartSweep
from tests.manifests.kustomizations import field, items
from tests.seaweedfs import BUCKET, SeaweedServer
from tests.tables import steady_rows

pytestmark = pytest.mark.slow

WORKLOAD = """
import os
from pathlib import Path

def train(params, trial):
    (trial.dir / "place").write_text(f"{Path.cwd()}\\n{trial.dir}\\n")
    (trial.dir / "variables").write_text("\\n".join(sorted(os.environ)))
    return {"val_acc": float(params["x"]) + trial.seed % 1000 / 1e6}
"""
SWEEP = """
sweep_type: random
experiment: {workload: "placed:train"}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 6, lookahead: 2}
"""


@pytest.fixture(name="local")
def sweep_of_this_machine(workplace: Path, start: StartSweep) -> SweepFolder:
    (workplace / "placed.py").write_text(WORKLOAD, encoding="utf-8")
    folder = start(SWEEP)
    run_sweep(folder)
    return folder


@pytest.fixture(scope="module")
def ssh_config(hiding: Sequence[str]) -> Iterator[Path]:
    """A configuration of ssh for hosts on which the folders of the tests are empty."""
    folder = Path(tempfile.mkdtemp(prefix="ssh-"))
    with ssh_server(folder, hiding) as config:
        yield config
    shutil.rmtree(folder)


def test_workers_started_by_ssh_have_the_local_table(
    s3: SeaweedServer, ssh_config: Path, local: SweepFolder, start: StartSweep
) -> None:
    del s3
    hosts = f'ssh: [node1, node2], interface: lo, ssh_config: {ssh_config}, storage: "s3://{BUCKET}/ssh"'
    text = f"{SWEEP}execution: {{executor: dask, dask: {{{hosts}}}}}\n"
    _check(start(text), local)
    assert "tried by a worker on" in check_files(read_config(Path("sweep.yaml")))


def test_jobs_of_slurm_have_the_local_table(
    s3: SeaweedServer, slurm: SlurmCluster, local: SweepFolder, start: StartSweep
) -> None:
    del s3, slurm
    jobs = f'interface: lo, slurm: {{workers: 2, memory: 500M}}, storage: "s3://{BUCKET}/slurm"'
    away = start(f"{SWEEP}execution: {{executor: dask, dask: {{{jobs}}}}}\n")
    _check(away, local)
    assert queued_jobs() == []
    script = (away.path / "dask").rglob("*")
    assert not [file for file in script if file.suffix in {".out", ".err"}]  # they are where the jobs ran


def test_pods_have_the_local_table_without_the_volumes_of_the_coordinator(
    s3: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: SweepFolder, start: StartSweep
) -> None:
    del s3
    with pods_as_processes(tmp_path, monkeypatch) as kubernetes:
        pods = f'interface: lo, kubernetes: {{workers: 2}}, storage: "s3://{BUCKET}/pods"'
        secrets = "resources: {secrets: [store]}\n"
        away = SweepFolder(start(f"{SWEEP}execution: {{executor: dask, dask: {{{pods}}}}}\n{secrets}").path.absolute())
        _check(away, local)
        assert kubernetes.left() == []
        jobs = [each.manifest for each in kubernetes.cluster.changes if (each.plural, each.kind) == ("jobs", "ADDED")]
    pod = field(jobs[0], "spec", "template", "spec")
    (container,) = items(pod, "containers")
    assert not any(field(volume, "persistentVolumeClaim") for volume in items(pod, "volumes"))
    assert items(container, "envFrom") == [{"secretRef": {"name": "store"}}]


def _check(away: SweepFolder, local: SweepFolder) -> None:
    """Checks that a sweep has the local table, and that its trials ran elsewhere, without the keys of the session."""
    assert run_sweep(away) is Outcome.FINISHED
    assert steady_rows(away) == steady_rows(local)
    for number in range(6):
        for place in (away.trial(number) / "place").read_text(encoding="utf-8").split():
            assert not Path(place).is_relative_to(away.path.absolute().parents[1])
        variables = (away.trial(number) / "variables").read_text(encoding="utf-8")
        assert "AWS_ACCESS_KEY_ID" in variables and "TLS" not in variables
