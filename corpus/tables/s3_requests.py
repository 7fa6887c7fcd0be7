"""The requests that a run makes of S3 by the million: ranges, sizes and uploads, each made directly.

s3fs takes some 7 ms of the processor for a request and 4 ns for a byte, on a machine where the same request, signed by
botocore's own signer and sent by urllib3, takes 1.9 ms and .4 ns (docs/log/dedup.md). So this module makes it, with
what s3fs found out: where the bucket is, who asks, which region. Whatever it does not understand (a redirect to another
region, expired credentials, a bucket of a special kind, a proxy) it leaves to s3fs, by answering None.
"""

from __future__ import annotations

import errno
import os
import re
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from mimetypes import guess_type
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from deflate import crc32
from fsspec.asyn import sync

from manyo.corpus.tables import retries

#: Asked for while it is looked where a bucket is; there need not be such a file.
_ANY_KEY = "manyo"

#: Credentials that are lent for some hours are asked for again after this; they are renewed minutes before their end.
_LOOK_AGAIN_S = 60.0

#: Connections that are kept open to a server: as many as `manyo.pipelines.graph.reading` reads at once.
_CONNECTIONS = 16

_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_TOTAL = re.compile(r"/(\d+)$")


class Content(NamedTuple):
    """What a server sent of an object.

    Attributes:
        data: its bytes, or a range of them.
        size_bytes: of the whole object.
    """

    data: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the objects of a bucket are.

    Attributes:
        server: scheme, host and port.
        path: what stands before their keys in an address.
        region: in which requests are signed.
    """

    server: str
    path: str
    region: str


@dataclass(slots=True)
class S3Requests:
    """Requests to the server of one s3fs filesystem.

    Attributes:
        fs: the filesystem.
        has_checksums: whether its client sends checksums with what it uploads, as it does by default.
    """

    fs: Any
    has_checksums: bool = field(init=False)
    _pool: Any = field(init=False)
    _places: dict[str, _Place | None] = field(init=False, default_factory=dict)
    _signers: dict[str, tuple[float, Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Open a pool of connections; none is made yet."""
        import urllib3
        from botocore.httpsession import get_cert_path

        patience = retries.PATIENCE
        timeout = urllib3.Timeout(connect=patience.connect_timeout_s, read=patience.silence_timeout_s)
        self.has_checksums = self.fs.s3.meta.config.request_checksum_calculation == "when_supported"
        authorities = self.fs.session.get_config_variable("ca_bundle") or get_cert_path(True)
        self._pool = urllib3.PoolManager(maxsize=_CONNECTIONS, timeout=timeout, ca_certs=authorities, retries=False)

    def get(self, path: str, wanted: str = "") -> Content | None:
        """Read an object, or a range of it.

        Args:
            path: bucket and key.
            wanted: of its bytes, as the header Range says it, such as `0-9`; all by default.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: it has no such bytes (`errno.EINVAL`), or the connection broke off.
            botocore.exceptions.ClientError: the server has a passing trouble.
        """
        answer = self._ask("GET", path, {"Range": f"bytes={wanted}"} if wanted else {})
        if answer is None:
            return None
        data, headers = answer
        stated = headers.get("Content-Range")
        if stated is None:  # all of it, also where a server knows no ranges
            return Content(data, len(data))
        total = _TOTAL.search(stated)
        # A server may leave the size open (`*`): the range would be taken for the object.
        return Content(data, int(total[1])) if total else None

    def size_bytes(self, path: str) -> int | None:
        """The size of an object; raises what `get` does."""
        answer = self._ask("HEAD", path, {})
        return None if answer is None else int(answer[1]["Content-Length"])

    def put(self, path: str, body: bytes, query: str = "") -> Mapping[str, str] | None:
        """Upload an object, or the part of it that a query names.

        Returns:
            The headers of the answer.

        Raises:
            As `get`.
        """
        headers = {}
        kind = None if query else guess_type(path)[0]
        if kind:
            headers["Content-Type"] = kind
        if self.has_checksums:
            headers["x-amz-checksum-crc32"] = checksum(body)
        answer = self._ask("PUT", path, headers, body, query)
        return None if answer is None else answer[1]

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, query: str = ""
    ) -> tuple[bytes, Mapping[str, str]] | None:
        import urllib3

        bucket, key, version = self.fs.split_path(path)
        if version:
            return None
        if bucket not in self._places:
            self._places[bucket] = self._find(bucket)
        place = self._places[bucket]
        if place is None:
            return None
        server, target = place.server, place.path + quote(key, safe="/~") + (f"?{query}" if query else "")
        signed = self._signed(place, method, server + target, headers, body)
        if signed is None:
            return None
        try:
            # The pool of the manager would take `./` out of a key.
            answer = self._pool.connection_from_url(server).urlopen(
                method,
                target,
                body,
                signed,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
                enforce_content_length=True,  # not the default of urllib3 1.26, which botocore allows too
            )
            data = answer.read()
            answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise OSError(errno.EIO, f"{type(error).__name__}: {error}", path) from error
        if answer.status in (200, 206):
            return data, answer.headers
        _raise_known(answer.status, data, method, path)
        self._places[bucket] = None
        return None

    def _signed(
        self, place: _Place, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> dict[str, str] | None:
        """The headers of a request with its signature; None if the credentials are not those of s3fs any more."""
        from botocore.awsrequest import AWSRequest

        signer = self._signer(place)
        if signer is None:
            return None
        request = AWSRequest(method, url, headers=headers, data=body)
        if "x-amz-checksum-crc32" in headers:
            # The checksum is signed, and the server compares it; digests of all bytes are in the manifests.
            request.context["client_config"] = _body_unsigned()
        signer.add_auth(request)
        extra = self.fs.s3.meta.config.user_agent_extra
        return {**dict(request.headers.items()), "User-Agent": f"manyo {extra}" if extra else "manyo"}

    def _signer(self, place: _Place) -> Any:
        from botocore.auth import S3SigV4Auth

        asked_at, signer = self._signers.get(place.region, (-_LOOK_AGAIN_S, None))
        if time.monotonic() - asked_at > _LOOK_AGAIN_S:
            credentials = self._credentials()
            signer = credentials and S3SigV4Auth(credentials, "s3", place.region)
            self._signers[place.region] = (time.monotonic(), signer)
        return signer

    def _credentials(self) -> Any:
        """Those that s3fs was given, or that its session finds and renews; None if there are none."""
        from botocore.credentials import Credentials

        if self.fs.key and self.fs.secret:
            return Credentials(self.fs.key, self.fs.secret, self.fs.token)
        found = sync(self.fs.loop, self.fs.session.get_credentials)
        return found and sync(self.fs.loop, found.get_frozen_credentials)

    def _find(self, bucket: str) -> _Place | None:
        """Where s3fs would ask for a bucket; None if it would do so in a way that this module does not know."""
        from botocore.utils import get_environ_proxies

        config = self.fs.s3.meta.config
        if self.fs.req_kw or self.fs.s3_additional_kwargs or config.proxies or config.client_cert:
            return None
        if self.fs.anon or self.fs.client_kwargs.get("verify", True) is not True:
            return None
        try:
            url = urlsplit(self.fs.url(f"{bucket}/{_ANY_KEY}"))
            credentials = self._credentials()
        except retries.failures():
            return None
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        region = self.fs.s3.meta.region_name
        access_key = query.get("AWSAccessKeyId")
        if "X-Amz-Credential" in query:
            access_key, _, region, service, _ = query["X-Amz-Credential"].rsplit("/", 4)
            if service != "s3" or query.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256":
                return None
        if credentials is None or credentials.access_key != access_key or not url.path.endswith(f"/{_ANY_KEY}"):
            return None
        server = f"{url.scheme}://{url.netloc}"
        if get_environ_proxies(server):
            return None
        # The server of all regions is asked as that of the first.
        region = "us-east-1" if region in (None, "aws-global") else region
        return _Place(server, url.path.removesuffix(_ANY_KEY), region)


#: Requests to the servers of filesystems, by process and filesystem; fsspec keeps these, too.
_made: dict[tuple[int, int], S3Requests] = {}


def requests_to(fs: Any) -> S3Requests:
    """Those to the server of an s3fs filesystem; a forked process makes its own."""
    key = (os.getpid(), id(fs))
    if key not in _made:
        _made[key] = S3Requests(fs)
    return _made[key]


@cache
def _body_unsigned() -> Any:
    from botocore.config import Config

    return Config(s3={"payload_signing_enabled": False})


def checksum(body: bytes) -> str:
    """The CRC-32 of what is uploaded, as S3 reads it."""
    return b64encode(crc32(body).to_bytes(4, "big")).decode("ascii")


def _raise_known(status: int, body: bytes, method: str, path: str) -> None:
    """Raise what an answer means, if that is known without s3fs."""
    from botocore.exceptions import ClientError

    if status == 404:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if status == 416:
        raise OSError(errno.EINVAL, "the object has no such bytes", path)
    if status in retries.PASSING_STATUSES:
        code = _CODE.search(body)
        said = {"Code": code[1].decode("utf-8", "replace") if code else str(status), "Message": ""}
        raise ClientError({"Error": said, "ResponseMetadata": {"HTTPStatusCode": status}}, method)
