"""The report of a period as people meet it: it comes by itself, is edited, signed, sent, and corrected later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docx import Document as Docx
from sqlalchemy import select, text

from pipeline import cases, reports
from pipeline.data.engine import reading
from pipeline.data.tables import Document, Laporan, LaporanEvent, Task
from pipeline.office.config_errors import ConfigError
from pipeline.office.sop import TaskKind
from tests.kantor import SIGNED, Mail, Office, bounce_of, office

WALI_KOTA, INSPEKTORAT = "walikota@kota.example", "inspektorat@kota.example"
TO_ALL = [{"nama": "Wali Kota", "email": WALI_KOTA}, {"nama": "Inspektorat", "email": INSPEKTORAT}]
FIRST_DAY = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)  # a Tuesday, 09.00
NEXT_MONTH = datetime(2027, 1, 4, 2, 0, tzinfo=UTC)  # the first office day of January
SUBJECT = "Sunting laporan pengaduan November 2026"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, laporan={"otomatis": ["bulan"], "tembusan": TO_ALL}) as one:
        yield one


def month_ends(kantor: Office) -> Mail:
    """A complaint in November; on the first office day of December the report is there."""
    kantor.to_clarification()
    kantor.clock.now = FIRST_DAY
    kantor.settle()
    return kantor.newest("sekretaris", SUBJECT)


def word_of(mail: Mail) -> bytes:
    return next(content for name, content in mail.files.items() if name.endswith(".docx"))


def edited(content: bytes, cell: str = "", paragraph: str = "") -> bytes:
    """The file as Word saves it: a sentence added, the first figure of the first table changed."""
    document = Docx(BytesIO(content))
    if cell:
        document.tables[0].rows[1].cells[2].text = cell
    if paragraph:
        document.paragraphs[5].insert_paragraph_before(paragraph)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def reports_of(kantor: Office) -> list[Laporan]:
    with reading(kantor.engine) as session:
        return list(session.scalars(select(Laporan).order_by(Laporan.id)))


def files_of(kantor: Office, kind: str) -> list[Document]:
    with reading(kantor.engine) as session:
        return list(
            session.scalars(select(Document).where(Document.kind == kind).order_by(Document.id))
        )


def open_tasks(kantor: Office, kind: TaskKind) -> list[Task]:
    with reading(kantor.engine) as session:
        return list(
            session.scalars(select(Task).where(Task.kind == kind, Task.closed_at.is_(None)))
        )


def signed_report(kantor: Office) -> None:
    month_ends(kantor)
    kantor.press("sekretaris", "ajukan", about=SUBJECT)
    kantor.press("kepala", "tandatangani", about="laporan", bertanda_tangan=("laporan.jpg", SIGNED))


# ---- the story -----------------------------------------------------------------------------------------------


def test_a_month_ends_and_its_report_goes_all_the_way(kantor: Office) -> None:
    mail = month_ends(kantor)
    assert "sudah dibuat dari Buku Pengaduan" in mail.words
    task = kantor.page(kantor.link("sekretaris", "unggah", SUBJECT)).text
    assert "angka dari Buku Pengaduan" in task
    assert "Surat" not in task
    again = edited(word_of(mail), paragraph="Bulan ini kami memasang lampu baru.")
    page = kantor.press("sekretaris", "unggah", about=SUBJECT, surat=("laporan.docx", again))
    assert "Angka di tabel dan kalimat sesuai dengan data." in page.text
    assert "Gambar yang dipindai" not in page.text
    page = kantor.press("sekretaris", "ajukan", about=SUBJECT)
    assert "Laporan sudah diajukan" in page.text

    to_sign = kantor.newest("kepala", "Mohon tanda tangan laporan")
    assert "memasang lampu baru" in "\n".join(
        p.text for p in Docx(BytesIO(word_of(to_sign))).paragraphs
    )
    page = kantor.press(
        "kepala", "tandatangani", about="laporan", bertanda_tangan=("laporan.jpg", SIGNED)
    )
    assert "dikirim kepada tembusan" in page.text
    for address in (WALI_KOTA, INSPEKTORAT):
        (copy,) = kantor.inbox(address)
        assert copy.subject == "Laporan pengaduan November 2026"
        assert [*copy.files] == ["Laporan pengaduan November 2026.pdf"]
    (report,) = reports_of(kantor)
    assert report.signed_at == kantor.clock.now
    assert report.sha256 == files_of(kantor, "lap_ttd")[0].sha256
    assert report.figures[0]["rows"][0][2] == 1
    assert open_tasks(kantor, TaskKind.LAPORAN_KIRIM) == [], "every copy has arrived"
    assert kantor.audit() == []

    _next_report_corrects(kantor)


def test_months_in_which_the_program_stood_still_get_their_reports_later(kantor: Office) -> None:
    month_ends(kantor)
    kantor.clock.now = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)  # a Monday, 09.00
    kantor.settle()
    names = [report.name for report in reports_of(kantor)]
    assert [name.removeprefix("Laporan pengaduan ") for name in names] == [
        "November 2026",
        "Desember 2026",
        "Januari 2027",
        "Februari 2027",
    ]
    assert len(open_tasks(kantor, TaskKind.LAPORAN)) == len(names)


def test_an_office_that_begins_late_is_not_flooded_with_reports_of_years(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.clock.now = datetime(2029, 3, 1, 2, 0, tzinfo=UTC)  # a Thursday
    kantor.settle()
    (report,) = reports_of(kantor)
    assert report.code == "2029-02"


def _next_report_corrects(kantor: Office) -> None:
    """A letter of November that was typed in late: the next report says so, the one after it does not again."""
    _typed_late(kantor)
    kantor.clock.now = NEXT_MONTH
    kantor.settle()
    mail = kantor.newest("sekretaris", "laporan pengaduan Desember 2026")
    text = "\n".join(p.text for p in Docx(BytesIO(word_of(mail))).paragraphs)
    assert "Koreksi atas laporan sebelumnya" in text
    assert (
        "Laporan pengaduan November 2026, Pengaduan menurut kanal, Surat, Masuk: semula 0, menjadi 1."
        in text
    )
    before, after = reports_of(kantor)
    assert before.figures[0]["rows"][4][2] == 0, "what was signed stays as it was"
    assert before.told is None
    assert str(before.id) in after.corrections
    kantor.press("sekretaris", "ajukan", about="Desember")
    kantor.press(
        "kepala", "tandatangani", about="Desember", bertanda_tangan=("laporan.jpg", SIGNED)
    )
    told = reports_of(kantor)[0].told
    assert told is not None
    assert told[0]["rows"][4][2] == 1
    kantor.clock.now = datetime(2027, 2, 1, 2, 0, tzinfo=UTC)
    kantor.settle()
    january = kantor.newest("sekretaris", "laporan pengaduan Januari 2027")
    assert "Koreksi" not in "\n".join(p.text for p in Docx(BytesIO(word_of(january))).paragraphs)


def _typed_late(kantor: Office) -> None:
    kantor.know("jfu-1")
    counter = next(link for mail in reversed(kantor.inbox("jfu-1")) for link in kantor.links(mail))
    form = kantor.page(f"{counter}/catat").forms["catat"]
    about = {
        "perihal": "Jalan rusak",
        "isi": "Jalan rusak di Mawar.",
        "nama": "Budi",
        "diterima": "2026-11-20T09:00",
    }
    kantor.send(form, {"kanal": "surat", **about})
    kantor.settle()


# ---- what goes wrong -----------------------------------------------------------------------------------------


def test_a_figure_that_was_changed_in_word_is_told_and_stops_until_it_is_confirmed(
    kantor: Office,
) -> None:
    again = edited(word_of(month_ends(kantor)), cell="12")
    page = kantor.press("sekretaris", "unggah", about=SUBJECT, surat=("laporan.docx", again))
    assert "Pengaduan menurut kanal, Email, Masuk: di berkas 12, menurut data 1." in page.text
    page = kantor.press("sekretaris", "ajukan", about=SUBJECT, status=422)
    assert "Ada angka yang tidak sesuai dengan data sekarang" in page.text
    kantor.press("sekretaris", "ajukan", about=SUBJECT, yakin="ya")
    assert open_tasks(kantor, TaskKind.LAPORAN_TTD)


def test_data_that_change_after_the_upload_are_told_at_the_submission(kantor: Office) -> None:
    again = edited(word_of(month_ends(kantor)), paragraph="Terima kasih.")
    kantor.press("sekretaris", "unggah", about=SUBJECT, surat=("laporan.docx", again))
    _typed_late(kantor)
    page = kantor.press("sekretaris", "ajukan", about=SUBJECT, status=422)
    assert "Surat, Masuk: di berkas 0, menurut data 1" in page.text


def test_a_sentence_whose_numbers_were_changed_is_told(kantor: Office) -> None:
    document = Docx(BytesIO(word_of(month_ends(kantor))))
    said = next(p for p in document.paragraphs if p.text.startswith("Selama November 2026 masuk 1"))
    said.runs[0].text = said.text.replace("masuk 1", "masuk 100")
    for run in said.runs[1:]:
        run.text = ""
    out = BytesIO()
    document.save(out)
    page = kantor.press(
        "sekretaris", "unggah", about=SUBJECT, surat=("laporan.docx", out.getvalue())
    )
    assert "masuk 100 pengaduan" in page.text
    assert "menurut data: “Selama November 2026 masuk 1" in page.text


@pytest.mark.parametrize("which", ["letter", "photo", "another month", "stranger"])
def test_a_wrong_file_is_refused_with_words(kantor: Office, which: str) -> None:
    mail = month_ends(kantor)
    content = {"photo": SIGNED, "stranger": _stranger(), "another month": word_of(mail)}.get(
        which, b""
    )
    content = content or _letter(kantor)
    if which == "another month":
        kantor.clock.now = NEXT_MONTH
        kantor.settle()
        mail = kantor.newest("sekretaris", "Desember 2026")
    page = kantor.submit(kantor.links(mail)[0], "unggah", {"surat": ("laporan.docx", content)})
    assert page.status == 422
    assert files_of(kantor, "lap_surat") == []


def _stranger() -> bytes:
    out = BytesIO()
    document = Docx()
    document.add_paragraph("Notulen rapat.")
    document.save(out)
    return out.getvalue()


def _letter(kantor: Office) -> bytes:
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Jawab.",
        disampaikan="Sudah menyala.",
    )
    return kantor.content(kantor.documents("konsep")[-1])


def test_an_offices_template_with_a_wrong_field_holds_nothing_up_and_is_told(
    kantor: Office,
) -> None:
    document = Docx()
    document.add_paragraph("Laporan {{ tidak_ada }}")
    (kantor.settings.folder / "letters").mkdir()
    document.save(str(kantor.settings.folder / "letters" / "laporan.docx"))
    mail = month_ends(kantor)
    assert "tidak_ada" in mail.words
    assert "LAPORAN PENANGANAN" in "\n".join(
        p.text for p in Docx(BytesIO(word_of(mail))).paragraphs
    )
    assert [
        m for m in kantor.inbox(kantor.settings.petugas_ti.email) if "Templat laporan" in m.subject
    ]


def test_an_empty_book_has_no_report_and_a_month_without_cases_has_one(kantor: Office) -> None:
    kantor.clock.now = FIRST_DAY
    kantor.settle()
    assert reports_of(kantor) == [], "the book began in December"
    kantor.to_clarification()
    kantor.clock.now = datetime(2027, 2, 1, 2, 0, tzinfo=UTC)
    kantor.settle()
    mail = kantor.newest("sekretaris", "laporan pengaduan Januari 2027")
    assert "tidak ada pengaduan yang masuk" in "\n".join(
        p.text for p in Docx(BytesIO(word_of(mail))).paragraphs
    )


def test_the_same_period_is_reported_once(kantor: Office) -> None:
    month_ends(kantor)
    kantor.later(hours=3)
    kantor.settle()
    kantor.next_workday()
    kantor.settle()
    assert len(reports_of(kantor)) == 1
    assert len(open_tasks(kantor, TaskKind.LAPORAN)) == 1


def test_an_unsigned_report_never_goes_out_as_signed(kantor: Office) -> None:
    month_ends(kantor)
    kantor.press("sekretaris", "ajukan", about=SUBJECT)
    (final,) = files_of(kantor, "lap_akhir")
    link = kantor.link("kepala", "tandatangani", "laporan")
    given = {
        "bertanda_tangan": ("laporan.docx", kantor.content(final)),
        "tanpa_kode": "ya",
        "ttd_terlihat": "ya",
    }
    assert kantor.submit(link, "tandatangani", given).status == 422
    printed = files_of(kantor, "pdf")
    if printed:  # where LibreOffice is
        given = {
            "bertanda_tangan": ("laporan.pdf", kantor.content(printed[-1])),
            "tanpa_kode": "ya",
            "ttd_terlihat": "ya",
        }
        page = kantor.submit(link, "tandatangani", given)
        assert page.status == 422
        assert "belum" in page.text
    assert kantor.inbox(WALI_KOTA) == []
    assert reports_of(kantor)[0].signed_at is None


def test_a_report_that_is_returned_goes_back_to_the_sekretaris(kantor: Office) -> None:
    month_ends(kantor)
    kantor.press("sekretaris", "ajukan", about=SUBJECT)
    kantor.press("kepala", "kembalikan", about="laporan", alasan="Sebutkan lampu baru.")
    assert "Sebutkan lampu baru." in kantor.newest("sekretaris", SUBJECT).words


def test_no_heading_says_report_twice_and_a_note_is_not_called_a_return(kantor: Office) -> None:
    """In the mail's subject and head, on the page, in the list of tasks; a note of the system is no return."""
    first = month_ends(kantor)
    page = kantor.page(kantor.links(first)[0])
    assert SUBJECT in page.text
    assert SUBJECT.lower() in " ".join(first.words.split()).lower()
    assert "laporan: laporan" not in f"{first.subject} {first.words} {page.text}".lower()
    kantor.press("sekretaris", "ajukan", about=SUBJECT, catatan="Mohon dilihat dahulu.")
    to_sign = kantor.newest("kepala", "Mohon tanda tangan laporan pengaduan November 2026")
    asked = kantor.page(kantor.links(to_sign)[0]).text
    assert "Catatan untuk Kepala Dinas" in asked
    assert "Dikembalikan dengan catatan" not in asked
    assert "dengan pengaduan ini" not in asked, "a report is about no single complaint"


