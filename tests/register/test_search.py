"""Searching the book: words and beginnings of words of all that an official may see, the same on both databases."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, String, delete, insert, text

from pipeline.data import fulltext
from pipeline.data.engine import migrate, reading, settle_erased
from pipeline.data.schema import newest
from pipeline.data.tables import Complaint
from pipeline.office.sop import Channel, Decision, Stage
from pipeline.register import book
from pipeline.register.book import Filter
from pipeline.work import Work
from tests.desk import Desk, desk_in, jakarta


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def numbers(desk: Desk, wanted: Filter) -> list[int]:
    """The running numbers of the rows as they come."""
    with reading(desk.engine) as session:
        found = list(book.rows(Work(session, desk.settings, desk.clock()), wanted))
    return [int(row.complaint.number[-6:]) for row in found]


def test_search_knows_what_an_official_may_see_on_both_databases(
    tmp_path: Path, database_url: str
) -> None:
    with desk_in(tmp_path, database_url) as desk:
        desk.record(
            nama="Siti Rahmawati",
            telepon="+62 811-111-222",
            isi="Pohon tumbang di Jalan Mawar. 100% rusak",
        )
        desk.press("jfu-1", "laporkan", nama="Siti Rahmawati", telepon="+62 811-111-222")
        desk.to(Stage.PENYAMPAIAN, "PGD-2026-000001")
        desk.record(
            nama="Tuti Sunyi",
            rahasia=True,
            isi="Saya Tuti, pegawai meminta uang.",
            perihal="Pungutan liar",
        )
        asked = {
            "tumbang": [1],
            "tumb mawar": [1],
            "TUMBANG": [1],
            "umbang": [],
            "0811111222": [1],
            "0811 111 222": [1],
            "+62811111222": [1],
            "08111": [1],
            "081111": [1],
            "400.14.5/1/401.109/2026": [1],
            "ditindaklanjuti": [1],
            "diperbaiki": [1],
            "tuti": [],
            "uang": [],
            "pungutan": [2],
            "pgd-2026-000002": [2],
            "'; DROP TABLE complaint": [],
            "a* OR b": [],
            '"': [],
            "NEAR(a b)": [],
            "tumbang & ! | :*": [1],
        }
        assert {words: numbers(desk, Filter(text=words)) for words in asked} == asked


def test_search_follows_what_is_corrected_and_what_becomes_secret(desk: Desk) -> None:
    desk.record(nama="Budi Santoso")
    desk.press("jfu-1", "laporkan", nama="Bambang Santoso", perihal="Lampu")
    assert (numbers(desk, Filter(text="budi")), numbers(desk, Filter(text="bambang"))) == ([], [1])
    desk.press("sekretaris", "tandai", prioritas="biasa", rahasia="ya")
    assert numbers(desk, Filter(text="bambang")) == []


def test_erased_words_are_gone_from_the_searchs_own_pages(desk: Desk) -> None:
    desk.record(isi="Rahasiasekaliitu")
    assert b"rahasiasekaliitu" in searched(desk)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE complaint SET isi = ''"))
    settle_erased(desk.engine)
    assert b"sekaliitu" not in searched(desk)


def searched(desk: Desk) -> bytes:
    """All pages of the search's own table."""
    with reading(desk.engine) as session:
        return b"".join(session.scalars(text("SELECT block FROM complaint_words_data")))


