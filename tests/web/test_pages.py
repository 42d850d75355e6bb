"""Every kind of page in real Chromium over real HTTP, and what each answer must and must never carry."""

from __future__ import annotations

import importlib.util
import logging
import re
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from pypdfium2 import PdfDocument
from sqlalchemy import select, text

from pipeline.data.engine import reading
from pipeline.data.tables import Document
from pipeline.office.messages import TEMPLATES
from pipeline.office.sop import TaskKind
from pipeline.web.app import POLICY
from tests.kantor import Mail, Office, office
from tests.web.house import HOSTILE, KINDS, UNITS, House

ARTEFACTS = Path(__file__).parents[1] / "artefak"
TASKS = tuple(
    kind
    for kind in KINDS
    if kind.startswith("tugas") and "saya" not in kind and "pindai" not in kind
)
OWN = (  # shown in a known browser only
    "tugas saya",
    "tugas saya, kepala",
    "buku",
    "buku cetak",
    "buku tanpa hasil",
    "catat",
    "tanda terima",
    "unggah pindaian",
    "kode",
)
BLANK = ("buku cetak", "tanda terima", "serah terima", "pengumuman")  # sheets to be printed
PHONE, DESK = 360, 1280
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
HEAVIEST = 60 * 1024  # bytes of a page with its stylesheet, icon and small pictures
SCRIPT = r"<script(?! src=\"/statis/\w+/(?:simpan|slip)\.js\" defer>)"  # any but ours, which saves what is typed
# All its rules; of what it passes axe-core need not make a report, which takes half of its time.
AXE = """axe.run({
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  resultTypes: ['violations'],
})"""
HARM = "script:not([src^='/statis/']), blockquote img, blockquote style, main b.x, form[action*='jahat']"
ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """the and your you please submit page click here not found invalid required name date time close open back next
        file upload download error internal failed success save cancel delete edit search loading yes none null true
        false""",
    )
)


