"""`config.toml` → frozen, typed settings; secrets from the environment or files beside the configuration.

Hides TOML, pydantic and where secrets lie. `load()` is the only way in; every error names the file, the key
and what is expected, in the words of the IT officer who has to mend it.
"""

from __future__ import annotations

import os
import re
import ssl
import string
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cached_property, lru_cache, partial
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from pipeline.office import clock
from pipeline.office.checks import database_url, listening, recipient, time_of_day, twice
from pipeline.office.config_errors import ConfigError, explain, reason, text_of, toml_of
from pipeline.office.keys import Key, KeyFileError
from pipeline.office.keys import read as read_keys
from pipeline.office.lists import BatasHukum, Kategori, Klasifikasi, default
from pipeline.office.messages import ROOT, TEMPLATES, say
from pipeline.office.old_keys import renewed
from pipeline.office.sop import Role
from pipeline.office.table import Written, said

SAMPLE = ROOT / "config.toml"


def _email(text: str) -> str:
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or "." not in domain or any(c in text for c in " \r\n<>,;"):
        raise ValueError(say("pengaturan.email"))
    return f"{local}@{domain.lower()}"


def _limit(text: str) -> str:
    clock.parse_limit(text)
    return text


def _url(text: str) -> str:
    url = urlsplit(text)
    if not url.hostname or (url.scheme != "https" and (url.scheme, url.hostname) not in CLEAR_HTTP):
        raise ValueError(say("pengaturan.https"))
    return text


def web_address(text: str) -> str:
    """The address under which the pages are found, without a slash at its end."""
    return _url(text).rstrip("/")


CLEAR_HTTP = (("http", "127.0.0.1"), ("http", "localhost"))
Email = Annotated[str, AfterValidator(_email)]
Waktu = Annotated[str, AfterValidator(_limit)]
Jam = Annotated[time, BeforeValidator(time_of_day)]
Said = Annotated[str, AfterValidator(said)]
Security = Literal["tls", "starttls", "tanpa"]


class Table(Written):
    """A table of config.toml."""


class Instansi(Table):
    lines = ("alamat",)

    pemerintah: str
    nama: str
    singkatan: str
    alamat: str
    telepon: str
    laman: str = ""
    pos_el: str = ""
    kota: str
    zona: str = "Asia/Jakarta"

    @field_validator("zona")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:  # an unknown name is a KeyError
            raise ValueError(say("pengaturan.zona")) from error
        return value


class Langkah(Table):
    """One row of the SOP's table."""

    lines = ("uraian", "kelengkapan", "output", "keterangan")

    nomor: int = Field(ge=1, le=5)
    nama: str
    pelaksana: tuple[Role, ...] = Field(min_length=1)
    waktu: Waktu
    uraian: str
    kelengkapan: str
    output: str
    keterangan: str = ""

    @property
    def limit(self) -> clock.Limit:
        return clock.parse_limit(self.waktu)


class Sop(Table):
    lines = ("dasar_hukum", "peringatan", "kualifikasi", "peralatan", "pencatatan")

    nomor: str
    nama: str
    dasar_hukum: tuple[str, ...]
    keterkaitan: tuple[str, ...] = ()
    peringatan: str
    tanggal_pembuatan: str = ""
    tanggal_revisi: str = "-"
    tanggal_pengesahan: str = ""
    disahkan_oleh: str = ""
    kualifikasi: tuple[str, ...] = ()
    peralatan: tuple[str, ...] = ()
    pencatatan: str = Field(default_factory=partial(say, "bawaan.pencatatan"))
    waktu_tanda_tangan: Waktu = "1 hari kerja"
    waktu_tunggu_pengadu: Waktu = "10 hari kerja"
    keterangan_persen: int = Field(70, ge=10, le=90)
    perpanjangan_hari_kerja: int = Field(60, ge=1, le=500)
    langkah: tuple[Langkah, ...]

    @field_validator("langkah")
    @classmethod
    def _five(cls, rows: tuple[Langkah, ...]) -> tuple[Langkah, ...]:
        if [row.nomor for row in rows] != [1, 2, 3, 4, 5]:
            raise ValueError(say("pengaturan.lima_langkah"))
        return rows