def test_filters_find_what_bears_their_mark(desk: Desk) -> None:
    desk.record(channel=Channel.SURAT)
    desk.press(
        "jfu-1",
        "laporkan",
        klasifikasi="Permohonan informasi",
        kategori="aplikasi",
        lokasi_kejadian="Kelurahan Taman",
    )
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "laporkan_kepala", unit=["umum"])
    desk.press(
        "kepala", "putuskan", keputusan="ditolak", pembuktian="tidak", perintah="x", disampaikan="x"
    )
    parent = desk.record(rahasia=True)
    desk.press("jfu-1", "gabungkan", number=desk.record(), nomor=parent)
    assert desk.complaint("PGD-2026-000002").pembuktian == "tidak"
    assert desk.complaint("PGD-2026-000002").decided_at == desk.clock()
    found = {
        Filter(channel=Channel.SURAT): [1],
        Filter(klasifikasi="informasi"): [1],
        Filter(kategori="aplikasi"): [1],
        Filter(text="kelurahan taman"): [1],
        Filter(unit="umum"): [2],
        Filter(unit="um"): [],
        Filter(decision=Decision.DITOLAK): [2],
        Filter(secret=True): [3],
        Filter(merged=True): [4],
        Filter(merged=False, secret=False): [2, 1],
        Filter(sort="terlama"): [1, 2, 3, 4],
        Filter(text="lampu", sort="terlama", merged=False): [1, 2, 3],
        Filter(text="lampu", channel=Channel.EMAIL): [4, 3, 2],
    }
    assert {wanted: numbers(desk, wanted) for wanted in found} == found


def test_filters_and_words_are_asked_together_on_both_databases(
    tmp_path: Path, database_url: str
) -> None:
    """A mark is kept with the words of a row: it follows what is corrected, and nobody finds it by typing it."""
    with desk_in(tmp_path, database_url) as desk:
        for channel in (Channel.SURAT, Channel.EMAIL, Channel.SURAT):
            desk.record(channel=channel)
            desk.press("jfu-1", "laporkan", klasifikasi="Permohonan informasi", kategori="aplikasi")
        desk.press("sekretaris", "laporkan_kepala", unit=["umum", "infrastruktur"])
        both = Filter(channel=Channel.SURAT, kategori="aplikasi")
        asked = {
            both: [3, 1],
            replace(both, text="lampu"): [3, 1],
            replace(both, text="lampu", klasifikasi="informasi", sort="terlama"): [1, 3],
            replace(both, unit="umum"): [3],
            replace(both, unit="infrastruktur"): [3],
            replace(both, unit="infra"): [],
            replace(both, text="jembatan"): [],
            Filter(kategori="aplikasi", klasifikasi="informasi"): [3, 2, 1],
            Filter(kategori="aplikasi", unit="Unit lain, yang ditulis dulu"): [],
            Filter(text="\ue003aplikasi"): [3, 2, 1],
            Filter(text="\ue001surat"): [],
        }
        assert {wanted: numbers(desk, wanted) for wanted in asked} == asked
        with desk.work() as work:
            work.session.get_one(Complaint, desk.complaint("PGD-2026-000003").id).kategori = "lain"
        assert numbers(desk, both) == [1]
        assert numbers(desk, replace(both, kategori="lain")) == [3]


def test_a_letter_that_is_recorded_late_is_found_by_its_day_and_words(desk: Desk) -> None:
    """The ids of a day do not follow each other."""
    desk.clock.now = jakarta(10, 9)
    desk.record()
    desk.clock.now = jakarta(20, 9)
    desk.record()
    with desk.work() as work:
        letter = work.session.get_one(Complaint, desk.complaint("PGD-2026-000002").id)
        letter.received_at = jakarta(5, 9)
    wanted = Filter(text="lampu", first=date(2026, 11, 5), last=date(2026, 11, 5))
    assert numbers(desk, wanted) == [2]
    assert numbers(desk, replace(wanted, last=date(2026, 11, 12))) == [2, 1]
    assert numbers(desk, replace(wanted, first=date(2026, 11, 10), last=date(2026, 11, 30))) == [1]
    assert numbers(desk, replace(wanted, first=date(2026, 11, 15), last=date(2026, 11, 30))) == []


