"""What somebody forgot to fill in, and the ordinary sentences that look a little like it."""

from __future__ import annotations

import pytest

from pipeline.letters.leftover import gaps
from tests.work import effort

GAPS = """
Yth. Bapak/Ibu (nama warga)
Yth. Sdr. (nama pelapor)
Telah diterima oleh (petugas).
Dibayar sebesar (jumlah) melalui bank.
Kami sampaikan bahwa (uraian tindak lanjut).
(alasan penolakan)
(ditulis hasil pengecekan)
Bersama ini kami sampaikan: 1. ... 2. ... 3. ...
2) ...
Nama: -
Hari/tanggal :
Tempat: -
Waktu: _ hari kerja
tanggal _ November 2026
Rp 000.000
Ibu Y telah kami hubungi.
TTD & cap di sini
dst...
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
Menindaklanjuti surat Saudara tanggal .... perihal lampu jalan.
Menindaklanjuti surat Saudara tanggal …………… perihal lampu jalan.
Pekerjaan akan selesai pada tanggal ___ Desember 2026.
Pekerjaan akan selesai pada tanggal      Desember 2026.
Petugas kami akan datang pada hari ……/tanggal ……
Nomor surat: .../.../.../2026
Nomor: ___/___/401.109/2026
Yth. Sdr./Sdri. ………………
Yth. Bapak/Ibu [Nama Pengadu]
Yth. [nama]
Yth. <nama pengadu>
Yth. <<NAMA>>
Yth. «Nama_Pengadu»
Yth. {nama}
Yth. {{ nama }}
Yth. $NAMA$
Yth. ${nama}
Yth. %nama%
Yth. @nama
Yth. #NAMA#
Yth. NAMA PENGADU
Yth. XXXXXX
Yth. Bapak XXX di tempat
Yth. Saudara xxx
Laporan Saudara nomor PGD-XXXX-XXXXXX sudah kami terima.
Laporan Saudara tertanggal DD/MM/YYYY sudah kami terima.
Laporan Saudara tertanggal dd-mm-yyyy sudah kami terima.
Laporan Saudara tertanggal HH/BB/TTTT sudah kami terima.
Laporan Saudara tertanggal tgl/bln/thn sudah kami terima.
Laporan Saudara tertanggal [tanggal] sudah kami terima.
Laporan Saudara tertanggal (tanggal) sudah kami terima.
Laporan Saudara tertanggal (isi tanggal) sudah kami terima.
Laporan Saudara tertanggal (diisi tanggal surat) sudah kami terima.
Laporan Saudara tertanggal 00 Desember 2026 sudah kami terima.
Laporan Saudara tertanggal 00/00/0000 sudah kami terima.
Laporan Saudara tertanggal ?? Desember 2026 sudah kami terima.
Laporan Saudara tertanggal ??? sudah kami terima.
Laporan Saudara tertanggal TBD sudah kami terima.
Laporan Saudara tertanggal TBA sudah kami terima.
Laporan Saudara tertanggal N/A sudah kami terima.
TODO: cek lagi dengan Kasi Infrastruktur.
Catatan: nanti diisi setelah rapat.
(akan diisi kemudian)
Jumlah titik lampu yang diganti: [jumlah] titik.
Jumlah titik lampu yang diganti: ... titik.
Jumlah titik lampu yang diganti: __ titik.
Jumlah titik lampu yang diganti: xx titik.
Jumlah titik lampu yang diganti: XX titik.
Jumlah titik lampu yang diganti: (jumlah) titik.
Biaya sebesar Rp............ sudah dianggarkan.
Biaya sebesar Rp. ____________ sudah dianggarkan.
Biaya sebesar Rp xxx.xxx.xxx sudah dianggarkan.
Biaya sebesar Rp 0.000.000 sudah dianggarkan.
Biaya sebesar Rp [nominal] sudah dianggarkan.
Saudara dapat menghubungi nomor 08xx-xxxx-xxxx pada jam kerja.
Saudara dapat menghubungi nomor 0812-XXXX-XXXX pada jam kerja.
Saudara dapat menghubungi nomor 08********** pada jam kerja.
Saudara dapat menghubungi nomor (0351) xxxxxx pada jam kerja.
Saudara dapat menghubungi nomor (0351) ...... pada jam kerja.
Saudara dapat menghubungi nomor [no. telepon] pada jam kerja.
Saudara dapat menghubungi nama@domain.com pada jam kerja.
Saudara dapat menghubungi email@contoh.com pada jam kerja.
Saudara dapat menghubungi Sdr. (nama petugas) pada jam kerja.
Saudara dapat menghubungi Sdr. (nama lengkap) pada jam kerja.
Saudara dapat menghubungi Sdr. ………… (HP …………) pada jam kerja.
NIP. ........................
NIP. XXXXXXXX XXXXXX X XXX
NIP. [NIP]
NIP.
(Nama Jelas)
(nama terang dan tanda tangan)
(tempat, tanggal)
[Tempat], [tanggal] [bulan] [tahun]
[pilih salah satu]
*) coret yang tidak perlu
Kami menerima/menolak*) permohonan Saudara.
Permohonan Saudara dapat / tidak dapat *) kami kabulkan.
[Pilih tanggal]
Klik di sini untuk memasukkan tanggal.
Click or tap to enter a date.
[Type here]
[Ketik di sini]
Ketik teks di sini
Masukkan teks di sini
Tulis isi surat di sini.
(isi surat)
[Isi Surat]
<isi jawaban>
Isi jawaban di sini
Lorem ipsum dolor sit amet, consectetur adipiscing elit.
Contoh isi surat, hapus bagian ini sebelum dikirim.
Hapus paragraf ini bila tidak diperlukan.
(hapus jika tidak perlu)
[hapus yang tidak perlu]
Paragraf 1 ...
Paragraf penutup: sesuaikan.
[sesuaikan dengan kasus]
(sesuaikan)
--- isi di sini ---
Galat! Sumber referensi tidak ditemukan.
Error! Bookmark not defined.
Kesalahan! Bookmark tidak ditentukan.
#N/A
#VALUE!
#NAMA?
MERGEFIELD Nama
Yth. null
Yth. undefined
Yth. None
Yth. NaN
Yth. nan, di Madiun
Alamat: undefined
Alamat: -isi alamat-
Alamat: =====
Alamat: .....................................
Lampiran: … (…) berkas
Lampiran: ___ lembar
Perihal: [perihal]
Hal: Jawaban atas Pengaduan ……
Sifat: Biasa/Penting/Rahasia *)
Pada hari ini, ...... tanggal ...... bulan ...... tahun dua ribu dua puluh enam
Kabel akan diperbaiki paling lambat [●] hari kerja.
Kabel akan diperbaiki paling lambat [•] Desember 2026.
Kabel akan diperbaiki paling lambat [*] hari.
Kabel akan diperbaiki paling lambat [-] hari.
Kabel akan diperbaiki paling lambat [   ] hari.
Kabel akan diperbaiki paling lambat (   ) hari.
Kabel akan diperbaiki paling lambat ▢ hari.
☐ Ditindaklanjuti ☐ Ditolak
[ ] Ditindaklanjuti [ ] Ditolak
Kami ucapkan terima kasih atas laporan Saudara tanggal ...... mengenai kabel.
Pemasangan dijadwalkan pada …… Januari 2027.
Pemasangan dijadwalkan pada __/__/2027.
Pemasangan dijadwalkan pada xx/xx/2027.
Pemasangan dijadwalkan pada XX Januari 2027.
Pemasangan dijadwalkan pada ? Januari 2027.
Pemasangan dijadwalkan pada [tgl].
Pemasangan dijadwalkan pada <tanggal pasang>.
Pemasangan dijadwalkan pada {{tanggal_pasang}}.
Pemasangan dijadwalkan pada «tgl_pasang».
Pemasangan dijadwalkan pada (tanggal menyusul).
Pemasangan dijadwalkan pada tanggal_pasang.
Kepada Yth. Saudara/i .....................
Kepada Yth. [Bapak/Ibu ...]
Kepada Yth. <nama>
Kepada Yth. XXXXXXXXX
Kepada Yth. (nama pelapor)
Kepada Yth. [NAMA LENGKAP]
Kepada Yth. Nama Pelapor
Kepada Yth. undefined
Kepada Yth. «NAMA»
Kepada Yth. {NAMA}
Kepada Yth. __________
Berdasarkan hasil pemeriksaan tanggal ... oleh Kasi ...
Berdasarkan hasil pemeriksaan oleh [unit].
Berdasarkan hasil pemeriksaan oleh ...........................
Berdasarkan hasil pemeriksaan oleh bidang ___ diketahui bahwa
Diketahui bahwa [uraikan hasil].
Diketahui bahwa (uraikan hasil klarifikasi di sini).
Diketahui bahwa <uraian>.
Diketahui bahwa …………………………………….
Diketahui bahwa ????
Diketahui bahwa XXXX.
Diketahui bahwa [●].
Diketahui bahwa [...].
Diketahui bahwa [….].
Diketahui bahwa (...).
Diketahui bahwa (……).
Diketahui bahwa @@@.
Diketahui bahwa ###.
Diketahui bahwa ***.
Diketahui bahwa $$$.
Diketahui bahwa TODO.
Diketahui bahwa TBC.
Diketahui bahwa blabla.
Diketahui bahwa bla bla bla.
Diketahui bahwa lorem ipsum.
Diketahui bahwa asdf.
Diketahui bahwa test test.
[DIISI OLEH KASI]
[DRAF]
DRAF - JANGAN DIKIRIM
Mohon dicek kembali oleh Pak Kasi sebelum dikirim
Mohon Bu Ratih lengkapi bagian ini
Ganti dengan nama pelapor
Tambahkan penjelasan di sini
(tambahkan penjelasan)
Salin dari surat sebelumnya
[copy paste dari laporan]
>>> isi <<<
<<isi surat>>
--isi--
==isi==
**isi**
*nama*
_nama_
|nama|
#nama
[[nama]]
{{{nama}}}
<?php echo nama ?>
[% nama %]
@Model.Nama
=A1
=VLOOKUP(A1;B:C;2)
#DIV/0!
########
1/0/1900
01/01/1970
00/01/1900
Januari 1900
Yth. Bapak/Ibu/Saudara/i*
Ya/Tidak (pilih salah satu)
Diterima / Ditolak (coret salah satu)
□ Selesai □ Belum
( ) Selesai ( ) Belum
(…) Selesai (…) Belum
Nomor : 400.14.5/...../401.109/2026
Nomor : 400.14.5/xxx/401.109/2026
Nomor : 400.14.5/[nomor]/401.109/2026
Nomor : B-____/401.109/2026
Lampiran : [jumlah] berkas
Lampiran : ... berkas
Lampiran : .......
Lampiran : x berkas
Hal : [isi perihal]
Hal : ………
Hal : Jawaban atas pengaduan tentang ___
Hal : Jawaban atas pengaduan XXX
Madiun,          2026
Madiun, ........... 2026
Madiun, … November 2026
Madiun, [tanggal]
Madiun, tanggal bulan tahun
Madiun, DD Bulan YYYY
Madiun, 3x November 2026
Nama : ..............
Jabatan : ..............
Alamat : [alamat lengkap]
Telp. ..............
Telepon (0351) ___-___
HP 08123456xxx
HP 08xxxxxxxxxx
Hubungi Bapak ...... di nomor ......
Hubungi kontak person: [CP]
Silakan datang ke ruang ... pada pukul ...
Silakan datang ke ruang [ruang] pukul [jam]
Silakan datang pada pukul __.__ WIB
Silakan datang pada pukul ... WIB
Enter text here
Insert picture
Tap to add text
Your text here
Sample text
Placeholder
Teks placeholder
Judul Dokumen
[Judul dokumen]
[Nama Perusahaan]
[Alamat Email]
Laporan mengenai ………. di Kelurahan ……….
Laporan mengenai [jenis gangguan] di Kelurahan [kelurahan]
Laporan mengenai <gangguan> di Kelurahan <kelurahan>
Laporan mengenai {{gangguan}} sudah ditangani
Laporan mengenai ____________ sudah ditangani
Laporan mengenai XXXX sudah ditangani
Laporan mengenai ??? sudah ditangani
Laporan mengenai (sebutkan gangguannya) sudah ditangani
Laporan mengenai .... sudah ditangani
Pekerjaan dimulai tgl .... s/d .....
Pekerjaan dimulai tanggal XX-XX-XXXX
Pekerjaan dimulai tanggal 00-00-0000
Pekerjaan dimulai tanggal dd/mm/yy
Pekerjaan dimulai tanggal (dd/mm/yyyy)
Pekerjaan dimulai tanggal - - 2026
Pekerjaan dimulai pada hari ... tanggal ...
Pekerjaan dimulai pada minggu ke-... bulan ...
Pekerjaan selesai dalam ... hari kerja
Pekerjaan selesai dalam … (…) hari kerja
Pekerjaan selesai dalam __ (____) hari kerja
Pekerjaan selesai dalam [n] hari kerja
Pekerjaan selesai dalam N hari kerja
Pekerjaan selesai dalam X hari kerja
Pekerjaan selesai dalam xx hari kerja
Pekerjaan selesai dalam ? hari kerja
Anggaran Rp ............,- tersedia
Anggaran Rp.xxx.xxx,- tersedia
Anggaran Rp ___ tersedia
Anggaran Rp ??? tersedia
Anggaran sebesar [anggaran] tersedia
Anggaran sebesar ... tersedia
Yth. Bapak ............
Yth. Ibu [nama]
Yth. Saudara «Nama»
Yth. Sdr. <Nama Lengkap>
Yth. Sdr. {nama_pengadu}
Yth. Sdr. NAMA
Yth. Sdr. Fulan
Yth. Sdr. A
Yth. Pelapor (nama)
Alamat: Jalan ... Nomor ... RT ... RW ...
Alamat: Jl. xxx No. xx
Alamat: Jl. ______
Alamat: [isi]
Alamat: (isi)
Contact person: ...
Contact person: 0812 xxxx xxxx
Contact person: nama@email
Tautan: https://...
Tautan: [link]
Tautan: <url>
Kode: ABC123 (contoh)
Nomor tiket: #####
Nomor tiket: 12345 (ganti)
Nomor tiket: XXX/YYY/ZZZZ
Nomor register: PGD-____-______
Nomor register: PGD-2026-xxxxxx
Nomor register: PGD-.....
Nomor register: [PGD]
Nomor register: …
Isi surat jawaban ditulis di sini
Ketikkan jawaban di bawah ini
[Paragraf pembuka]
[Paragraf isi]
[Penutup]
(paragraf penutup)
(redaksi disesuaikan)
*redaksi disesuaikan
Catatan: hapus bagian yang tidak sesuai
Catatan: cek ejaan
cat: tolong direvisi Bu
@Ratih tolong dilengkapi
@kasi mohon data
TODO minta data PLN
FIXME
(revisi 2)
(versi 3 - belum final)
-- draft --
COPY
SALINAN KONSEP
REVISI
[REVISI]
Final_v2_fix
Error! Hyperlink reference not valid.
Error! Unknown document property name.
Error! No text of specified style in document.
Kesalahan! Nama properti dokumen tidak dikenal.
[Gambar]
[Logo]
[Tanda tangan]
[TTD]
(ttd)
(ttd & stempel)
<ttd>
${ttd}
$ttd
Bidang gabungan «Alamat_1»
{ IF { MERGEFIELD JK } = "L" "Bapak" "Ibu" }
Bapak/Ibu*)
Bapak/Ibu (pilih)
Saudara/Saudari [pilih]
telah/belum*) selesai
telah / belum (coret)
[telah/belum] selesai
lorem
Isian 1
Teks 1
Field1
Column1
Nama Anda
Alamat Anda
Masukkan judul
Klik dua kali untuk menyunting
Pengaduan Saudara kami terima pada hari ........ pukul ........
Pengaduan Saudara kami terima pada [tanggal terima].
Pengaduan Saudara kami terima pada __ November 2026.
Pengaduan Saudara kami terima pada <tanggal>.
Pengaduan Saudara kami terima pada xx November 2026.
Gangguan terjadi di wilayah ……………… sejak ……………….
Gangguan terjadi di wilayah [wilayah].
Gangguan terjadi di wilayah {wilayah}.
Gangguan terjadi di wilayah (sebutkan).
Gangguan terjadi di wilayah XXXXX.
Petugas yang ditunjuk: ........................
Petugas yang ditunjuk: [nama petugas]
Petugas yang ditunjuk: (nama)
Petugas yang ditunjuk: ___________
Petugas yang ditunjuk: «Petugas»
Petugas yang ditunjuk: ???
Nomor HP petugas: 08xxxxxxxx
Nomor HP petugas: ...
Perbaikan memerlukan waktu ... hari.
Perbaikan memerlukan waktu [..] hari.
Perbaikan memerlukan waktu __ hari kerja.
Perbaikan memerlukan waktu xx hari kerja.
Perbaikan memerlukan waktu .... minggu.
Perbaikan memerlukan waktu (diisi) hari.
Perbaikan memerlukan waktu <n> hari.
Perbaikan memerlukan biaya Rp .........
Perbaikan memerlukan biaya Rp[biaya]
Perbaikan memerlukan biaya Rp XXX
Nomor: 400/___/2026
Nomor: 400/.../2026
Nomor: [nomor surat]
Lampiran: ____
Hal: [hal]
Yth. [Pengadu]
Yth. Sdr. ......
Yth. Bapak/Ibu <nama>
Yth. {{pengadu.nama}}
Yth. %PENGADU%
Kepada: ....
Jl. ........ No. ....
Madiun, .... November 2026
Madiun, __ November 2026
Madiun, [tanggal surat]
(isi paragraf pertama)
(diisi oleh Sekretaris)
[tulis jawaban]
[masukkan penjelasan]
Tuliskan alasan di sini.
Ketik alasan di sini
Klik atau ketuk untuk memasukkan teks.
Click here to enter a date.
Lorem ipsum
TODO: tanya Kasi
Hapus kalimat ini jika tidak perlu
*) pilih salah satu
NIP. ____________
NIP. ..................
(Nama Lengkap)
Contoh paragraf: ganti sesuai kasus.
DRAF 2
NB: cek lagi angkanya
""".strip().splitlines()