def test_a_copy_that_comes_back_is_told_and_sent_again(kantor: Office) -> None:
    signed_report(kantor)
    (copy,) = kantor.inbox(WALI_KOTA)
    kantor.arrive(bounce_of(copy, kantor.clock.now))
    kantor.settle()
    told = kantor.newest("jfu-1", "Sampaikan laporan")
    assert "Wali Kota" in told.words
    kantor.press(kantor.links(told)[0], "kirim_lagi")
    assert len(kantor.inbox(WALI_KOTA)) == 2
    assert len(kantor.inbox(INSPEKTORAT)) == 1


def test_a_reply_with_the_file_comes_back_as_a_page_to_confirm(kantor: Office) -> None:
    mail = month_ends(kantor)
    again = edited(word_of(mail), paragraph="Terima kasih.")
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    kantor.official_replies(mail, "Sudah saya sunting.", [("laporan.docx", kind, again)])
    answer = kantor.newest("sekretaris")
    link = kantor.links(answer)[0]
    kantor.send(kantor.page(f"{link}?aksi=unggah").forms["unggah"], {})
    assert [d.name for d in files_of(kantor, "lap_surat")] == ["laporan.docx"]


def test_reports_files_are_not_shown_by_another_task(kantor: Office) -> None:
    """The link of a complaint's task opens no file of a report, nor the other way round."""
    mail = month_ends(kantor)
    (draft,) = files_of(kantor, "lap_konsep")
    inside = kantor.links(mail)[0]
    outside = kantor.link("sekretaris", "laporkan_kepala")
    assert kantor.download(f"{inside}/berkas/{draft.id}").data == word_of(mail)
    assert kantor.page(f"{outside}/berkas/{draft.id}").status == 404


