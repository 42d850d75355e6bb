"""Mails from files: what is a mail, nothing twice, broken off and begun again, big ones, the command."""

from __future__ import annotations

import mailbox
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from pipeline.data.tables import Complaint, Item
from pipeline.intake import importer
from pipeline.intake.importer import Count
from pipeline.mail.mailfiles import Left
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, SITI, Post, compose, embedded, office

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
    return importer.run(desk.app, path, since, lambda _: None)


def test_every_mail_of_every_kind_of_file_is_taken_in_once(desk: Desk, tmp_path: Path) -> None:
    source = archive(tmp_path / "arsip")
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    left = [
        Left(str(source / "catatan.txt"), "bukan email"),
        Left(str(source / "foto.jpg"), "bukan email"),
        Left(str(source / "kosong.eml"), "berkas kosong"),
        Left(str(source / "tautan.eml"), "tautan ke tempat lain; sebutkan tempat aslinya"),
        Left(str(source / "Maildir" / ".Arsip" / "maildirfolder"), "berkas kosong"),
    ]
    assert importer.survey(desk.engine, source, None, lambda _: None) == Count(new=11, left=left)
    assert desk.count(Item) == 0, "a survey changes nothing"
    assert run(desk, source) == Count(new=11, left=left)
    assert sorted(c.perihal for c in desk.complaints()) == sorted(
        [f"Lampu {n}" for n in range(10)] + ["Lampu 100"]
    )
    assert run(desk, source) == Count(known=11, left=left)
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
    (tmp_path / "satu.eml").write_bytes(
        b"X-Gmail-Labels: Penting\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    )
    assert run(desk, tmp_path / "satu.eml") == Count(known=1)


PLAIN = mail(1).replace(b"\r\n", b"\n")
DATED = b"From siti@warga.example Mon Mar  2 03:00:00 2026\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"\n\r\n" + PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r"),
        PLAIN.decode().encode("utf-16"),
        PLAIN.decode().encode("utf-16-le"),
        PLAIN.replace(b"Subject:", b"Subject :"),
        b">From siti@warga.example Mon Mar  2 03:00:00 2026\n" + PLAIN,
        b"\n" + DATED + PLAIN,
        DATED + b"\n" + PLAIN,
        DATED + b">From siti Mon Mar  2 03:00:00 2026 remote from warga\n" + PLAIN,
        b"From siti\n" + PLAIN,
    ],
    ids=[
        "blank lines",
        "mark",
        "CR",
        "UTF-16",
        "UTF-16 bare",
        "space",
        "escaped",
        "mbox blank line",
        "blank after From",
        "escaped after From",
        "From without date",
    ],
)
def test_what_is_plainly_a_mail_is_taken_in_however_it_was_saved(
    desk: Desk, tmp_path: Path, raw: bytes
) -> None:
    (tmp_path / "satu.eml").write_bytes(raw)
    assert run(desk, tmp_path / "satu.eml") == Count(new=1)
    complaint = desk.complaint()
    assert (complaint.perihal, complaint.isi, complaint.email) == (
        "Lampu 1",
        "Tiang 1 padam.",
        SITI,
    )
    assert complaint.received_at == OLD


def test_a_mail_of_few_and_unknown_fields_is_taken_from_a_place_for_mails_alone(
    desk: Desk, tmp_path: Path
) -> None:
    poor = b"Subject : Lampu\n\nPadam.\n"
    for name in ("satu.eml", "satu.txt"):
        (tmp_path / name).write_bytes(poor)
    assert run(desk, tmp_path / "satu.txt") == Count(
        left=[Left(f"{tmp_path / 'satu.txt'}", "bukan email")]
    )
    assert run(desk, tmp_path / "satu.eml") == Count(new=1)


@pytest.mark.parametrize(
    "text",
    [
        '{"id": 1, "isi": "Lampu padam"}\n',
        '{\n"From": "a@b.example"\n}\n',
        "Catatan: beli lampu\n",
        "Date: besok\nrapat\n",
        "Dari: Siti\nPerihal: Lampu\n\nPadam.\n",
        "http://warga.example/\n",
        "judul: x\ndate: 2026-11-24\n\nisi\n",
    ],
)
def test_a_text_that_only_looks_like_one_is_named_instead(
    desk: Desk, tmp_path: Path, text: str
) -> None:
    (tmp_path / "catatan").write_text(text)
    assert run(desk, tmp_path / "catatan") == Count(
        left=[Left(f"{tmp_path / 'catatan'}", "bukan email")]
    )


def test_lines_of_a_body_that_begin_with_from_cut_no_mail(desk: Desk, tmp_path: Path) -> None:
    lines = b"From tadi malam lampu padam.\n\nFrom sini gelap.\nLokasi: Jalan Mawar\n"
    one, two = PLAIN + lines, mail(2).replace(b"\r\n", b"\n")
    (tmp_path / "surat").write_bytes(DATED + one + b"\n" + DATED + two + b"\n")
    assert run(desk, tmp_path / "surat") == Count(new=2)
    assert [c.perihal for c in desk.complaints()] == ["Lampu 1", "Lampu 2"]
    assert lines.decode().strip() in desk.complaints()[0].isi


