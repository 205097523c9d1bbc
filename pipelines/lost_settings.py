"""What a sweep file asks for and Kubeflow Pipelines has no means to give its pods."""

from collections.abc import Iterator

from morphogenetic_engine.sweeps.config import SweepConfig
from pipelines.plan import Pipeline

_WHY = {
    "priority_class": "Kubeflow Pipelines gives its pods none",
    "service_account": "all pods of a run have one, which --service-account names",
    "secrets": "Kubeflow Pipelines takes no Secret as a whole; --storage-secret hands on that of the object store",
}


def lost_settings(config: SweepConfig, pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    """Yield the settings that are not those of the pods that train, with the reason; trials on Katib have them all."""
    who = (
        "the pod of the sweep" if pipeline is Pipeline.LOCAL_SWEEP else "the pods that train the best and the defaults"
    )
    for key, why in _WHY.items():
        if getattr(config.resources, key):
            yield f"resources.{key}", f"not for {who}: {why}"
    for name, path in config.experiment.inputs.items():
        yield f"experiment.inputs.{name}", f"files of this machine stay here: both images must have {path}"
