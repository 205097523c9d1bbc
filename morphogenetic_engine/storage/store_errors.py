"""Converts the errors of object stores to messages that say what to do."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from morphogenetic_engine.storage.address import CloudAddress
from morphogenetic_engine.storage.connections import endpoint_of

_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_NO_CREDENTIALS = ("169.254.169.254", "metadata.google.internal", "metadata/identity")
"""The metadata service that provides credentials on a cloud's machines."""
_MEANINGS = (
    (r"NoSuchBucket|ContainerNotFound|specified bucket does not exist", "there is no bucket {bucket!r}"),
    (r"InvalidAccessKeyId", "the access key is not known there (AWS_ACCESS_KEY_ID)"),
    (r"SignatureDoesNotMatch", "the secret key does not fit the access key (AWS_SECRET_ACCESS_KEY)"),
    (r"ExpiredToken", "the credentials have expired"),
    (r"RequestTimeTooSkewed", "the clock of this machine differs too much from the server's"),
    (r"AuthenticationFailed|AuthorizationFailure|invalid_grant", "the credentials are refused ({credentials})"),
    (r"PermanentRedirect|AuthorizationHeaderMalformed|missing region", "the bucket is in another region (AWS_REGION)"),
    (r"PreconditionFailed|ConditionNotMet", "the file was replaced while it was read; read it again"),
    (r"AccessDenied|AuthorizationPermissionMismatch|403 Forbidden", "no permission"),
    (r"NoSuchKey|BlobNotFound", "there is no such file"),
    (r"kind: Connect\b.*(?i:dns error|failed to lookup)", "the host of {server} is not known"),
    (r"kind: Connect\b.*(?i:certificate)", "the certificate of {server} is not trusted"),
    (r"kind: Connect\b", "{server} cannot be reached"),
    (r"kind: Timeout\b", "no answer in time from {server}"),
    (r"kind: (?:Request|Interrupted|Decode)\b", "the connection to {server} was cut"),
    (r"SlowDown|503 Service Unavailable|429 Too Many", "{server} is overloaded"),
)
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
_STATUS = re.compile(r"status code: (\d{3} [A-Za-z ]+)")
_QUERY = re.compile(r"\?[^\s\"'>]*")
_LONGEST = 300


def failure(error: Exception, address: CloudAddress, key: str, done: str) -> str:
    """Returns the reason for a failed operation (`done`: "read", "written"), in one line without credentials."""
    where = f"{address.scheme}://{address.bucket}/{key}"
    return f"{where}: cannot be {done}: {_reason(error, address)}"


def is_missing_file(error: FileNotFoundError) -> bool:
    """Returns True if the file is missing, rather than the bucket."""
    return re.search(_MEANINGS[0][0], str(error)) is None


def _reason(error: Exception, address: CloudAddress) -> str:
    text, credentials = str(error), _CREDENTIALS[address.scheme]
    if any(sign in text for sign in _NO_CREDENTIALS):
        return f"no credentials in the environment: set {credentials}"
    for pattern, words in _MEANINGS:
        if re.search(pattern, text, re.DOTALL):
            return words.format(bucket=address.bucket, server=_server(address), credentials=credentials)
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return f"the credentials are refused ({credentials})"
    return _first_line(text)


def _server(address: CloudAddress) -> str:
    endpoint = endpoint_of(address.scheme)
    if endpoint is None:
        return "the object store"
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _first_line(text: str) -> str:
    """Returns the server's message if any, else the start of the error; removes queries, which hold signatures."""
    message = _MESSAGE.search(text) or _STATUS.search(text)
    shown = message[1] if message else text.partition("\n")[0]
    return _QUERY.sub("", " ".join(shown.split()))[:_LONGEST]
