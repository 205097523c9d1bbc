"""`python -m pipelines`: compile, submit, schedule, and run here."""

# kfp takes a second to import: --help is for the impatient.
# pylint: disable=import-outside-toplevel
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from morphogenetic_engine.cli.main import INTERRUPTED
from morphogenetic_engine.cli.options import several
from morphogenetic_engine.errors import ConfigError
from pipelines.lost_settings import lost_settings
from pipelines.plan import Images, ObjectStore, Pipeline, Plan

if TYPE_CHECKING:
    from pipelines.server import PipelinesServer
    from pipelines.submission import Patience

FAILED = 1
DEFAULT_RESULTS = Path("results/pipelines")
_EXPERIMENT = "morphogenetic sweeps"


_config = click.option("--config", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Sweep file.")
_pipeline = click.option(
    "--pipeline",
    type=click.Choice([str(each) for each in Pipeline]),
    default=str(Pipeline.SWEEP),
    show_default=True,
    help="sweep and smoke run the trials on Katib, local-sweep runs all of them in one pod.",
)
_images = several(
    click.option("--train-image", envvar="TRAIN_IMAGE", metavar="IMAGE", help="Image of the workload."),
    click.option("--report-image", envvar="REPORT_IMAGE", metavar="IMAGE", help="Image of everything else."),
)
_storage = several(
    click.option(
        "--storage",
        envvar="SWEEP_STORAGE",
        default="s3://mlpipeline/morphogenetic",
        show_default=True,
        metavar="ADDRESS",
        help="Where sweeps and reports are kept; '': nowhere.",
    ),
    click.option(
        "--storage-endpoint",
        envvar="SWEEP_STORAGE_ENDPOINT",
        default="http://seaweedfs.kubeflow:9000",
        show_default=True,
        metavar="URL",
        help="The store inside the cluster; '': that of the cloud.",
    ),
    click.option(
        "--storage-region",
        envvar="SWEEP_STORAGE_REGION",
        default="",
        metavar="REGION",
        help="The store's region, where a cloud has several.",
    ),
    click.option(
        "--storage-secret",
        envvar="SWEEP_STORAGE_SECRET",
        default="mlpipeline-minio-artifact:accesskey,secretkey",
        show_default=True,
        metavar="SECRET:KEY,KEY",
        help="Secret of the namespace, and its keys for access key and secret key; '': none.",
    ),
)
_namespace = click.option(
    "--trial-namespace",
    envvar="SWEEP_NAMESPACE",
    default="morphogenetic",
    show_default=True,
    metavar="NAME",
    help="Of the Katib Experiment; '': that of the pipeline's pods.",
)
_server = several(
    click.option("--host", metavar="URL", help="The server.  [default: KF_PIPELINES_ENDPOINT, or the kubeconfig's]"),
    click.option("--ui", metavar="URL", help="The Kubeflow UI.  [default: the server]"),
    click.option("--namespace", metavar="NAME", help="Yours, on a server with several."),
    click.option("--experiment", default=_EXPERIMENT, show_default=True, help="KFP's folder of runs."),
    click.option("--service-account", metavar="NAME", help="Of the pods.  [default: the server's]"),
)
_plan = several(_config, _pipeline, _images, _storage, _namespace)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def pipelines() -> None:
    """Sweeps as pipelines of Kubeflow: sweep, train the best, evaluate, report."""


@pipelines.command("compile")
@_plan
@click.option("--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The compiled pipeline.")
def compile_command(output: Path, **given: Any) -> None:
    """Compile a pipeline into the YAML file that Kubeflow Pipelines takes."""
    from pipelines.compiling import write
    from pipelines.large_config import with_stored_config

    write(with_stored_config(_planned(**given)), output)
    click.echo(str(output))


@pipelines.command("submit")
@_plan
@_server
@click.option("--wait/--no-wait", default=True, help="Wait for the end; the exit status says whether it succeeded.")
@click.option("--poll", type=click.FloatRange(min=0.01), default=10.0, show_default=True, help="Seconds between looks.")
@click.option(
    "--outage", type=click.FloatRange(min=0), default=300.0, show_default=True, help="Seconds without server."
)
def submit_command(
    wait: bool, poll: float, outage: float, experiment: str, service_account: str | None, **given: Any
) -> int:
    """Start a pipeline and follow it to its end; one that runs already is followed, not started again."""
    from pipelines.compiling import compiled
    from pipelines.submission import Patience, run_name, submit

    plan, server = _planned_and_server(given)
    package, patience = compiled(plan), Patience(poll, outage)
    name = run_name(_stem(plan, given["config"]), package)
    run, known = submit(
        server, package, name=name, experiment=experiment, service_account=service_account, patience=patience
    )
    click.echo(f"{'runs already' if known else 'started'}: {name}")
    click.echo(f"run: {server.link(run.run_id)}")
    if plan.store.address:
        click.echo(f"report: {plan.store.address.rstrip('/')}/reports/{run.run_id}/index.html")
    return _followed(server, run.run_id, patience) if wait else 0


@pipelines.command("schedule")
@_plan
@_server
@click.option("--cron", required=True, metavar="'0 0 2 * * *'", help="When, in UTC: six fields, seconds first.")
@click.option("--name", metavar="NAME", help="Of the recurring run, which replaces earlier ones of the name.")
def schedule_command(cron: str, name: str | None, experiment: str, service_account: str | None, **given: Any) -> None:
    """Start a pipeline again and again: every night, every week."""
    from pipelines.compiling import compiled
    from pipelines.schedule import checked_cron, schedule

    cron = checked_cron(cron)
    plan, server = _planned_and_server(given)
    name = name or _stem(plan, given["config"])
    made, replaced = schedule(
        server, compiled(plan), name=name, experiment=experiment, cron=cron, service_account=service_account
    )
    click.echo(f"{made.name}: at {cron} (UTC){f', in place of {replaced} of the name' if replaced else ''}")


@pipelines.command("local")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("examples/smoke.yaml"),
    show_default=True,
    metavar="FILE",
    help="Sweep file.",
)
@click.option(
    "--storage", default="", metavar="ADDRESS", help="Where sweep and report are kept.  [default: the folder]"
)
@click.option(
    "--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True, help="Folder of the runs."
)
@click.option(
    "--runner",
    type=click.Choice(["subprocess", "docker"]),
    default="subprocess",
    show_default=True,
    help="docker: each component in a container of its image, with podman or Docker.",
)
@_images
def local_command(
    config: Path, storage: str, results: Path, runner: str, train_image: str | None, report_image: str | None
) -> int:
    """Run the pipeline on this machine, each component in a process or container of its own: no cluster."""
    from datetime import datetime

    from morphogenetic_engine.sweeps.config_file import read_config
    from pipelines.local_run import HERE, run_here

    images = HERE if runner == "subprocess" else _images_given(train_image, report_image)
    plan = Plan(Pipeline.LOCAL_SWEEP, read_config(config).config, images, ObjectStore(storage), config.stem)
    ended = run_here(plan, results / datetime.now().strftime("%Y%m%d_%H%M%S_%f"), tell=click.echo)
    click.echo(f"log: {ended.log}")
    if ended.report:
        click.echo(f"report: {ended.report}")
    return 0 if ended.succeeded else FAILED


