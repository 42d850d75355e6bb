"""What made-up slips are made of, in three parts that share nothing: fonts by family, words, pens, faults.

`MADE` is what the reader was made with, `CALIBRATED` what its confidence was measured on, `REPORTED` what is reported
on and nothing else. Never look at a slip of the third part to mend the reader.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """`printed`, `hand`: families, of fontconfig (with a capital) or of npm's @fontsource. `pens`: (name, colour,
    width in mm of its ticks, softness). `faults`: names in `varied.FAULTS`; `harms`: in `varied.HARMS`. `digits`:
    which MNIST images of each digit, from and to, as a share of them."""

    printed: tuple[str, ...]
    hand: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    wards: tuple[str, ...]
    units: tuple[str, ...]
    hosts: tuple[str, ...]
    sentences: tuple[str, ...]
    pens: tuple[tuple[str, tuple[int, int, int], float, float], ...]
    faults: tuple[str, ...]
    harms: tuple[str, ...]
    digits: tuple[float, float]


MADE = Part(
    printed=("Liberation Sans", "Liberation Serif", "DejaVu Sans", "Nimbus Sans", "URW Bookman", "URW Gothic"),
    hand=(
        "Breip",
        "DkgHandwriting",
        "patrick-hand",
        "kalam",
        "indie-flower",
        "shadows-into-light",
        "caveat",
        "handlee",
        "architects-daughter",
        "nanum-pen-script",
        "gloria-hallelujah",
        "schoolbell",
        "delius",
        "reenie-beanie",
        "itim",
    ),
    first=("Suharti", "Bambang", "Sri", "Agus", "Wahyu", "Dewi", "Slamet", "Yuni", "Hendra", "Ratna", "Joko", "Maya"),
    last=("Wibowo", "Handayani", "Santoso", "Pratiwi", "Nugroho", "Kusuma", "Rahayu", "Setiawan", "Purnomo", "Astuti"),
    streets=("Cempaka", "Diponegoro", "Pahlawan", "Serayu", "Mawar", "Kartini", "Ahmad Yani", "Thamrin", "Mastrip"),
    wards=("Taman", "Kartoharjo", "Sogaten", "Winongo", "Klegen", "Mojorejo", "Pandean", "Oro-oro Ombo"),
    units=("Dinas Kesehatan", "Dinas Pekerjaan Umum", "Dinas Perhubungan", "Dinas Pendidikan", "Satpol PP"),
    hosts=("gmail.com", "yahoo.co.id", "contoh.example"),
    sentences=(
        "Wifi gratis di taman sudah dua minggu tidak bisa dipakai, sering putus.",
        "Lampu jalan di depan SD padam sejak hari Senin.",
        "Mohon segera diperbaiki. Terima kasih.",
        "Aplikasi antrean tidak bisa dibuka dari ponsel saya.",
        "Petugas loket kurang ramah kepada warga lanjut usia.",
        "Kabel menjuntai di gang dan membahayakan anak kecil.",
        "Sampah menumpuk di pinggir jalan sejak 3 hari yang lalu.",
        "Saluran air mampet sehingga banjir bila hujan deras.",
        "Trotoar rusak dan licin, ibu saya jatuh minggu lalu.",
        "Dalane rusak nemen, wis suwe ora didandani.",
        "Tlg segera dicek krn sdh bbrp kali dilaporkan.",
        "Biaya parkir ditarik Rp 5.000 padahal karcisnya Rp 2.000.",
    ),
    pens=(
        ("bolpoin hitam", (25, 25, 30), 0.5, 0.0),
        ("bolpoin biru", (30, 45, 140), 0.5, 0.0),
        ("gel hitam", (8, 8, 8), 0.7, 0.0),
    ),
    faults=("bersih", "dpi150", "dpi200", "miring_noda", "faks", "foto", "pudar"),
    harms=("coret_garis", "staples"),
    digits=(0.0, 0.34),
)

CALIBRATED = Part(
    printed=(
        "open-sans",
        "pt-sans-narrow",
        "special-elite",
        "merriweather",
        "oswald",
        "courier-prime",
        "comic-neue",
        "Noto Serif",
    ),
    hand=(
        "short-stack",
        "covered-by-your-grace",
        "swanky-and-moo-moo",
        "gochi-hand",
        "neucha",
        "coming-soon",
        "crafty-girls",
        "annie-use-your-telescope",
        "sunshiney",
        "mali",
        "courgette",
        "pangolin",
        "permanent-marker",
        "cedarville-cursive",
        "bad-script",
        "dancing-script",
        "nothing-you-could-do",
        "satisfy",
    ),
    first=("Tutik", "Haryanto", "Nining", "Darmo", "Ika", "Yohanes", "Umi", "Gunawan", "Rini", "Kasmin", "Lilis"),
    last=("Prasetyo", "Lestari", "Suryadi", "Marlina", "Widodo", "Anggraini", "Kurniawan", "Mulyani", "Siregar"),
    streets=("Urip Sumoharjo", "Merpati", "Barito", "Sri Rejeki", "Pandan", "H. Agus Salim", "Tirta Raya", "Kemiri"),
    wards=("Josenan", "Demangan", "Kejuron", "Manisrejo", "Patihan", "Kelun", "Tawangrejo"),
    units=(
        "Dinas Sosial",
        "Dinas Lingkungan Hidup",
        "Disdukcapil",
        "Badan Pendapatan Daerah",
        "Dinas Kebudayaan",
        "Kantor Pertanahan",
        "Puskesmas",
        "Bagian Hukum",
    ),
    hosts=("gmail.com", "yahoo.com", "ymail.com", "warga.example", "mail.example"),
    sentences=(
        "Antrian KTP lama sekali, dari pagi sampai siang blm dipanggil.",
        "Pohon tumbang di dpn rumah blm diangkut s/d hari ini.",
        "Jembatan kecil dekat sawah berlubang, motor saya hampir jatuh.",
        "Kulo nyuwun tulung supados enggal dipun dandosi.",
        "Banyune mili nang dalan nganti mlebu omah.",
        "Sudah lapor Pak RT tgl 12 tapi belum ada tindakan.",
        "JALAN GELAP, RAWAN MALING.",
        "Harga pupuk naik jadi Rp 175.000 per sak.",
        "Website kelurahan eror terus, tdk bisa daftar online.",
        "Mobil truk parkir sembarangan yg bikin macet tiap sore.",
        "Bau limbah pabrik tahu menyengat terutama malam hari.",
        "Guru ngaji di musala kami belum terima insentif 4 bulan.",
        "Tolong dipasang polisi tidur, banyak anak menyeberang.",
        "Air PDAM keruh dan kecil, bayar tetap Rp 86.500.",
    ),
    pens=(
        ("bolpoin biru tua", (15, 20, 95), 0.5, 0.0),
        ("bolpoin merah", (190, 30, 40), 0.5, 0.0),
        ("pensil", (105, 105, 110), 0.6, 0.35),
        ("spidol hitam", (15, 15, 15), 1.1, 0.0),
    ),
    faults=("pindai200", "pindai300_warna", "fotokopi", "karbon", "foto_teduh", "kusut"),
    harms=("coret_kata", "cap_bulat", "staples_sudut", "lewat_garis"),
    digits=(0.34, 0.67),
)

REPORTED = Part(
    printed=(
        "lato",
        "roboto",
        "archivo-narrow",
        "barlow-condensed",
        "ibm-plex-mono",
        "crimson-text",
        "arvo",
        "cutive-mono",
    ),
    hand=(
        "the-girl-next-door",
        "sue-ellen-francisco",
        "rock-salt",
        "waiting-for-the-sunrise",
        "just-another-hand",
        "zeyada",
        "mansalva",
        "sriracha",
        "over-the-rainbow",
        "loved-by-the-king",
        "kristi",
        "merienda",
        "homemade-apple",
        "la-belle-aurore",
        "marck-script",
        "playwrite-id",
        "cookie",
    ),
    first=("Paijo", "Siti", "Mbah Warsini", "Andik", "Kholifah", "Eko", "Fransiska", "Sugeng", "Nurul", "Totok"),
    last=("Harjono", "Wulandari", "Siliwangi", "Mustofa", "Kristanti", "Sulistyo", "Ramadhan", "Puspita", "Tarigan"),
    streets=("Sidomulyo", "Siliwangi", "Trunojoyo", "Gajah Mada", "Cokroaminoto", "Setinggil", "Anggrek", "Bali"),
    wards=("Nambangan Lor", "Madiun Lor", "Banjarejo", "Rejomulyo", "Pilangbango", "Ngegong", "Kuncen"),
    units=(
        "Dinas Pertanian",
        "Dinas Perdagangan",
        "BPBD",
        "Dinas Pemadam Kebakaran",
        "Dinas Tenaga Kerja",
        "Dishub",
        "Dinas Pertanahan",
        "Kecamatan",
        "RSUD",
    ),
    hosts=("gmail.com", "mail.com", "yahoo.co.id", "outlook.com", "kotak.example"),
    sentences=(
        "Got di gang buntu meluap gara2 sampah plastik, baunya sampai ke kamar.",
        "Kabel listrik hampir putus di atas warung saya.",
        "Mbok menawa iso, tulung lampune dipasang maneh ben ora peteng.",
        "Nyuwun pirsa, kenging menapa bantuanipun dereng cair?",
        "Saya sdh 3x datang tapi petugasnya tdk di tempat.",
        "Retribusi pasar Rp 7.500/hari dirasa memberatkan pedagang kecil.",
        "Puskesmas pembantu tutup sebelum jam 12 siang.",
        "MOHON PERHATIAN BAPAK WALIKOTA.",
        "Suara knalpot brong tiap malam Minggu mengganggu orang sakit.",
        "Plang nama jalan hilang sejak tgl 4 Mei, kurir sering kesasar.",
        "Bangku taman patah & dicorat-coret, blm diganti.",
        "Formulir online minta NIK dua kali lalu muncul pesan gagal.",
        "Anjing liar berkeliaran di sekitar TK, warga resah.",
        "Kursi roda di loket 2 macet, kasihan yg sudah sepuh.",
    ),
    pens=(
        ("gel biru", (20, 70, 190), 0.7, 0.0),
        ("bolpoin hijau", (20, 110, 60), 0.5, 0.0),
        ("pensil tipis", (135, 135, 138), 0.5, 0.3),
        ("spidol biru", (25, 40, 150), 1.0, 0.0),
        ("bolpoin hitam tipis", (45, 45, 48), 0.35, 0.0),
    ),
    faults=("pindai_abu", "pindai_jpeg", "fotokopi_ulang", "faks_halus", "foto_bayangan", "lipatan", "skala"),
    harms=("coret_acak", "cap_kotak", "staples_tengah", "tulis_ulang"),
    digits=(0.67, 1.0),
)
PARTS = {"made": MADE, "calibrated": CALIBRATED, "reported": REPORTED}