@pytest.mark.parametrize("person", ["jfu-1", "kepala", "kasubag-umum"])
def test_only_its_holder_may_act_on_a_report(kantor: Office, person: str) -> None:
    month_ends(kantor)
    (task,) = open_tasks(kantor, TaskKind.LAPORAN)
    form = cases.check(kantor.settings, TaskKind.LAPORAN, "ajukan", {}, {})
    with pytest.raises(cases.Forbidden), kantor.app.writing() as work:
        reports.act(work, task.id, kantor.person(person), form, ([], []))
    assert [one.id for one in open_tasks(kantor, TaskKind.LAPORAN)] == [task.id]


def test_two_tembusan_of_one_name_are_refused(tmp_path: Path) -> None:
    """By the name is known whose copy has arrived: one of two would pass for the other."""
    twice = [{"nama": "Wali Kota", "email": WALI_KOTA}, {"nama": "Wali Kota", "email": INSPEKTORAT}]
    with (
        pytest.raises(ConfigError, match="tertulis dua kali"),
        office(tmp_path, laporan={"tembusan": twice}),
    ):
        pass


# ---- taken back, and what is kept of it ----------------------------------------------------------------------


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Office]:
    """An office whose mails wait two minutes, as they do unless it says otherwise."""
    with office(
        tmp_path, laporan={"otomatis": ["bulan"], "tembusan": TO_ALL}, smtp={"tunda_menit": 2}
    ) as one:
        yield one