ORDINARY = """
Petugas berjaga dari pukul 00.00 sampai 06.00.
Pekerjaan oleh CV Maju (pemenang tender) selesai.
Diserahkan kepada lurah (Bapak Sigit).
Oleh karena itu (lihat butir 2), kami tolak.
Sejumlah 4 (empat) titik diperbaiki.
Tanggal 3 (tiga) Desember 2026.
Nomor (0351) 467327 aktif kembali.
Sdr. Z. Arifin telah datang.
Petugas Y-1 dan Y-2 berjaga.
Rp 100.000 dikembalikan.
Hasil pengecekan:
Tindak lanjut:
Kursi, meja, dll.
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
Silakan pilih tanggal kunjungan pada laman kami.
Mohon jangan lupa membawa KTP dan bukti laporan.
Lampu yang rusak sudah kami ganti dengan lampu LED.
Tiang yang miring kami ganti dengan tiang baru.
Petugas yang lama diganti dengan petugas yang baru.
Masukkan nomor laporan pada kolom yang tersedia di laman.
Saudara dapat mengisi formulir di loket pelayanan.
Formulir diisi dengan huruf kapital.
Isi pengaduan Saudara adalah sebagai berikut.
Nama pengadu kami rahasiakan.
Nama pengadu: Siti Rahmawati
Pengaduan atas nama Saudara Budi Santoso sudah selesai.
Klik tombol "Kirim" pada laman untuk melapor.
Klik di sini bukan cara yang aman untuk membuka tautan dari orang yang tidak dikenal.
Saudara menulis: "Kapan lampu menyala ...?"
Sebagaimana tertulis "... wajib melayani ..." pada peraturan itu.
Kami memahami kekecewaan Saudara ... dan mohon maaf.
Jaringan XL di wilayah itu terganggu.
Baju ukuran XXL sudah diserahkan.
Abad XX adalah masa dibangunnya gedung itu.
Jilid XXX buku register.
Pekan Olahraga Nasional XXI akan diadakan di sana.
Muktamar XXXIII diadakan di alun-alun.
PT Maju Jaya, Tbk. sudah memasang kabel.
Suhu ruangan 00 derajat.
Loket dibuka pukul 08.00 sampai 15.00 WIB.
Saluran 112 melayani 24 jam.
Nomor pengaduan 0000 pada layar berarti antrean kosong.
Telepon (0351) 467327, faksimile (0351) 467328.
Tautan https://aduan.example/s/abc-123 dapat dibuka.
Surat elektronik kami: aduan@kominfo.example.
Ralat: pada surat terdahulu tertulis 5 titik, seharusnya 6 titik.
Biaya Rp0,00 (nol rupiah); pelayanan ini gratis.
Biaya Rp 1.500.000,00 sudah dibayar.
(1) Setiap orang berhak mengadu.
(2) Pengaduan dijawab dalam 10 hari.
a. lampu jalan;
b. kabel;
c. dan lain-lain.
Pasal 5 ayat (2) huruf b.
Undang-Undang Nomor 25 Tahun 2009 tentang Pelayanan Publik
Nomor: 400.14.5/123/401.109/2026
Sifat: Biasa
Lampiran: -
Lampiran: 1 (satu) berkas
Hal: Jawaban atas Pengaduan PGD-2026-000001
Yth. Siti Rahmawati
Yth. Sdr. Budi (Ketua RT 05)
di Madiun
di tempat
Tembusan:
1. Wali Kota Madiun (sebagai laporan)
2. Arsip
NIP. 19760907 200312 1 007
Madiun, 30 November 2026
KEPALA DINAS KOMUNIKASI DAN INFORMATIKA
a.n. Kepala Dinas
u.b. Kepala Bidang
ttd.
Pembina Tk. I (IV/b)
Pekerjaan ini akan diisi oleh tenaga ahli dari provinsi.
Hasil pemeriksaan akan kami sampaikan menyusul.
Data lengkapnya menyusul melalui surat tersendiri.
Saudara boleh memilih salah satu jadwal.
Kami menghapus nomor Saudara dari daftar penerima SMS.
Mohon dihapus foto yang memuat wajah anak.
Contoh: lampu di Jalan Mawar Nomor 5.
Misalnya, dengan menelepon 112.
Petugas menemukan kode error 404 pada laman.
Pesan "Error! Sambungan gagal" muncul karena server penuh.
Laman menampilkan tulisan "undefined" karena galat pada program; sudah diperbaiki.
Kolom yang bertanda * wajib diisi.
Kolom nama dan alamat harus diisi lengkap.
Tarif 10% – 20% lebih murah.
Jl. Mawar No. 5 / RT 05 / RW 02
Permohonan dan/atau keluhan Saudara sudah dicatat.
Bapak/Ibu dapat datang ke kantor kami.
Saudara/i dapat datang pada hari kerja.
Hari/tanggal: Senin, 30 November 2026
Tanggal/jam: 30 November 2026 pukul 09.00
Sudah/belum selesainya pekerjaan dapat dilihat di laman.
Ya/tidaknya kerusakan ditentukan teknisi.
- Lampu diganti pada 20 November 2026.
• Kabel dirapikan.
– Tiang ditegakkan.
[1] Peraturan Wali Kota Nomor 72 Tahun 2021
Lihat catatan kaki [2] di bawah.
<https://aduan.example>
"Lampu padam" [sic] demikian tulisan di laporan itu.
Daftar Isi ............................................ 3
A. Pendahuluan .............................. 1
1. Latar belakang ………………………… 2
Rincian biaya ........................ Rp 500.000,00
___________________________
_____________________________________________
(........................................)
(_____________________)
Kode pos 63116
Kami mohon maaf atas ketidaknyamanan ini.
Terima kasih atas perhatian dan kerja sama Saudara.
Jangan lupa mencatat nomor laporan.
Jangan lupa isi survei kepuasan di laman kami.
Ingat: laporan palsu dapat dipidana.
TO: kami tidak pernah meminta kata sandi.
Nama kecamatan yang terdampak: Taman dan Manguharjo.
Nama dan alamat Saudara tidak kami sebarkan.
Alamat: Jalan Kenanga Nomor 5
Alamat pengirim tidak kami ketahui.
Jumlah laporan: 3
Jumlah titik lampu yang diganti: 12 titik.
Pengaduan Saudara kami teruskan kepada PLN ULP Madiun Kota.
Kode OTP tidak boleh diberikan kepada siapa pun.
Nomor telepon 08xx yang mengaku petugas adalah penipuan.
Kami tidak menemukan ... "kerusakan berat" seperti dilaporkan.
Apakah lampu sudah menyala? Mohon kabari kami.
Benarkah demikian?! Kami sudah memeriksanya.
Sekretaris Daerah; Asisten II; Kepala Bagian Umum
Rapat dihadiri Lurah Kanigoro, Camat Kartoharjo, dll.
Lampu tipe XX-200 dipasang di 5 titik.
Perangkat ONT F609 diganti.
Sesuaikan pengaturan perangkat Saudara bila sinyal lemah.
Petugas menyesuaikan arah kamera.
Pilih menu "Pengaduan", lalu tekan "Kirim".
Tulis nomor laporan pada amplop.
Hari ini, 30 November 2026, lampu sudah menyala.
Silakan pilih jadwal yang sesuai melalui laman kami.
Saudara dapat memilih tanggal kunjungan sendiri.
Jangan lupa menyimpan nomor register ini.
Jangan lupa bahwa layanan ini tidak dipungut biaya.
Mohon jangan memberikan kata sandi kepada siapa pun.
Kabel lama sudah kami ganti dengan kabel serat optik.
Nama petugas yang datang adalah Bapak Joko.
Tanggal pemasangan ditentukan bersama warga.
Nomor antrean dapat diambil di loket 3.
Isi laporan Saudara sudah kami pelajari.
Tulis nama dan alamat dengan jelas pada slip.
Masukkan kata sandi yang baru.
Masukkan alamat email Saudara pada kolom yang tersedia.
Klik menu Pengaduan, lalu pilih Lacak.
Ketik STATUS lalu kirim ke alamat kami.
Ketik REG spasi NAMA lalu kirim ke 1234.
Kolom nama sudah diisi petugas.
Formulir belum diisi oleh pemohon.
Formulir yang belum diisi tidak dapat diproses.
Posisi tersebut akan diisi oleh pegawai baru.
Tangki akan diisi air setiap hari.
Teks yang tampil di videotron sudah diperbaiki.
Contoh surat dapat diunduh di laman kami.
Contohnya, lampu di depan pasar.
Daftar periksa kendaraan sudah lengkap.
Kami hapus data Saudara sesuai permintaan.
Saudara dapat menghapus akun sendiri.
Ini hanya contoh kecil dari perbaikan yang dilakukan.
Hasilnya masih sementara.
Hal ini masih kami konfirmasi kepada PLN.
Data tersebut sudah dikonfirmasi (PLN ULP Madiun Kota).
Surat ini sekaligus menjadi konfirmasi.
Kursi kosong di ruang tunggu sudah ditambah.
Kolom yang kosong tidak perlu diisi.
Lahan kosong di belakang kantor sudah dibersihkan.
Edit foto tidak diperlukan.
Final lomba diadakan pada hari Minggu.
Babak final belum selesai.
Tes jaringan menunjukkan kecepatan 50 Mbps.
Tes, tes, suara pengeras sudah jelas.
Percobaan ketiga berhasil.
Jl. H. Agus Salim No. 12
Kelas X dan XI libur.
Golongan XX tidak ada lagi.
Ukuran XXL dan XXXL tersedia.
Seri XX/2026 sudah terbit.
Konferensi XX Asosiasi Pemerintah Kota
Sinyal 4G XL Axiata lemah.
Ruang XXI di mal itu tutup.
Lantai 00 adalah lantai dasar.
Kode 000 menandakan perangkat mati.
Jumlah laporan 000 pada layar adalah galat tampilan.
Pukul 07.30–16.00 WIB
Pukul 24.00 WIB layanan ditutup.
Rp0 (nol rupiah)
Rp. 1.000.000,-
Rp 25.000,00 per bulan
1.000.000 pelanggan
3 x 24 jam
2 x 4 meter
±30 menit
5% dari jumlah pelanggan
#MadiunKota
@kominfo_madiun
Akun Instagram @kominfomadiun dan laman https://kominfo.example
surel: aduan@kominfo.example
pengaduan[at]kominfo.example
Nomor 112 (bebas pulsa)
(bebas pulsa)
(lihat lampiran)
(terlampir)
(sebagai laporan)
(Perpres Nomor 21 Tahun 2023)
(dua) hari kerja
2 (dua) hari kerja
(a) lampu; (b) kabel; (c) tiang.
[1]
[sic]
"…" adalah tanda yang Saudara tulis.
Saudara menulis “lampu mati … sudah lama”.
Laporan Saudara, “Tolong...”, sudah kami terima.
Kami mengerti … namun perbaikan perlu waktu.
Terima kasih...
Mohon maaf sebesar-besarnya!
Benarkah lampu itu sudah menyala?
Mengapa terlambat? Karena hujan.
“Kapan?” tanya Saudara.
Kepala Dinas,
Sekretaris,
Penerima,
(..........................................)
(____________________________)
________________________________
Yang menerima,                         Yang menyerahkan,
Nama jelas dan tanda tangan dibubuhkan pada tanda terima.
Tanda tangan elektronik
Ditandatangani secara elektronik
Lampiran I ................................. 5
BAB II HASIL PEMERIKSAAN ............ 12
Biaya kabel .................. Rp1.500.000,00
Jumlah ....................... Rp 2.000.000
Tiang ......... 3
Nomor : 400.14.5/17/401.109/2026
Sifat : Penting
Lampiran : 2 lembar
Hal : Jawaban atas pengaduan Saudara
Madiun, 1 Desember 2026
Yth. Sdri. Wahyuni
Yth. Bapak Undang Supriatna
Yth. Ibu Nani
Yth. Direktur PT XL Axiata Tbk
Yth. Ketua RT 005 RW 002
di –
M a d i u n
Tembusan Yth.:
1. Wali Kota Madiun;
2. Inspektur Kota Madiun.
NIP 19760907 200312 1 007
NIP. 19800101 200501 2 003
Pangkat: Pembina
- - oOo - -
Demikian surat ini kami sampaikan.
Atas perhatian Saudara kami ucapkan terima kasih.
Hari/Tanggal : Rabu, 2 Desember 2026
Waktu : 09.00 WIB s.d. selesai
Tempat : Ruang Rapat Lantai 2
Suku cadang (modul ONT) menyusul pekan depan.
Tanggal dan jamnya akan diberitahukan kemudian.
Jadwal menyusul setelah suku cadang tiba.
Petugas kami akan menyesuaikan jadwalnya.
Harga disesuaikan.
Ketentuan disesuaikan dengan kebutuhan.
Pengeluaran 12/XI/2026 sudah dicatat.
Laporan mengenai lampu di Kelurahan Taman sudah ditangani.
Petugas kami, Saudara Anang, akan menghubungi Saudara.
Saudara dapat memantau laporan pada laman kami.
Pilihlah kata sandi yang kuat.
Isi ulang kartu tidak diperlukan.
Isilah buku tamu di lobi.
Hapus cookie pada peramban Saudara bila laman tidak terbuka.
Ganti kata sandi secara berkala.
Gantilah lampu teras dengan lampu hemat energi.
Tambahkan nomor kami ke daftar kontak Saudara.
Salinan surat ini disimpan sebagai arsip.
Salin nomor register ini untuk melacak laporan.
Cek tagihan dapat dilakukan di aplikasi.
Cek ulang sudah kami lakukan pada Senin lalu.
Kami sudah mengecek sebelum surat ini dikirim.
Berkas diperiksa sebelum ditandatangani pejabat.
Bagian ini dari jalan masih gelap.
Poin ini akan kami bahas dalam rapat.
Judul laporan Saudara: Lampu padam
Contoh laporan: lampu padam di Jalan Mawar.
Ini bukan contoh yang baik bagi warga.
Konsep kota cerdas sedang disusun.
Draf peraturan sedang dibahas DPRD.
Peraturan itu masih dalam bentuk rancangan.
Revisi anggaran disetujui.
Final sepak bola disiarkan.
Belum selesai seluruhnya.
Nomor 08123456789 bukan nomor kami.
Kode pos 63111, 63112, dan 63113
RT 001 RW 010
RT. 05/RW. 02
No. 5A
Blok X Nomor 3
Kelas X
Sinar X
Xenia warna putih
Tahun 1900-an gedung itu dibangun.
0 derajat
0%
00.30 WIB
Pukul 00.30 WIB jaringan pulih.
Rp500,-
Rp 1.000,00
(tiga) buah
3 (tiga) buah lampu
( 3 ) buah
(lihat peta)
(menurut PLN)
(sekitar pukul 10.00)
(PLN/Telkom)
[2]
a/b
dan/atau
s.d.
d.a. Jalan Mawar
c.q. Kepala Bidang
u.p. Sekretaris
e.g. tidak dipakai
dll.
dst.
dsb...
Lampu mati... hidup... mati lagi, demikian laporan Saudara.
"Lampu mati..." demikian laporan Saudara.
Laporan "padam total..." kami terima.
Warga bertanya, “Kapan…?”
Saudara menyebut "XXXX" sebagai nama jaringan WiFi.
Nama jaringan WiFi: MADIUN_WIFI
Berkas laporan_2026.pdf sudah diterima.
Alamat surel nama_saudara@warga.example sudah dicatat.
Tanda tangan Saudara pada slip sudah cocok.
Tanda # pada nomor berarti kode.
Tekan *123# untuk cek pulsa.
Tekan # setelah nada.
Suhu < 40 derajat
Suhu > 40 derajat
A > B
5 < 6
50 %
2 + 3 = 5
x = 5 meter
y = 2x
Panjang x lebar = 10 x 5 meter
- Kabel diganti.
--
*Layanan gratis
* Layanan gratis
**
• Lampu
Hormat kami,
Mengetahui,
ttd
NOOR AFLAH, S.Kom
Pembina
Kepala Dinas Komunikasi dan Informatika
Selaku Pelaksana Harian
Lampiran: Surat Kepala Dinas
Nomor   : 400.14.5/17/401.109/2026
Tanggal : 1 Desember 2026
Perihal : Jawaban
Tempat : Madiun
Keterangan : selesai
Status : selesai
Jumlah : 5 titik
Jabatan : Kepala Dinas
Instansi : Dinas Kominfo
Hari : Senin
Pengaduan Saudara kami terima pada Selasa, 24 November 2026.
Gangguan terjadi di wilayah Kecamatan Taman sejak Senin.
Petugas yang ditunjuk: Bagus Prayitno
Perbaikan memerlukan waktu 3 hari kerja.
Perbaikan memerlukan biaya Rp2.500.000,00.
Nomor: 400.14.5/21/401.109/2026
Kami sarankan Saudara mengganti sandi WiFi secara berkala.
Nama pelanggan tercatat sebagai Suyatno.
Tanggal jatuh tempo tagihan tidak berubah.
Alamat IP perangkat Saudara sudah kami catat.
Jabatan fungsional itu tidak terkait.
Isian pada slip Saudara terbaca jelas.
Silakan isi survei pada tautan berikut.
Mohon isi formulir pengaduan dengan lengkap.
Mohon lengkapi laporan Saudara dengan foto.
Mohon cek kembali sinyal di rumah Saudara.
Tolong sampaikan kepada tetangga bahwa lampu sudah menyala.
Mohon periksa kabel di dalam rumah.
Pilih tanggal yang Saudara kehendaki, lalu datang ke loket.
Jangan lupa mematikan perangkat pada malam hari.
Jangan dulu menyalakan perangkat sebelum petugas datang.
Petugas akan datang lagi minggu depan.
Catatan: loket tutup pada hari libur.
Catatan petugas: kabel putus di tiang 7.
Keterangan lebih lanjut dapat dibaca di laman.
Nanti petugas kami menelepon.
Surat ini ditulis di Madiun.
Buku tamu diisi di lobi.
Daftar hadir sudah diisi peserta.
Wadah itu diisi pasir.
Nama jalan itu sudah diganti.
Tulisan "DILARANG PARKIR" sudah dipasang.
Kode galat E-404 sudah hilang.
Jaringan FTTX di perumahan itu
Jumlahnya 10 (sepuluh) unit
Luasnya 3 x 5 m
Waktunya 2 x 24 jam
Model X dan Y
Rapat I, II, dan III
RT 007 RW 003 Kelurahan Kejuron
Kapan selesai? Pekan depan.
Ya, benar!
Terima kasih atas kesabaran Saudara...
Kami … mohon maaf
Lihat gambar 1 - 3.
Senin - Jumat, 07.30 - 16.00
Lampu (10 W) dan lampu (20 W)
Harga Rp 10.000,- per buah
Kabel ........ 100 meter
Tiang ........ 3 batang
Daftar Lampiran ............. iv
Yang menerima, (........................)
(.................................)
_______________________
____________________
Tembusan: Arsip
Hasil cek lapangan: baik.
Draf perjanjian dengan PLN selesai.
Contoh: Jalan Mawar.
Menurut pasal ini, (isi pasal) berlaku.
Sisa: 0 titik.
""".strip().splitlines()


@pytest.mark.parametrize("text", GAPS)
def test_gap_is_found(text: str) -> None:
    assert list(gaps([text]))


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_sentence_is_left_alone(text: str) -> None:
    assert list(gaps([text])) == []


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Yth. undefined, di Madiun", "blokir"),
        ("NIP.", "blokir"),
        ("Nomor: .../.../401.109/2026", "blokir"),
        ("Selesai dalam xx hari kerja.", "blokir"),
        ("Harga [nominal] per buah", "blokir"),
        ("Bapak/Ibu*)", "lihat"),
        ("Hasilnya: ...", "lihat"),
        ("(redaksi disesuaikan)", "lihat"),
        ("Catatan: cek ejaan", "lihat"),
        ("Laporan Saudara, “kapan???”, kami terima.", "lihat"),
    ],
)
def test_gap_stops_the_letter_only_where_it_is_surely_one(text: str, level: str) -> None:
    assert {gap.level for gap in gaps([text])} == {level}


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
    assert effort(lambda: list(gaps([text]))) < 300  # quadratic time would be tens of thousands
