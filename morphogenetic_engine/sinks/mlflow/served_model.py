"""A registered model as MLflow serves it: samples in, the probability of each class out.

MLflow stores this file with the model and runs it when the model is loaded ("models from code"): nothing is unpickled.
Beside it are the trial's saved model, the name of its workload, and the code of both.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from numpy.typing import NDArray

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.trial import Predictor
from morphogenetic_engine.workload.workload_kinds import workload_of


class ClassProbabilities(PythonModel):  # pylint: disable=abstract-method  # it does not stream
    """The saved model of one trial."""

    _predictor: Predictor

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the trial's model with the workload that wrote it."""
        workload = workload_of(context.model_config)
        models = None if workload is None else workload.declaration().models
        if workload is None or models is None:
            name = "the model names no workload, which" if workload is None else workload.description
            raise WorkloadError(f"{name} does not say how its models are used; see declare(models=...)")
        self._predictor = models.predictor(Path(context.artifacts["trial"]))

    def predict(
        self, context: PythonModelContext, model_input: np.ndarray, params: dict[str, object] | None = None
    ) -> NDArray[np.float64]:
        """Returns the probability of each class, p_NC, for samples as they are in the data, x_NF."""
        del context, params
        return self._predictor(np.asarray(model_input, dtype=np.float64))


set_model(ClassProbabilities())