def a_month_with_a_report(kantor: Office) -> str:
    """The link by which the Sekretaris edits it."""
    month_ends(kantor)
    kantor.know("sekretaris", "kepala", "jfu-1")
    return kantor.link("sekretaris", "ajukan", SUBJECT)


def taken_back(kantor: Office, link: str) -> int:
    """Press *Batalkan* on a receipt; the status of the answer."""
    kantor.page(f"{link}/selesai")
    return kantor.web.post(f"{urlsplit(link).path}/batalkan").status_code


def events_of(kantor: Office) -> list[str]:
    with reading(kantor.engine) as session:
        return [one.kind for one in session.scalars(select(LaporanEvent).order_by(LaporanEvent.id))]


def test_a_signature_is_taken_back_before_the_tembusan_have_it(slow: Office) -> None:
    edit = a_month_with_a_report(slow)
    slow.press(edit, "ajukan")
    slow.clock.now += timedelta(minutes=3)
    slow.settle()
    sign = slow.link("kepala", "tandatangani", "laporan")
    slow.press(sign, "tandatangani", bertanda_tangan=("laporan.jpg", SIGNED))
    assert slow.inbox(WALI_KOTA) == []
    assert taken_back(slow, sign) == 303
    (report,) = reports_of(slow)
    assert (report.signed_at, report.signed_by, report.sha256) == (None, "", "")
    slow.clock.now += timedelta(minutes=10)
    slow.settle()
    assert slow.inbox(WALI_KOTA) == []
    assert [str(t.kind) for t in open_tasks(slow, TaskKind.LAPORAN_TTD)] == ["laporan_ttd"]
    assert open_tasks(slow, TaskKind.LAPORAN_KIRIM) == []
    slow.press(sign, "tandatangani", bertanda_tangan=("laporan.jpg", SIGNED))
    slow.clock.now += timedelta(minutes=3)
    slow.settle()
    assert len(slow.inbox(WALI_KOTA)) == 1
    assert events_of(slow) == [
        "dibuat",
        "ajukan",
        "tandatangani",
        "batalkan",
        "tandatangani",
        "terkirim",
    ]
    assert slow.audit() == []


