"""istilah.toml and the code agree: every name that is used exists, every sentence gets its values, none lies idle."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

from pipeline.data.states import DocumentKind
from pipeline.office import config, messages, rendering
from pipeline.office.actions import ACTIONS, COUNTER_FIELDS, FieldKind
from pipeline.office.messages import TEMPLATES
from pipeline.office.sop import Channel, Decision, EventKind, Role, Stage, TaskKind
from pipeline.office.words import choices, fold, table, word

PACKAGE = messages.PACKAGE
SETTINGS = config.parse(config.SAMPLE.read_text("utf-8"), config.SAMPLE)
ENGLISH = re.compile(
    r"\b(the|and|your|you|please|click|error|invalid|unknown|submit|send|sent|complaint|ticket|link|email address|"
    r"password|login|page not found|required|warning|thank|dear|sorry|failed|upload|download|file|none|null|"
    r"undefined|true|false|test|todo|fixme|lorem)\b",
    re.IGNORECASE,
)


def leaves(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of every entry."""
    for key, value in node.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from leaves(value, here)
        else:
            yield here, value


WORDS = dict(leaves(tomllib.loads((TEMPLATES / "istilah.toml").read_text("utf-8"))))


# ---- what the code asks for ----------------------------------------------------------------------------------


def _pattern(node: ast.expr) -> str | None:
    """A literal path, or an f-string with {} for its parts; None for what only a run can tell."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def _options(node: ast.expr) -> list[ast.expr]:
    return [*_options(node.body), *_options(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def calls(name: str) -> Iterator[tuple[str, str, list[str | None]]]:
    """(place, path pattern, keywords) of every call of `word`, `table`, `say` … in the code, also by `partial`."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = [n.id if isinstance(n, ast.Name) else "" for n in (node.func, *node.args[:1])]
            arguments = node.args[1:] if called == ["partial", name] else node.args
            if name in called and arguments:
                for option in _options(arguments[0]):
                    pattern = _pattern(option)
                    if pattern is not None:
                        yield f"{file.name}:{node.lineno}", pattern, [k.arg for k in node.keywords]


def _jinja_pattern(node: nodes.Node) -> str:
    if isinstance(node, nodes.Const):
        return str(node.value)
    if isinstance(node, nodes.Concat):
        return "".join(_jinja_pattern(n) for n in node.nodes)
    return "{}"


def template_calls() -> Iterator[tuple[str, str, list[str | None]]]:
    """(template, path pattern, keywords) of every call of `istilah` and `pilihan` in a template."""
    env = Environment(autoescape=True)
    for file in sorted(TEMPLATES.rglob("*")):
        if file.suffix not in (".html", ".txt", ".jinja"):
            continue
        for call in env.parse(file.read_text("utf-8")).find_all(nodes.Call):
            if (
                isinstance(call.node, nodes.Name)
                and call.node.name in ("istilah", "pilihan")
                and call.args
            ):
                argument = call.args[0]
                options = (
                    [argument.expr1, argument.expr2]
                    if isinstance(argument, nodes.CondExpr)
                    else [argument]
                )
                for option in options:
                    if option is not None:
                        place = str(file.relative_to(TEMPLATES))
                        yield place, _jinja_pattern(option), [str(k.key) for k in call.kwargs]


def matching(pattern: str) -> list[str]:
    return [p for p in WORDS if re.fullmatch(re.escape(pattern).replace(r"\{\}", r"[\w-]+"), p)]


PYTHON = [(place, pattern, keys) for place, pattern, keys in calls("word") if pattern.strip("{}")]
JINJA = [(place, pattern, keys) for place, pattern, keys in template_calls() if pattern.strip("{}")]


def test_the_calls_are_found() -> None:
    """Otherwise the tests below would test nothing."""
    assert len(PYTHON) > 80
    assert len(JINJA) > 15


def test_every_name_that_is_used_exists() -> None:
    used = [*PYTHON, *JINJA]
    assert [
        f"{place}: {pattern}"
        for place, pattern, _ in used
        if not matching(pattern) and not choices(pattern)
    ] == []


def test_every_sentence_gets_the_values_it_names() -> None:
    """Where the name is written out; sentences of a family are seen when the pages of real cases are rendered."""
    missing = [
        f"{place}: {pattern} needs {sorted(named)}"
        for place, pattern, keys in [*PYTHON, *JINJA]
        if "{}" not in pattern and None not in keys and isinstance(WORDS.get(pattern), str)
        if not (named := _named(str(WORDS[pattern]))) <= {*keys}
    ]
    assert missing == []


def _named(sentence: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(sentence) if field}