def test_days_include_the_last_one_and_are_the_offices(desk: Desk) -> None:
    desk.clock.now = jakarta(24, 23, 59)
    desk.record()
    desk.later(minutes=1)
    desk.record()
    assert numbers(desk, Filter(last=date(2026, 11, 24))) == [1]
    assert numbers(desk, Filter(first=date(2026, 11, 25), last=date(2026, 11, 25))) == [2]
    assert numbers(desk, Filter(first=date(2026, 11, 25), month=date(2026, 12, 1))) == []


def test_nearest_limit_stands_first(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.record()
    desk.to(Stage.SELESAI)
    assert numbers(desk, Filter(sort="batas")) == [2, 1]


def test_category_that_is_no_longer_in_the_list_keeps_its_rows(desk: Desk) -> None:
    desk.record()
    desk.press("jfu-1", "laporkan", kategori="aplikasi")
    desk.settings = desk.settings.model_copy(update={"kategori": desk.settings.kategori[:1]})
    assert numbers(desk, Filter(kategori="aplikasi")) == [1]
    with reading(desk.engine) as session:
        (row,) = book.rows(Work(session, desk.settings, desk.clock()), Filter())
    assert row.kategori == "aplikasi"


def test_class_that_is_closed_keeps_the_identity_secret(desk: Desk) -> None:
    desk.record(nama="Bambang Sunyi", isi="x", email="")
    desk.press("jfu-1", "laporkan", nama="Bambang Sunyi", klasifikasi="berkadar")
    assert desk.complaint().rahasia
    assert numbers(desk, Filter(text="bambang")) == []


# ---- many rows, on both databases ----------------------------------------------------------------------------

MANY = 1_500  # more than the search tries before it asks the index, and than a page counts
SAID = ("jalan", "jalanan", "lampu", "padam", "taman", "0811", "pohon-tumbang", "Éclair")
SELDOM = "langka"


def test_a_search_finds_what_a_look_at_every_row_finds(tmp_path: Path, database_url: str) -> None:
    """Common and rare words, beginnings, filters, days and both directions; whatever way the database goes."""
    with desk_in(tmp_path, database_url) as desk:
        many = written(desk, random.Random(17))
        for wanted in asked_of_many():
            fitting = [one["id"] for one in many if fits(desk, one, wanted)]
            in_order = sorted(fitting, reverse=wanted.sort != "terlama")
            with reading(desk.engine) as session:
                work = Work(session, desk.settings, desk.clock())
                first, second = (book.page(work, wanted, number) for number in (0, 1))
                assert book.count(work, wanted, 5_000) == len(fitting), wanted
                if len(fitting) < 2 * book.PAGE:
                    every = book.rows(work, wanted, oldest_first=True)
                    assert [row.complaint.id for row in every] == sorted(fitting), wanted
            shown = [row.complaint.id for page in (first, second) for row in page.rows]
            assert shown == in_order[: 2 * book.PAGE], wanted
            assert first.total == min(len(fitting), book.MOST + 1), wanted
            assert first.goes_on is (len(fitting) > book.PAGE), wanted
        with desk.engine.begin() as connection:
            connection.execute(delete(Complaint))
        assert numbers(desk, Filter(text="jalan")) == []


def written(desk: Desk, chance: random.Random) -> list[dict[str, Any]]:
    """Rows as somebody might have written them over two months; of a few who complains is secret."""
    empty = {
        column.name: ""
        for column in Complaint.__table__.columns
        if not column.nullable and isinstance(column.type, String)
    }
    rows = [{**empty, **one_of_many(chance, number)} for number in range(1, MANY + 1)]
    with desk.engine.begin() as connection:
        connection.execute(insert(Complaint), rows)
    return rows


def one_of_many(chance: random.Random, number: int) -> dict[str, Any]:
    at = jakarta(1, 0, month=10) + timedelta(minutes=chance.randrange(60 * 24 * 60))
    words = [*chance.choices(SAID, k=4), *([SELDOM] if number % 300 == 7 else [])]
    return {
        "id": number + 100,
        "number": f"PGD-2026-{number + 100:06d}",
        "year": 2026,
        "stage": Stage.KLARIFIKASI,
        "channel": chance.choice(list(Channel)),
        "received_at": at,
        "recorded_at": at,
        "status_code": f"{number:016d}",
        "nama": chance.choice(("Bambang Jalanan", "Sri")),
        "isi": " ".join(words),
        "ringkasan": "padam" if number % 3 else "",
        "kategori": chance.choice(("aplikasi", "wi-fi", "wifi")),
        "unit": chance.choice(("umum", "umum,infrastruktur", "infra")),
        "decision": chance.choice((None, Decision.DITOLAK)),
        "rahasia": number % 40 == 0,
        "lampiran_terbuka": False,
        "teks_terbuka": False,
    }


def asked_of_many() -> Iterator[Filter]:
    texts = (
        "",
        "jalan",
        "lampu jal",
        SELDOM,
        "langk padam",
        "tidakada",
        "0811",
        "tumbang",
        "éclair",
    )
    days = date(2026, 10, 20)
    for text_ in texts:
        yield Filter(text=text_)
        yield Filter(text=text_, sort="terlama")
        yield Filter(text=text_, channel=Channel.SURAT)
        yield Filter(text=text_, kategori="wifi", unit="umum")
        yield Filter(text=text_, unit="infra", decision=Decision.DITOLAK)
        yield Filter(text=text_, first=days, last=days)
        yield Filter(text=text_, month=date(2026, 11, 1), kategori="wi-fi")
        yield Filter(text=text_, first=days)
        yield Filter(text=text_, last=days, sort="terlama")
        yield Filter(text=text_, secret=True)
        yield Filter(text=text_, merged=True)


def fits(desk: Desk, one: dict[str, Any], wanted: Filter) -> bool:
    """The same, said in Python."""
    day = one["received_at"].astimezone(desk.settings.zone).date()
    exact = {"channel": "channel", "kategori": "kategori", "decision": "decision"}
    return (
        all(is_found(one, word) for word in wanted.text.split())
        and all(getattr(wanted, name) in ("", None, one[name]) for name in exact)
        and (not wanted.unit or wanted.unit in one["unit"].split(","))
        and (wanted.first is None or wanted.first <= day)
        and (wanted.last is None or day <= wanted.last)
        and (
            wanted.month is None or (wanted.month.year, wanted.month.month) == (day.year, day.month)
        )
        and wanted.secret in (None, one["rahasia"])
        and not wanted.merged
    )


def is_found(one: dict[str, Any], word: str) -> bool:
    open_to_all = f"{one['number']} {one['ringkasan']} {one['unit']} {one['kategori']} {one['decision'] or ''}"
    said = open_to_all if one["rahasia"] else f"{open_to_all} {one['nama']} {one['isi']}"
    tells = one["rahasia"] and len(word) >= 3 and word in one["nama"].lower()
    begins = (part.startswith(word) for part in re.split(r"[\W_]+", said.lower()))
    return not tells and any(begins)


def _stand_at(connection: Connection, revision: str) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})


def test_search_of_before_the_table_is_brought_along(postgres_url: str, tmp_path: Path) -> None:
    """On PostgreSQL the words stood in an index on an expression until 0119."""
    with desk_in(tmp_path, postgres_url) as desk:
        desk.record(isi="Pohon tumbang di Jalan Mawar")
        with desk.engine.begin() as connection:
            fulltext.drop(connection)
            connection.execute(
                text(
                    "CREATE INDEX ix_complaint_words ON complaint USING gin (to_tsvector('simple', isi))"
                )
            )
            _stand_at(connection, "0121")
        migrate(desk.engine, to="0119")  # the one after it
        with desk.engine.begin() as connection:
            _stand_at(connection, newest())
        desk.record(isi="Tumbang lagi")
        assert numbers(desk, Filter(text="tumbang")) == [2, 1]
