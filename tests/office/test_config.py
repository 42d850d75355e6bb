"""config.toml → settings: what is accepted, and that every refusal names the file, the key and what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.office import config, messages
from pipeline.office.config import Settings
from pipeline.office.config_errors import ConfigError
from pipeline.office.sop import Role
from tests.kantor import sample

SAMPLE = sample()


def parse(text: str, folder: Path = Path("/kantor")) -> Settings:
    return config.parse(text, folder / "config.toml")


def changed(old: str, new: str) -> str:
    """The sample with one passage changed; fails if the passage is not there, so that no test tests nothing."""
    assert old in SAMPLE
    return SAMPLE.replace(old, new, 1)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


# ---- the sample ----------------------------------------------------------------------------------------------


def test_sample_is_a_whole_configuration_with_the_sops_figures() -> None:
    settings = parse(SAMPLE)
    assert settings.sop.nomor == "12.1.1.10"
    assert [row.waktu for row in settings.sop.langkah] == [
        "30 menit",
        "10 menit",
        "maks 10 hari",
        "1 jam",
        "30 menit",
    ]
    assert [row.nomor for row in settings.sop.langkah] == [1, 2, 3, 4, 5]
    assert len(settings.sop.dasar_hukum) == 3
    assert settings.hours.zone.key == "Asia/Jakarta"


def test_sample_says_what_the_sop_says_word_for_word() -> None:
    rows = parse(SAMPLE).sop.langkah
    assert rows[0].output == "Pengaduan yang tercatat pada Buku Pengaduan"
    assert rows[2].keterangan == "SOP Penyelenggaraan Rapat Dinas"
    assert (
        rows[4].uraian
        == "JFU menyampaikan jawaban pengaduan kepada pengadu dan mendokumentasikan hasilnya"
    )
    assert [row.pelaksana for row in rows] == [
        (Role.JFU,),
        (Role.SEKRETARIS, Role.KASI),
        (Role.KEPALA,),
        (Role.SEKRETARIS,),
        (Role.JFU,),
    ]


def test_sample_holds_no_secret() -> None:
    """Passwords and the key are named in its comments as lying elsewhere, and no key of the file holds one."""
    assert not re.search(r"(?im)^\s*(\w*(password|sandi|secret|rahasia)\w*|key)\s*=", SAMPLE)


def test_sample_is_a_file_that_load_reads(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(SAMPLE, "utf-8")
    assert config.load(file).folder == tmp_path.resolve()


# ---- refusals ------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[str, str, str, str]] = {
    # name: (passage, what replaces it, the key that must be named, what must be said)
    "missing key": ('kota = "Madiun"\n', "", "instansi.kota", "wajib diisi"),
    "unknown key": (
        'kota = "Madiun"',
        'kota = "Madiun"\nkotaa = "x"',
        "instansi.kotaa",
        "tidak dikenal",
    ),
    "unknown table": ("[scan]", '[pindai]\nx = "y"\n[scan]', "pindai", "tidak dikenal"),
    "number for text": ('kota = "Madiun"', "kota = 3", "instansi.kota", "teks"),
    "text for number": (
        "every_seconds = 60",
        'every_seconds = "tiap menit"',
        "imap.every_seconds",
        "angka",
    ),
    "fraction for whole number": (
        "every_seconds = 60",
        "every_seconds = 1.5",
        "imap.every_seconds",
        "angka bulat",
    ),
    "too small": (
        "every_seconds = 60",
        "every_seconds = 0",
        "imap.every_seconds",
        "paling kecil 1",
    ),
    "too large": ("port = 993", "port = 70000", "imap.port", "paling besar 65535"),
    "unknown role": ('peran = ["jfu"]', 'peran = ["juru"]', "petugas.4.peran.0", "jfu"),
    "no role": ('peran = ["jfu"]', "peran = []", "petugas.4.peran", "kosong"),
    "not an email": ("jfu@kominfo.example", "jfu at kominfo", "petugas.4.email", "email"),
    "email with a line break": (
        "jfu@kominfo.example",
        "jfu@kominfo.example\\nBcc: x@y.example",
        "email",
        "email",
    ),
    "sender beyond ASCII": ('sender = "aduan@', 'sender = "adüan@', "smtp.sender", "Latin"),
    "unreadable Waktu": (
        'waktu = "30 menit"',
        'waktu = "sebentar"',
        "sop.langkah.0.waktu",
        "sebentar",
    ),
    "unknown zone": ("Asia/Jakarta", "Asia/Madiun", "instansi.zona", "zona waktu"),
    "zone that climbs": ("Asia/Jakarta", "../../etc/passwd", "instansi.zona", "zona waktu"),
    "code with capitals": ('kode = "jfu-1"', 'kode = "JFU 1"', "petugas.4.kode", "huruf kecil"),
    "security misspelt": ('security = "starttls"', 'security = "ssl"', "smtp.security", "starttls"),
    "plain http": ("https://aduan", "http://aduan", "web.base_url", "https://"),
    "list for text": ('kota = "Madiun"', 'kota = ["Madiun"]', "instansi.kota", "teks"),
    "text for list": (
        'tembusan = ["Wali Kota Madiun (sebagai laporan)"]',
        'tembusan = "x"',
        "surat.tembusan",
        "daftar",
    ),
    "links shorter than langkah 3": (
        "port = 8080",
        "port = 8080\nlink_days = 5",
        "web.link_days",
        "paling kecil 11",
    ),
    "four langkah": ("nomor = 5\n", "nomor = 4\n", "sop.langkah", "1 sampai 5"),
    "hours backwards": (
        "mulai = 07:30:00, selesai = 16:00:00",
        "mulai = 16:00:00, selesai = 07:30:00",
        "jam_kerja.biasa.0",
        "berurutan",
    ),
    "half a break": (
        "istirahat = [12:00:00, 13:00:00]",
        "istirahat = [12:00:00]",
        "jam_kerja.biasa.0",
        "istirahat",
    ),
    "hours as words": ("mulai = 07:30:00", 'mulai = "pagi"', "jam_kerja.biasa.0.mulai", "jam"),
    "unknown weekday": ('["jumat"]', '["jum\'at"]', "jam_kerja.biasa.1.hari.0", "jumat"),
    "date that is none": (
        "tetap_masuk = []",
        'tetap_masuk = ["besok"]',
        "jam_kerja.tetap_masuk.0",
        "tanggal",
    ),
    "moment for a date": (
        "tetap_masuk = []",
        "tetap_masuk = [2026-06-20T08:00:00]",
        "jam_kerja.tetap_masuk.0",
        "tanggal",
    ),
    "extra holiday that is no date": (
        "[jam_kerja.libur_tambahan]",
        '[jam_kerja.libur_tambahan]\n"20 Juni" = "Hari Jadi"',
        "jam_kerja.libur_tambahan",
        "20 Juni",
    ),
    "Ramadan backwards": (
        "[jam_kerja.tanggal_ramadan]",
        "[jam_kerja.tanggal_ramadan]\n2027 = [2027-03-09, 2027-02-08]",
        "jam_kerja.tanggal_ramadan",
        "2027",
    ),
    "Ramadan of no year": (
        "[jam_kerja.tanggal_ramadan]",
        "[jam_kerja.tanggal_ramadan]\nini = [2027-02-08, 2027-03-09]",
        "jam_kerja.tanggal_ramadan",
        "ini",
    ),
    "number too long for the database": (
        "PGD-{tahun}-{urut:06d}",
        "{tahun}-{urut:080d}",
        "register.pola",
        "terlalu panjang",
    ),
    "another database": (
        "sqlite:///aduan.db",
        "mysql://kantor/aduan",
        "database.url",
        "postgresql+psycopg://",
    ),
    "a driver that is not there": (
        "sqlite:///aduan.db",
        "sqlite+aio:///aduan.db",
        "database.url",
        "sqlite:///",
    ),
    "PostgreSQL without its driver": (
        "sqlite:///aduan.db",
        "postgres://db/x",
        "database.url",
        "postgresql+psycopg://",
    ),
    "database without a file": ("sqlite:///aduan.db", "sqlite://", "database.url", "sqlite:///"),
    "port in words": (
        "sqlite:///aduan.db",
        "postgresql+psycopg://db:satu/x",
        "database.url",
        "port",
    ),
    "host with a port": ('host = "127.0.0.1"', 'host = "127.0.0.1:80"', "web.host", "alamat IP"),
    "host that is no address": (
        'host = "127.0.0.1"',
        'host = "999.1.1.1"',
        "web.host",
        "alamat IP",
    ),
    "log level": ('tingkat = "peringatan"', 'tingkat = "debug"', "log.tingkat", "rinci"),
    "negative mail limit": (
        "[web]",
        "answers_per_hour = 0\n[web]",
        "smtp.answers_per_hour",
        "paling kecil 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refusal_names_file_key_and_what_is_expected(name: str) -> None:
    old, new, key, expected = BAD[name]
    said = refusal(changed(old, new))
    assert "/kantor/config.toml" in said
    line = next((line for line in said.splitlines() if key in line), "")
    assert expected in line, said


@pytest.mark.parametrize("name", BAD)
def test_refusal_is_written_in_bahasa_indonesia(name: str) -> None:
    old, new, _key, _expected = BAD[name]
    said = refusal(changed(old, new))
    assert not re.search(
        r"\b(should|must|valid|expected|required|input|value|error|Field)\b", said, re.I
    ), said


def test_value_in_place_of_a_table_is_refused() -> None:
    said = refusal("imap = 3\n" + SAMPLE.replace("[imap]", "[imap_lama]", 1))
    assert "imap: harus berupa tabel" in said


def test_all_mistakes_are_told_at_once() -> None:
    said = refusal(changed('kota = "Madiun"', "kota = 3").replace("port = 993", "port = 0", 1))
    assert "instansi.kota" in said
    assert "imap.port" in said


def test_broken_toml_names_file_and_line() -> None:
    said = refusal('[instansi]\nnama = "tanpa akhir\n')
    assert "/kantor/config.toml" in said
    assert "baris 2" in said
    assert "nama" in said


def test_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml .*aduan init"):
        config.load(tmp_path / "config.toml")


def test_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(SAMPLE.replace("Dimas", "Dimás").encode("latin-1", "replace"))
    with pytest.raises(ConfigError, match="UTF-8"):
        config.load(file)


# ---- patterns ------------------------------------------------------------------------------------------------

PATTERN = 'pola = "PGD-{tahun}-{urut:06d}"'


@pytest.mark.parametrize(
    "pattern",
    [
        "PGD-{tahun}",
        "{urut:0s}",
        "{nomor}",
        "{urut",
        "{0}",
        "{}",
        "{tahun.denominator.x}",
        "{urut!z}",
    ],
)
def test_register_pattern_that_cannot_count_is_refused(pattern: str) -> None:
    said = refusal(changed(PATTERN, f'pola = "{pattern}"'))
    assert "register.pola" in said
    assert "urut" in said


def test_register_pattern_needs_the_year() -> None:
    """The counter starts anew each year: without {tahun} the second year's first number would not be unique."""
    assert "{tahun}" in refusal(changed(PATTERN, 'pola = "PGD-{urut}"'))


