"""What `aduan init` asks, and what it makes of the answers: config.toml, secrets, unit files.

The answers come from the keyboard or from a file (`--jawaban`), a TOML table with the keys of `Answers`. Hides how they
get into the commented sample, and how systemd's units are fitted to where this installation lies.
"""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import click
import tomlkit
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from pipeline.cli.base import Fault, out
from pipeline.mail.providers import MailHosts, look_up
from pipeline.office.config import SAMPLE, Email, Said, Security, Table, web_address
from pipeline.office.config_errors import ConfigError, explain, text_of, toml_of
from pipeline.office.messages import ROOT
from pipeline.office.sop import Role
from pipeline.office.words import word

UNITS = ROOT / "deploy"
PROGRAM, HOME, USER = (
    "/opt/aduan/.venv/bin/aduan",
    "/var/lib/aduan",
    "aduan",
)  # as the files of deploy/ have them
OFFICE = ("pemerintah", "nama", "singkatan", "alamat", "telepon", "kota")
WebAddress = Annotated[str, AfterValidator(web_address)]
PEOPLE = re.compile(r"^\[\[petugas\]\].*?(?=^#|^\[jam_kerja\])", re.MULTILINE | re.DOTALL)


class Orang(Table):
    """One official, as they are asked for."""

    nama: str
    jabatan: str
    email: Email
    peran: tuple[Role, ...] = Field(min_length=1)


class Peladen(Table):
    """A server, where its hosts are not to be looked up."""

    host: str
    port: int = Field(ge=1, le=65535)
    security: Security = "tls"
    user: str | None = None  # the mailbox's address; "": no log-in (a relay inside the office)
    ca_file: str = ""


class Answers(Table):
    """Everything that `init` asks."""

    pemerintah: str
    nama: str
    singkatan: str
    alamat: str
    telepon: str
    kota: str
    petugas: tuple[Orang, ...] = Field(min_length=1)
    kotak: Email  # the mailbox for complaints
    kata_sandi: str = Field("", repr=False)
    imap: Peladen | None = None
    smtp: Peladen | None = None
    url: WebAddress
    ti: Email


# ---- answers -------------------------------------------------------------------------------------------------


def from_file(path: Path) -> Answers:
    """The answers of a file; ConfigError says which is wrong."""
    given = toml_of(path, text_of(path))
    try:
        return Answers.model_validate(given)
    except ValidationError as error:
        raise ConfigError(explain(path, error)) from error


def from_keyboard() -> Answers:
    """The answers of whoever sits there; what cannot be right is asked again."""
    out.print(word("siap.pembuka"))
    asked: dict[str, Any] = {name: _asked(word(f"siap.{name}"), Said) for name in OFFICE}
    asked["petugas"] = [
        person
        for role in (Role.KEPALA, Role.SEKRETARIS, Role.KASI, Role.JFU)
        for person in _people(role)
    ]
    asked["kotak"] = _asked(word("siap.kotak"), Email)
    asked["kata_sandi"] = _password()
    asked["url"] = _asked(word("siap.url"), WebAddress)
    asked["ti"] = _asked(word("siap.ti"), Email)
    return Answers.model_validate(asked)


def other_server(answers: Answers) -> Answers | None:
    """Another password and other hosts, after a log-in that failed; None to leave it so."""
    if not click.confirm(word("siap.ulangi"), default=True):
        return None
    servers = {}
    for use, found in (("imap", answers.imap), ("smtp", answers.smtp)):
        host = click.prompt(f"{use.upper()} host", default=found.host if found else None)
        port = click.prompt(
            f"{use.upper()} port", default=found.port if found else None, type=click.INT
        )
        servers[use] = Peladen(
            host=host, port=port, security="starttls" if port in (143, 587) else "tls"
        )
    return answers.model_copy(update={**servers, "kata_sandi": _password()})


def _password() -> str:
    return str(
        click.prompt(word("siap.kata_sandi"), default="", show_default=False, hide_input=True)
    )


def _people(role: Role) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    title = word(f"siap.peran.{role}")
    while True:
        out.print(title)
        name, office = _asked("  Nama", Said), _asked("  Jabatan", Said, default=title)
        email = _asked("  Email", Email)
        found.append({"nama": name, "jabatan": office, "email": email, "peran": [role]})
        if role not in (Role.KASI, Role.JFU) or not click.confirm(
            word("siap.lagi", peran=title), default=False
        ):
            return found


def _asked(question: str, kind: Any, default: str | None = None) -> str:
    return str(click.prompt(question, default=default, value_proc=_checked(kind)))


