"""What a merged citizen wrote and sent stands on the pages of the case that theirs was merged into."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.office.sop import Stage
from tests.desk import SECOND_JFU
from tests.kantor import SIGNED, Office, office, sample

BUDI = "budi@warga.example"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, petugas=tomllib.loads(sample() + SECOND_JFU)["petugas"]) as one:
        one.know("jfu-1", "jfu-2", "sekretaris", "kepala", "kasubag-umum")
        yield one


def test_words_and_files_of_a_merged_citizen_are_on_the_parents_pages(kantor: Office) -> None:
    """Budi sent a photo; his complaint was merged into Siti's. The Kepala has the page open when he writes again."""
    siti = kantor.to_clarification().number
    photo = ("tiang.jpg", "image/jpeg", SIGNED)
    kantor.citizen_sends(
        "Lampu mati", "Tiang di depan rumah saya miring.", sender=BUDI, name="Budi", files=[photo]
    )
    budi = kantor.complaint().number
    kantor.press("jfu-1", "gabungkan", about=budi, nomor=siti)
    kantor.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benarkah padam?")
    assert (
        "miring" not in kantor.page(kantor.link("kasubag-umum", "jawab")).text
    )  # other units read what is for them
    page = kantor.page(kantor.link("sekretaris", "laporkan_kepala"))
    assert "Tiang di depan rumah saya miring." in page.text
    (url, *_) = [one for one in page.links("/berkas/") if "tiang" in page.html]
    assert kantor.download(url).data == SIGNED
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    old = kantor.page(kantor.link("kepala", "putuskan")).forms["putuskan"]
    receipt = next(m for m in kantor.inbox(BUDI) if budi in m.subject)
    kantor.citizen_sends(
        f"Re: {receipt.subject}", "Ada kabel jatuh!", sender=BUDI, name="Budi", reply_to=receipt
    )
    assert "Ada kabel jatuh!" in kantor.newest("kepala").words
    stale = kantor.send(old, {"keputusan": "ditolak", "perintah": "Tolak."})
    assert stale.status == 409
    assert "Ada kabel jatuh!" in stale.text
    assert kantor.stage(siti) is Stage.KEPUTUSAN
    assert kantor.audit() == []


def test_sekretaris_chooses_on_the_page_who_waits_for_the_new_decision(kantor: Office) -> None:
    """Both have their letters; Siti's case is reopened, and the page lists Budi, who gets word that he waits too."""
    siti = kantor.to_clarification().number
    kantor.citizen_sends("Lampu mati", "Lampu Jalan Mawar mati.", sender=BUDI, name="Budi")
    budi = kantor.complaint().number
    kantor.press("jfu-1", "gabungkan", about=budi, nomor=siti)
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Ganti.",
        disampaikan="Lampu diganti.",
    )
    kantor.press("sekretaris", "ajukan")
    for number in (siti, budi):
        kantor.press("kepala", "tandatangani", about=number, bertanda_tangan=("ttd.jpg", SIGNED))
        kantor.press("jfu-1", "kirim_email", about=number)
    kantor.press("jfu-1", "buka_kembali", about=siti, alasan="Masih padam.")
    assert siti in kantor.newest(part="periksa kembali").subject
    page = kantor.page(kantor.link("sekretaris", "pilih_jawaban"))
    assert page.forms["pilih_jawaban"].options["ikut"] == [budi]
    assert "Keputusan yang sudah ditarik" in page.text
    done = kantor.press("sekretaris", "pilih_jawaban", ikut=[budi])
    assert f"menunggu keputusan baru {budi}" in done.text
    assert kantor.stage(budi) is Stage.DIGABUNG
    assert "periksa kembali" in kantor.newest(BUDI).subject
    assert kantor.audit() == []