@pytest.mark.parametrize("pattern", ["{urut:>6}", "P/{urut}/{tahun}", "{tahun}{urut:05d}"])
def test_register_pattern_that_counts_is_taken(pattern: str) -> None:
    text = pattern if "{tahun}" in pattern else pattern + "-{tahun}"
    assert parse(changed(PATTERN, f'pola = "{text}"')).register_.pola == text


def test_letter_pattern_must_hold_the_order() -> None:
    pattern = 'pola = "{klasifikasi}/{urut}/{unit}/{tahun}"'
    assert "surat.pola" in refusal(changed(pattern, 'pola = "{klasifikasi}/{unit}/{tahun}"'))
    assert "surat.pola" in refusal(changed(pattern, 'pola = "{kode}/{urut}"'))


# ---- people --------------------------------------------------------------------------------------------------


def test_two_people_with_one_code_are_refused() -> None:
    assert "dua kali" in refusal(changed('kode = "jfu-1"', 'kode = "sekretaris"'))


@pytest.mark.parametrize(
    ("role", "holders"),
    [
        ("jfu", ('peran = ["jfu"]',)),
        ("sekretaris", ('peran = ["sekretaris"]',)),
        ("kepala", ('peran = ["kepala"]',)),
    ],
)
def test_every_role_needs_a_holder(role: str, holders: tuple[str, ...]) -> None:
    text = SAMPLE
    for passage in holders:
        assert passage in text
        text = text.replace(passage, 'peran = ["kasi"]')
    assert f"'{role}'" in refusal(text)


