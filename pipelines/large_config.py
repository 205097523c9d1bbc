"""Stores a configuration that is too large for a parameter in the object store, from which the pods read it."""

import hashlib
from dataclasses import replace

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.portable_json import short_config
from morphogenetic_engine.storage import open_store
from pipelines.plan import PARAMETER_LIMIT, Plan, fits

PATIENCE_SECONDS = 20.0


def with_stored_config(plan: Plan) -> Plan:
    """Returns the plan; if its configuration is too large for a parameter and there is a store, stores it there.

    The object is named after its content: the same configuration always has the same object.

    Raises:
        StoreError: the store cannot be reached from here, or refuses.
    """
    if fits(plan.config) or not plan.store.address:
        return plan
    content = short_config(plan.config).encode()
    name = f"configs/{hashlib.sha256(content).hexdigest()}.json"
    try:
        store = open_store(plan.store.address, patience=PATIENCE_SECONDS)
        address = store.put_bytes(content, name, content_type="application/json")
    except StoreError as error:
        raise StoreError(
            f"the configuration has {len(content)} bytes, more than the {PARAMETER_LIMIT} that Kubeflow Pipelines"
            f" takes, and cannot be stored from here: {error}"
        ) from error
    return replace(plan, config_address=address)
