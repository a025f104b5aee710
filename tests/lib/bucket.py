# SPDX-License-Identifier: MIT
"""Where a bucket is, and a witness that is not the program under test: boto3."""

import concurrent.futures
import io
import uuid

import boto3
import botocore.config
import botocore.exceptions


class Bucket:
    """A bucket on some server: how the program is told of it, and what it holds."""

    def __init__(self, endpoint_url, access_key, secret_key, name=None, **settings):
        self.endpoint_url = endpoint_url
        self.access_key = access_key
        self.secret_key = secret_key
        self.name = name or f"test-{uuid.uuid4().hex[:12]}"
        self.addressing_style = settings.get("addressing_style", "path")
        self.region = settings.get("region", "us-east-1")
        self.ca = settings.get("ca")
        # The name of a virtual host is one that only libcurl resolves.
        self.s3 = boto3.client(
            "s3",
            endpoint_url=settings.get("witness_url", endpoint_url),
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name=self.region,
            verify=self.ca,
            config=botocore.config.Config(
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 2},
                proxies={},
            ),
        )

    def options(self):
        options = {
            "endpoint_url": self.endpoint_url,
            "addressing_style": self.addressing_style,
            "region_name": self.region,
        }
        if self.ca:
            options["verify"] = self.ca
        return options

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def create(self):
        self.s3.create_bucket(Bucket=self.name)
        return self

    def remove(self):
        keys = self.keys()
        for at in range(0, len(keys), 1000):
            self.s3.delete_objects(Bucket=self.name, Delete={"Objects": [{"Key": k} for k in keys[at : at + 1000]]})
        for upload in self.uploads():
            self.s3.abort_multipart_upload(Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"])
        self.s3.delete_bucket(Bucket=self.name)

    def put(self, key, data=b"", **more):
        return self.s3.put_object(Bucket=self.name, Key=key, Body=data, **more)

    def put_many(self, keys, data=b""):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: self.put(key, data), keys))

    def put_large(self, key, data):
        """As other programs do it: a multipart upload."""
        self.s3.upload_fileobj(io.BytesIO(data), self.name, key)

    def read(self, key):
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def head(self, key):
        """The answer of HeadObject, or None if there is no such object."""
        try:
            return self.s3.head_object(Bucket=self.name, Key=key)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def delete(self, key):
        self.s3.delete_object(Bucket=self.name, Key=key)

    def listing(self, prefix=""):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [item for page in pages for item in page.get("Contents", [])]

    def keys(self, prefix=""):
        return [item["Key"] for item in self.listing(prefix)]

    def contents(self, prefix=""):
        """key -> bytes of all objects."""
        return {key: self.read(key) for key in self.keys(prefix)}

    def uploads(self):
        return self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", [])
