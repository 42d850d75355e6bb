"""Orders that nobody listed: what is asked, held and said while something else stands still or has gone on.

Each a short story, told at the real pages and in the mails.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.access import links
from pipeline.cases import delegate
from pipeline.cases.chain import SYSTEM
from pipeline.cases.erasure import erase
from pipeline.cases.record import citizen_wrote
from pipeline.cases.withdrawal import make_sure
from pipeline.data.engine import reading
from pipeline.data.states import MailState
from pipeline.data.tables import Outbox, Task
from pipeline.office import clock
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.running import poller
from tests.browser import Browser
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import Page

MINUTES = timedelta(minutes=1)
JFU = "jfu@kominfo.example"


def open_task(desk: Desk, kind: TaskKind, number: str = "") -> Task:
    (task,) = [one for one in desk.tasks(number, open_only=True) if one.kind is kind]
    return task


def behind(desk: Desk, mail: Outbox) -> str:
    """Where the first link of a mail leads."""
    with reading(desk.engine) as session:
        return f"/t/{links.token(session, desk.settings.keys, mail.links[0])}"


def says(desk: Desk, text: str, number: str = "") -> None:
    """The pengadu writes again."""
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, text, [], None)


# ---- the clock of langkah 2 stands still ---------------------------------------------------------------------


def test_who_is_asked_while_the_pengadu_is_asked_is_told_that_the_clock_stands(desk: Desk) -> None:
    """The Sekretaris asks the pengadu, then a Kasubag: mail and page name no hour, for none is counted yet, and both
    say the same share. Once the pengadu has answered it runs."""
    number = desk.to(Stage.KLARIFIKASI)
    desk.later(minutes=2)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Tiang siapa?")
    (mail,) = desk.mails("tugas_keterangan")
    page = Browser(desk).open("kasubag-umum", open_task(desk, TaskKind.KETERANGAN))
    left = "Sisa 5 menit kerja setelah pengadu menjawab"
    assert "batas" not in mail.subject
    assert f"Terpakai 0 dari 5 menit. {left}." in " ".join(mail.text.split())
    assert "PALING LAMBAT" not in mail.text
    assert left in page.text
    desk.later(days=1)
    says(desk, "Tiang 7.", number)
    assert open_task(desk, TaskKind.KETERANGAN).due_at == desk.clock.now + 5 * MINUTES


def test_the_wait_for_a_pengadu_ends_when_its_time_is_over(desk: Desk) -> None:
    """Asked on Tuesday 24 November, with ten office days to answer: on the eleventh morning langkah 2 goes on."""
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    still = []
    for _ in range(11):
        opening = clock.next_workday(desk.clock.now, desk.settings.hours)
        desk.clock.now = opening + 10 * MINUTES
        poller.remind(desk.app)
        still.append(open_task(desk, TaskKind.KLARIFIKASI).paused_at is not None)
    assert still == [True] * 10 + [False]
    assert open_task(desk, TaskKind.KLARIFIKASI).due_at == jakarta(9, 7, 50, month=12)


# ---- long after langkah 1 ------------------------------------------------------------------------------------


def test_a_jfu_who_is_told_weeks_later_what_a_pengadu_wrote_finds_the_case(desk: Desk) -> None:
    """The case is with the Kepala Dinas for weeks when the pengadu writes again: the JFU's mail leads to the complaint,
    to the book and to the form for those who come in person. A link of then shows no more than who acted."""
    browser = Browser(desk)
    number = desk.record(isi="Kabel putus di depan balai.")
    old = browser.link("jfu-1", desk.task("laporkan", number))
    desk.to(Stage.KEPUTUSAN, number)
    desk.later(days=20)
    says(desk, "Kabelnya sudah menyentuh tanah.", number)
    mail = next(one for one in desk.mails("pengadu_menulis") if one.recipient == JFU)
    here = behind(desk, mail)
    assert "Kabel putus di depan balai." in browser.get(here).text
    assert browser.get(f"{here}/buku").status == 200
    assert browser.get(f"{here}/catat").status == 200
    assert "Kabel putus" not in browser.get(old).text
    assert browser.get(f"{old}/buku").status == 410


# ---- a rapat belongs to the case -----------------------------------------------------------------------------


def invite(desk: Desk, number: str) -> None:
    desk.press(
        "kepala",
        "rapat",
        number=number,
        waktu="2026-11-26T08:00",
        tempat="Ruang Rapat",
        undangan=["kasubag-umum"],
    )


def send_form(browser: Browser, who: str, task: Task, name: str, **fields: object) -> Page:
    """An official opens a task's page and sends one of its forms."""
    return browser.send(browser.open(who, task).forms[name], fields)


