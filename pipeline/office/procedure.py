"""The SOP as the agency's own table has it, cell by cell, out of config.toml: for `aduan sop`, pages and headings.

Hides which key of config.toml is which cell. An empty cell stays: the form has a place for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.office.config import Langkah, Settings
from pipeline.office.sop import Role
from pipeline.office.words import listed, word

COLUMNS = (
    Role.KEPALA,
    Role.SEKRETARIS,
    Role.KASI,
    Role.JFU,
)  # of Pelaksana, as the agency's table has them
BEGINS, ENDS = (1, Role.JFU), (5, Role.JFU)
Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Step:
    """One row of the table. `marks`: one cell a role of COLUMNS, "" where it has no part."""

    number: int
    description: str
    marks: tuple[str, ...]
    needs: str
    time: str
    output: str
    remark: str


@dataclass(frozen=True)
class Procedure:
    """The whole form: the agency, the head with its (name, value), the boxes below it with their lines, the rows, who
    signs."""

    agency: tuple[str, ...]
    head: Rows
    boxes: Sequence[tuple[str, Sequence[str]]]
    steps: Sequence[Step]
    signer: Sequence[str]


def procedure(settings: Settings) -> Procedure:
    """The SOP as configured."""
    sop, office = settings.sop, settings.instansi
    boxes = (
        ("dasar_hukum", _numbered(sop.dasar_hukum)),
        ("kualifikasi", _numbered(sop.kualifikasi)),
        ("keterkaitan", _numbered(sop.keterkaitan)),
        ("peralatan", _numbered(sop.peralatan)),
        ("peringatan", [sop.peringatan]),
        ("pencatatan", [sop.pencatatan]),
    )
    head = next(iter(settings.base.holders(Role.KEPALA)), None)
    signer = (
        [head.jabatan.upper(), head.nama, head.pangkat, f"NIP. {head.nip}" if head.nip else ""]
        if head
        else []
    )
    return Procedure(
        (office.pemerintah.upper(), office.nama.upper()),
        head_rows(settings),
        [(word(f"sop.{name}"), lines) for name, lines in boxes],
        [_step(one) for one in sop.langkah],
        [line for line in signer if line],
    )


def head_rows(settings: Settings) -> list[tuple[str, str]]:
    """What stands at the top of the form, each with its name."""
    sop = settings.sop
    values = {
        "nomor": sop.nomor,
        "tanggal_pembuatan": sop.tanggal_pembuatan,
        "tanggal_revisi": sop.tanggal_revisi,
        "tanggal_pengesahan": sop.tanggal_pengesahan,
        "disahkan_oleh": sop.disahkan_oleh,
        "nama": sop.nama,
    }
    return [(word(f"sop.{name}"), value) for name, value in values.items()]


def heading(settings: Settings) -> list[str]:
    """The lines that the Buku Pengaduan has of the SOP beside its number, name and Dasar Hukum."""
    sop = settings.sop
    rows = head_rows(settings)[1:-1]
    rows += [
        (word("sop.kualifikasi"), ", ".join(sop.kualifikasi)),
        (word("sop.peralatan"), ", ".join(sop.peralatan)),
    ]
    return [f"{name}: {value or word('sop.kosong')}" for name, value in rows]


def cells(step: Langkah) -> list[tuple[str, str]]:
    """The cells of one row, for the page of its langkah."""
    who = listed([word(f"peran.{role}") for role in step.pelaksana])
    named = {
        "uraian": step.uraian,
        "pelaksana": who,
        "kelengkapan": step.kelengkapan,
        "waktu": step.waktu,
        "output": step.output,
        "keterangan": step.keterangan,
    }
    return [(word(f"sop.{name}"), value or word("sop.kosong")) for name, value in named.items()]


def _numbered(lines: Sequence[str]) -> list[str]:
    return list(lines) if len(lines) < 2 else [f"{n}. {line}" for n, line in enumerate(lines, 1)]


def _step(one: Langkah) -> Step:
    marks = tuple(_mark(one, role) for role in COLUMNS)
    return Step(
        one.nomor, one.uraian, marks, one.kelengkapan, one.waktu, one.output, one.keterangan
    )


def _mark(one: Langkah, role: Role) -> str:
    if role not in one.pelaksana:
        return ""
    where = (one.nomor, role)
    return word("sop.mulai" if where == BEGINS else "sop.selesai" if where == ENDS else "sop.tanda")
