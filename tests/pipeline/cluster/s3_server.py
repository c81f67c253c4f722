"""An S3 server on loopback."""

import contextlib
import os
from collections.abc import Iterator
from unittest import mock

import boto3
from moto.server import ThreadedMotoServer

from tests.kit import free_port

BUCKET = "apks"


@contextlib.contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Run one with an empty bucket; yields the environment in which it is found, and which is set in the block."""
    port = free_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        with mock.patch.dict(os.environ, environment):
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            yield environment
    finally:
        server.stop()