def test_a_rapat_is_called_off_in_whosever_hands_the_case_is(desk: Desk) -> None:
    """The case goes back to the JFU with a rapat in the calendars: the JFU calls it off, and who was invited hears."""
    browser = Browser(desk)
    number = desk.to(Stage.KEPUTUSAN)
    invite(desk, number)
    desk.press("kepala", "kembalikan", number=number, alasan="Belum jelas.")
    desk.press("sekretaris", "kembalikan", number=number, alasan="Mohon alamatnya.")
    task = desk.task("laporkan", number)
    assert {"rapat", "notulen", "batal_rapat"} <= set(browser.open("jfu-1", task).forms)
    send_form(browser, "jfu-1", task, "batal_rapat", alasan="Menunggu alamat pengadu.")
    (off,) = {one.subject for one in desk.mails("rapat")[-3:]}
    assert "dibatalkan" in off
    assert not {"rapat", "batal_rapat"} & set(browser.open("jfu-1", task).forms)


def test_a_rapat_of_a_complaint_that_is_merged_or_on_its_way_can_be_moved_and_minuted(
    desk: Desk,
) -> None:
    """One is merged into another: it is moved by its day alone, and keeps its guests. One is decided before its rapat,
    and its letter waits for the server."""
    browser = Browser(desk)
    number = desk.to(Stage.KEPUTUSAN)
    invite(desk, number)
    desk.press("jfu-1", "gabungkan", task=desk.task("putuskan", number), nomor=desk.record())
    merged = open_task(desk, TaskKind.GABUNGAN, number)
    send_form(browser, "jfu-1", merged, "rapat", waktu="2026-11-27T08:00")
    moved = desk.mails("rapat")[-3:]
    assert {one.recipient.partition("@")[0] for one in moved} == {"kepala", "sekretaris", "kasubag"}
    assert all("Perubahan rapat 27 Nov" in one.subject for one in moved)
    assert all("Ruang Rapat" in one.text for one in moved)
    other = desk.to(Stage.KEPUTUSAN, desk.record())
    invite(desk, other)
    desk.to(Stage.PENYAMPAIAN, other)
    desk.press("jfu-1", "kirim_email", number=other)
    on_its_way = open_task(desk, TaskKind.PENGIRIMAN, other)
    desk.later(days=3)
    send_form(browser, "jfu-1", on_its_way, "notulen", notulen="Disepakati diganti.")
    page = browser.open("jfu-1", on_its_way)
    assert "Disepakati diganti." in page.text
    assert "batal_rapat" not in page.forms  # it has taken place
    assert desk.faults() == []


# ---- an act is taken back within its two minutes -------------------------------------------------------------


def _takes_over(desk: Desk, for_whom: str, who: str) -> None:
    """From now on another holds a post, and has what is open with it."""
    today = desk.clock.now.astimezone(desk.settings.zone).date()
    with desk.work() as work:
        delegate(work, for_whom, who, "plh", today, today, SYSTEM)
    poller.remind(desk.app)


