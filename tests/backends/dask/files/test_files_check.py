"""`sweep check` says how files reach the workers, and tries it on one of them."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from morphogenetic_engine.backends.dask.files_check import check_files
from morphogenetic_engine.errors import ClusterError, ConfigError, StoreError
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.conftest import Command
from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster
from tests.conftest import StartSweep, WriteConfig
from tests.seaweedfs import BUCKET, SeaweedServer

TOY = 'experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1, 0.2]}\n'
SHARE = r"put the sweep file and --results into a folder that .* share, or set execution.dask.storage to a folder of an"


@pytest.fixture(scope="module")
def strangers(s3: SeaweedServer, hiding: Sequence[str]) -> Iterator[DaskCluster]:
    """A worker that sees no shared folder, and has no key for the store."""
    del s3
    folder = Path(tempfile.mkdtemp(prefix="strangers-"))
    begins = ["env", "--unset=AWS_SECRET_ACCESS_KEY", *hiding]
    with dask_cluster(folder, 1, begins=begins, storage=f"s3://{BUCKET}/strangers") as cluster:
        yield cluster
    shutil.rmtree(folder)


def test_a_store_is_told_with_the_project_and_a_worker_that_reads_it(
    elsewhere: DaskCluster, write_config: WriteConfig, workplace: Path
) -> None:
    said = check_files(write_config(TOY + elsewhere.section(1)))
    assert f"2 files of {workplace}" in said and f"go through {elsewhere.storage}: tried by a worker on" in said
    assert sorted(each.name for each in workplace.iterdir()) == ["sweep.yaml", "toy.py"]


def test_a_folder_that_a_worker_does_not_see_is_told_with_the_other_way(
    elsewhere: DaskCluster, hiding: Sequence[str], write_config: WriteConfig
) -> None:
    if not hiding:
        pytest.skip("this system allows no mount namespaces")
    shared = elsewhere.section(1).replace(f', storage: "{elsewhere.storage}"', "")
    with pytest.raises(ClusterError, match=rf"sweep.yaml: execution.dask: worker on .* does not see .*{SHARE}"):
        check_files(write_config(TOY + shared))


def test_a_worker_without_credentials_is_told_by_check_and_run(
    strangers: DaskCluster, write_config: WriteConfig, start: StartSweep
) -> None:
    text = TOY + strangers.section(1)
    with pytest.raises(ClusterError, match=r"worker on .*: s3://reports/strangers: .*AWS_SECRET_ACCESS_KEY"):
        check_files(write_config(text))
    with pytest.raises(ClusterError, match=r"worker on .*: s3://reports/strangers: .*AWS_SECRET_ACCESS_KEY"):
        run_sweep(start(text))


def test_a_store_that_may_not_be_written_is_told(
    s3: SeaweedServer, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.reader_environment.items():
        monkeypatch.setenv(name, value)
    text = f'{TOY}execution: {{executor: dask, dask: {{storage: "s3://{BUCKET}/read"}}}}\n'
    with pytest.raises(StoreError, match="sweep.yaml: execution.dask.storage: s3://reports/read/.* no permission"):
        check_files(write_config(text))


def test_jobs_and_pods_are_not_started_by_the_check(write_config: WriteConfig, workplace: Path) -> None:
    text = f"{TOY}execution: {{executor: dask, dask: {{slurm: {{workers: 1}}}}}}\n"
    assert check_files(write_config(text)) == (
        f"workers see {workplace}, where the sweep starts, and the folder of the results: each worker tries it when it"
        " starts"
    )


def test_worker_pods_with_shared_gpus_are_refused_by_the_check(write_config: WriteConfig) -> None:
    text = (
        f"{TOY}execution: {{executor: dask, dask: {{kubernetes: {{workers: 1}}}}}}\n"
        "resources: {gpu_sharing: {by: claim}}\n"
    )
    with pytest.raises(ConfigError, match="sweep.yaml: resources.gpu_sharing: is for trials on Katib"):
        check_files(write_config(text))


def test_the_check_says_that_the_extra_is_missing(
    write_config: WriteConfig, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.startswith("morphogenetic_engine.backends.dask.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    file = write_config(f"{TOY}execution: {{executor: dask}}\n")
    ran = command("sweep", "check", "--config", str(file.path), "--watch", "0")
    assert ran.status == 2 and "pip install 'morphogenetic-engine[dask]'" in ran.err