class Petugas(Table):
    """One official: who holds which roles, and where mail reaches them."""

    lines = ("jabatan", "sebutan")

    kode: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    nama: str
    jabatan: str
    email: Email
    peran: tuple[Role, ...] = Field(min_length=1)
    pangkat: str = ""
    nip: str = ""
    unit: str = ""
    email_lain: tuple[
        Email, ...
    ] = ()  # further addresses of this very person, from which they may answer

    @property
    def signature_title(self) -> str:
        """The title over a signature, line by line."""
        return self.jabatan

    @property
    def mark(self) -> str:
        """Whose links, browsers and delegations are: another where somebody else bears the code, 16 letters.

        The name counts too: many an office keeps the address sekretaris@ when the person changes. Degrees behind a
        comma do not.
        """
        name = "".join(
            letter for letter in self.nama.partition(",")[0].casefold() if letter.isalnum()
        )
        return sha256(f"{self.kode}|{name}|{self.email.lower()}".encode()).hexdigest()[:16]

    def owns(self, mark: str) -> bool:
        """Whether something that bears this mark is this person's; "" stands on what is older than marks."""
        return mark in ("", self.mark)


class Penjabat(Petugas):
    """Who stands in for another at this moment: own name and address, the other's roles; `jabatan` has the form
    ("Plh. Kepala Dinas …"). Made by `current.settings`, never by config.toml."""

    bentuk: str  # "Plh.", "Plt.", or ON_BEHALF
    mewakili: str  # the code of who is away
    sebutan: str  # the title over a signature

    @property
    def signature_title(self) -> str:
        return self.sebutan


ON_BEHALF = "a.n."  # atas nama: signs letters, and nothing else, in the name of a holder who stays in office


class Unit(Table):
    kode: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    nama: str
    alias: tuple[str, ...] = ()  # what citizens call it, on slips