@pytest.mark.parametrize("left", [False, True])
def test_a_question_that_a_plh_has_taken_over_is_taken_back_or_not_but_never_by_halves(
    tmp_path: Path, left: bool
) -> None:
    """The Sekretaris asks a Kasubag, whom a Plh. replaces within the two minutes. While the mail to the Plh. waits it
    is taken back too; once it has left the question stands."""
    with desk_in(tmp_path, smtp={"tunda_menit": 2}) as desk:
        browser = Browser(desk)
        desk.to(Stage.KLARIFIKASI)
        desk.later(minutes=5)
        task = desk.task("tanya_unit")
        page = send_form(
            browser, "sekretaris", task, "tanya_unit", petugas=["kasubag-umum"], pertanyaan="?"
        )
        _takes_over(desk, "kasubag-umum", "kasi-infrastruktur")
        mail = desk.mails("tugas_keterangan")[-1]
        assert mail.recipient == "kasi@kominfo.example"
        if left:
            with desk.work() as work:
                work.session.get_one(Outbox, mail.id).state = MailState.SENT
        answer = browser.send(page.forms[""], {})
        asked = desk.tasks(open_only=True)[-1].kind is TaskKind.KETERANGAN
        waits = desk.mails("tugas_keterangan")[-1].state is not MailState.VOID
        assert (answer.status, asked, waits) == ((409, True, True) if left else (200, False, False))
        assert desk.faults() == []


# ---- what the Buku notes -------------------------------------------------------------------------------------


def noted(browser: Browser, number: str) -> str:
    """What the row of the Buku says under Keterangan, on its page."""
    desk = browser.desk
    clerk = browser.link(
        "jfu-1", next(one for one in desk.tasks(number) if one.kind is TaskKind.CATAT)
    )
    page = browser.get(f"{clerk}/buku/{desk.complaint(number).id}")
    return page.text.partition(" Keterangan ")[2].partition(" Keadaan ")[0]


def test_a_complaint_that_was_taken_back_keeps_its_origin_in_the_buku_and_is_running_again(
    desk: Desk,
) -> None:
    """One that was split off is taken back, then taken up again: its row tells where it came from all the time, and
    that it was taken back only while it is."""
    browser = Browser(desk)
    first = desk.record()
    desk.press(
        "jfu-1", "pisahkan", number=first, perihal_lain="Sampah", isi_lain="Sampah menumpuk."
    )
    number = desk.complaint().number
    origin = f"Dipisahkan dari {first}"
    with desk.work() as work:
        make_sure(work, desk.complaint(number), "Saya cabut.")
    desk.press("jfu-1", "cabut", number=number, alasan="Dikonfirmasi.")
    assert noted(browser, number) == f"{origin}; Dicabut oleh pengadu"
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Pengadu berubah pikiran.")
    assert noted(browser, number) == origin
    desk.press("jfu-1", "bukan_pengaduan", number=number, alasan="Iklan.")
    assert noted(browser, number) == f"{origin}; Iklan."
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Bukan iklan.")
    assert noted(browser, number) == origin


# ---- what was typed on an old page of one's own --------------------------------------------------------------


def test_another_question_from_an_old_page_of_ones_own_is_not_dropped(desk: Desk) -> None:
    """The Sekretaris asks a Kasubag, goes back in the browser and asks a Kasi something else: that page comes back with
    it, and says what was asked meanwhile. The same press twice asks once."""
    browser = Browser(desk)
    desk.to(Stage.KLARIFIKASI)
    old = browser.open("sekretaris", desk.task("tanya_unit")).forms["tanya_unit"]
    first = {"petugas": ["kasubag-umum"], "pertanyaan": "Tiang siapa?"}
    browser.send(old, first)
    browser.send(old, first)
    assert len(desk.mails("tugas_keterangan")) == 1
    page = browser.send(old, {"petugas": ["kasi-infrastruktur"], "pertanyaan": "Kabel siapa?"})
    form = page.forms["tanya_unit"]
    assert page.status == 409
    assert "Tiang siapa?" in page.text
    assert (form.values["pertanyaan"], form.values["petugas"]) == (
        ["Kabel siapa?"],
        ["kasi-infrastruktur"],
    )
    browser.send(form, {})
    assert [one.recipient for one in desk.mails("tugas_keterangan")] == [
        "kasubag@kominfo.example",
        "kasi@kominfo.example",
    ]


