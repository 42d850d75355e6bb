"""What somebody forgot to fill in, and the ordinary sentences that look a little like it."""

from __future__ import annotations

import pytest

from pipeline.letters.leftover import gaps
from tests.work import effort

GAPS = """
pada tanggal 00-00-2026
pada tanggal xx-11-2026
2026-MM-DD
tahun 20XX
tanggal .. November 2026
Sdr. XX
@nama
@@nama@@
$nama
##tanggal##
~nama~
//isi//
-nama-
&lt;nama&gt;
nama_pengadu
NAMA_PENGADU
(cek lagi)
[cek lagi]
(konfirmasi dulu)
(perlu dilengkapi)
(menyusul)
(konsep)
akan diisi kemudian
DIISI
(nama terang)
isi surat di sini
masukkan teks
teks contoh
INSERT NAME
Your Name Here
DRAFT
KONSEP
[TBC]
N/A
(tanda tangan)
Bapak/Ibu *)
nomor 123/XX/2026
Jalan Anu
pukul 00.00 WIB
silakan dilengkapi
□□□□
�
Kolom ini diisi petugas
nomor …… tahun
tanggal ....
tanggal ... November 2026
nama ____________
No. XXXX/2026
Sdr. <nama pengadu>
Sdr. «Nama_Pengadu»
[diisi oleh bidang]
(diisi tanggal)
Click or tap here to enter text.
Choose an item.
Pilih item.
Klik atau ketuk di sini untuk memasukkan teks.
Error! Reference source not found.
Kesalahan! Sumber referensi tidak ditemukan.
Lorem ipsum dolor sit amet
Kapan ???
[nama]
[...]
[ ]
xx-xx-xxxx
tanggal xx November
Rp. xxx.xxx
Rp      ,-
Rp...
dd/mm/yyyy
TBD
#REF!
{nama}
${nama}
%NAMA%
. . . . . .
tanggal     November 2026
[Ketik teks di sini]
(nama jelas)
pukul ... WIB
Sdr. [   ]
nomor [●] tahun
tanggal ‥‥ bulan
nama ＿＿＿ dan ․․․․
sebesar ••••• rupiah
(akan diisi)
(tulis nama di sini)
Isi di sini
‹nama›
#nama#
MERGEFIELD nama
{ DATE \\@ "d MMMM" }
tgl. - - 2026
00 November 2026
None
[object Object]
Sdr. Fulan
Jalan Contoh 5
☐ Setuju ☐ Tidak
Catatan untuk Sekretaris: cukup singkat.
NB: jangan beri tahu pelapor
[hasil klarifikasi]
[sesuaikan dengan data bidang]
[minta data ke Pak Bagus]
(nama petugas)
(nama lengkap dan gelar)
(hari, tanggal)
(nomor surat)
(data menyusul)
(mohon dicek kembali oleh bidang)
(akan dilengkapi)
(to be confirmed)
(hapus yang tidak perlu)
(pilih salah satu)
Nomor: 000/000/2026
NIP. 00000000 000000 0 000
NIP. -
RT 00 RW 00
pukul __.__ WIB
Pukul : WIB
Yth. Sdr. Nama Pengadu
⟨nama⟩
【nama】
「nama」
<%= nama %>
<?php nama ?>
{0}
%(nama)s
{"nama": "x"}
:nama:
/* isi */
–––––
= = = = =
~~~~
■■■
>>> lanjutkan di sini
Surat ini masih konsep.
Versi 2, belum final
jangan lupa diganti
Paragraf ini diganti
ganti dengan hasil bidang
bla bla bla
tes tes
Pilih tanggal.
Click to add text
Aenean commodo ligula
nama@email.com
""".strip().splitlines()

ORDINARY = """
Program (Cek Kesehatan Gratis) dibuka di puskesmas.
Surat (revisi kedua) terlampir.
Ikuti @kominfo_madiun untuk kabar terbaru.
Biaya hosting sebesar $100.
Bapak Xaverius melapor di Jalan Anggrek, nama jalan itu sudah benar.
Kami menyusul ke lokasi pukul 10.00 WIB.
Petugas mengisi formulir, isi-mengisi dan tulis-menulis.
Menindaklanjuti pengaduan Saudara perihal “Lampu … padam”, kami sampaikan hal-hal berikut:
Bahwa perbaikan dilaksanakan tanggal 18 November 2026 pukul 09.00 WIB.
Bagian XXX pada Lampiran XIII dan pasal 5 ayat (1) huruf a.
Siti <siti@warga.example> dan <https://madiunkota.go.id/>
Biaya sebesar Rp 1.500.000,- (satu juta lima ratus ribu rupiah).
Apakah hal ini dapat diterima? Kami menunggu.
Telepon (0351) 467327, nomor 400.14.5/      /401.109/2026
dst., dll., dan lain-lain…
Suhu < 30 derajat dan > 20 derajat; ukuran 3 x 4 m.
(isi 200 liter) dan (nama panggilan)
Tanggal 2 s.d. 5 Desember 2026
Yang bersangkutan menjawab “tidak tahu...” kepada petugas.
[sic] dan catatan kaki [1]
SMA XX Madiun, abad XX
Error 404 pada laman; kesalahan teknis
kode QR: https://a.id/x?y=1&z=2
“Bapak/Ibu ...” demikian tertulis
Tanggal     : 24 November 2026
12% dan 15% naik
Nama jalan, isi surat, dan tulisan di sini kami perbaiki (nama lama).
Catatan kaki dan catatan petugas lapangan; jangan membuang sampah di sungai.
Lampu LED · kabel NYM • tiang 7 m
Pengobatan TBC gratis; saudara Fulani hadir
Kami menerima bukti [1] dan foto (3 lembar) dari petugas – terima kasih.
Mohon membawa KTP, dan jangan ragu menghubungi kami bila lampu padam lagi.
Alamat pemohon: Jalan Mawar 5, RT 05 RW 02, Kelurahan Taman.
Petugas datang pukul 09.00 WIB; pekerjaan selesai pukul 11.30 WIB.
Nomor 000123/PKL/2026 tetap berlaku selama 30 hari kerja.
Pengerjaan ini masih berlangsung, dan tes air dilakukan tiap bulan.
Lampu dan tiang (termasuk kabelnya) diganti; yang lama disimpan di gudang.
Lampu jalan kami ganti dengan lampu LED.
Mohon ganti kata sandi Saudara setiap tiga bulan.
Mohon hapus aplikasi itu dari telepon Saudara.
""".strip().splitlines()


@pytest.mark.parametrize("text", GAPS)
def test_gap_is_found(text: str) -> None:
    assert list(gaps([text]))


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_sentence_is_left_alone(text: str) -> None:
    assert list(gaps([text])) == []


def test_words_of_the_case_are_no_gaps() -> None:
    line = "Yth. Sdr. {{7*7}}, perihal “Lampu.... ???”"
    assert list(gaps([line]))
    assert list(gaps([line], ["{{7*7}}", "Lampu.... ???"])) == []


@pytest.mark.parametrize(
    "unit",
    [
        *" \t.…_xX{}[]<«?#@*(-%R",
        "{{",
        "[isi ",
        "(isi ",
        ". ",
        "Rp ",
        "tap ",
        "tanggal  ",
        "•",
        "=",
        "| ",
        "jangan ",
    ],
)
def test_long_runs_cost_linear_time(unit: str) -> None:
    text = f"tanggal {unit * 200_000}"[:199_990] + " x ]"
    assert effort(lambda: list(gaps([text]))) < 100
