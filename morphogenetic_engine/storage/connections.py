"""The connection to an object store, configured from the environment: endpoints, credentials, retries."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.address import CloudAddress

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

Connection = S3Store | GCSStore | AzureStore

CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 120.0
"""The time limit of one request, in seconds; a part takes that long at half a megabit per second."""
_REGION = "us-east-1"
_PREFIX = re.compile(r"Generic \w+ error: ")
_NO_ACCOUNT = "Account must be specified"
_ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "gs": (),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_S3_IDENTITIES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def connect(address: CloudAddress, *, patience: float) -> Connection:
    """Returns a connection; nothing is sent yet.

    Plain HTTP is used only if the endpoint in the environment begins with http://.

    Raises:
        StoreError: a variable is missing or has an invalid value.
    """
    endpoint = endpoint_of(address.scheme)
    client: ClientConfig = {
        "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, patience)),
        "timeout": timedelta(seconds=min(REQUEST_SECONDS, 2 * patience)),
        "allow_http": (endpoint or "").startswith("http://"),
    }
    retry: RetryConfig = {
        "max_retries": 1000,  # the time bounds them
        "retry_timeout": timedelta(seconds=patience),
        "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=5), "base": 2},
    }
    try:
        if address.scheme == "s3":
            return _s3(address, endpoint, client, retry)
        if address.scheme == "gs":
            return GCSStore(address.bucket, client_options=client, retry_config=retry)
        return AzureStore(address.bucket, client_options=client, retry_config=retry)
    except (BaseError, ValueError, OSError) as error:
        reason = _PREFIX.sub("", str(error).partition("\n")[0])
        hint = "AZURE_STORAGE_ACCOUNT_NAME must be set" if reason == _NO_ACCOUNT else reason
        raise StoreError(f"{address}: {hint}") from error


def endpoint_of(scheme: str) -> str | None:
    """Returns the address of the server where the environment names one."""
    return next((os.environ[name] for name in _ENDPOINTS[scheme] if os.environ.get(name)), None)


def _s3(address: CloudAddress, endpoint: str | None, client: ClientConfig, retry: RetryConfig) -> S3Store:
    known = any(os.environ.get(name) for name in _S3_IDENTITIES)
    is_half = bool(os.environ.get("AWS_ACCESS_KEY_ID")) and not os.environ.get("AWS_SECRET_ACCESS_KEY")
    if is_half or (endpoint is not None and not known):
        # without a key obstore asks the cloud's metadata service, which a self-hosted server does not have
        raise StoreError(f"{address}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _REGION
    if endpoint is None:
        return S3Store(address.bucket, region=region, client_options=client, retry_config=retry)
    return S3Store(address.bucket, region=region, endpoint=endpoint, client_options=client, retry_config=retry)
