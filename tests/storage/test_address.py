"""The addresses of stores, valid and invalid."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import open_store, split_address
from morphogenetic_engine.storage.address import CloudAddress, parse_address


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("results", Path("results")),
        ("/a b/c", Path("/a b/c")),
        ("file:///a%20b/c", Path("/a b/c")),
        ("file://localhost/a", Path("/a")),
        ("s3://bucket", CloudAddress("s3", "bucket", "")),
        ("S3://bucket/", CloudAddress("s3", "bucket", "")),
        ("gs://my.bucket_1/a b/c/", CloudAddress("gs", "my.bucket_1", "a b/c")),
        ("az://container/a", CloudAddress("az", "container", "a")),
    ],
)
def test_addresses(address: str, place: Path | CloudAddress) -> None:
    assert parse_address(address) == place


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "s4://bucket/a",
            "must be a path or begin with file://, s3://, gs://, az://, but got s4://",
        ),
        ("http://host/a", "but got http://"),
        ("file://host/a", "file://host: must be file:///an/absolute/path"),
        ("file://relative", "must be file:///"),
        ("s3://", "must be s3://bucket/folder"),
        ("s3:///a", "must be s3://bucket/folder, but got 's3:///a'"),
        ("s3://b:8080/a", "must be s3://bucket/folder"),
        ("s3://bucket/a/../../b", "single slashes"),
        ("s3://bucket/a//b", "single slashes"),
    ],
)
def test_what_is_no_address_is_named(address: str, message: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(address)
    assert message in str(caught.value)


@pytest.mark.parametrize("address", ["s3://key:hush@bucket/a", "s3://bucket/a?secret=hush", "ftp://me:hush@host/a"])
def test_credentials_in_an_address_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(address)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("s3://bucket/a/b.html", ("s3://bucket/a", "b.html")),
        ("s3://bucket/b.html", ("s3://bucket", "b.html")),
        ("file:///a/b", ("file:///a", "b")),
        ("/b", ("/", "b")),
        ("b", (".", "b")),
        ("a/b", ("a", "b")),
    ],
)
def test_the_folder_and_the_name_of_a_file(address: str, parts: tuple[str, str]) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["s3://bucket", "s3://bucket/a/", "", "/", "a/", "file:///"])
def test_what_names_no_file_is_refused(address: str) -> None:
    with pytest.raises(StoreError, match="must name a file|single slashes"):
        split_address(address)
