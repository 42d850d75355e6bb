"""A bucket of an S3 server as a place for bytes. Hides the client, its errors, and how long it waits."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.data.places import BUCKET, PIECE, Content, Missing, PlaceError, length
from pipeline.office.words import word

if TYPE_CHECKING:
    from minio import Minio

GONE = "NoSuchKey"
AT_ONCE = 8  # objects on their way at a time
CONNECT, ANSWER = 10.0, 60.0  # seconds
TRIES = 3


@dataclass(frozen=True)
class Bucket:
    """`address`: http(s)://host[:port]. The server has the bytes on its disks when it has answered."""

    address: str
    bucket: str
    region: str
    access: str
    secret: str = field(repr=False)
    name: str = BUCKET

    def __str__(self) -> str:
        return f"{self.address}/{self.bucket}"

    @cached_property
    def _client(self) -> Minio:
        try:
            import certifi
            import urllib3
            from minio import Minio
        except ModuleNotFoundError as error:
            raise PlaceError(word("henti.ekstra", ekstra=BUCKET)) from error
        parts = urlsplit(self.address)
        pool = urllib3.PoolManager(
            maxsize=AT_ONCE,
            timeout=urllib3.Timeout(connect=CONNECT, read=ANSWER),
            retries=urllib3.Retry(
                total=TRIES, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]
            ),
            cert_reqs="CERT_REQUIRED",
            ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        )
        return Minio(
            parts.netloc,
            access_key=self.access,
            secret_key=self.secret,
            secure=parts.scheme == "https",
            region=self.region or None,
            http_client=pool,
        )

    def begun(self, home: str) -> bool:
        """A bucket that is away says so; it is never an empty folder."""
        return True

    def write(self, contents: Sequence[tuple[str, Content]]) -> None:
        with self._asked(), ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda one: self._put(*one), contents))

    def _put(self, key: str, content: Content) -> None:
        size = length(content)
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        source.seek(0)
        self._client.put_object(self.bucket, key, source, size)

    def pieces(self, key: str) -> Iterator[bytes]:
        with self._asked(key):
            answer = self._client.get_object(self.bucket, key)
            try:
                yield from answer.stream(PIECE)
            finally:
                answer.close()
                answer.release_conn()

    def remove(self, key: str) -> None:
        with self._asked():
            self._client.remove_object(self.bucket, key)

    def keys(self, home: str) -> Iterator[tuple[str, datetime]]:
        with self._asked():
            found = self._client.list_objects(self.bucket, prefix=f"{home}/", recursive=True)
            for one in found:
                written = one.last_modified or datetime.now(UTC)
                yield str(one.object_name), written

    def check(self) -> None:
        with self._asked():
            if not self._client.bucket_exists(self.bucket):
                raise PlaceError(word("simpanan.tanpa_ember", tempat=self))

    @contextmanager
    def _asked(self, key: str = "") -> Iterator[None]:
        """What the client and the network raise becomes a PlaceError, or Missing for a key that is not there."""
        self._client  # noqa: B018 - made now, so that its errors can be named
        from minio.error import MinioException, S3Error
        from urllib3.exceptions import HTTPError

        try:
            yield
        except S3Error as error:
            if key and error.code == GONE:
                raise Missing(key) from error
            raise self._refused(str(error.code)) from error
        except MinioException as error:
            raise self._refused(type(error).__name__) from error
        except (HTTPError, OSError) as error:
            raise self._refused(word("simpanan.diam")) from error

    def _refused(self, why: str) -> PlaceError:
        return PlaceError(word("simpanan.menolak", tempat=self, sebab=why))