@pytest.mark.parametrize("escape", [rb"^(>*From )", rb"^(From )"], ids=["mboxrd", "mboxo"])
def test_a_mail_with_escaped_lines_is_the_one_that_came_by_the_mailbox(
    desk: Desk, tmp_path: Path, escape: bytes
) -> None:
    raw = PLAIN + b"From sini gelap.\n>From sana: terang.\n\n\n"
    desk.take_in(raw.replace(b"\n", b"\r\n"))
    archived = re.sub(escape, rb">\1", raw, flags=re.MULTILINE)
    (tmp_path / "surat").write_bytes(DATED + archived + b"\n" + DATED + mail(2))
    assert run(desk, tmp_path / "surat") == Count(new=1, known=1)


def test_an_archive_that_escapes_every_such_line_gives_them_back(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "surat").write_bytes(DATED + PLAIN + b">From sini gelap.\n>>From sana terang.\n")
    run(desk, tmp_path / "surat")
    assert desk.complaint().isi.endswith("\nFrom sini gelap.\n>From sana terang.")


@pytest.mark.parametrize(
    "line",
    [
        "From - Mon Mar 02 03:00:00 2026",
        "From MAILER-DAEMON Mon Mar  2 03:00:00 2026",
        "From  Mon Mar  2 03:00 2026",
        "From 17@xxx Mon Mar 02 03:00:00 +0000 2026",
        "From a@b Mon Mar  2 03:00:00 WIB 2026",
        "From a@b Mon, 2 Mar 2026 03:00:00 +0700",
        "From siti warga@b.example Mon Mar  2 03:00:00 2026",
    ],
)
def test_the_lines_that_programs_write_between_mails_are_known(
    desk: Desk, tmp_path: Path, line: str
) -> None:
    mails = [mail(n).replace(b"\r\n", b"\n") for n in range(3)]
    (tmp_path / "surat").write_bytes(b"\n".join(line.encode() + b"\n" + one for one in mails))
    assert run(desk, tmp_path / "surat") == Count(new=3)


def test_what_lies_unfinished_unsent_or_thrown_away_is_named(desk: Desk, tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    here = tmp_path / "Maildir"
    (here / "tmp" / "1.a").write_bytes(mail(1))
    (here / "cur" / "2.a:2,DS").write_bytes(mail(2))
    (here / "cur" / "3.a:2,ST").write_bytes(mail(3))
    (here / "cur" / "4.a:2,FS").write_bytes(mail(4))
    (here / "new" / "5.a").write_bytes(mail(5))
    (here / "surat").write_bytes(
        DATED
        + PLAIN.replace(b"Lampu 1", b"Lampu 6")
        + b"\n"
        + DATED
        + b"X-Status: D\n"
        + PLAIN
        + b"\n"
        + DATED
        + b"X-Mozilla-Draft-Info: internal/draft\n"
        + PLAIN
        + b"\n"
        + DATED
        + b"X-Mozilla-Status: 0009\n"
        + PLAIN
    )
    (here / "surat.msg").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    (here / "surat.zip").write_bytes(b"PK\x03\x04")
    counted = run(desk, here)
    assert sorted(c.perihal for c in desk.complaints()) == ["Lampu 4", "Lampu 5", "Lampu 6"]
    assert {one.place.removeprefix(f"{here}/"): one.why.split(";")[0] for one in counted.left} == {
        "surat, email ke-2": "sudah ditandai terhapus",
        "surat, email ke-3": "draf, belum pernah dikirim",
        "surat, email ke-4": "sudah ditandai terhapus",
        "surat.msg": "berkas Outlook",
        "surat.zip": "arsip terkompresi",
        "cur/2.a:2,DS": "draf, belum pernah dikirim",
        "cur/3.a:2,ST": "sudah ditandai terhapus",
        "tmp/1.a": "email yang belum selesai ditulis (tmp pada Maildir)",
    }


def test_a_folder_named_by_a_link_is_read(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "asli").mkdir()
    (tmp_path / "asli" / "satu.eml").write_bytes(PLAIN)
    (tmp_path / "sini").symlink_to(tmp_path / "asli")
    assert run(desk, tmp_path / "sini") == Count(new=1)


def test_an_import_that_was_broken_off_goes_on_where_it_stopped(desk: Desk, tmp_path: Path) -> None:
    source = archive(tmp_path / "arsip", 60)

    class Unplugged(Exception):
        pass

    def stop(_count: int) -> None:
        raise Unplugged

    with pytest.raises(Unplugged):
        importer.run(desk.app, source, None, stop)
    done = desk.count(Complaint)
    assert 0 < done < 121
    counted = run(desk, source)
    assert (counted.new, counted.known) == (121 - done, done)
    assert desk.count(Complaint) == 121


def test_a_big_mail_is_taken_in_from_an_mbox(desk: Desk, tmp_path: Path) -> None:
    letter = compose(SITI, INTAKE, "Rekaman", "Terlampir.", OLD)
    letter.add_attachment(
        os.urandom(9 * 2**20), maintype="video", subtype="mp4", filename="rapat.mp4"
    )
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
        assert "11 email baru" in asked.output
        assert "tanda terima" in asked.output
        assert (asked.exit_code, kantor.complaints()) == (1, [])
        done = CliRunner().invoke(main, [*command, "--yes"])
        assert (done.exit_code, "11 email diambil" in done.output) == (0, True)
        assert "5 tidak diambil:" in done.output
        assert f"{source}/catatan.txt: bukan email\n" in done.output
        again = CliRunner().invoke(main, [*command, "--yes", "--sejak", "2026-01-01"])
        assert "0 email baru, 11 sudah ada" in again.output
        assert "5 tidak diambil:" in again.output
        assert CliRunner().invoke(main, [*command, "--sejak", "kemarin"]).exit_code == 2
