"""Mails from files: what is a mail, nothing twice, broken off and begun again, big ones, the command."""

from __future__ import annotations

import mailbox
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import importer
from pipeline.cli import main
from pipeline.db import Complaint, Item
from pipeline.importer import Count
from tests.desk import Desk, desk_in
from tests.office import INTAKE, SITI, Post, compose, embedded, office

OLD = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def mail(number: int, at: datetime = OLD) -> bytes:
    return compose(SITI, INTAKE, f"Lampu {number}", f"Tiang {number} padam.", at).as_bytes()


def archive(folder: Path, count: int = 5) -> Path:
    """An mbox, a Maildir with a folder below, single files, and what is no mail."""
    folder.mkdir()
    box = mailbox.mbox(folder / "lama.mbox")
    for n in range(count):
        box.add(mail(n))
    box.close()
    maildir = mailbox.Maildir(folder / "Maildir")
    for n in range(count, 2 * count):
        maildir.add_folder("Arsip").add(mail(n)) if n % 2 else maildir.add(mail(n))
    (folder / "satu.eml").write_bytes(mail(100))
    (folder / "foto.jpg").write_bytes(b"\xff\xd8\xff\xe0 bukan surat")
    (folder / "kosong.eml").write_bytes(b"")
    (folder / "catatan.txt").write_text("Yth. Bapak, ini bukan surat elektronik.\n")
    (folder / "tautan.eml").symlink_to(folder / "satu.eml")
    return folder


def run(desk: Desk, path: Path, since: datetime | None = None) -> Count:
    return importer.run(desk.engine, desk.settings, path, since, desk.clock, lambda _: None)


def test_every_mail_of_every_kind_of_file_is_taken_in_once(desk: Desk, tmp_path: Path) -> None:
    source = archive(tmp_path / "arsip")
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    assert importer.survey(desk.engine, source, None, lambda _: None) == Count(new=11)
    assert desk.count(Item) == 0, "a survey changes nothing"
    assert run(desk, source) == Count(new=11)
    assert sorted(c.perihal for c in desk.complaints()) == sorted([f"Lampu {n}" for n in range(10)] + ["Lampu 100"])
    assert run(desk, source) == Count(known=11)
    assert desk.count(Complaint) == 11
    assert {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} == before


def test_an_old_mail_is_recorded_with_its_own_date(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "satu.eml").write_bytes(mail(1))
    run(desk, tmp_path / "satu.eml")
    assert desk.complaint().received_at == OLD
    assert desk.complaint().recorded_at == desk.clock()


def test_mails_older_than_asked_for_are_left(desk: Desk, tmp_path: Path) -> None:
    source = tmp_path / "arsip"
    source.mkdir()
    for n in range(4):
        (source / f"{n}.eml").write_bytes(mail(n, OLD + timedelta(days=n)))
    assert run(desk, source, OLD + timedelta(days=2)) == Count(new=2, older=2)


def test_what_came_by_the_mailbox_before_is_known(desk: Desk, tmp_path: Path) -> None:
    """Archives keep other line ends and add headers of their own."""
    raw = mail(1)
    desk.take_in(b"Received: by mx\r\n" + raw)
    (tmp_path / "satu.eml").write_bytes(b"X-Gmail-Labels: Penting\n" + raw.replace(b"\r\n", b"\n") + b"\n")
    assert run(desk, tmp_path / "satu.eml") == Count(known=1)


def test_an_import_that_was_broken_off_goes_on_where_it_stopped(desk: Desk, tmp_path: Path) -> None:
    source = archive(tmp_path / "arsip", 60)

    class Unplugged(Exception):
        pass

    def stop(_count: int) -> None:
        raise Unplugged

    with pytest.raises(Unplugged):
        importer.run(desk.engine, desk.settings, source, None, desk.clock, stop)
    done = desk.count(Complaint)
    assert 0 < done < 121
    assert run(desk, source) == Count(new=121 - done, known=done)
    assert desk.count(Complaint) == 121


def test_a_big_mail_is_taken_in_from_an_mbox(desk: Desk, tmp_path: Path) -> None:
    letter = compose(SITI, INTAKE, "Rekaman", "Terlampir.", OLD)
    letter.add_attachment(os.urandom(9 * 2**20), maintype="video", subtype="mp4", filename="rapat.mp4")
    box = mailbox.mbox(tmp_path / "besar.mbox")
    box.add(letter.as_bytes())
    box.close()
    assert run(desk, tmp_path / "besar.mbox") == Count(new=1)
    assert [d.name for d in desk.documents()] == ["rapat.mp4"]


def test_the_command_asks_first_and_tells_what_it_did(tmp_path: Path) -> None:
    post: Post
    with embedded() as post, office(tmp_path, post=post) as kantor:
        source = archive(tmp_path / "arsip")
        command = ["--config", str(tmp_path / "config.toml"), "import", str(source)]
        asked = CliRunner().invoke(main, command, input="n\n")
        assert "11 surat baru" in asked.output
        assert "tanda terima" in asked.output
        assert (asked.exit_code, kantor.complaints()) == (1, [])
        done = CliRunner().invoke(main, [*command, "--yes"])
        assert (done.exit_code, "11 surat diambil" in done.output) == (0, True)
        again = CliRunner().invoke(main, [*command, "--yes", "--sejak", "2026-01-01"])
        assert "0 surat baru, 11 sudah ada" in again.output
        assert CliRunner().invoke(main, [*command, "--sejak", "kemarin"]).exit_code == 2
