"""Bytes with an S3 server: a real one (OpenStack Swift), which is also taken away."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from pipeline.cases.audit import audit
from pipeline.cli.main import main
from pipeline.data import backup, places, restore, storage, store
from pipeline.data.engine import connect, reading, writing
from pipeline.data.places import Lost, PlaceError
from pipeline.office import config
from pipeline.office.config_errors import ConfigError
from pipeline.running import health
from tests.conftest import _need
from tests.data.test_storage import CONTENTS, Child, erase, kept, put, whole
from tests.fresh import fresh
from tests.kantor import KEY, sample
from tests.servers import server_folder
from tests.swift import ACCESS, REGION, SECRET, Swift, swift, swift_missing

LATER = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture(scope="module")
def server() -> Iterator[Swift]:
    _need(swift_missing())
    with server_folder() as folder, swift(folder) as one:
        yield one


def configured(folder: Path, server: Swift, bucket: str, tempat: str = "s3") -> config.Settings:
    """A config.toml with its secrets beside it."""
    (folder / "rahasia").mkdir(exist_ok=True)
    for name, value in {"key": KEY, places.ACCESS: ACCESS, places.SECRET: SECRET}.items():
        (folder / "rahasia" / name).write_text(value, "utf-8")
    values = {"tempat": tempat, "alamat": server.address, "ember": bucket, "wilayah": REGION}
    text = sample()
    for key, old in (("tempat", "database"), ("alamat", ""), ("ember", ""), ("wilayah", "")):
        text = text.replace(f'\n{key} = "{old}"', f'\n{key} = "{values[key]}"', 1)
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return config.load(path)


def opened(folder: Path, settings: config.Settings, url: str = "") -> Engine:
    return places.attached(fresh(url or "sqlite:///aduan.db", folder), settings)


def keys(server: Swift, bucket: str) -> list[str]:
    found = server.client().list_objects(bucket, recursive=True)
    return sorted(str(one.object_name) for one in found)


def test_bytes_are_kept_read_erased_and_swept(
    server: Swift, database_url: str, tmp_path: Path
) -> None:
    bucket = server.bucket()
    engine = opened(tmp_path, configured(tmp_path, server, bucket), database_url)
    digests = put(engine)
    long = bytes(range(256)) * 30_000  # in several parts
    with writing(engine) as session:
        digests.append(store.put(session, io.BytesIO(long)))
    assert kept(engine) == whole() | {digests[4]: long}
    assert {places.digest_in(one) for one in keys(server, bucket)} == {
        digests[n] for n in (0, 2, 3, 4)
    }
    with reading(engine) as session:
        assert [fault for _, found in audit(session) for fault in found] == []
    erase(engine, digests[:3])
    assert len(keys(server, bucket)) == 2
    with pytest.raises(ZeroDivisionError):
        _begun_and_undone(engine)
    assert len(keys(server, bucket)) == 3
    assert storage.sweep(engine, LATER) == 1
    assert len(keys(server, bucket)) == 2
    engine.dispose()


def _begun_and_undone(engine: Engine) -> None:
    with writing(engine) as session:
        store.put(session, b"nie")
        raise ZeroDivisionError


def test_everything_moves_there_and_on_and_back(server: Swift, tmp_path: Path) -> None:
    bucket = server.bucket()
    engine = opened(tmp_path, configured(tmp_path, server, bucket, "database"))
    put(engine)
    for tempat, there in (("s3", 3), ("berkas", 0), ("s3", 3), ("database", 0)):
        places.attached(engine, configured(tmp_path, server, bucket, tempat))
        moved = storage.move(engine)
        assert (moved.count, moved.refused, len(keys(server, bucket))) == (3, [], there)
        assert kept(engine) == whole()
    engine.dispose()


def test_a_backup_has_the_bytes_and_fills_an_office_without_the_server(
    server: Swift, tmp_path: Path
) -> None:
    engine = opened(tmp_path, configured(tmp_path, server, server.bucket()))
    put(engine)
    backup.backup(engine, tmp_path / "cadangan.db")
    target = connect(f"sqlite:///{tmp_path / 'pulih.db'}")
    restore.restore(target, tmp_path / "cadangan.db")
    assert kept(target) == whole()
    target.dispose()
    engine.dispose()


def test_an_object_that_is_gone_or_changed_is_told(server: Swift, tmp_path: Path) -> None:
    bucket = server.bucket()
    engine = opened(tmp_path, configured(tmp_path, server, bucket))
    digests = put(engine)
    by_digest = {places.digest_in(one): one for one in keys(server, bucket)}
    server.client().remove_object(bucket, by_digest[digests[0]])
    server.client().put_object(bucket, by_digest[digests[3]], io.BytesIO(b"lain"), 4)
    with reading(engine) as session:
        with pytest.raises(Lost, match="tidak ada di simpanan"):
            store.get(session, digests[0])
        with pytest.raises(Lost, match="berubah"):
            store.get(session, digests[3])
        assert store.get(session, digests[2]) == CONTENTS[2]
    engine.dispose()


def test_a_server_that_is_away_loses_nothing_and_is_told_without_the_secret(tmp_path: Path) -> None:
    """Its own server, stopped: nothing is half kept, commands say so, and afterwards all is there."""
    _need(swift_missing())
    with server_folder() as folder, swift(folder) as server:
        bucket = server.bucket()
        settings = configured(tmp_path, server, bucket)
        engine = opened(tmp_path, settings)
        put(engine)
        wrong = settings.model_copy(
            update={"simpanan": settings.simpanan.model_copy(update={"ember": "tiada"})}
        )
        places.attached(engine, wrong)
        assert [one.level for one in health.look(wrong, engine) if one.part == "simpanan"] == [
            "buruk"
        ]
        places.attached(engine, settings)
        server.processes[-1].send_signal(signal.SIGSTOP)
        server.processes[-1].kill()
        with pytest.raises(PlaceError, match="tidak dapat dihubungi"):
            put_another(engine)
        with reading(engine) as session, pytest.raises(PlaceError):
            store.get(session, store.digest_of(CONTENTS[0]))
        for command in ("audit", "backup"):
            result = CliRunner().invoke(
                main, ["--config", str(tmp_path / "config.toml"), command], env={"COLUMNS": "200"}
            )
            assert result.exit_code == 2, result.output
            assert f"{server.address}/{bucket} menolak: tidak dapat dihubungi" in result.output
            assert SECRET not in result.output
        with reading(engine) as session:
            assert sum(one.count for one in storage.shares(session)) == 4
        engine.dispose()


def put_another(engine: Engine) -> None:
    with writing(engine) as session:
        store.put(session, b"baru")


@pytest.mark.parametrize(("act", "tempat"), [("put", "s3"), ("move", "s3"), ("erase", "s3")])
def test_killed_on_its_way_nothing_is_lost_and_it_goes_on(
    server: Swift, tmp_path: Path, act: str, tempat: str
) -> None:
    """At some of its steps: each statement, commit, and request."""
    bucket = server.bucket()
    child = Child(tmp_path)
    left = 1 if act == "erase" else 4
    for n in (*range(1, 40, 3), 0):
        for old in tmp_path.glob("aduan.db*"):
            old.unlink()
        start = {"put": "", "move": "database", "erase": "s3"}[act]
        engine = opened(tmp_path, configured(tmp_path, server, bucket, start or tempat))
        if start:
            put(engine)
        engine.dispose()
        configured(tmp_path, server, bucket, tempat)
        code = child.order(act, n)
        assert code in (0, -9)
        engine = opened(tmp_path, config.load(tmp_path / "config.toml"))
        found = kept(engine)
        assert {store.digest_of(one): one for one in found.values()} == found
        assert len(found) in ((0, 4) if act == "put" else (4, left))
        assert child.order(act, 0) == 0
        assert len(kept(engine)) == left
        storage.sweep(engine, LATER)
        assert storage.still_there(engine, LATER) == 0
        with reading(engine) as session:
            home = store.home_of(session)
        named = [one for one in kept(engine).values() if one]
        assert len([one for one in keys(server, bucket) if one.startswith(home)]) == len(named)
        engine.dispose()
        if code == 0:
            break
    child.process.communicate(timeout=240)


def test_a_bucket_is_configured_whole_and_its_secret_stands_elsewhere(tmp_path: Path) -> None:
    for lines, said in (
        ('tempat = "s3"', "alamat"),
        ('tempat = "s3"\nalamat = "http://s3.kota.example"\nember = "a"', "http hanya untuk mesin"),
        ('tempat = "s3"\nalamat = "https://s3.kota.example"', "ember"),
    ):
        text = sample().partition("[simpanan]")[0] + f"[simpanan]\n{lines}\n"
        with pytest.raises(ConfigError, match=said):
            config.parse(text, tmp_path / "config.toml")