def _followed(server: "PipelinesServer", run_id: str, patience: "Patience") -> int:
    """Wait for a run, say how it ended, and return the exit status."""
    from pipelines.runs import RunState
    from pipelines.submission import wait

    try:
        run = wait(server, run_id, patience=patience, tell=click.echo)
    except KeyboardInterrupt:
        click.echo("The run goes on; the same command follows it again.", err=True)
        return INTERRUPTED
    for task in run.failed_tasks:
        click.echo(f"failed: {task.name}{f': {task.error}' if task.error else ''}", err=True)
    return 0 if run.state is RunState.SUCCEEDED else FAILED


def _planned_and_server(given: dict[str, Any]) -> "tuple[Plan, PipelinesServer]":
    """Return both; the plan first, so that a mistake in it is found without a server."""
    from pipelines.large_config import with_stored_config
    from pipelines.server import Address, PipelinesServer

    host, ui, namespace = (given.pop(name) for name in ("host", "ui", "namespace"))
    plan = _planned(**given)
    token, cookies = os.environ.get("KFP_TOKEN"), os.environ.get("KFP_COOKIES")
    server = PipelinesServer(Address(host, ui, namespace, token, cookies))
    return with_stored_config(plan), server


def _planned(
    config: Path,
    pipeline: str,
    *,
    train_image: str | None,
    report_image: str | None,
    trial_namespace: str,
    **store: str,
) -> Plan:
    from morphogenetic_engine.sweeps.config_file import read_config
    from morphogenetic_engine.backends.katib.render.credentials_check import check_no_passwords

    settings = read_config(config).config
    try:
        check_no_passwords(settings)
    except ConfigError as error:
        raise ConfigError(f"{config}: {error}") from error
    images = _images_given(train_image, report_image)
    kept = _store(**store)
    for key, text in lost_settings(settings, Pipeline(pipeline)):
        click.echo(f"# {config}: {key}: {text}", err=True)
    return Plan(Pipeline(pipeline), settings, images, kept, config.stem, trial_namespace)


def _images_given(train: str | None, report: str | None) -> Images:
    return Images(_given("--train-image", train), _given("--report-image", report))


def _given(option: str, image: str | None) -> str:
    if not image:
        variable = option.removeprefix("--").replace("-", "_").upper()
        raise ConfigError(f"{option}: must be given (or {variable} set); `make images` builds and names them")
    return image


def _store(storage: str, storage_endpoint: str, storage_region: str, storage_secret: str) -> ObjectStore:
    if not storage:
        return ObjectStore()
    if not storage_secret:
        return ObjectStore(storage, storage_endpoint, region=storage_region)
    name, _, keys = storage_secret.partition(":")
    access, comma, secret_key = (keys or "AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY").partition(",")
    if not (name and access and comma and secret_key):
        raise ConfigError(f"--storage-secret: must be SECRET or SECRET:KEY,KEY, but got {storage_secret!r}")
    return ObjectStore(storage, storage_endpoint, name, (access, secret_key), storage_region)


def _stem(plan: Plan, config: Path) -> str:
    return f"{plan.pipeline}-{config.stem}"