def test_unit_of_a_person_must_exist() -> None:
    said = refusal(changed('unit = "umum"', 'unit = "arsip"'))
    assert "kasubag-umum" in said
    assert "'arsip'" in said


def test_several_people_may_hold_one_role_and_one_person_several() -> None:
    extra = '\n[[petugas]]\nkode = "jfu-2"\nnama = "Sri Wahyuni"\njabatan = "JFU"\nemail = "jfu2@kominfo.example"\n'
    settings = parse(SAMPLE + extra + 'peran = ["jfu", "kasi"]\n')
    assert [p.kode for p in settings.holders(Role.JFU)] == ["jfu-1", "jfu-2"]
    assert [p.kode for p in settings.holders(Role.KASI)] == [
        "kasubag-umum",
        "kasi-infrastruktur",
        "jfu-2",
    ]
    assert [p.kode for p in settings.holders(Role.JFU, Role.KASI)] == [
        "kasubag-umum",
        "kasi-infrastruktur",
        "jfu-1",
        "jfu-2",
    ]


def test_person_is_found_by_address_in_any_case() -> None:
    settings = parse(SAMPLE)
    found = settings.person_at("JFU@Kominfo.Example")
    assert found is not None
    assert found.kode == "jfu-1"
    assert settings.person_at("orang@lain.example") is None