def test_a_report_that_was_handed_on_too_early_comes_back(slow: Office) -> None:
    edit = a_month_with_a_report(slow)
    slow.press(edit, "ajukan", catatan="Mohon segera")
    assert taken_back(slow, edit) == 303
    assert "ajukan" in slow.page(edit).forms
    slow.clock.now += timedelta(minutes=10)
    slow.settle()
    assert [m.subject for m in slow.inbox("kepala") if "laporan" in m.subject] == []
    page = slow.page(edit)
    assert "Dibatalkan sebelum emailnya berangkat: pengajuan." in page.text
    slow.press(edit, "ajukan")
    slow.clock.now += timedelta(minutes=3)
    assert taken_back(slow, edit) == 409, "its mails may have left"
    assert slow.audit() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE laporan_event SET kind = 'unggah' WHERE seq = 2",
        "DELETE FROM laporan_event WHERE seq = 2",
        "UPDATE laporan_event SET actor_name = 'Orang lain' WHERE seq = 1",
        "UPDATE laporan_event SET data = '{}' WHERE seq = 2",
    ],
)
def test_audit_finds_what_was_changed_in_a_reports_history(kantor: Office, statement: str) -> None:
    signed_report(kantor)
    assert kantor.audit() == []
    with kantor.engine.begin() as connection:
        connection.execute(text(statement))
    assert any("laporan" in fault for fault in kantor.audit())
