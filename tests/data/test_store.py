"""Blobs: short and long ones, from memory and from a file, on either database."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pipeline.data import ledger, store
from pipeline.data.engine import connect, migrate, reading, writing
from pipeline.data.tables import Blob, BlobPart

LENGTHS = [0, 1, store.PART, store.PART + 1, 3 * store.PART, 3 * store.PART + 5]


@pytest.mark.parametrize("length", LENGTHS)
def test_bytes_come_back_as_they_were_kept_however_long(
    database_url: str, tmp_path: Path, length: int
) -> None:
    engine = connect(database_url or f"sqlite:///{tmp_path / 'a.db'}")
    migrate(engine)
    content = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        with writing(engine) as session:
            digest = store.put(session, file)
            assert store.put_all(session, [content, b"lain", content]) == [
                digest,
                store.digest_of(b"lain"),
                digest,
            ]
    with reading(engine) as session:
        assert store.get(session, digest) == content
        assert store.get_all(session, [digest, "0" * 64]) == {digest: content}
        assert store.size(session, digest) == length
        assert session.scalar(select(func.count()).select_from(BlobPart)) == max(
            0, -(-length // store.PART) - 1
        )
        assert session.scalar(select(func.count()).select_from(Blob)) == 2
    engine.dispose()


def test_batches_are_bounded_by_number_and_size_and_keep_their_order() -> None:
    sizes = dict(enumerate([1] * 105 + [store.BATCH_BYTES + 1] + [store.BATCH_BYTES // 2] * 3))
    found = list(store.batches(sizes.items()))
    assert [key for some in found for key in some] == list(sizes)
    assert [len(some) for some in found] == [100, 5, 1, 2, 1]


def test_bytes_that_were_never_kept_are_a_key_error(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(engine)
    with reading(engine) as session, pytest.raises(KeyError):
        store.get(session, "0" * 64)


@pytest.mark.parametrize("cut", [store.PART - 1, store.PART, store.PART + 1])
def test_a_twin_is_the_same_with_other_line_ends_wherever_the_pieces_are_cut(cut: int) -> None:
    head = b"Subject: x\r\n\r\n"
    raw = head + b"a" * (cut - len(head) - 1) + b"\r\n" + b"b\r\n\r\nc\r\n"
    with tempfile.TemporaryFile() as file:
        file.write(raw.replace(b"\r\n", b"\n") + b"\n")
        assert ledger.twin_of(raw) == ledger.twin_of(file)
    assert ledger.twin_of(raw) != ledger.twin_of(raw.replace(b"b\r\n\r\nc", b"b\r\nc"))


@pytest.mark.parametrize("cut", range(8))
def test_an_escaped_line_is_one_wherever_the_pieces_are_cut(cut: int) -> None:
    head = b"Subject: x\n\n"
    start = head + b"a" * (store.PART - len(head) - cut - 1) + b"\n"
    assert ledger.twin_of(start + b">>From b\n") == ledger.twin_of(start + b"From b\n")
    assert ledger.twin_of(start + b">>Frim b\n") != ledger.twin_of(start + b"Frim b\n")
    assert ledger.twin_of(start + b">>") != ledger.twin_of(start)