def test_a_mark_from_an_old_page_of_ones_own_is_not_dropped(desk: Desk) -> None:
    """A JFU marks a complaint as urgent, goes back in the browser and keeps the pengadu secret: nobody may believe that
    it is done when it is not."""
    browser = Browser(desk)
    number = desk.record()
    old = browser.open("jfu-1", desk.task("tandai", number)).forms["tandai"]
    browser.send(old, {"prioritas": "segera"})
    page = browser.send(old, {"prioritas": "segera", "rahasia": "ya"})
    assert page.status == 409
    browser.send(page.forms["tandai"], {})
    assert desk.complaint(number).rahasia
    assert desk.complaint(number).prioritas == "segera"


@pytest.mark.parametrize(
    ("stage", "who", "name", "field"),
    [
        (Stage.PENERIMAAN, "jfu-1", "laporkan", "ringkasan"),
        (Stage.KLARIFIKASI, "sekretaris", "laporkan_kepala", "hasil"),
        (Stage.KEPUTUSAN, "kepala", "putuskan", "perintah"),
        (Stage.JAWABAN, "sekretaris", "kembalikan", "alasan"),
    ],
)
def test_what_is_typed_once_more_after_ones_own_act_can_be_copied(
    desk: Desk, stage: Stage, who: str, name: str, field: str
) -> None:
    """Whoever goes back in the browser, changes the text and presses again gets it back, told that the first one
    stands; the same press twice leads to what was done."""
    browser = Browser(desk)
    number = desk.to(stage)
    form = browser.open(who, desk.task(name, number)).forms[name]
    typed = {
        one: "ditolak" if one == "keputusan" else "tidak_ada" if one == "unit" else "Tiang ketujuh."
        for one in form.names
        & {"perihal", "ringkasan", "hasil", "unit", "keputusan", "perintah", "alasan"}
    }
    browser.send(form, typed)
    assert browser.send(form, typed).status == 200
    page = browser.send(form, {**typed, field: "Tiang kedelapan, bukan ketujuh!"})
    assert page.status == 409
    assert "Tiang kedelapan, bukan ketujuh!" in page.text
    assert desk.faults() == []


# ---- people who were erased ----------------------------------------------------------------------------------


def _erase(desk: Desk, number: str) -> None:
    """Once every mail has left."""
    with desk.work() as work:
        gone = {"state": MailState.SENT, "told": True, "sent_at": work.now}
        work.session.execute(update(Outbox).values(gone))
        erase(work, desk.complaint(number).id, SYSTEM, "Atas permintaan pengadu.")


def test_nothing_of_a_person_comes_back_into_a_case_that_was_erased(desk: Desk) -> None:
    """After *aduan hapus* a JFU has its page open still: it is neither corrected nor taken up again, and what is said
    at the counter under its number is a complaint of its own. It could not be erased a second time."""
    browser = Browser(desk)
    number = desk.to(Stage.SELESAI)
    page = browser.open("jfu-1", desk.task("koreksi", number))
    counter = browser.get(f"{browser.link('jfu-1', desk.task('laporkan', desk.record()))}/catat")
    _erase(desk, number)
    for name in ("koreksi", "buka_kembali"):
        answer = browser.send(page.forms[name], {"nama": "Siti", "alasan": "Salah tulis."})
        assert answer.status in (409, 410)
    said = {"nomor_aduan": number, "kanal": "telepon", "isi": "Saya Siti, lampunya mati lagi."}
    refused = browser.send(counter.forms["tambah"], said)
    assert refused.status == 422
    assert "Mohon dicatat sebagai pengaduan baru." in refused.text
    assert desk.tasks(number, open_only=True) == []
    assert desk.kinds(number)[-1] is EventKind.ERASED
    assert (desk.stage(number), desk.complaint(number).nama) == (Stage.SELESAI, "")
    assert desk.faults() == []