def test_two_people_with_one_address_are_refused() -> None:
    """A reply is bound to a person by the address: two with one address could act for each other."""
    said = refusal(changed("kasi@kominfo.example", "kasubag@kominfo.example"))
    assert "email" in said
    assert "dua kali" in said


def test_person_may_not_stand_under_the_offices_own_address() -> None:
    """Mail from our own address is taken for a loop, so this person's replies would never be read."""
    assert "aduan@kominfo.example" in refusal(
        changed("jfu@kominfo.example", "aduan@kominfo.example")
    )


def test_settings_cannot_be_changed() -> None:
    settings = parse(SAMPLE)
    with pytest.raises(ValueError, match="frozen"):
        settings.instansi.kota = "Ponorogo"


# ---- clear text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["imap", "smtp"])
@pytest.mark.parametrize(
    "host", ["mail.kominfo.example", "10.0.0.5", "127.0.0.1.evil.example", "0.0.0.0"]
)
def test_clear_text_is_refused_beyond_loopback(end: str, host: str) -> None:
    said = refusal(_in_the_clear(end, host))
    assert host in said
    assert "127.0.0.1" in said


@pytest.mark.parametrize("end", ["imap", "smtp"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_clear_text_is_taken_on_loopback(end: str, host: str) -> None:
    settings = parse(_in_the_clear(end, host))
    assert (settings.imap if end == "imap" else settings.smtp).security == "tanpa"


def _in_the_clear(end: str, host: str) -> str:
    text = changed(f'host = "{end}.kominfo.example"', f'host = "{host}"')
    before = 'security = "tls"' if end == "imap" else 'security = "starttls"'
    assert before in text
    return text.replace(before, 'security = "tanpa"', 1)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://localhosts"]
)
def test_plain_http_is_not_let_through_by_a_name_that_only_begins_like_loopback(url: str) -> None:
    assert "web.base_url" in refusal(changed("https://aduan.kominfo.example", url))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:8080/", "https://aduan.go.id/"]
)
def test_base_url_ends_without_a_slash(url: str) -> None:
    assert parse(changed("https://aduan.kominfo.example", url)).web.base_url == url.rstrip("/")


# ---- secrets -------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("ADUAN_KEY", "ADUAN_IMAP_PASSWORD", "ADUAN_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return parse(SAMPLE, tmp_path)


@pytest.fixture
def put(settings: Settings) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        file = settings.folder / "rahasia" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    return write


def test_secret_comes_from_the_file_beside_the_configuration(
    settings: Settings, put: Callable[[str, str], Path]
) -> None:
    put("imap_password", "  sandi surat\n")
    assert settings.secret("imap_password") == "sandi surat"