class Hari(Table):
    """Hours of a group of weekdays; `istirahat` is [start, end] or empty."""

    hari: tuple[Literal["senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu"], ...]
    mulai: Jam
    selesai: Jam
    istirahat: tuple[Jam, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Hari:
        marks = (self.mulai, *self.istirahat, self.selesai)
        if len(self.istirahat) not in (0, 2) or list(marks) != sorted(set(marks)):
            raise ValueError(say("pengaturan.jam_berurutan"))
        return self


class JamKerja(Table):
    biasa: tuple[Hari, ...]
    ramadan: tuple[Hari, ...]
    tanggal_ramadan: Mapping[str, tuple[date, date]] = Field(default_factory=dict)
    libur_tambahan: Mapping[str, str] = Field(default_factory=dict)
    tetap_masuk: tuple[date, ...] = ()

    @field_validator("biasa", "ramadan")
    @classmethod
    def _days(cls, value: tuple[Hari, ...]) -> tuple[Hari, ...]:
        days = [day for row in value for day in row.hari]
        if not days:
            raise ValueError(say("pengaturan.tanpa_hari_kerja"))
        if double := twice(days):
            raise ValueError(say("pengaturan.hari_lagi", hari=double))
        return value

    @field_validator("tanggal_ramadan")
    @classmethod
    def _years(cls, value: Mapping[str, tuple[date, date]]) -> Mapping[str, tuple[date, date]]:
        for year, (first, last) in value.items():
            if not (year.isascii() and year.isdigit()) or first > last:
                raise ValueError(say("pengaturan.tahun", tahun=year))
        return value

    @field_validator("libur_tambahan")
    @classmethod
    def _dates(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for day in value:
            try:
                date.fromisoformat(day)
            except ValueError as error:
                raise ValueError(say("pengaturan.hari_libur", hari=day)) from error
        return value


class Register(Table):
    pola: str = "PGD-{tahun}-{urut:06d}"

    @cached_property
    def number(self) -> str:
        """A regular expression for the numbers that the pattern makes."""
        digits = {"tahun": r"\d{4}", "urut": r"\d{1,9}", None: ""}
        return "".join(
            re.escape(text) + digits[name]
            for text, name, _, _ in string.Formatter().parse(self.pola)
        )

    def written_in(self, text: str) -> list[str]:
        """The numbers in a text, each as the pattern has it: "pgd 2026/000001" is one too."""
        found = self._as_written.finditer(text)
        return [self.pola.format(tahun=int(one["tahun"]), urut=int(one["urut"])) for one in found]

    @cached_property
    def _as_written(self) -> re.Pattern[str]:
        """With any signs between its parts, where letters tell such a number from any two figures."""
        digits = {"tahun": r"(?P<tahun>\d{4})", "urut": r"(?P<urut>\d{1,9})", None: ""}
        parts = [(text, name) for text, name, _, _ in string.Formatter().parse(self.pola)]
        lettered = any(re.search("[A-Za-z]{2}", text) for text, _name in parts)
        pattern = ""
        for text, name in parts:
            again = name is not None and f"<{name}>" in pattern
            pattern += (
                re.sub(r"(?:\\?[\W_])+", r"[\\W_]{0,3}", text) if lettered else re.escape(text)
            )
            pattern += f"(?P={name})" if again else digits[name]
        return re.compile(rf"(?<![\w-]){pattern}(?!\w)", re.IGNORECASE)

    @field_validator("pola")
    @classmethod
    def _pattern(cls, value: str) -> str:
        return _try_pattern(value, {"tahun": 2026, "urut": 7}, "urut", "tahun")


class Tembusan(Table):
    """Who gets a copy of the letter, as printed on it; by mail where there is an address."""

    nama: str = Field(min_length=1)
    email: Email | Literal[""] = ""


def _named(value: object) -> object:
    """A tembusan that is written as its name alone."""
    return {"nama": value} if isinstance(value, str) else value


class Surat(Table):
    """The reply letter: its template, its number, and what an electronic signature (TTE) needs."""

    templat: Said = "letters/surat_jawaban.docx"
    penomoran: Literal["otomatis", "manual"] = "otomatis"
    pola: str = "{klasifikasi}/{urut}/{unit}/{tahun}"
    klasifikasi: str
    unit: str
    tembusan: tuple[Annotated[Tembusan, BeforeValidator(_named)], ...] = ()
    tembusan_rahasia: Literal["tanpa", "catatan"] = (
        "tanpa"  # of a confidential case: nothing, or a note without letter
    )
    batas_mb: int = Field(10, ge=1, le=10)
    jangkar: Literal["", "#", "$", "^"] = ""
    sertifikat_akar: tuple[str, ...] = ()
    pkcs12: str = ""

    def number(self, order: int, year: int) -> str:
        """The number of the letter that is `order`-th in its year."""
        return self.pola.format(
            klasifikasi=self.klasifikasi, urut=order, unit=self.unit, tahun=year
        )

    def room(self, year: int) -> str:
        """The number with room for its order, as a draft shows it: "400.14.5/      /401.109/2026"; "" where the whole
        number is written by hand."""
        if self.penomoran == "manual":
            return ""
        fixed = {"klasifikasi": self.klasifikasi, "unit": self.unit, "tahun": year}
        pieces = []
        for text, name, spec, _ in string.Formatter().parse(self.pola):
            value = (
                ""
                if name is None
                else " " * 6
                if name == "urut"
                else format(fixed[name], spec or "")
            )
            pieces.append(text + value)
        return "".join(pieces)

    @field_validator("pola")
    @classmethod
    def _pattern(cls, value: str) -> str:
        return _try_pattern(
            value, {"klasifikasi": "1", "urut": 7, "unit": "u", "tahun": 2026}, "urut"
        )


class LaporanConf(Table):
    """The reports that are made by themselves, and who gets the signed ones: each by a name of its own, for by it is
    known whose copy has arrived."""

    otomatis: tuple[Literal["bulan", "triwulan", "semester", "tahun"], ...] = ("bulan",)
    waktu: str = "3 hari kerja"  # of each who has to do with it
    tembusan: tuple[Annotated[Tembusan, BeforeValidator(_named)], ...] = ()

    @field_validator("waktu")
    @classmethod
    def _limit(cls, value: str) -> str:
        clock.parse_limit(value)
        return value

    @field_validator("tembusan")
    @classmethod
    def _by_name(cls, value: tuple[Tembusan, ...]) -> tuple[Tembusan, ...]:
        names = [one.nama for one in value]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise ValueError(say("pengaturan.tembusan_lagi", nama=twice))
        return value


class MailboxConf(Table):
    """One mailbox that is read."""

    may_be_blank = ("user",)

    host: str
    port: int = Field(993, ge=1, le=65535)
    security: Security = "tls"
    user: str
    folder: Said = "INBOX"
    folder_done: Said = "Diproses"
    folder_held: Said = "Ditahan"
    every_seconds: int = Field(60, ge=1, le=3600)
    max_mb: int = Field(50, ge=1, le=1000)
    secret: str = Field("imap_password", pattern=r"^[a-z0-9_]{1,40}$")
    ca_file: str = ""

    @property
    def name(self) -> str:
        """How the ledger calls this mailbox."""
        return f"{self.user}@{self.host}:{self.port}"


class Imap(MailboxConf):
    """The office's mailbox, and further ones whose mail comes into the same book."""

    lain: tuple[MailboxConf, ...] = ()


class Smtp(Table):
    host: str
    port: int = Field(587, ge=1, le=65535)
    security: Security = "starttls"
    user: str = ""
    sender: Email
    sender_name: str
    ca_file: str = ""
    answers_per_hour: int = Field(5, ge=1, le=1_000_000)
    all_answers_per_hour: int = Field(500, ge=1, le=1_000_000)
    tunda_menit: int = Field(
        2, ge=0, le=30
    )  # mails of acts that can be taken back wait so long; 0: nothing waits

    @field_validator("sender")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not (value.isascii() and value.isprintable()):
            raise ValueError(say("pengaturan.huruf_latin"))
        return value


class Pengaduan(Table):
    """What holds for a complaint that comes in. `tertutup`: other units read neither the pengadu's words nor what was
    attached until an official releases them."""

    tertutup: bool = True
    gelombang_jumlah: Annotated[int, Field(ge=0, le=100)] = (
        3  # so many of one area and words are a wave; 0: nobody is told
    )
    gelombang_jam: Annotated[int, Field(ge=1, le=72)] = 6  # within so many hours


class Pengingat(Table):
    """Reminders: the morning's digest, and after how many office days of lateness each one up the line hears of it.
    `satuan`: every reminder and every lateness up the line is a mail of its own besides."""

    ringkasan_pagi: bool = True
    satuan: bool = False
    naik_setelah: tuple[Annotated[int, Field(ge=1, le=60)], ...] = (1, 3)

    @field_validator("naik_setelah")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError(say("pengaturan.menaik"))
        return value


class Balasan(Table):
    """Acting by reply: whose Authentication-Results are believed, and whether a decision acts at once."""

    server_tepercaya: tuple[str, ...] = ()
    keputusan_langsung: bool = False


class Oauth(Table):
    """An account, by its user name, that logs in to IMAP and SMTP by OAuth2 instead of a password."""

    user: str
    provider: Literal["google", "microsoft", "lain"]
    client_id: str
    tenant: str = Field("organizations", pattern=r"^[A-Za-z0-9.-]{1,80}$")
    secret: str = Field("oauth_secret", pattern=r"^[a-z0-9_]{1,40}$")
    token_file: str = "rahasia/oauth_token"  # noqa: S105
    authorize_url: str = ""
    token_url: str = ""
    scope: str = ""

    @field_validator("authorize_url", "token_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return value and _url(value)

    @model_validator(mode="after")
    def _other(self) -> Oauth:
        own = (self.authorize_url, self.token_url, self.scope)
        if any(own) != (self.provider == "lain") or any(own) != all(own):
            raise ValueError(say("pengaturan.oauth_lain"))
        return self


class Web(Table):
    base_url: Annotated[str, AfterValidator(web_address)]
    host: Annotated[str, AfterValidator(listening)] = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    link_days: int = Field(30, ge=11, le=3650)
    upload_mb: int = Field(25, ge=1, le=200)
    kode_peramban: bool = True
    proksi_tepercaya: tuple[str, ...] = ("127.0.0.1", "::1")

    @field_validator("proksi_tepercaya")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ip_network(one, strict=False)
            except ValueError as error:
                raise ValueError(say("pengaturan.alamat_ip", alamat=one)) from error
        return value


class Database(Table):
    url: Annotated[str, AfterValidator(database_url)] = "sqlite:///aduan.db"


class Log(Table):
    """The running log of `serve`, which the system keeps (journald): its form, and from which level on."""

    bentuk: Literal["teks", "json"] = "teks"
    tingkat: Literal["rinci", "info", "peringatan", "galat"] = "peringatan"


Days = Annotated[int, Field(ge=1, le=3650)]


class Mesin(Table):
    """Days after which the machinery's own rows are swept; nothing of a case is among them. `rupa_email`: how a mail
    looked (its HTML), once its delivery is settled; what it said stays for ever."""

    pekerjaan: Days = 7
    tautan: Days = 30
    isian: Days = 90
    ringkasan: Days = 30
    gambar: Days = 7
    rupa_email: Days = 7


class Retensi(Table):
    """What is kept for how long."""

    mesin: Mesin = Mesin()


class Cadangan(Table):
    """Backups: where they lie, for whom they are encrypted (public keys of age), how many stay, after how many days a
    chain of increments begins anew, and whether the newest is tried by a restore once a month."""

    folder: Said = "cadangan"
    penerima: tuple[Annotated[str, AfterValidator(recipient)], ...] = ()
    simpan: Days = 30
    penuh_hari: Days = 30
    latihan: bool = True


class Simpanan(Table):
    """Where the bytes of mails, letters and pictures lie: in the database, in a folder, or with an S3 server, of which
    key and secret stand in `rahasia/`."""

    tempat: Literal["database", "berkas", "s3"] = "database"
    folder: Said = "simpanan"
    alamat: str = ""  # of the S3 server
    ember: str = ""
    wilayah: str = ""

    @model_validator(mode="after")
    def _bucket(self) -> Self:
        if self.tempat == "s3" or self.ember:
            parts = urlsplit(self.alamat)
            here = parts.hostname in ("127.0.0.1", "localhost", "::1")
            if not parts.hostname or (
                parts.scheme != "https" and not (here and parts.scheme == "http")
            ):
                raise ValueError(say("pengaturan.s3_alamat"))
            if not self.ember:
                raise ValueError(say("pengaturan.s3_ember"))
        return self


class ScanConf(Table):
    """Where scans come from besides the upload page."""

    folder: str = ""
    pengirim: tuple[Email, ...] = ()  # attachments of their mails are scans
    baca: bool = True  # a machine with less than 2 GB of memory may do without
    masa_simpan: Said = Field(
        default_factory=partial(say, "bawaan.masa_simpan")
    )  # as the slip's consent tells


class Ti(Table):
    """The IT officer: gets the daily seal by mail, and alarms by a channel that needs no mail."""

    email: Email
    email_cadangan: Email | Literal[""] = ""
    alarm_menit: int = Field(30, ge=1, le=10_000)
    perintah_alarm: tuple[str, ...] = ()
    berkas_detak: str = "aduan.detak"


class Settings(Table):
    """All of config.toml. `folder` is where it lies; relative paths start there."""

    instansi: Instansi
    sop: Sop
    petugas: tuple[Petugas, ...]
    unit: tuple[Unit, ...]
    klasifikasi: tuple[Klasifikasi, ...] = Field(
        default_factory=lambda: default("klasifikasi", Klasifikasi)
    )
    kategori: tuple[Kategori, ...] = Field(default_factory=lambda: default("kategori", Kategori))
    batas_hukum: tuple[BatasHukum, ...] = Field(
        default_factory=lambda: default("batas_hukum", BatasHukum)
    )
    jam_kerja: JamKerja
    register_: Register = Field(Register(), alias="register")
    surat: Surat
    laporan: LaporanConf = LaporanConf()
    imap: Imap
    smtp: Smtp
    balasan: Balasan = Balasan()
    pengingat: Pengingat = Pengingat()
    retensi: Retensi = Retensi()
    pengaduan: Pengaduan = Pengaduan()
    oauth: tuple[Oauth, ...] = ()
    web: Web
    database: Database = Database()
    log: Log = Log()
    cadangan: Cadangan = Cadangan()
    simpanan: Simpanan = Simpanan()
    scan: ScanConf = ScanConf()
    petugas_ti: Ti
    folder: Path = Field(exclude=True)
    _acting: Mapping[str, Penjabat] = PrivateAttr(
        default_factory=dict
    )  # by the code of who is away
    _told: tuple[str, ...] = PrivateAttr(default=())
    _base: Settings | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        """What one table says fits what another says."""
        for check in (self._people, self._roles, self._units, self._lists, self._boxes):
            check()
        for check in (self._accounts, self._encryption):
            check()
        return self

    def _people(self) -> None:
        if double := twice(p.kode for p in self.petugas):
            raise ValueError(say("pengaturan.petugas_kode_lagi", kode=double))
        # A reply names its writer by address alone, and mail from our own addresses is taken for a loop.
        addresses = [p.email.lower() for p in self.petugas]
        for person in self.petugas:
            if addresses.count(person.email.lower()) > 1:
                raise ValueError(
                    say("pengaturan.petugas_email_lagi", petugas=person.kode, email=person.email)
                )
            if person.email.lower() in self.own_addresses:
                raise ValueError(
                    say("pengaturan.petugas_email_sendiri", petugas=person.kode, email=person.email)
                )

        for table, copied in (("surat", self.surat.tembusan), ("laporan", self.laporan.tembusan)):
            for one in copied:
                if one.email.lower() in self.own_addresses:
                    raise ValueError(
                        say("pengaturan.tembusan_sendiri", tabel=table, email=one.email)
                    )

    def _roles(self) -> None:
        for role in set(Role) - {Role.PENGAWAS}:
            if not self.holders(role):
                raise ValueError(say("pengaturan.tanpa_peran", peran=role))

    def _units(self) -> None:
        if double := twice(u.kode for u in self.unit):
            raise ValueError(say("pengaturan.unit_kode_lagi", kode=double))
        units = {u.kode for u in self.unit}
        for person in self.petugas:
            if person.unit and person.unit not in units:
                raise ValueError(
                    say("pengaturan.petugas_unit", petugas=person.kode, unit=person.unit)
                )

    def _lists(self) -> None:
        for name in ("klasifikasi", "kategori", "batas_hukum"):
            if double := twice(one.kode for one in getattr(self, name)):
                raise ValueError(say("pengaturan.kode_lagi", daftar=name, kode=double))
        for one in self.klasifikasi:
            if one.email.lower() in self.own_addresses:
                raise ValueError(
                    say(
                        "pengaturan.klasifikasi_email_sendiri",
                        klasifikasi=one.kode,
                        email=one.email,
                    )
                )
        classes = {one.kode for one in self.klasifikasi}
        for limit in self.batas_hukum:
            if limit.klasifikasi and limit.klasifikasi not in classes:
                raise ValueError(
                    say(
                        "pengaturan.batas_hukum_klasifikasi",
                        batas=limit.kode,
                        klasifikasi=limit.klasifikasi,
                    )
                )

    def _boxes(self) -> None:
        if double := twice(f"{box.name}, {box.folder}" for box in self.mailboxes):
            raise ValueError(say("pengaturan.kotak_lagi", kotak=double))

    def _accounts(self) -> None:
        for key in ("user", "token_file"):
            if double := twice(str(getattr(account, key)) for account in self.oauth):
                raise ValueError(say("pengaturan.oauth_lagi", kunci=key, nilai=double))
        users = {self.smtp.user, *(box.user for box in self.mailboxes)}
        for account in self.oauth:
            if account.user not in users:
                raise ValueError(say("pengaturan.oauth_user", user=account.user))

    def _encryption(self) -> None:
        ends: tuple[MailboxConf | Smtp, ...] = (*self.mailboxes, self.smtp)
        for end in ends:
            if end.security == "tanpa" and end.host not in ("127.0.0.1", "localhost", "::1"):
                raise ValueError(say("pengaturan.tanpa_sandi", alamat=end.host))

    @property
    def mailboxes(self) -> tuple[MailboxConf, ...]:
        """Every mailbox that is read, the office's own first."""
        return (self.imap, *self.imap.lain)

    def oauth_of(self, user: str) -> Oauth | None:
        """How this account logs in by OAuth2; None if by its password."""
        return next((account for account in self.oauth if account.user == user), None)

    def holders(self, *roles: Role) -> tuple[Petugas, ...]:
        """Everybody who holds one of the roles, in the file's order; a `Penjabat` in the place of who is away."""
        found: dict[str, Petugas] = {}
        for person in self.petugas:
            if set(roles) & set(person.peran):
                holder = self.present(person)
                found.setdefault(holder.kode, holder)
        return tuple(found.values())

    def present(self, person: Petugas) -> Petugas:
        """Who acts in a person's place now: the person, or the one who stands in."""
        acting = self._acting.get(person.kode)
        return person if acting is None or acting.bentuk == ON_BEHALF else acting

    @property
    def signers(self) -> tuple[Petugas, ...]:
        """Who signs letters now: the Kepala Dinas, who stands in, or who signs on their behalf. The first one is
        named on them."""
        heads = (p for p in self.petugas if Role.KEPALA in p.peran)
        return tuple(
            {p.kode: p for p in (self._acting.get(head.kode, head) for head in heads)}.values()
        )

    def as_of(self, acting: Mapping[str, Penjabat], libur: Mapping[str, str]) -> Settings:
        """The same office with who stands in for whom, and with further holidays {day: name}."""
        table = self.jam_kerja.model_copy(
            update={"libur_tambahan": {**self.jam_kerja.libur_tambahan, **libur}}
        )
        made = self.model_copy(update={"jam_kerja": table})
        made.__dict__.pop("hours", None)  # a cached property of the office before
        made._acting, made._base = dict(acting), self
        return made

    @property
    def base(self) -> Settings:
        """config.toml alone."""
        return self._base or self

    def person(self, code: str) -> Petugas | None:
        return next((p for p in self.petugas if p.kode == code), None)

    def person_at(self, email: str) -> Petugas | None:
        wanted = email.lower()
        for person in self.petugas:
            if person.email.lower() == wanted:
                return person
        others = (person for person in self.petugas if wanted in map(str.lower, person.email_lain))
        return next(others, None)

    def unit_name(self, code: str) -> str:
        return next((u.nama for u in self.unit if u.kode == code), "")

    def names_of(self, name: str, kept: str = "") -> dict[str, str]:
        """{code: name} of the list `klasifikasi` or `kategori`; with `kept`, which a case has and the list no more."""
        names = {one.kode: one.nama for one in getattr(self, name)}
        return names if not kept or kept in names else {**names, kept: kept}

    def route_of(self, klasifikasi: str) -> Klasifikasi | None:
        """The class, where what is of it is sent on to somebody."""
        return next(
            (one for one in self.klasifikasi if one.kode == klasifikasi and one.email), None
        )

    def closes(self, klasifikasi: str) -> bool:
        """Whether the identity of who complains of such a matter is kept secret."""
        return any(one.kode == klasifikasi and one.tertutup for one in self.klasifikasi)

    def listed(self, name: str, text: str) -> str:
        """The code in that list for what somebody typed: the code or the name; other words as they are."""
        folded = text.casefold()
        found = (
            code
            for code, label in self.names_of(name).items()
            if folded in (code, label.casefold())
        )
        return next(found, text)

    @property
    def old_keys(self) -> tuple[str, ...]:
        """A sentence for each key of an earlier release that the file still has."""
        return self._told

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.instansi.zona)

    @cached_property
    def hours(self) -> clock.OfficeHours:
        return _hours(self)

    @cached_property
    def own_addresses(self) -> frozenset[str]:
        return frozenset(
            {self.smtp.sender.lower(), *(box.user.lower() for box in self.mailboxes)} - {""}
        )

    @property
    def office_name(self) -> str:
        """The office as no other is called: many a regency has a Dinas of the same name."""
        return f"{self.instansi.nama}, {self.instansi.pemerintah}"

    def path(self, value: str) -> Path:
        """A path of config.toml, seen from its folder."""
        return (self.folder / value).resolve()

    @property
    def letter_template(self) -> Path:
        """The office's own letter beside config.toml if it is there, else the one that comes with the program."""
        own = self.path(self.surat.templat)
        return own if own.is_file() else TEMPLATES / self.surat.templat

    def secret(self, name: str) -> str:
        """A secret: environment ADUAN_<NAME>, else file rahasia/<name> beside config.toml. ConfigError if none."""
        value = self.find_secret(name)
        if not value:
            raise ConfigError(self.missing_secret(name))
        return value

    def missing_secret(self, name: str) -> str:
        """That a secret is missing, and where to write it."""
        file = self.folder / "rahasia" / name
        return say("pengaturan.rahasia_tidak_ada", nama=name, file=file, variabel=name.upper())

    def find_secret(self, name: str) -> str:
        """The same, but "" if there is none; ConfigError if there is one that cannot be read."""
        value = os.environ.get(f"ADUAN_{name.upper()}")
        if value:
            return value
        file = self.folder / "rahasia" / name
        try:
            return file.read_text("utf-8-sig").strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ConfigError(
                say("pengaturan.rahasia_tak_terbaca", nama=name, file=file, sebab=reason(error))
            ) from error
        except UnicodeDecodeError as error:
            raise ConfigError(say("pengaturan.rahasia_satu_baris", nama=name, file=file)) from error

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys behind links and document codes, the newest first; they lie outside the database (DESIGN rule 5)."""
        today = datetime.now(UTC).date()
        return tuple(key.value for key in self.key_file if key.counts(today))

    @cached_property
    def key_file(self) -> tuple[Key, ...]:
        try:
            return read_keys(self.secret("key"))
        except KeyFileError as error:
            raise ConfigError(str(error)) from error


@lru_cache(maxsize=64)  # its authorities take half a megabyte
def _trust(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)


def trust(settings: Settings, ca_file: str) -> ssl.SSLContext:
    """TLS that verifies the server's certificate and name, by the machine's authorities or a file of config.toml."""
    return _trust(str(settings.path(ca_file)) if ca_file else "")


def _try_pattern(pattern: str, values: Mapping[str, object], *needed: str) -> str:
    """The pattern if it can be filled in and changes with every value in `needed`."""
    try:
        one = pattern.format(**values)
        others = {
            name: pattern.format(**{**values, name: 2027 if name == "tahun" else 8})
            for name in needed
        }
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(say("pengaturan.pola_isian", isian="}, {".join(values))) from error
    for name, other in others.items():
        if one == other:
            raise ValueError(say("pengaturan.pola_harus", isian=name))
    if len(one) > 60:
        raise ValueError(say("pengaturan.pola_panjang"))
    return pattern


DAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")


def _week(rows: tuple[Hari, ...]) -> dict[int, clock.Shift]:
    return {
        DAYS.index(day): clock.Shift(row.mulai, row.selesai, *(row.istirahat or (None, None)))
        for row in rows
        for day in row.hari
    }


def _hours(settings: Settings) -> clock.OfficeHours:
    table = settings.jam_kerja
    return clock.OfficeHours(
        zone=settings.zone,
        week=_week(table.biasa),
        ramadan_week=_week(table.ramadan),
        ramadan={int(year): span for year, span in table.tanggal_ramadan.items()},
        extra_holidays={
            date.fromisoformat(day): name for day, name in table.libur_tambahan.items()
        },
        extra_workdays=frozenset(table.tetap_masuk),
    )


def parse(text: str, path: Path) -> Settings:
    """Settings from the text of a config.toml that lies at `path`; ConfigError names file, key and what is expected."""
    data = toml_of(path, text)
    try:
        fresh, told = renewed(data)
        settings = Settings.model_validate({**fresh, "folder": path.parent.resolve()})
    except ValidationError as error:
        raise ConfigError(explain(path, error)) from error
    settings._told = tuple(told)
    return settings


def load(path: Path) -> Settings:
    """Read and check a config.toml; ConfigError if it is missing or wrong."""
    if not path.exists():
        raise ConfigError(say("pengaturan.belum_ada", file=path))
    return parse(text_of(path), path)
