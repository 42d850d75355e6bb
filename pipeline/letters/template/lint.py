"""Whether the office's Word template is a program that can do no harm. Run by the child process `compile` alone.

Hides docxtpl, the allow-list of what a tag may say, and the slips of a pen that docxtpl swallows in
silence (a lost brace, a tag under tracked changes); each is told with its place in Bahasa Indonesia.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator
from typing import Any

from docx.opc.constants import CONTENT_TYPE
from docxtpl import DocxTemplate  # ships no types
from jinja2 import TemplateSyntaxError, nodes

from pipeline.letters.gate.archive import NotALetter
from pipeline.letters.gate.cleaning import admitted
from pipeline.letters.gate.package import open_package
from pipeline.letters.template.fields import Fields, TemplateError, environment
from pipeline.office.messages import say

MAX_PART = 2**20  # characters of body, header or footer; docxtpl's patterns take squared time
MAX_TAGS = 300
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_TRACKED = re.compile(r"<w:(ins|del|moveFrom|moveTo)[ >]")
_UNUSED = re.compile(r"\{%\s*(?:tc\b|colspan\b|cellbg\b|vm\b|hm\b)")
_PLACES = {
    CONTENT_TYPE.WML_HEADER: "kepala",
    CONTENT_TYPE.WML_FOOTER: "kaki",
}
# Without calls, filters, arithmetic and attributes (but `loop.*`) a template can neither reach into Python
# nor build a huge string; a loop within a loop is refused for the same reason.
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.For,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
)
_LOOP_WORDS = {"index", "first", "last", "length"}


def open_template(data: bytes, fields: Fields) -> Any:
    """A checked DocxTemplate; TemplateError lists every fault with its place."""
    try:
        _package, data, _taken = admitted(data, open_package)
    except NotALetter as error:
        raise TemplateError(say("templat.bukan_word_sebab", sebab=error)) from error
    try:
        template = DocxTemplate(io.BytesIO(data))
        template.init_docx()
    except Exception as error:
        raise TemplateError(say("templat.bukan_word")) from error
    found = list(_faults(template, fields))
    if found:
        raise TemplateError("\n".join(dict.fromkeys(found)))
    return template


def parts(template: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each part that is filled in: its place in words, the part, its root element."""
    yield say("templat.tempat.badan"), template.docx.part, template.docx.part.element
    for part in template.docx.part.package.iter_parts():
        if part.content_type in _PLACES:
            yield say(f"templat.tempat.{_PLACES[part.content_type]}"), part, part.element


def _faults(template: Any, fields: Fields) -> Iterator[str]:
    used: set[str] = set()
    whole = True
    for place, _part, root in parts(template):
        xml = template.xml_to_string(root)
        if len(xml) > MAX_PART or len(_TAG.findall(xml)) > MAX_TAGS:
            yield say("templat.panjang_di", tempat=place)
            return
        slips = list(_text_faults(place, xml, [_text(p) for p in root.iter(_w("p"))]))
        yield from slips
        faults, names = _tag_faults(place, template.patch_xml(xml), fields)
        used |= names
        if names or not slips:  # after a slip of the braces the tags may be no tags at all
            yield from faults
        whole = whole and not slips
    if _has_field_in_footnotes(template):
        yield say("templat.catatan_kaki")
    yield from _property_faults(template)
    if whole:
        for name in sorted(fields.required - used):
            yield say("templat.isian_wajib", isian=name)


def _has_field_in_footnotes(template: Any) -> bool:
    every = template.docx.part.package.iter_parts()
    return any(one.content_type == CONTENT_TYPE.WML_FOOTNOTES and b"{" in one.blob for one in every)


def _w(name: str) -> str:
    return "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}" + name


def _text(paragraph: Any) -> str:
    return "".join(node.text or "" for node in paragraph.iter(_w("t")))


