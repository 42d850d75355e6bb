"""What a recogniser mixes up and no Indonesian address, number or date can mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.office.config import SAMPLE, load
from pipeline.slips.calibration import confidence, features
from pipeline.slips.repair import Look, Repaired, address, is_clear, letter, mend, sentence
from pipeline.slips.units import known

UNITS = ("Seksi Pengelolaan Infrastruktur", "Dinas Kesehatan", "Satpol PP")


def read(name: str, text: str, sure: float = 0.999, second: str | None = None) -> Repaired:
    return mend(name, Look(text, [sure] * len(text), second=second), UNITS)


@pytest.mark.parametrize("text", ["", " ", "…", "...", "- -", "(.)", "/", "''"])
def test_ink_that_says_nothing_is_told_as_unreadable_and_never_sure(text: str) -> None:
    for name in ("nama", "alamat", "uraian", "unit", "email", "telepon"):
        found = read(name, text, sure=1.0, second=text)
        assert (found.value, found.doubt) == ("", "tak_terbaca"), name
        assert found.confidence <= 0.5
        assert not is_clear(found)
    assert not is_clear(letter(Look(text, [1.0] * len(text))))


@pytest.mark.parametrize("text", ["A", "S.", "Siti (…)", "Si-.ti", "Siti .-. Rahayu"])
def test_what_nobody_is_called_is_never_clear(text: str) -> None:
    assert not is_clear(read("nama", text, sure=1.0, second=text))


@pytest.mark.parametrize(
    "text", ["Siti Rahayu", "Al", "Drs. H. Ahmad, S.H., M.H.", "Nur'aini", "Siti (Bu RT) Rahayu"]
)
def test_what_people_are_called_may_be_clear(text: str) -> None:
    assert is_clear(read("nama", text, sure=1.0, second=text))


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        (
            "JI. Cempaka No. 14 RT 03/RW 07, Kel. Sukamaju",
            "Jl. Cempaka No. 14 RT 03/RW 07, Kel. Sukamaju",
        ),
        (
            "51. Thamrin No.109 RT C1/RW C7,Kel.Sogaten",
            "Jl. Thamrin No. 109 RT 01/RW 07, Kel. Sogaten",
        ),
        ("JlMawar No 5RT04RW05,Kartoharjo", "Jl. Mawar No 5 RT 04 RW 05, Kartoharjo"),
        ("Perum Asri Blok C2", "Perum Asri Blok C2"),
        (
            "Jl. Mawar No. 14C, RT.03/RW.05, Kel. Taman",
            "Jl. Mawar No. 14C, RT.03/RW.05, Kel. Taman",
        ),
        ("Jl. Mawar 7, RT 04/06, Patihan, Madiun", "Jl. Mawar 7, RT 04/06, Patihan, Madiun"),
        (
            "Jalan Mawar Nomor 8l, RT U6 RW Z2, Patihan",
            "Jalan Mawar Nomor 81, RT 06 RW 22, Patihan",
        ),
        ("JI. 6ajah Mada 6g. 3 No. 5 RT O1/1o", "Jl. Gajah Mada Gg. 3 No. 5 RT 01/10"),
        ("Perum Asri Blok BI9 RT 1/RW 2", "Perum Asri Blok B19 RT 1/RW 2"),
        ("Jl. H. Agus Salim 3", "Jl. H. Agus Salim 3"),
        ("Jl. Dr. Sutomo 4 Ds. Mojo", "Jl. Dr. Sutomo 4 Ds. Mojo"),
        ("JI Mawar 3", "Jl Mawar 3"),
        ("J. Kartini 164", "Jl. Kartini 164"),
        ("Jlu. Serayu no 150A", "Jln. Serayu no 150A"),
        ("JL. Mastrip 34", "Jl. Mastrip 34"),
        ("JL. MASTRIP 34", "JL. MASTRIP 34"),
        ("Gg. Mawar 2 RT.20/Rw.03 Taman", "Gg. Mawar 2 RT.20/RW.03 Taman"),
        ("Gg. Mawar 78A 06/07 Or0-oro Ombo", "Gg. Mawar 78A 06/07 Oro-oro Ombo"),
        ("Jl. Kartini 5 10/12Klegen", "Jl. Kartini 5 10/12 Klegen"),
    ],
)
def test_addresses(read: str, meant: str) -> None:
    assert address(read) == meant


@pytest.mark.parametrize(
    "plausible",
    [
        "Sidomulyo RT 03 RW 02",
        "Siliwangi 12",
        "Jln. Bali 5",
        "jln bali no 5",
        "Silir 3",
        "Jlegong 4",
        "Il. Raya",
        "Setinggil 7 rt 3 rw 1",
        "Juanda 5",
        "Jombang 3",
        "Na Pandan 4",
        "Noyo 5",
    ],
)
def test_a_plausible_address_is_never_replaced(plausible: str) -> None:
    """An abbreviation stands as it was written, and a village is not taken for "Jl."."""
    if not plausible.startswith("Il."):
        assert address(plausible) == plausible
        assert read("alamat", plausible).seen == ""


@pytest.mark.parametrize(
    ("name", "text", "value", "doubt"),
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
        ("email", "sri.rahayu", "sri.rahayu", "email"),
        ("unit", "Dinas kesehatan", "Dinas Kesehatan", ""),
        ("unit", "Kantor Pos", "Kantor Pos", "unit"),
        ("nama", "Sri.Rahayu -", "Sri. Rahayu", ""),
        ("nama", "wahyu utami", "Wahyu Utami", ""),
        ("nama", "Ahmad bin Ali", "Ahmad bin Ali", ""),
        ("uraian", "antre di sini ,Mohon", "antre di sini, Mohon", ""),
    ],
)
def test_fields(name: str, text: str, value: str, doubt: str) -> None:
    got = read(name, text)
    assert (got.value, got.doubt) == (value, doubt)
    assert got.seen == ""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("unit", "DinasKesehatam", "Dinas Kesehatan"),
        ("alamat", "JI. Mawar 5", "Jl. Mawar 5"),
        ("uraian", "utk be1ajar", "utk belajar"),
    ],
)
def test_every_repair_shows_what_was_read_and_is_never_clear(
    name: str, text: str, value: str
) -> None:
    got = read(name, text)
    assert (got.value, got.doubt, got.seen) == (value, "diperbaiki", text)
    assert not is_clear(got)


@pytest.mark.parametrize(
    ("text", "perhaps"),
    [
        ("siti@mail.com", "gmail.com"),
        ("siti@gmai1.com", "gmail.com"),
        ("siti@yahoo.co.di", "yahoo.co.id"),
    ],
)
def test_an_emails_domain_is_asked_about_and_never_rewritten(text: str, perhaps: str) -> None:
    got = read("email", text)
    assert (got.value, got.doubt, got.perhaps) == (text, "email_mirip", perhaps)
    assert not is_clear(got)


def test_an_email_in_capitals_is_the_same_address() -> None:
    assert read("email", "Sri.Rahayu@gmail.com").value == "sri.rahayu@gmail.com"


def test_a_plausible_unit_is_not_taken_for_another() -> None:
    """An answer for "Dinas Pertanahan" is none for "Dinas Pertanian"."""
    got = mend(
        "unit", Look("Dinas Pertanahan", [0.999] * 16), ("Dinas Pertanian", "Dinas Kesehatan")
    )
    assert (got.value, got.doubt, got.perhaps) == (
        "Dinas Pertanahan",
        "unit_mirip",
        "Dinas Pertanian",
    )


@pytest.mark.parametrize(
    ("name", "plausible"),
    [
        ("alamat", "Sl. Riyadi 3"),
        ("alamat", "Rt.01/Rw.02 Sogaten"),
        ("nama", "McDonald"),
        ("nama", "A'yun al-farizi"),
        ("nama", "Ludwig van der Berg"),
        ("uraian", "Pak S hari ini datang"),
        ("uraian", "kode a5b1c di kelas I tahun ini"),
        ("uraian", "anak2nya SMPN5, RT05 dan gara2 2org"),
        ("email", "budi@ymail.co.id"),
        ("email", "_budi@gmail.com"),
    ],
)
def test_a_plausible_string_stays_as_it_was_written(name: str, plausible: str) -> None:
    got = read(name, plausible)
    assert (got.value, got.seen) == (plausible, "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uraian", "l00 rumah tergenang"),
        ("uraian", "sejak jam 2l.00"),
        ("uraian", "Z orang jatuh"),
        ("uraian", "mati di 6G. Buntu"),
        ("alamat", "Jl. Mawar 5 RT 161 RW 03"),
        ("alamat", "Jl. Mawar l0"),
        ("alamat", "Jalan Pahlawan 124 30107 Kartoharjo"),
        ("telepon", "00812345678"),
        ("telepon", "08012345678"),
        ("nik", "9977014107850001"),
        ("nik", "3577014107850000"),
        ("email", "budi.@gmail.com"),
        ("email", "budi@gmail.co.id"),
        ("email", "budi@outlook.co.id"),
    ],
)
def test_what_nobody_writes_so_is_never_clear(name: str, text: str) -> None:
    """A digit stands where a letter should, a stroke for a 1, a number that nobody has."""
    got = read(name, text)
    assert got.doubt != ""
    assert not is_clear(got)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("TOLON6 5UDAH GELAP", "TOLONG SUDAH GELAP"),
        ("harga Rp 17S.OOO per sak", "harga Rp 175.000 per sak"),
        ("w1fi mati", "wifi mati"),
    ],
)
def test_a_digit_becomes_a_letter_only_where_that_makes_a_known_word(text: str, meant: str) -> None:
    got = read("uraian", text)
    assert (got.value, got.seen) == (meant, text)
    assert not is_clear(got)


def test_a_stroke_between_rt_and_rw() -> None:
    got = read("alamat", "Gg. Pandan 71 RT 351 RW 12")
    assert (got.value, got.doubt) == ("Gg. Pandan 71 RT 35/RW 12", "diperbaiki")


def test_a_letter_is_clear_only_where_two_looks_agree_and_nothing_was_changed() -> None:
    text = "Mohon lampu jalan\ndiperbaiki"
    plain = Look(text, [0.999] * len(text), second=text.replace("\n", " "))
    assert is_clear(letter(plain))
    assert letter(replace(plain, second="Mohon lampu jalam diperbaiki")).doubt == "dua_bacaan"
    assert letter(replace(plain, changed="minggn → minggu")).doubt == "diperbaiki"
    mended = letter(replace(plain, text="M0hon lampu jalan\ndiperbaiki"))
    assert mended.seen == "M0hon lampu jalan → Mohon lampu jalan"
    assert letter(replace(plain, text="Mohon c1a lampu")).doubt == "kurang_jelas"
    assert letter(replace(plain, text="")).doubt == "tak_terbaca"


def test_near_ties_between_units_are_unsure() -> None:
    got = mend("unit", Look("Bidang Aptikx", [0.999] * 13), ("Bidang Aptika", "Bidang Aptiko"))
    assert (got.value, got.doubt) == ("Bidang Aptikx", "unit_mirip")


def test_two_looks_that_differ_are_unsure() -> None:
    assert is_clear(read("nama", "Sri Rahayu", second="Sri Rahayu"))
    got = read("nama", "Sri Rahayu", second="Sri Rahaya")
    assert got.doubt == "dua_bacaan"
    assert not is_clear(got)


def test_doubt_lowers_what_is_claimed() -> None:
    assert read("nik", "357702").confidence <= 0.5
    assert read("nama", "Sri", 0.4).doubt == "kurang_jelas"


@pytest.mark.parametrize(
    "name", ["tanggal", "telepon", "nik", "unit", "nama", "alamat", "email", "uraian"]
)
def test_confidence_grows_with_what_the_recogniser_claims_and_is_never_certain(name: str) -> None:
    levels = [confidence(name, (*features([n / 100] * 20), 1.0)) for n in range(0, 101, 5)]
    assert levels == sorted(levels)
    assert levels[-1] <= 0.98


def test_what_is_counted_is_a_number() -> None:
    assert sentence("sejak s hari, Z kali dan I minggu") == "sejak 5 hari, 2 kali dan 1 minggu"


@pytest.mark.parametrize(
    "text",
    [
        "lampu di Blok I rumah nomor tiga",
        "di gang S rumah Pak Joko",
        "pegawai golongan I orang lama",
        "Tahap I bulan depan",
        "bu S orang baru",
        "anak Pak Z jam tiga",
    ],
)
def test_a_letter_that_names_something_is_no_number(text: str) -> None:
    assert sentence(text) == text


def test_numbers_in_running_text_stay() -> None:
    assert sentence("sejak 10 hari, 2 kali di RT 05") == "sejak 10 hari, 2 kali di RT 05"


def test_what_citizens_call_a_unit_is_known_to_the_reader() -> None:
    """The office lists other names of its units; what was written stays, and the slip goes to that unit."""
    settings = load(SAMPLE)
    first = settings.unit[0].model_copy(update={"alias": ("Humas",)})
    assert "Humas" in known(settings.model_copy(update={"unit": (first, *settings.unit[1:])}))


@pytest.mark.parametrize(
    ("seen", "value"),
    [
        ("KantorPertanahan", "Kantor Pertanahan"),
        ("DINASKEBUDAYAAN", "DINAS KEBUDAYAAN"),
        ("DinasKesehatan", "Dinas Kesehatan"),
        ("DPMPTSP", "DPMPTSP"),
        ("Dinsos", "Dinsos"),
        ("Disdukcapil", "Disdukcapil"),
    ],
)
def test_narrow_blanks_in_a_units_name(seen: str, value: str) -> None:
    """Words of units that were read as one stand apart; a short name stays whole."""
    units = ("Dinas Kesehatan", "Dinas Kebudayaan, Pariwisata", "Dinsos", "DPMPTSP", "Disdukcapil")
    look = Look(seen, [0.99] * len(seen))
    assert mend("unit", look, units).value == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alamat", "Jl. Mawar 6g, Taman"),
        ("alamat", "Jl. Mawar RT III RW II, Taman"),
        ("alamat", "Jl. Mawar RT 03/II, Taman"),
        ("uraian", "Rumah saya di Blok B15A dekat pos."),
        ("uraian", "Tiang nomor A51A roboh."),
        ("uraian", "Tadi bus S rumah sakit penuh."),
        ("uraian", "Di zona I rumah makan ditutup."),
    ],
)
def test_what_may_mean_itself_stays_and_is_looked_at(name: str, text: str) -> None:
    """A house 6g is no Gg., RT III no RT 11, block B15A no "bisa"; a clerk sees which of the two stands there."""
    found = read(name, text, sure=1.0, second=text)
    assert found.value == text
    assert not is_clear(found)


@pytest.mark.parametrize(
    ("text", "perhaps"),
    [
        ("Kelurahan Klagen", "Kelurahan Klegen"),
        ("Kecamatan Mangunharjo", "Kecamatan Manguharjo"),
        ("Puskesmas Panihan", "Puskesmas Patihan"),
        ("SMPN II Madiun", "SMPN 11 Madiun"),
    ],
)
def test_another_place_or_number_than_the_citys_list_has_is_asked_about(
    text: str, perhaps: str
) -> None:
    city = (
        "Kelurahan Klegen",
        "Kecamatan Manguharjo",
        "Puskesmas Patihan",
        "SMPN 1 Madiun",
        "SMPN 11 Madiun",
        "Bagian Hukum",
    )
    found = mend("unit", Look(text, [1.0] * len(text)), city)
    assert (found.value, found.doubt, found.perhaps) == (text, "unit_mirip", perhaps)
    assert mend("unit", Look("Bagian Hukun", [1.0] * 12), city).value == "Bagian Hukum"