def _checked(kind: Any) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            return str(TypeAdapter(kind).validate_python(text))
        except ValidationError as error:
            raise click.UsageError(str(error.errors()[0]["ctx"]["error"])) from error

    return check


# ---- what is made of them ------------------------------------------------------------------------------------


def with_servers(answers: Answers) -> tuple[Answers, MailHosts | None]:
    """The answers with the hosts of the mailbox's provider where none were given, and the provider that was found."""
    if answers.imap and answers.smtp:
        return answers, None
    found = look_up(answers.kotak)
    places = {"imap": found.imap, "smtp": found.smtp}
    servers = {
        use: Peladen(host=one.host, port=one.port, security=one.security)
        for use, one in places.items()
    }
    given = {"imap": answers.imap, "smtp": answers.smtp}
    return answers.model_copy(
        update={use: given[use] or one for use, one in servers.items()}
    ), found


def config_of(answers: Answers) -> str:
    """The commented sample with these answers in it."""
    text = PEOPLE.sub(lambda _found: _people_and_units(answers), SAMPLE.read_text("utf-8"), count=1)
    document: Any = tomlkit.parse(text)
    for name in OFFICE:
        document["instansi"][name] = getattr(answers, name)
    head = next((one for one in answers.petugas if Role.KEPALA in one.peran), None)
    document["sop"]["disahkan_oleh"] = head.jabatan if head else ""
    for use, server in (("imap", answers.imap), ("smtp", answers.smtp)):
        if server is not None:
            document[use].update(server.model_dump(exclude={"user"}, exclude_defaults=True))
            document[use]["security"] = server.security
        user = server.user if server is not None else None
        document[use]["user"] = answers.kotak if user is None else user
    document["smtp"]["sender"] = answers.kotak
    document["smtp"]["sender_name"] = f"Pengaduan {answers.singkatan}"
    document["web"]["base_url"] = answers.url
    document["petugas_ti"]["email"] = answers.ti
    return tomlkit.dumps(document)


def _people_and_units(answers: Answers) -> str:
    """A Kasubag/Kasi heads a unit of the name of the office: "Kasi Infrastruktur" that of Infrastruktur."""
    people, units = [], []
    taken: set[str] = set()
    for one in answers.petugas:
        code = _code(one.nama, taken)
        person: dict[str, Any] = {
            "kode": code,
            "nama": one.nama,
            "jabatan": one.jabatan,
            "email": one.email,
        }
        person["peran"] = [str(role) for role in one.peran]
        if Role.KASI in one.peran:
            name = one.jabatan.partition(" ")[2] or one.jabatan
            person["unit"] = _code(name, taken)
            units.append({"kode": person["unit"], "nama": name})
        people.append(person)
    blocks = [("petugas", one) for one in people] + [("unit", one) for one in units]
    return "".join(f"[[{table}]]\n{tomlkit.dumps(one)}\n" for table, one in blocks)


def _code(name: str, taken: set[str]) -> str:
    """The first word of a name as a code that nobody has yet."""
    words = (re.sub(r"[^a-z0-9]", "", one) for one in name.lower().split())
    first = next(filter(None, words), "petugas")[:30]
    code, number = first, 1
    while code in taken:
        number += 1
        code = f"{first}-{number}"
    taken.add(code)
    return code


def write_units(folder: Path) -> Path:
    """systemd's units for this installation, in a folder beside config.toml; that folder."""
    program = Path(sys.argv[0]).resolve()
    if program.name != "aduan":
        program = Path(sys.executable).with_name("aduan")
    place = folder / "systemd"
    place.mkdir(exist_ok=True)
    for unit in sorted((*UNITS.glob("*.service"), *UNITS.glob("*.timer"))):
        text = (
            unit.read_text("utf-8")
            .replace(PROGRAM, _quoted(program))
            .replace(HOME, _quoted(folder))
        )
        text = re.sub(
            rf"^(User|Group)={USER}$", rf"\1={getpass.getuser()}", text, flags=re.MULTILINE
        )
        if Path("/home") in folder.parents or Path("/home") in program.parents:
            text = text.replace("ProtectHome=yes", "ProtectHome=no")
        (place / unit.name).write_text(text, "utf-8")
    return place


def _quoted(path: Path) -> str:
    """A path as systemd reads it: percent signs are its own, and blanks part words."""
    return str(path).replace("%", "%%").replace(" ", "\\x20")


def refuse_existing(path: Path) -> None:
    """Answers are for a new office alone."""
    if path.exists():
        raise Fault(word("siap.ada", berkas=path))