def _text_faults(place: str, xml: str, paragraphs: list[str]) -> Iterator[str]:
    if _TRACKED.search(xml):
        yield (say("templat.perubahan", tempat=place))
    for text in paragraphs:
        rest = _TAG.sub("", text)
        if "{" in rest or "}" in rest:
            yield (say("templat.kurawal", tempat=place, dekat=_short(text)))
        if "[ISI" in rest:
            yield say("templat.isi", tempat=place, dekat=_short(text))
        if _UNUSED.search(text):
            yield say("templat.perintah", tempat=place, dekat=_short(text))


def _tag_faults(place: str, xml: str, fields: Fields) -> tuple[list[str], set[str]]:
    """What is wrong with the tags of a part, and the names that they use."""
    source = re.sub(r"<w:p([ >])", r"\n<w:p\1", xml)
    lines = source.split("\n")
    try:
        tree = environment().parse(source)
        found = [_at(place, lines, line, what) for line, what in _node_faults(tree, fields)]
        return found, {node.name for node in tree.find_all(nodes.Name)}
    except (TemplateSyntaxError, RecursionError) as error:
        line = error.lineno if isinstance(error, TemplateSyntaxError) else 0
        return [_at(place, lines, line, say("templat.perintah_tak_terbaca"))], set()


def _node_faults(tree: nodes.Template, fields: Fields) -> Iterator[tuple[int, str]]:
    known = fields.single | fields.lists
    names = known | {"loop"} | set(_targets(tree))
    for node, in_loop in _walk(tree, False):
        if isinstance(node, nodes.For) and (in_loop or not _plain(node, fields.lists)):
            yield (
                node.lineno,
                say("templat.perulangan", daftar=", ".join(sorted(fields.lists))),
            )
        elif isinstance(node, nodes.Output):
            for name in _printed_lists(node, fields):
                yield (
                    node.lineno,
                    say("templat.isian_daftar", isian=name),
                )
        if isinstance(node, nodes.Getattr) and _loop_word(node):
            continue
        if not isinstance(node, _ALLOWED):
            yield node.lineno, say("templat.hanya")
        elif isinstance(node, nodes.Name) and node.name not in names:
            yield node.lineno, _unknown(node.name, known)


def _printed_lists(node: nodes.Output, fields: Fields) -> list[str]:
    """Names of lists that are printed as if they were words."""
    return [
        one.name for one in node.nodes if isinstance(one, nodes.Name) and one.name in fields.lists
    ]


def _targets(tree: nodes.Template) -> Iterator[str]:
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.target, nodes.Name):
            yield loop.target.name


def _walk(node: nodes.Node, in_loop: bool) -> Iterator[tuple[nodes.Node, bool]]:
    for child in node.iter_child_nodes():
        yield child, in_loop
        yield from _walk(child, in_loop or isinstance(child, nodes.For))


def _plain(loop: nodes.For, lists: frozenset[str]) -> bool:
    over = isinstance(loop.iter, nodes.Name) and loop.iter.name in lists
    return over and isinstance(loop.target, nodes.Name) and loop.test is None and not loop.recursive


def _loop_word(node: nodes.Getattr) -> bool:
    return (
        isinstance(node.node, nodes.Name) and node.node.name == "loop" and node.attr in _LOOP_WORDS
    )


def _unknown(name: str, known: frozenset[str]) -> str:
    if close := difflib.get_close_matches(name, sorted(known), n=1):
        return say("templat.isian_mirip", isian=name, mirip=close[0])
    return say("templat.isian_tak_dikenal", isian=name)


def _at(place: str, lines: list[str], number: int, what: str) -> str:
    """A fault with the words beside which it is; `number`: of its line, from 1, or 0 where none is known."""
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    text = _short(re.sub(r"<[^>]+>", "", line))
    if text:
        return say("templat.di_dekat", tempat=place, dekat=text, apa=what)
    return say("templat.di", tempat=place, apa=what)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


def _property_faults(template: Any) -> Iterator[str]:
    """docxtpl evaluates the core properties too, where nothing escapes: tags have no business there."""
    core = template.docx.core_properties
    for name in ("author", "comments", "identifier", "language", "subject", "title"):
        if "{" in getattr(core, name):
            yield say("templat.properti")
