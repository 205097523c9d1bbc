"""The options of the pipelines' commands, and their conversion to plans and servers."""

# kfp takes a second to import; deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from morphogenetic_engine.cli.options import several
from morphogenetic_engine.errors import ConfigError
from pipelines.lost_settings import lost_settings
from pipelines.plan import Images, ObjectStore, Pipeline, Plan

if TYPE_CHECKING:
    from pipelines.client.server import PipelinesServer

EXPERIMENT = "morphogenetic sweeps"

config = click.option("--config", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Sweep file.")
pipeline = click.option(
    "--pipeline",
    type=click.Choice([str(each) for each in Pipeline]),
    default=str(Pipeline.SWEEP),
    show_default=True,
    help="sweep and smoke run the trials on Katib, local-sweep runs all of them in one pod.",
)
images = several(
    click.option("--train-image", envvar="TRAIN_IMAGE", metavar="IMAGE", help="Image of the workload."),
    click.option("--report-image", envvar="REPORT_IMAGE", metavar="IMAGE", help="Image of everything else."),
)
storage = several(
    click.option(
        "--storage",
        envvar="SWEEP_STORAGE",
        default="s3://mlpipeline/morphogenetic",
        show_default=True,
        metavar="ADDRESS",
        help="Where sweeps and reports are stored; '': nowhere.",
    ),
    click.option(
        "--storage-endpoint",
        envvar="SWEEP_STORAGE_ENDPOINT",
        default="http://seaweedfs.kubeflow:9000",
        show_default=True,
        metavar="URL",
        help="Endpoint of the store inside the cluster; '': the cloud's own.",
    ),
    click.option(
        "--storage-region",
        envvar="SWEEP_STORAGE_REGION",
        default="",
        metavar="REGION",
        help="Region of the store, if its cloud has several.",
    ),
    click.option(
        "--storage-secret",
        envvar="SWEEP_STORAGE_SECRET",
        default="mlpipeline-minio-artifact:accesskey,secretkey",
        show_default=True,
        metavar="SECRET:KEY,KEY",
        help="Secret in the namespace, and its keys for access key and secret key; '': none.",
    ),
)
namespace = click.option(
    "--trial-namespace",
    envvar="SWEEP_NAMESPACE",
    default="morphogenetic",
    show_default=True,
    metavar="NAME",
    help="Namespace of the Katib Experiment; '': that of the pipeline's pods.",
)
trial_secret = click.option(
    "--trial-secret",
    envvar="SWEEP_TRIAL_SECRET",
    default="",
    metavar="SECRET",
    help="Secret of the trials' namespace with the store's AWS_ variables: trials upload curves and models.",
)
server = several(
    click.option("--host", metavar="URL", help="The server.  [default: KF_PIPELINES_ENDPOINT, or the kubeconfig's]"),
    click.option("--ui", metavar="URL", help="The Kubeflow UI.  [default: the server]"),
    click.option("--namespace", metavar="NAME", help="Your namespace, on a multi-user server."),
    click.option("--experiment", default=EXPERIMENT, show_default=True, help="KFP's folder of runs."),
    click.option("--service-account", metavar="NAME", help="Service account of the pods.  [default: the server's]"),
)
plan = several(config, pipeline, images, storage, namespace, trial_secret)
waiting = several(
    click.option(
        "--poll", type=click.FloatRange(min=0.01), default=10.0, show_default=True, help="Seconds between two polls."
    ),
    click.option(
        "--outage",
        type=click.FloatRange(min=0),
        default=300.0,
        show_default=True,
        help="Seconds that the server may be unreachable.",
    ),
)
logs = click.option(
    "--logs",
    envvar="KFP_LOGS",
    default="s3://mlpipeline/private-artifacts",
    show_default=True,
    metavar="ADDRESS",
    help="Where Kubeflow Pipelines archives logs; '': nowhere.",
)
caching = several(
    click.option(
        "--cache/--no-cache",
        default=True,
        help="Take trainings and evaluations from the cache if their images never change.",
    ),
    click.option(
        "--artifacts",
        envvar="KFP_ARTIFACTS",
        default="s3://mlpipeline/v2/artifacts",
        show_default=True,
        metavar="ADDRESS",
        help="The pipeline root, which is checked for the artifacts of cached steps.",
    ),
)


def server_of(given: dict[str, Any]) -> "PipelinesServer":
    """Returns the server that the options name, and removes these options."""
    from pipelines.client.server import Address, PipelinesServer

    host, ui, namespace = (given.pop(name) for name in ("host", "ui", "namespace"))
    token, cookies = os.environ.get("KFP_TOKEN"), os.environ.get("KFP_COOKIES")
    return PipelinesServer(Address(host, ui, namespace, token, cookies))


def planned(
    config: Path,
    pipeline: str,
    *,
    train_image: str | None,
    report_image: str | None,
    trial_namespace: str,
    trial_secret: str = "",
    cache: bool = True,
    **store: str,
) -> Plan:
    """Returns the plan that the options describe; prints the unsupported settings of the sweep file.

    Raises:
        ConfigError: a mistake in the file or in an option.
    """
    from morphogenetic_engine.backends.katib.render.credentials_check import check_no_passwords
    from morphogenetic_engine.steps.portable_json import portable_text
    from morphogenetic_engine.sweeps.config_file import read_config

    settings = read_config(config).config
    try:
        check_no_passwords(settings)
    except ConfigError as error:
        raise ConfigError(f"{config}: {error}") from error
    images = images_of(train_image, report_image)
    kept = _store(**store)
    for key, text in lost_settings(settings, Pipeline(pipeline)):
        click.echo(f"# {config}: {key}: {text}", err=True)
    plan_ = Plan(Pipeline(pipeline), settings, images, kept, portable_text(config.stem), trial_namespace, caching=cache)
    return plan_.with_trial_secret(trial_secret) if trial_secret and plan_.on_katib else plan_


def images_of(train: str | None, report: str | None) -> Images:
    """Returns the images that the options name.

    Raises:
        ConfigError: one is not given.
    """
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