FAMILIES: dict[str, Sequence[str]] = {
    "tahap": [*Stage],
    "status": [*Stage],
    "arti": [*Stage],
    "selanjutnya": [*Stage],
    "tugas": [*TaskKind],
    "minta": [*TaskKind],
    "peristiwa": [*EventKind],
    "peran": [*Role],
    "pilihan.kanal": [*Channel],
    "pilihan.keputusan": [*Decision],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_of_a_closed_list_has_its_word(family: str) -> None:
    assert [name for name in FAMILIES[family] if not choices(family).get(name, "").strip()] == []


ACTION_NAMES = [
    f"aksi.{kind}.{action.name}" for kind, actions in ACTIONS.items() for action in actions
]


@pytest.mark.parametrize("path", ACTION_NAMES)
def test_every_action_has_title_button_and_thanks(path: str) -> None:
    given = table(path)
    assert {"judul", "tombol", "terima"} <= set(given), given
    assert given["terima"].endswith(".")


@pytest.mark.parametrize(
    "path", sorted({path.rpartition(".")[0] for path in WORDS if path.startswith("aksi.")})
)
def test_every_action_that_has_words_is_offered(path: str) -> None:
    assert path in ACTION_NAMES


FIELDS = {f.name: f for actions in ACTIONS.values() for a in actions for f in a.fields} | {
    f.name: f for f in COUNTER_FIELDS
}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_a_label_and_every_choice_its_word(name: str) -> None:
    assert table(f"kolom.{name}").get("label"), name
    if FIELDS[name].kind is FieldKind.PILIH:
        assert set(FIELDS[name].choices) <= set(choices(f"pilihan.{name}"))


def test_no_sentence_lies_idle() -> None:
    """A word that nothing uses is a trap for who wants to change the wording."""
    used: set[str] = set()
    for _place, pattern, _keys in [*PYTHON, *JINJA]:
        used |= set(matching(pattern))
    tables = [pattern for name in ("table", "choices") for _p, pattern, _k in calls(name)]
    tables += [pattern for _place, pattern, _k in JINJA]
    for pattern in tables:
        start = re.compile(re.escape(pattern).replace(r"\{\}", r"[\w-]+") + r"\.")
        used |= {path for path in WORDS if start.match(path)}
    assert sorted(set(WORDS) - used) == []


# ---- the words themselves ------------------------------------------------------------------------------------


def test_every_word_is_clean_indonesian() -> None:
    texts = [
        (path, text)
        for path, value in WORDS.items()
        for text in ([value] if isinstance(value, str) else value)
    ]
    assert len(texts) > 300
    for path, text in texts:
        assert text.strip() == text != "", path
        assert "  " not in text, path
        assert text.count("{") == text.count("}"), path
        assert not ENGLISH.search(re.sub(r"\{\w+\}", "", text)), f"{path}: {text}"


# What the Kamus Besar has in another form, and marks that EYD writes otherwise.
NOT_EYD = re.compile(
    r"\w*analisa\b|\bdimana\b|\bsilahkan\b|\bmerubah\b|\bresiko\b|\bpraktek\b|\bij[ie]n\b|\bnomer\b|\bsekedar\b|\be-mail\b"
    r"|\bantri\w*|\bterimakasih\b|\bkerjasama\b|\btanggungjawab\b|\bsatupun\b|\bjum'at\b|\bs/d\b|\bAnda\b(?= [Bb]apak)"
    r"|\bdi (?:kirim|tulis|buat|simpan|terima|buka)\b|\bpukul \d\d?:\d\d",
    re.IGNORECASE,
)


def test_words_are_spelt_as_eyd_and_the_dictionary_have_them() -> None:
    """The SOP's own words in config.toml stay as they are; kenali.toml holds what others write, in any spelling."""
    files = [
        p
        for p in TEMPLATES.rglob("*")
        if p.suffix in (".html", ".jinja", ".txt", ".toml")
        and "slips" not in p.parts
        and p.name != "kenali.toml"
    ]
    found = {(p.name, m[0]) for p in files for m in NOT_EYD.finditer(p.read_text("utf-8"))}
    assert found == set()


TEXTS = sorted(p for p in TEMPLATES.rglob("*") if p.suffix in (".html", ".jinja", ".txt"))


@pytest.mark.parametrize("file", TEXTS, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_template_shows_no_english_word(file: Path) -> None:
    """What stands between the tags, and the sentences that are handed to the parts of a mail."""
    source = file.read_text("utf-8")
    tree = Environment(autoescape=True).parse(source)
    markup = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    shown = re.sub(r"<style>.*?</style>|<!--.*?-->|<[^>]*>", " ", markup, flags=re.DOTALL)
    shown = re.sub(r'[\w-]+="[^"]*"( required)?', " ", shown)  # a macro may hold attributes alone
    said = [
        str(n.value)
        for n in tree.find_all(nodes.Const)
        if isinstance(n.value, str) and n.value[:1].isupper()
    ]
    assert [m[0] for text in (shown, *said) for m in ENGLISH.finditer(text)] == []


# ---- the functions -------------------------------------------------------------------------------------------


def test_unknown_name_is_an_error_and_not_an_empty_word() -> None:
    for path in ("tidak.ada", "tahap.tidak_ada", "tahap", ""):
        with pytest.raises(KeyError):
            word(path)


def test_value_that_looks_like_a_pattern_stays_as_it_is() -> None:
    assert "{sebab} {0}" in word("sistem.terpental", sebab="{sebab} {0}")


def test_undefined_name_in_a_template_is_an_error() -> None:
    env = rendering.environment(SETTINGS)
    with pytest.raises(Exception, match="salah_ketik"):
        env.from_string("{{ salah_ketik }}").render()


def test_html_is_escaped_and_text_is_not() -> None:
    for escape, shown in ((True, "&lt;b&gt;"), (False, "<b>")):
        assert (
            rendering.environment(SETTINGS, escape=escape).from_string("{{ x }}").render(x="<b>")
            == shown
        )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("satu", "satu"),
        ("satu\ndua", "satu\ndua"),
        ("a\n" * 15, ("a\n" * 15).strip()),
        ("a\n" * 16, ("a\n" * 15).strip() + " …"),
        ("kata " * 400, None),
        ("x" * 5_000, None),
    ],
)
def test_long_texts_are_folded_at_whole_words(text: str, shown: str | None) -> None:
    folded = fold(text)
    if shown is not None:
        assert folded == shown
    else:
        assert folded.endswith(" …")
        assert len(folded) <= 15 * 90 + 2
        assert text.startswith(folded.removesuffix(" …"))
        assert "kat …" not in folded


def test_every_kind_of_document_has_a_name_that_people_read() -> None:
    assert set(table("jenis_dokumen")) == set(DocumentKind)