# ---- looking ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, as its Python package ships it."""
    package = importlib.util.find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    return (Path(package.origin).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module", params=["light", "dark"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class Tab:
    """A tab that is used for many pages (a fresh one for each would take most of the time), and what it did."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))


@contextmanager
def opened_tab(browser: Browser, mode: str) -> Iterator[Page]:
    scheme: Any = mode
    context = browser.new_context(color_scheme=scheme, locale="id-ID", timezone_id="Asia/Jakarta")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def tab(browser: Browser, mode: str) -> Iterator[Tab]:
    with opened_tab(browser, mode) as page:
        yield Tab(page)


@pytest.fixture(scope="module")
def sheet(browser: Browser) -> Iterator[Page]:
    """A tab for looks at what does not depend on light or dark."""
    with opened_tab(browser, "light") as page:
        yield page


def shown(page: Page, home: House, kind: str, width: int) -> Page:
    """The page with every fold open, kept as a picture for people to look at."""
    page.set_viewport_size({"width": width, "height": 800})
    page.context.clear_cookies()
    for name, value in home.cookies.items() if kind in OWN else ():
        page.context.add_cookies([{"name": name, "value": value, "url": home.base}])
    page.goto(home.base + home.pages[kind])
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    return page


def keep_picture(tab: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    tab.screenshot(path=ARTEFACTS / f"{re.sub(r'[^a-z0-9]+', '_', name)}.png", full_page=True)


def violations(tab: Page, axe: str) -> list[str]:
    """What axe-core finds, one line each with the elements."""
    tab.evaluate(axe)
    found = tab.evaluate(AXE)
    return [
        f"{rule['id']}: {[node['html'][:160] for node in rule['nodes']]}"
        for rule in found["violations"]
    ]


# Two things to press or type in that lie over each other by more than a hair. The button that stays in view lies over
# whatever is scrolled under it, and is meant to (sticky in a task, fixed on a slip).
OVERLAPPING = """() => {
  const place = one => one && getComputedStyle(one).position;
  const held = one => ["sticky", "fixed"].includes(place(one.closest(".kirim")));
  const places = [...document.querySelectorAll("input:not([type=hidden]), textarea, select, button")]
    .filter(one => one.checkVisibility())
    .filter(one => !held(one))
    .map(one => [one.name || one.innerText, one.getBoundingClientRect()])
    .filter(([, box]) => box.width > 4 && box.height > 4);
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  const pairs = places.flatMap(([name, a], i) => places.slice(i + 1).map(([other, b]) => [name, other, over(a, b)]));
  return pairs.filter(([, , lies]) => lies).map(([name, other]) => name + "/" + other);
}"""

# The fields of which, once they have the focus, a part lies under the button that stays in view (WCAG 2.2, 2.4.11).
COVERED = """() => {
  const button = document.querySelector(".kirim button");
  if (!button) return [];
  const fields = [...document.querySelectorAll("input:not([type=hidden]), textarea, select")];
  const under = one => {
    one.focus();
    const held = button.closest(".kirim").getBoundingClientRect(), box = one.getBoundingClientRect();
    return box.bottom - held.top > 2 && held.bottom - box.top > 2;
  };
  return fields.filter(one => one.checkVisibility()).filter(under).map(one => one.name);
}"""


def test_the_office_has_every_kind_of_page(home: House) -> None:
    assert set(home.pages) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_and_nothing_runs_off(
    home: House, tab: Tab, axe: str, mode: str, kind: str
) -> None:
    """WCAG A and AA with every fold open: at a desk in light, on a phone in dark; nobody else is asked for anything,
    and the policy blocks nothing of the page."""
    width = PHONE if mode == "dark" else DESK
    tab.asked.clear()
    tab.said.clear()
    page = shown(tab.page, home, kind, width)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERLAPPING) == []
    keep_picture(page, f"{kind} {width} {mode}")
    assert {urlsplit(url).netloc for url in tab.asked} == {urlsplit(home.base).netloc}
    assert [line for line in tab.said if "Failed to load resource" not in line] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_typed_into_never_lies_under_the_button(
    home: House, sheet: Page, kind: str
) -> None:
    """The button stays in view on a phone, and a field that takes the focus is brought clear of it."""
    page = shown(sheet, home, kind, PHONE)
    assert page.evaluate(COVERED) == []


@pytest.fixture(scope="module", params=["light", "dark"])
def plain(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, int, str]]:
    """A tab of a browser that runs no script: on a phone in light, at a desk in dark."""
    scheme: Any = request.param
    context = browser.new_context(
        java_script_enabled=False, color_scheme=scheme, locale="id-ID", timezone_id="Asia/Jakarta"
    )
    yield context.new_page(), PHONE if scheme == "light" else DESK, scheme
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_whole_without_script(
    home: House, plain: tuple[Page, int, str], kind: str
) -> None:
    """One heading, every form with a button of its own, nothing that only a script would show, nothing runs off."""
    page, width, scheme = plain
    shown(page, home, kind, width)
    assert page.locator("h1").count() == 1
    assert page.locator("h1").inner_text().strip()
    for form in page.locator("form").all():
        own, outside = (
            form.locator("button[type=submit]"),
            page.locator(f"button[form='{form.get_attribute('id')}']"),
        )
        assert own.count() + outside.count() >= 1
    assert page.locator("noscript, [hidden]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep_picture(page, f"{kind} {width} {scheme} tanpa skrip")


@pytest.fixture(scope="module")
def bare(browser: Browser, mode: str) -> Iterator[Page]:
    """A tab in which our scripts do not arrive: axe-core itself needs a browser that runs some."""
    with opened_tab(browser, mode) as page:
        page.route("**/*.js", lambda route: route.abort())
        yield page


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_without_our_scripts(
    home: House, bare: Page, axe: str, mode: str, kind: str
) -> None:
    """The other two of the four: on a phone in light, at a desk in dark."""
    width = DESK if mode == "dark" else PHONE
    assert violations(shown(bare, home, kind, width), axe) == []


# ---- keyboard and screen reader --------------------------------------------------------------------------------

FOCUS = """() => {
  const one = document.activeElement
  if (!one || one === document.body) return null
  const all = [...document.querySelectorAll('*')]
  return [all.indexOf(one), parseInt(getComputedStyle(one).outlineWidth), one.getClientRects().length,
          (one.ariaLabel || one.innerText || one.name || one.value || '').slice(0, 60)]
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_keyboard_reaches_everything_in_the_order_of_reading(
    home: House, sheet: Page, kind: str
) -> None:
    """Tab by Tab with the folds as they come: what has the focus is seen to have it, and is never behind what was.
    The first stop leads past the head; a page that asks for something is not a trap."""
    sheet.set_viewport_size({"width": DESK, "height": 800})
    sheet.context.clear_cookies()
    for name, value in home.cookies.items() if kind in OWN else ():
        sheet.context.add_cookies([{"name": name, "value": value, "url": home.base}])
    sheet.goto(home.base + home.pages[kind])
    places: list[int] = []
    for _ in range(40):
        sheet.keyboard.press("Tab")
        found = sheet.evaluate(FOCUS)
        if found is None:
            break
        place, outline, boxes, said = found
        if place in places[:-1]:
            break  # once around
        assert outline >= 2, said
        assert boxes >= 1, said
        places += [place] if places[-1:] != [place] else []  # a date has several stops
    first = places.index(min(places)) if places else 0  # a slip starts in its first field
    assert places[first:] + places[:first] == sorted(places)
    if kind not in BLANK:
        assert places
        assert sheet.locator("a.lompat").count() == 1


NAMES = """() => [...document.querySelectorAll('a[href], button, summary')].filter(one => one.getClientRects().length)
  .map(one => [(one.ariaLabel || one.textContent + (one.querySelector('img')?.alt || '')).replace(/\\s+/g, ' ').trim(),
               one.href || one.closest('form')?.ariaLabel || one.closest('form')?.action || ''])"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_screen_reader_tells_things_apart(home: House, sheet: Page, kind: str) -> None:
    """Head, main part, foot; every link, button and fold has a name, and one name leads to one place or stands in a
    form with a name of its own; a choice is told by its name, what it means comes after."""
    shown(sheet, home, kind, DESK)
    tree = sheet.locator("body").aria_snapshot()
    if kind not in BLANK:
        assert [tree.count(f"- {part}:") for part in ("banner", "main", "contentinfo")] == [1, 1, 1]
    names = sheet.evaluate(NAMES)
    assert [place for name, place in names if not name] == []
    for name in {name for name, _place in names}:
        places = [place for other, place in names if other == name]
        assert len(places) == 1 or len(set(places)) == len(places) or len(set(places)) == 1, (
            name,
            places,
        )
    if kind == "tugas keputusan":
        assert sheet.get_by_role("radio", name="Ditolak", exact=True).count() == 1


def test_what_is_typed_is_saved_when_the_field_is_left_and_a_dropped_connection_is_told(
    home: House, browser: Browser
) -> None:
    """In a browser that nobody knows yet: the words are there again after the page was closed."""
    context = browser.new_context(locale="id-ID", timezone_id="Asia/Jakarta")
    page = context.new_page()
    page.goto(home.base + home.pages["tugas keputusan"])
    order = page.get_by_role("textbox", name="Perintah kepada Sekretaris")
    order.fill("Sampaikan jadwal perbaikan kepada warga.")
    order.blur()
    page.get_by_text("Tersimpan pukul").wait_for()
    context.set_offline(True)
    order.fill("Sampaikan jadwal perbaikan kepada warga RW 05.")
    order.blur()
    page.get_by_text("Belum tersimpan: sambungan terputus.").wait_for()
    keep_picture(page, "sambungan terputus 1280")
    context.set_offline(False)
    page.get_by_text("Tersimpan pukul").wait_for()  # by itself, as the connection comes back
    page.close()
    page = context.new_page()
    page.goto(home.base + home.pages["tugas keputusan"])
    order = page.get_by_role("textbox", name="Perintah kepada Sekretaris")
    assert order.input_value() == "Sampaikan jadwal perbaikan kepada warga RW 05."
    assert page.get_by_text("belum dikirim").count() == 1
    context.close()


def test_the_form_with_errors_is_as_accessible(home: House, tab: Tab, axe: str, mode: str) -> None:
    """Empty required fields: a summary that leads to each, nothing typed is lost, nothing is kept."""
    before = home.rows()
    page = shown(tab.page, home, "tugas keputusan", PHONE)
    page.get_by_role("textbox", name="Instansi yang berwenang").fill("Dinas Pekerjaan Umum")
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    page.get_by_role("button", name="Kirim keputusan").click()
    summary = page.get_by_role("alert")
    links = summary.get_by_role("link").evaluate_all(
        "all => all.map(one => one.getAttribute('href'))"
    )
    assert links == ["#putuskan-keputusan", "#putuskan-perintah"]
    assert [page.locator(link).count() for link in links] == [1, 1]
    assert summary.evaluate("one => one === document.activeElement")
    assert (
        page.get_by_role("textbox", name="Instansi yang berwenang").input_value()
        == "Dinas Pekerjaan Umum"
    )
    assert page.locator("input:checked").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert violations(page, axe) == []
    keep_picture(page, f"formulir salah {PHONE} {mode}")
    assert {**home.rows(), "saved_form": []} == {
        **before,
        "saved_form": [],
    }  # what is typed is saved, nothing else


# A code, an address that asks for a link, a search: short, or not to be kept.
SHORT = ("kode", "minta tautan", "tugas saya, peramban tak dikenal", "buku", "keaslian")


def test_every_form_with_a_text_field_is_saved_while_it_is_typed_in(home: House) -> None:
    typed_in = re.compile(
        r"<textarea|<input type=\"(text|tel|email|date|datetime-local|time)\"|list=\""
    )
    found, unsaved = 0, set()
    for kind in KINDS:
        for form in re.findall(
            r"<form .*?</form>", home.office.page(home.pages[kind]).html, re.DOTALL
        ):
            if 'method="get"' not in form and typed_in.search(form):
                found += 1
                unsaved |= set() if " data-simpan=" in form.partition(">")[0] else {kind}
    assert found > 50
    assert unsaved <= set(SHORT), unsaved


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_light(home: House, kind: str) -> None:
    """Under 60 KB with its stylesheet, icon and small pictures; a scanned slip is as large as it must be to be read."""
    page = home.office.page(home.pages[kind])
    parts = [*page.links("/statis/"), *page.links("kecil"), *page.links("/qr")]
    weights = [
        len(page.html.encode()),
        *(len(home.office.web.get(part).data) for part in set(parts)),
    ]
    assert len(weights) >= 3
    assert sum(weights) < HEAVIEST


@pytest.mark.parametrize("kind", KINDS)
def test_the_markup_is_plain(home: House, kind: str) -> None:
    """In Indonesian, titled, without script but our two, inline style, handlers or an address outside."""
    html = home.office.page(home.pages[kind]).html
    assert '<html lang="id">' in html
    assert re.search(r"<title>[^<]{5,}</title>", html)
    tags = re.findall(r"<[a-z][^>]*>", html)
    assert [
        tag
        for tag in tags
        if re.search(
            SCRIPT + r"|\sstyle=|\son[a-z]+=|href=\"(?:https?:)?//|javascript:",
            tag,
        )
    ] == []
    assert [tag for tag in tags if re.match(r"<(img|link|form)", tag) and "//" in tag] == []


@pytest.mark.parametrize("kind", TASKS)
def test_a_task_has_one_primary_button_and_chooses_nothing(
    home: House, sheet: Page, kind: str
) -> None:
    """One primary button (none in the archive, where nothing is asked for); only what the case knows, and a link's
    choice, is made already."""
    shown(sheet, home, kind, PHONE)
    assert sheet.locator(":is(button, a).utama:visible").count() == (0 if "arsip" in kind else 1)
    checked = sheet.locator(
        "input:checked:not([name=rahasia], [name=unit], [name=gelombang])"
    ).evaluate_all("found => found.map(one => one.value)")
    known = {
        "tugas keputusan, pilihan dari email": ["ditolak"],
        "tugas keputusan, rapat": ["kepala", "sekretaris", *UNITS],  # who is invited
    }
    assert checked == known.get(kind, [])


@pytest.mark.parametrize("kind", TASKS)
def test_a_task_is_done_on_one_screen(home: House, sheet: Page, kind: str) -> None:
    """On a phone of 390 by 844 the button that does the task is in view as the page opens, and the form begins there;
    what is read stands below, folded."""
    sheet.set_viewport_size({"width": 390, "height": 844})
    sheet.goto(home.base + home.pages[kind].partition("?")[0])
    button = sheet.locator(".kirim button:visible").bounding_box()
    assert button is not None
    assert button["y"] >= 0
    assert button["y"] + button["height"] <= 844, "without scrolling"
    # The form, or the steps before it.
    field = sheet.locator("#kerjakan :is(form, ol.baris)").first.bounding_box()
    assert field is not None
    assert field["y"] < 844 - button["height"]
    panel, rest = sheet.locator("#kerjakan").bounding_box(), sheet.locator(".lembar").bounding_box()
    assert panel is not None
    assert rest is not None
    assert rest["y"] >= panel["y"] + panel["height"]
    heights = sheet.locator("#kerjakan :is(button, .tombol):visible").evaluate_all(
        "all => all.map(one => one.offsetHeight)"
    )
    assert min(heights) >= 48


@pytest.mark.parametrize("kind", TASKS)
def test_at_a_desk_the_button_is_in_view_as_well(home: House, sheet: Page, kind: str) -> None:
    """On a small laptop of 1280 by 800, however long the form is: langkah 2 asks for the result and the units."""
    sheet.set_viewport_size({"width": 1280, "height": 800})
    sheet.goto(home.base + home.pages[kind].partition("?")[0])
    button = sheet.locator(".kirim button:visible").bounding_box()
    assert button is not None
    assert button["y"] >= 0
    assert button["y"] + button["height"] <= 800, "without scrolling"


@pytest.mark.parametrize("knows_has", [True, False])
def test_button_of_langkah_2_says_whether_a_unit_is_concerned(
    home: House, sheet: Page, knows_has: bool
) -> None:
    """The one in view agrees with the boxes; a browser without `:has` shows both, and none passes unread."""
    sheet.goto(home.base + home.pages["tugas klarifikasi"])
    if not knows_has:
        sheet.evaluate(
            "() => { for (const s of document.styleSheets) for (const [n, r] of [...s.cssRules].entries())"
            " if (r.conditionText?.includes(':has')) { s.deleteRule(n); break; } }"
        )
    boxes = sheet.locator("#kerjakan [name=unit]:is([type=checkbox])")
    shown = sheet.locator("#kerjakan .kirim button:visible")
    none, some = "tanpa unit terkait", "dengan unit yang dicentang"
    for one in boxes.all():
        one.set_checked(False)
    assert [none in text for text in shown.all_inner_texts()] == [True] + [False] * (not knows_has)
    boxes.first.check()
    assert any(some in text for text in shown.all_inner_texts())
    assert shown.count() == (1 if knows_has else 2)


def test_signature_of_the_printed_book_stays_whole_and_with_its_last_row(
    home: House, sheet: Page
) -> None:
    """Wherever a page ends: rows are taken out one by one, so that the block is pushed over the end and back."""
    shown(sheet, home, "buku cetak", DESK)
    for _ in range(8):
        pages = texts(sheet.pdf(prefer_css_page_size=True))
        (signed,) = [text for text in pages if "NIP. 19760907" in text]
        last = sheet.locator(".akhir td").first.inner_text()
        assert all(part in signed for part in ("Kepala Dinas Komunikasi", "NOOR AFLAH", last))
        sheet.evaluate("document.querySelector('.lengkap tbody tr').remove()")


def texts(pdf: bytes) -> list[str]:
    """What each page says."""
    document = PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded() for page in document]


def test_the_button_of_the_counter_stays_in_view(home: House, sheet: Page) -> None:
    """On a phone, from the first field to the last; a caller waits while the form is filled in."""
    shown(sheet, home, "catat", 390)
    sheet.set_viewport_size({"width": 390, "height": 844})
    for place in ("#catat-nama", "#catat-isi"):
        sheet.locator(place).scroll_into_view_if_needed()
        button = sheet.locator(".kirim button").bounding_box()
        assert button is not None
        assert 0 <= button["y"] <= 844 - button["height"], place


@pytest.mark.parametrize("kind", TASKS)
def test_what_is_read_is_folded_with_its_count(home: House, sheet: Page, kind: str) -> None:
    """Complaint, documents and history are headings with how much they hold; what was asked for stands open."""
    sheet.set_viewport_size({"width": 390, "height": 844})
    sheet.goto(home.base + home.pages[kind].partition("?")[0])
    titles = sheet.locator(".lipat > summary").all_inner_texts()
    if (
        kind != "tugas tertahan" and "laporan" not in kind
    ):  # no case, so nothing has happened in one
        assert [title for title in titles if re.fullmatch(r"Riwayat \d+", title)]
    assert sheet.evaluate("document.documentElement.scrollHeight") < 4000


def test_finished_steps_differ_from_those_to_come_where_colours_are_forced(
    home: House, browser: Browser
) -> None:
    """High contrast drops backgrounds: the mark of a step is told by its form."""
    with closing(browser.new_context(forced_colors="active")) as context:
        page = context.new_page()
        page.goto(home.base + home.pages["status keputusan"])
        width = "one => getComputedStyle(one, '::before').borderTopWidth"
        marks = [
            page.locator(f".tegak li{kind}").first.evaluate(width)
            for kind in (".sudah", ".kini", ":not([class])")
        ]
        assert len(set(marks)) == 3, marks
        page.goto(home.base + home.pages["tugas keputusan"])
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        style = "one => getComputedStyle(one).borderTopStyle"
        bars = [
            page.locator(f".langkah li{kind}").first.evaluate(style)
            for kind in (".sudah", ":not([class])")
        ]
        assert bars == ["solid", "dotted"]


# ---- words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_speaks_indonesian(home: House, sheet: Page, kind: str) -> None:
    """No English words outside what people wrote, no empty heading, times as 09.05."""
    shown(sheet, home, kind, DESK)
    sheet.evaluate(
        "for (const own of document.querySelectorAll('.kutip, .inti, h1, .berkas a, textarea, td')) own.remove()"
    )
    if kind in OWN:  # what each task is about, in the words of who complained
        sheet.evaluate(
            "for (const own of document.querySelectorAll('li h3, li summary')) own.remove()"
        )
    words = sheet.locator("body").inner_text()
    assert sorted(set(re.findall(r"[a-z]+", words.lower())) & ENGLISH) == []
    assert re.findall(r"\b\d\d:\d\d\b", words) == []
    assert "None" not in words
    assert not re.search(r"\{\w*\}|\(\)|,\s*\.|:\s*\.|(?<!\.)\.\.(?!\.)", words)


def test_the_wording_has_no_english(home: House) -> None:
    """Every sentence that the program can say, also those that no page of the test shows."""

    def sentences(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for value in node.values():
                yield from sentences(value)
        elif isinstance(node, list):
            for value in node:
                yield from sentences(value)
        else:
            yield str(node)

    said = tomllib.loads((TEMPLATES / "istilah.toml").read_text("utf-8"))
    for sentence in sentences(said):
        plain = re.sub(r"\{\w+\}", "", sentence.lower())
        assert sorted(set(re.findall(r"[a-z]+", plain)) & ENGLISH) == [], sentence


# ---- answers ---------------------------------------------------------------------------------------------------


def test_every_answer_carries_the_strict_headers(home: House) -> None:
    """Pages, refusals, redirects, downloads, pictures: no-store, no-referrer, nosniff, the policy."""
    web, task = home.office.web, home.pages["tugas jawaban"]
    addresses = {
        *home.pages.values(),
        *home.office.page(task).links("/berkas/"),
        "/sehat",
        "/statis/x/lain.css",
    }
    first = home.pages["tugas penyampaian"]
    addresses |= set(home.office.page(first).links("/gambar/")) | {
        f"{home.pages['tanda terima']}/qr"
    }
    addresses |= {f"{home.pages['buku']}/xlsx", f"{home.pages['tugas keputusan']}/berkas/999999"}
    answers = [web.get(urlsplit(address).path) for address in sorted(addresses)]
    answers += [
        web.put(task),
        web.post("/s/0000"),
        web.post(task, data={"aksi": "unggah"}),
        web.post(task),
    ]
    answers += [web.options(task), web.head(task)]
    for answer in answers:
        place = (answer.request.path, answer.status_code)
        download = "attachment" in answer.headers.get("Content-Disposition", "")
        for name, value in HEADERS.items():
            assert answer.headers[name] == value or (
                download and "sandbox" in answer.headers[name]
            ), (place, name)
        assert answer.headers["Cache-Control"] == "no-store", place
        assert "Set-Cookie" not in answer.headers, place


def test_only_the_stylesheet_and_the_icon_may_be_kept(home: House) -> None:
    """Their address changes with their content; an old address is not kept."""
    links = home.office.page(home.pages["buku"]).links("/statis/")
    assert len(links) == 2
    for url in links:
        answer = home.office.web.get(url)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        stale = home.office.web.get(re.sub(r"/statis/\w+", "/statis/lama", url))
        assert stale.headers["Cache-Control"] == "no-store"


def _one_mail_of_each_kind(home: House) -> list[Mail]:
    """The newest mail of each template, save those about the hostile complaint, which have a test of their own."""
    sent = (
        row for row in home.office.outbox() if row.state == "sent" and "<b>Tolong" not in row.text
    )
    newest = {row.name: row.message_id for row in sent}
    by_id = {mail.message_id: mail for mail in home.office.post.sent}
    return [by_id[message_id] for message_id in newest.values()]


def test_opening_links_changes_no_row(home: House) -> None:
    """Mail scanners and hurried people open every link of every mail by HEAD and by GET: ten times for one mail of
    each kind, and once for all the others; each scanner from an address of its own, for the public page counts them."""
    urls = {
        url
        for mail in _one_mail_of_each_kind(home)
        for url in mail.links
        if url.startswith(home.base)
    }
    others = {
        url for mail in home.office.post.sent for url in mail.links if url.startswith(home.base)
    } - urls
    assert len(urls) > 30
    assert len(others) > 200
    before = home.rows()
    for number, url in enumerate(sorted(urls | others)):
        scanner = {"X-Forwarded-For": f"192.0.2.{number % 250}"}
        expected = (
            403 if url.endswith(("/buku", "/catat", "/unggah")) else 200
        )  # these ask for the code first
        for _ in range(10 if url in urls else 1):
            assert home.office.web.head(url, headers=scanner).status_code == expected, url
            assert home.office.web.get(url, headers=scanner).status_code == expected, url
    assert home.rows() == before


@pytest.mark.parametrize(
    ("method", "address", "status", "words"),
    [
        ("GET", "/tidak/ada", 404, "Halaman tidak ditemukan"),
        ("GET", "/demo", 404, "Halaman tidak ditemukan"),
        ("GET", "/t/1-aaaaaaaaaaaaaaaaaaaaaaaa", 404, "Tautan ini tidak kami kenali"),
        ("GET", "/t/\u00e9-\u202e", 404, "Tautan ini tidak kami kenali"),
        ("GET", "/t/99999999999999999999-a/buku", 404, "Tautan ini tidak kami kenali"),
        ("GET", "/s/%00%ff", 404, "Halaman tidak ditemukan"),
        ("POST", "/s/aaaaaaaaaaaaaaaa", 405, "Halaman tidak ditemukan"),
        ("DELETE", "/tidak/ada", 404, "Halaman tidak ditemukan"),
    ],
)
def test_a_wrong_address_gets_a_friendly_page(
    home: House, method: str, address: str, status: int, words: str
) -> None:
    answer = home.office.web.open(address, method=method)
    assert answer.status_code == status
    assert words in answer.text
    assert "Yang dapat dilakukan" in answer.text
    assert not re.search(r"Traceback|Error|werkzeug|sqlite", answer.text)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Office]:
    """An office with one complaint, that takes uploads of 1 MB at most."""
    with office(tmp_path, web={"upload_mb": 1}) as kantor:
        kantor.citizen_sends()
        yield kantor


def test_too_large_an_upload_is_refused_kindly(small: Office) -> None:
    """413 with what to do; the task stays open."""
    small.press("jfu-1", "laporkan", ringkasan="Lampu padam")
    small.press("sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Bagaimana?")
    form = {
        "aksi": "jawab",
        "jawaban": "Sudah.",
        "berkas": (BytesIO(b"0" * (2 * 2**20)), "besar.pdf"),
    }
    answer = small.web.post(urlsplit(small.link("kasi-infrastruktur", "jawab")).path, data=form)
    assert answer.status_code == 413
    assert "Berkas terlalu besar" in answer.text
    assert "Perkecil berkasnya" in answer.text
    assert small.task(TaskKind.KETERANGAN).closed_at is None


def test_a_broken_database_shows_a_kind_page_and_logs_no_secret(
    small: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """500 with a code that the log repeats; neither tells the token, the status code or the statement's values."""
    token = urlsplit(small.link("jfu-1", "laporkan")).path.removeprefix("/t/")
    code = small.complaint().status_code
    with small.engine.begin() as connection:
        connection.execute(text("ALTER TABLE event RENAME TO hilang"))
    with caplog.at_level(logging.DEBUG):
        answers = [small.web.get(f"/t/{token}"), small.web.get(f"/s/{code}")]
    for answer in answers:
        assert answer.status_code == 500
        assert "Sistem sedang mengalami gangguan" in answer.text
        assert not re.search(r"Traceback|Error|SELECT|event|sqlite", answer.text)
        shown_code = re.search(r'Kode untuk petugas TI: <span class="no">(\w+)<', answer.text)
        assert shown_code is not None
        assert shown_code[1] in caplog.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert "OperationalError" in caplog.text
    assert token not in caplog.text
    assert token.partition("-")[2] not in caplog.text
    assert code not in caplog.text


def test_a_failed_look_up_by_code_logs_no_code(
    small: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The statement itself holds the code as a value: it must not come out with the error."""
    code = small.complaint().status_code
    with small.engine.begin() as connection:
        connection.execute(text("ALTER TABLE complaint RENAME TO hilang"))
    with caplog.at_level(logging.DEBUG):
        assert small.web.get(f"/s/{code}").status_code == 500
    assert "no such table" in caplog.text
    assert code not in caplog.text


# ---- tokens and documents --------------------------------------------------------------------------------------


def tokens(home: House) -> dict[str, str]:
    """The tokens of the task pages by their kind."""
    return {kind: urlsplit(home.pages[kind]).path.removeprefix("/t/") for kind in TASKS}


def test_tokens_are_logged_nowhere(home: House, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the pages nor the libraries below them write a path that holds a token, even when told to say all."""
    known = tokens(home)
    with caplog.at_level(logging.DEBUG):
        for token in known.values():
            home.office.web.get(f"/t/{token}")
            home.office.web.post(f"/t/{token}", data={"aksi": "tidak-ada"})
            home.office.web.get(f"/t/{token}/berkas/999999")
    assert [kind for kind, token in known.items() if token in caplog.text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_gives_its_token_to_nobody_else(home: House, kind: str) -> None:
    """Every address on a page is our own, or a mail program's without the token."""
    address = urlsplit(home.pages[kind]).path
    page = home.office.page(home.pages[kind])
    assert page.html
    secret = address.split("/")[2] if address.startswith(("/t/", "/s/")) else "?"
    for url in page.links():
        assert url.startswith(("/", "#", "mailto:")), url
        assert secret not in url or url.startswith("/"), url


def test_a_document_opens_by_its_own_case_only(home: House) -> None:
    """Each link opens the files of its complaint or item, and of no other, as download or as picture."""
    with reading(home.office.engine) as session:
        documents = list(session.scalars(select(Document)))
    cases = {kind: home.office.page(home.pages[kind]) for kind in TASKS}
    served = 0
    for kind, token in tokens(home).items():
        mine = {
            int(found)
            for url in cases[kind].links("/berkas/")
            if (found := url.rpartition("/")[2]).isdigit()
        }
        owners = {_owner(d) for d in documents if d.id in mine}
        assert len(owners) <= 1, kind
        for document in documents:
            expected = 200 if _owner(document) in owners else 404
            if not owners:
                continue  # a case without files: nothing tells its number
            assert (
                home.office.web.get(f"/t/{token}/berkas/{document.id}").status_code == expected
            ), (kind, document.id)
            if expected == 404:
                assert home.office.web.get(f"/t/{token}/gambar/{document.id}").status_code == 404
            served += expected == 200
    assert served > 10


def _owner(document: Document) -> tuple[int | None, ...]:
    """Whose document it is: a complaint's, a report's, or an item's."""
    item = None if document.complaint_id else document.item_id
    return document.complaint_id, document.laporan_id, item


def test_the_book_and_the_counter_are_not_for_a_unit(home: House) -> None:
    """A Kasubag's link answers a question; the Buku and the counter of the JFU do not open with it."""
    mine = home.pages["tugas keterangan"]
    slip = home.pages["tanda terima"].partition("/tanda-terima")[2]
    for part in (
        "/buku",
        "/buku/cetak",
        "/buku/xlsx",
        "/catat",
        f"/tanda-terima{slip}",
        f"/tanda-terima{slip}/qr",
    ):
        assert home.office.web.get(mine + part).status_code == 403, part
    assert home.office.web.get(mine + "/asli").status_code == 404


def test_a_download_is_never_rendered(home: House) -> None:
    """Attachments leave as attachments, sandboxed, of a type that no browser runs; pictures are made anew."""
    page = home.office.page(home.pages["tugas catat, tulisan jahat"])
    (address,) = page.links("/berkas/")
    answer = home.office.download(address)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.mimetype in ("application/octet-stream", "application/pdf")
    assert "\u202e" not in page.html.partition('class="baris berkas')[2].partition("</ul>")[0]


# ---- hostile words ---------------------------------------------------------------------------------------------


def test_hostile_words_stay_words(home: House, sheet: Page) -> None:
    """HTML, script, style, template braces and place-holders in a complaint are shown, not obeyed."""
    shown(sheet, home, "tugas catat, tulisan jahat", PHONE)
    assert "dibajak" not in sheet.title()
    assert (
        sheet.locator(
            "script:not([src^='/statis/']), blockquote img, blockquote style, main b.x, form[action*='jahat']"
        ).count()
        == 0
    )
    assert sheet.locator("h1").count() == 1
    said = " ".join(sheet.locator("blockquote.kutip").first.inner_text().split())
    assert said == " ".join(HOSTILE.split())
    assert "<b>Tolong</b> {{ 7 * 7 }}" in sheet.locator("h1").inner_text()
    assert "\u202e" not in sheet.locator("h1").inner_text()
    assert sheet.get_by_label("Nama pengadu").first.input_value() == "Siti <i>R</i> {{ 1 }}"


def test_hostile_words_stay_words_in_the_book(home: House, sheet: Page) -> None:
    shown(sheet, home, "buku", PHONE)
    assert "<b>Tolong</b> {{ 7 * 7 }}" in sheet.locator("table.buku").inner_text()
    assert sheet.locator("table.buku script, table.buku i").count() == 0
    assert sheet.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_hostile_words_stay_words_in_mails(home: House) -> None:
    """In the mail to the JFU and in the acknowledgement, in both twins; no place-holder of theirs becomes a link."""
    mails = [mail for mail in home.office.post.sent if "&lt;b&gt;Tolong" in mail.html]
    assert len(mails) >= 2
    for mail in mails:
        assert "\u202e" not in mail.subject
        assert not re.search(r"<script|<img|<i>Siti|<form", mail.html)
        assert "&lt;b&gt;Tolong&lt;/b&gt; {{ 7 * 7 }}" in mail.html
    (task,) = [mail for mail in mails if mail.to == home.office.address("jfu-1")][:1]
    assert "tautan.0123456789abcdef.1." in task.text


# ---- mails -----------------------------------------------------------------------------------------------------


def test_every_kind_of_mail_reads_well_in_html(
    home: House, browser: Browser, axe: str, mode: str
) -> None:
    """On a phone and at a desk nothing runs off, nothing is loaded, axe-core finds nothing."""
    width = PHONE if mode == "dark" else 640
    with opened_tab(browser, mode) as page:
        tab = Tab(page)
        page.set_viewport_size({"width": width, "height": 700})
        for mail in _one_mail_of_each_kind(home):
            page.set_content(mail.html)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, mail.subject
            assert violations(page, axe) == [], mail.subject
            keep_picture(page, f"surat {mail.subject.lower()} {mail.to} {width} {mode}")
        assert tab.asked == []


def test_the_twins_of_a_mail_carry_the_same_links(home: House) -> None:
    """Whoever reads the text alone can do the same; no link is folded or cut, no line is wider than 78."""
    for mail in _one_mail_of_each_kind(home):
        in_html = {
            url.replace("&amp;", "&") for url in re.findall(r'href="(http[^"]+)"', mail.html)
        }
        in_text = set(re.findall(r"https?://\S+", mail.text))
        assert in_text == in_html, mail.subject
        wide = [
            line
            for line in mail.text.splitlines()
            if len(line) > 78 and "://" not in line and " " in line.strip()
        ]
        assert wide == [], mail.subject
        assert "tautan." not in mail.html.replace("tautan.0123456789abcdef.1.", ""), mail.subject


def test_a_mail_speaks_indonesian(home: House) -> None:
    """Greets by name, no English, times as pukul 09.05, no empty place."""
    for mail in _one_mail_of_each_kind(home):
        own = re.sub(r"(?m)^  .*$", "", mail.text) if "<b>Tolong" not in mail.text else ""
        assert "Yth. " in mail.text, mail.subject
        assert (
            sorted(set(re.findall(r"[a-z]+", own.lower().replace("error", ""))) & ENGLISH) == []
        ), mail.subject
        assert not re.findall(r"\b\d\d:\d\d\b", own), mail.subject
        assert not re.search(r"\bNone\b|\{\w*\}|,\s*\.|\(\)", own), mail.subject