def test_environment_comes_before_the_file(
    settings: Settings, put: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("imap_password", "dari berkas")
    monkeypatch.setenv("ADUAN_IMAP_PASSWORD", "dari lingkungan")
    assert settings.secret("imap_password") == "dari lingkungan"


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_missing_or_empty_secret_names_file_and_variable(
    settings: Settings, put: Callable[[str, str], Path], content: str | None
) -> None:
    if content is not None:
        put("smtp_password", content)
    with pytest.raises(ConfigError) as caught:
        settings.secret("smtp_password")
    assert str(settings.folder / "rahasia" / "smtp_password") in str(caught.value)
    assert "ADUAN_SMTP_PASSWORD" in str(caught.value)


def test_key_is_read_as_hex(settings: Settings, put: Callable[[str, str], Path]) -> None:
    put("key", "ab" * 32 + "\n")
    assert settings.keys == (b"\xab" * 32,)


def test_replaced_key_counts_until_its_last_day(
    settings: Settings, put: Callable[[str, str], Path]
) -> None:
    today = datetime.now(UTC).date()
    put(
        "key",
        f"{'ab' * 32}\n{'cd' * 32} sampai {today}\n{'ef' * 32} sampai {today - timedelta(days=1)}\n",
    )
    assert settings.keys == (b"\xab" * 32, b"\xcd" * 32)


@pytest.mark.parametrize(
    "text", ["ab" * 32 + " sampai besok", "ab" * 32 + " sampai 2099-01-01", "\n,\n"]
)
def test_key_file_that_cannot_be_read_is_a_config_error(
    settings: Settings, put: Callable[[str, str], Path], text: str
) -> None:
    """A day that is none; a list in which every key was replaced; nothing."""
    put("key", text)
    with pytest.raises(ConfigError, match="key"):
        _ = settings.keys


@pytest.mark.parametrize("text", ["bukan heksa", "abc", "ab" * 8])
def test_key_that_is_no_hex_or_too_short_is_a_config_error(
    settings: Settings, put: Callable[[str, str], Path], text: str
) -> None:
    """Every link hangs on it; 16 characters typed by hand would be guessed."""
    put("key", text)
    with pytest.raises(ConfigError, match="key"):
        _ = settings.keys


# ---- paths ---------------------------------------------------------------------------------------------------


def test_relative_paths_start_at_the_configuration(tmp_path: Path) -> None:
    assert parse(SAMPLE, tmp_path).path("pindaian") == (tmp_path / "pindaian").resolve()


def test_offices_own_letter_goes_before_the_one_that_comes_with_the_program(tmp_path: Path) -> None:
    settings = parse(SAMPLE, tmp_path)
    assert settings.letter_template == messages.TEMPLATES / "letters" / "surat_jawaban.docx"
    own = tmp_path / "letters" / "surat_jawaban.docx"
    own.parent.mkdir()
    own.write_bytes(b"PK")
    assert settings.letter_template == own.resolve()


def test_a_letters_number_is_written_by_its_pattern_with_room_in_the_draft() -> None:
    letters = parse(SAMPLE).surat
    unit = letters.unit
    assert letters.number(7, 2026) == f"{letters.klasifikasi}/7/{unit}/2026"
    assert letters.room(2026) == f"{letters.klasifikasi}/      /{unit}/2026"


# ---- whatever may be written in any place --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        (
            'nama = "Dinas Komunikasi dan Informatika"',
            'nama = ""',
            "instansi.nama",
            "tidak boleh kosong",
        ),
        ('kota = "Madiun"', 'kota = "  "', "instansi.kota", "tidak boleh kosong"),
        ('kota = "Madiun"', 'kota = "Madiun\\u0000"', "instansi.kota", "tidak terlihat"),
        ('kota = "Madiun"', 'kota = "Ma\\ndiun"', "instansi.kota", "satu baris"),
        ("port = 993", "port = true", "imap.port", "angka bulat"),
        ("port = 993", "port = nan", "imap.port", "angka bulat"),
        ('folder = "INBOX"', 'folder = ""', "imap.folder", "tidak boleh kosong"),
        ("mulai = 07:30:00", "mulai = 7", "jam_kerja.biasa.0.mulai", "contoh: 07:30:00"),
        ("mulai = 07:30:00", 'mulai = "07:30Z"', "jam_kerja.biasa.0.mulai", "contoh: 07:30:00"),
        ("port = 8080", "port = 8080\nlink_days = 99999999999", "web.link_days", "paling besar"),
        ('peran = ["jfu"]', "peran = []", "peran", "tidak boleh kosong"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_with_its_key(
    old: str, new: str, key: str, told: str
) -> None:
    said = refusal(changed(old, new))
    assert key in said
    assert told in said


def test_a_table_of_two_kinds_is_told_in_the_words_of_the_file() -> None:
    said = refusal(changed('email_cadangan = ""', 'email_cadangan = "bukan"'))
    assert "petugas_ti.email_cadangan: bukan alamat email" in said
    assert "function" not in said
    assert "literal" not in said


def test_what_is_written_twice_is_named() -> None:
    assert "'sekretaris' dipakai dua kali" in refusal(
        changed('kode = "jfu-1"', 'kode = "sekretaris"')
    )
    unit = '\n[[unit]]\nkode = "umum"\nnama = "Umum"\n'
    assert "unit: kode 'umum' dipakai dua kali" in refusal(SAMPLE + unit)


@pytest.mark.parametrize("days", ['"senin", "senin"', ""])
def test_office_hours_without_days_or_with_a_day_twice_are_refused(days: str) -> None:
    """Without one day of work no limit would ever end."""
    row = f"{{ hari = [{days}], mulai = 07:00:00, selesai = 15:00:00 }}"
    text, found = re.subn(
        r"^biasa = \[.*?^\]", f"biasa = [{row}]", SAMPLE, flags=re.DOTALL | re.MULTILINE
    )
    assert found == 1
    assert "jam_kerja.biasa: " in refusal(text)
