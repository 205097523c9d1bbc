"""Lists the settings of a sweep file that Kubeflow Pipelines does not support for its pods."""

from collections.abc import Iterator

from morphogenetic_engine.sweeps.config import SweepConfig
from pipelines.plan import Pipeline

_WHY = {
    "priority_class": "Kubeflow Pipelines gives its pods none",
    "service_account": "all pods of a run have one, which --service-account names",
    "secrets": "Kubeflow Pipelines takes no Secret as a whole; --storage-secret hands on that of the object store",
}


def lost_settings(config: SweepConfig, pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    """Yields the settings that the training pods do not get, with the reason; trials on Katib get all of them."""
    who = (
        "the pod of the sweep" if pipeline is Pipeline.LOCAL_SWEEP else "the pods that train the best and the defaults"
    )
    for key, why in _WHY.items():
        if getattr(config.resources, key):
            yield f"resources.{key}", f"not for {who}: {why}"
    for name, path in config.experiment.inputs.items():
        yield f"experiment.inputs.{name}", f"files of this machine stay here: both images must have {path}"
