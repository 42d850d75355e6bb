"""A real S3 server for the tests: OpenStack Swift with its S3 interface, four processes on loopback.

with server_folder() as folder, swift(folder) as server:
    server.bucket()                     # a fresh one
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from minio import Minio

from tests.servers import (
    LOOPBACK,
    _answers,
    _give,
    _running,
    _unprivileged,
    _wait,
    free_port,
)

ACCESS, SECRET, REGION = "uji:aduan", "sangat-rahasia-uji", "id-1"
BACKENDS = ("account", "container", "object")
_buckets = count(1)

BACKEND = """\
[DEFAULT]
devices = {folder}/disks
swift_dir = {folder}
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
mount_check = false
user = {user}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """\
[DEFAULT]
swift_dir = {folder}
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
[pipeline:main]
pipeline = catch_errors cache bulk s3api tempauth slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{nobody}
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_{account} = {secret} .admin
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""
HASHES = """\
[swift-hash]
swift_hash_path_prefix = uji
swift_hash_path_suffix = uji
[storage-policy:0]
name = satu
default = yes
"""


@dataclass(frozen=True)
class Swift:
    """Where it answers; its processes, the one that answers last."""

    port: int
    processes: tuple[subprocess.Popen[bytes], ...] = ()

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def client(self) -> Minio:
        return Minio(
            f"{LOOPBACK}:{self.port}",
            access_key=ACCESS,
            secret_key=SECRET,
            region=REGION,
            secure=False,
        )

    def bucket(self) -> str:
        """A bucket of its own for each test."""
        name = f"aduan-{next(_buckets)}"
        self.client().make_bucket(name)
        return name


def swift_missing() -> str | None:
    needed = [f"swift-{kind}-server" for kind in (*BACKENDS, "proxy")]
    return None if all(map(shutil.which, needed)) else "swift is not installed"


@contextmanager
def swift(folder: Path) -> Iterator[Swift]:
    """One server of each kind and one disk, below the folder."""
    owner = _unprivileged("nobody")
    ports = {kind: free_port() for kind in (*BACKENDS, "proxy")}
    (folder / "disks" / "satu").mkdir(parents=True)
    (folder / "swift.conf").write_text(HASHES, "utf-8")
    for kind in BACKENDS:
        _ring(folder, kind, ports[kind])
        said = BACKEND.format(folder=folder, port=ports[kind], kind=kind, user=owner.pw_name)
        (folder / f"{kind}.conf").write_text(said, "utf-8")
    proxy = PROXY.format(
        folder=folder,
        port=ports["proxy"],
        user=owner.pw_name,
        nobody=free_port(),
        region=REGION,
        account=ACCESS.replace(":", "_"),
        secret=SECRET,
    )
    (folder / "proxy.conf").write_text(proxy, "utf-8")
    _give(folder, owner)
    with ExitStack() as stack:
        processes = tuple(
            stack.enter_context(_server(folder, kind, port, owner)) for kind, port in ports.items()
        )
        yield Swift(ports["proxy"], processes)


def _ring(folder: Path, kind: str, port: int) -> None:
    builder = str(folder / f"{kind}.builder")
    for step in (["create", "2", "1", "1"], ["add", f"r1z1-{LOOPBACK}:{port}/satu", "1"]):
        subprocess.run(["swift-ring-builder", builder, *step], check=True, capture_output=True)
    subprocess.run(["swift-ring-builder", builder, "rebalance"], capture_output=True, check=False)
    assert (folder / f"{kind}.ring.gz").exists()


@contextmanager
def _server(
    folder: Path, kind: str, port: int, owner: pwd.struct_passwd
) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(shutil.which(f"swift-{kind}-server")), str(folder / f"{kind}.conf")]
    own = folder / f"run-{kind}"
    own.mkdir()
    os.chown(own, owner.pw_uid, owner.pw_gid)
    with _running(command, own, owner, signal.SIGTERM) as process:
        _wait(process, own, lambda: _answers(port))
        yield process
