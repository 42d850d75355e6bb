"""What a recogniser mixes up and no Indonesian address, number or date can mean."""

from __future__ import annotations

import pytest

from pipeline.slips.repair import address, calibrated, mend, sentence

UNITS = ("Seksi Pengelolaan Infrastruktur", "Dinas Kesehatan", "Satpol PP")


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("JI. Cempaka No. 14 RT 03/RW 07, Kel. Sukamaju", "Jl. Cempaka No. 14 RT 03/RW 07, Kel. Sukamaju"),
        ("51. Thamrin No.109 RT C1/RW C7,Kel.Sogaten", "Jl. Thamrin No. 109 RT 01/RW 07, Kel. Sogaten"),
        ("JlMawar No 5RT04RW05,Kartoharjo", "Jl. Mawar No. 5 RT 04 RW 05, Kartoharjo"),
        ("Perum Asri Blok C2", "Perum Asri Blok C2"),
        ("Jl. Mawar No. 14C, RT.03/RW.05, Kel. Taman", "Jl. Mawar No. 14C, RT.03/RW.05, Kel. Taman"),
        ("Jl. Mawar 7, RT 04/06, Patihan, Madiun", "Jl. Mawar 7, RT 04/06, Patihan, Madiun"),
        ("Jalan Mawar Nomor 8l. RT U6 RW Z2. Patihan. Madiun", "Jalan Mawar Nomor 81, RT 06 RW 22, Patihan, Madiun"),
        ("JI. 6ajah Mada 6g. 3 NO. 5 RT O1/1o", "Jl. Gajah Mada Gg. 3 No. 5 RT 01/10"),
        ("Perum Asri Blok BI9 RT 1/RW/ 2", "Perum Asri Blok B19 RT 1/RW 2"),
        ("Jl. Mawar No. 69 RT 06/RW 05", "Jl. Mawar No. 69 RT 06/RW 05"),
        ("Jl. H. Agus Salim 3", "Jl. H. Agus Salim 3"),
        ("Jl. Ir. Juanda No. 12", "Jl. Ir. Juanda No. 12"),
        ("Jl. Dr. Sutomo 4 Ds. Mojo", "Jl. Dr. Sutomo 4 Ds. Mojo"),
    ],
)
def test_addresses(read: str, meant: str) -> None:
    assert address(read) == meant


@pytest.mark.parametrize(
    ("name", "read", "value", "doubt"),
    [
        ("telepon", "0812 0080-1746", "081200801746", ""),
        ("telepon", "+62 812 0080 1746", "+6281200801746", ""),
        ("telepon", "0812", "0812", "telepon"),
        ("nik", "3577 0241 0573 0032", "3577024105730032", ""),
        ("nik", "357702", "357702", "nik"),
        ("nik", "3577029905730032", "3577029905730032", "nik"),
        ("tanggal", "20 11 2026", "20-11-2026", ""),
        ("tanggal", "20112026", "20-11-2026", ""),
        ("tanggal", "1/3/26", "01-03-2026", ""),
        ("tanggal", "31-02-2026", "31-02-2026", "tanggal"),
        ("email", "Sri.Rahayu@gmai1.com", "sri.rahayu@gmail.com", ""),
        ("email", "sri.rahayu", "sri.rahayu", "email"),
        ("unit", "DinasKesehatam", "Dinas Kesehatan", ""),
        ("unit", "Kantor Pos", "Kantor Pos", "unit"),
        ("nama", "Sri.Rahayu -", "Sri. Rahayu", ""),
        ("nama", "wahyu utami", "Wahyu Utami", ""),
        ("nama", "Ahmad bin Ali", "Ahmad bin Ali", ""),
        ("uraian", "utk be1ajar ,Mohon", "utk belajar, Mohon", ""),
    ],
)
def test_fields(name: str, read: str, value: str, doubt: str) -> None:
    got = mend(name, read, [0.99] * len(read), UNITS)
    assert (got.value, got.doubt) == (value, doubt)


def test_doubt_lowers_what_is_claimed() -> None:
    assert mend("nik", "357702", [1.0] * 6, UNITS).confidence <= 0.5
    assert mend("nama", "Sri", [1.0, 0.3, 1.0], UNITS).doubt == "kurang_jelas"


@pytest.mark.parametrize("name", ["tanggal", "telepon", "nik", "unit", "nama", "alamat", "email", "uraian"])
def test_confidence_grows_with_what_the_recogniser_claims_and_is_never_certain(name: str) -> None:
    levels = [calibrated(name, [n / 100] * 20) for n in range(0, 101, 5)]
    assert levels == sorted(levels)
    assert levels[-1] <= 0.98


def test_what_is_counted_is_a_number() -> None:
    assert sentence("sejak s hari, Z kali dan I minggu") == "sejak 5 hari, 2 kali dan 1 minggu"


def test_numbers_in_running_text_stay() -> None:
    assert sentence("sejak 10 hari, 2 kali di RT 05") == "sejak 10 hari, 2 kali di RT 05"