def test_a_neighbour_who_was_erased_is_not_chosen_when_the_matter_is_decided_anew(
    desk: Desk,
) -> None:
    """Two neighbours were answered, one is erased, then the case is taken up again: the Sekretaris has nothing to
    choose about the one, and hands in the new letter."""
    parent = desk.to(Stage.KEPUTUSAN)
    child = desk.record(nama="Budi", email="budi@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    desk.to(Stage.TANDA_TANGAN, parent)
    desk.jobs()
    for number in (parent, child):
        desk.to(Stage.SELESAI, number)
    _erase(desk, child)
    desk.press("jfu-1", "buka_kembali", number=parent, alasan="Lampu padam lagi.")
    assert (
        "pilih_jawaban"
        not in Browser(desk).open("sekretaris", desk.task("laporkan_kepala", parent)).forms
    )
    desk.to(Stage.SELESAI, parent)
    assert desk.stage(child) is Stage.SELESAI
    assert desk.faults() == []


def test_the_buku_names_who_received_a_complaint_also_where_it_did_not_go_on(desk: Desk) -> None:
    """One is merged, one is no complaint, one is taken back at once: who did so has received it. Of the parent it is
    whoever reports it, not whoever merged another into it."""
    browser = Browser(desk)
    numbers = [desk.record() for _ in range(4)]
    merged, void, back, parent = numbers
    desk.press("jfu-2", "gabungkan", number=merged, nomor=parent)
    desk.press("jfu-2", "bukan_pengaduan", number=void, alasan="Iklan.")
    with desk.work() as work:
        make_sure(work, desk.complaint(back), "Saya cabut.")
    desk.press("jfu-2", "cabut", number=back, alasan="Dikonfirmasi.")
    clerk = browser.link("jfu-1", desk.task("laporkan", parent))
    assert received_by(browser.get(f"{clerk}/buku/{desk.complaint(parent).id}")) == "-"
    desk.press("jfu-1", "laporkan", number=parent)
    found = [received_by(browser.get(f"{clerk}/buku/{desk.complaint(n).id}")) for n in numbers]
    assert found == ["Sri Wahyuni"] * 3 + ["Dimas Prakoso"]


def received_by(row: Page) -> str:
    return row.text.partition(" Petugas penerima ")[2].partition(" NIK ")[0]


def test_a_pengadu_whose_complaint_ended_early_is_not_told_that_langkah_follow(desk: Desk) -> None:
    browser = Browser(desk)
    number = desk.record()
    status = f"/s/{desk.complaint(number).status_code}"
    assert "Klarifikasi menyusul" in browser.get(status).text
    desk.press("jfu-1", "bukan_pengaduan", number=number, alasan="Iklan.")
    page = browser.get(status)
    assert "menyusul" not in page.text
    assert "Klarifikasi tidak dilanjutkan" in page.text


def test_a_number_typed_by_hand_is_asked_for_as_needed_and_stays_over_a_return(
    tmp_path: Path,
) -> None:
    """Where the office numbers by hand the form says that the number is needed; a letter that comes back unsigned is
    offered its own again."""
    with desk_in(tmp_path, surat={"penomoran": "manual"}) as desk:
        browser = Browser(desk)
        number = desk.to(Stage.JAWABAN)
        task = desk.task("ajukan", number)
        page = browser.open("sekretaris", task)
        assert "Nomor surat boleh dikosongkan" not in page.text
        send_form(browser, "sekretaris", task, "ajukan", nomor_surat="400/12/2026")
        desk.press("kepala", "kembalikan", number=number, alasan="Salah ketik.")
        again = browser.open("sekretaris", desk.task("ajukan", number)).forms["ajukan"]
        assert again.values["nomor_surat"] == ["400/12/2026"]
        browser.send(again, {})
        assert desk.stage(number) is Stage.TANDA_TANGAN


def test_a_late_act_names_the_limit_that_it_missed(desk: Desk) -> None:
    """Extended after its limit and done within the new one, it stays late: the receipt names the limit of the SOP that
    had passed, not a day to come."""
    browser = Browser(desk)
    desk.to(Stage.KEPUTUSAN)
    desk.later(days=12)
    task = desk.task("putuskan")
    send_form(browser, "kepala", task, "perpanjang", sampai="2026-12-20T12:00", alasan="Data.")
    said = {"keputusan": "ditolak", "perintah": "Tidak.", "disampaikan": "Tidak."}
    receipt = send_form(browser, "kepala", task, "putuskan", **said)
    assert "Terlambat batas Jumat, 4 Desember 2026, pukul 16.30" in receipt.text
