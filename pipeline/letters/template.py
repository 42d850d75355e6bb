"""The office's Word template as a program that cannot do harm.

Hides the sandbox, the allow-list of what a tag may say, and the slips of a pen that docxtpl swallows in
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
from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE_BYTES = 5 * 1024 * 1024
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_TRACKED = re.compile(r"<w:(ins|del|moveFrom|moveTo)[ >]")
_PLACES = {
    CONTENT_TYPE.WML_HEADER: "kepala halaman",
    CONTENT_TYPE.WML_FOOTER: "kaki halaman",
}
# Without calls, filters, arithmetic and attributes (but `loop.*`) a template can neither reach into Python
# nor build a huge string; a loop within a loop is refused for the same reason.
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const,
    nodes.For, nodes.If, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
)  # fmt: skip
_LOOP_WORDS = {"index", "first", "last", "length"}


class TemplateError(Exception):
    """The template or the wording cannot be used; the message says where and what, for office staff."""


def environment() -> ImmutableSandboxedEnvironment:
    """The only Jinja environment letters are rendered in."""
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=True,
        finalize=lambda value: "" if value is None else value,
    )


def open_template(data: bytes, known: frozenset[str]) -> Any:
    """A checked DocxTemplate; raises TemplateError when a tag is not one of `known` or is broken."""
    if len(data) > MAX_TEMPLATE_BYTES:
        raise TemplateError("Templat surat lebih besar dari 5 MB. Mohon perkecil gambar di dalamnya.")
    try:
        template = DocxTemplate(io.BytesIO(data))
        template.init_docx()
    except Exception as error:  # python-docx raises six unrelated classes for a file that is no .docx
        raise TemplateError("Templat surat bukan berkas Word (.docx) yang dapat dibaca.") from error
    for place, xml, paragraphs in _parts(template):
        _check_text(place, xml, paragraphs)
        _check_tags(place, template.patch_xml(xml), known)
    _check_properties(template)
    return template


def _parts(template: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Each part that docxtpl evaluates: its place in words, its XML, the plain text of its paragraphs."""
    roots = [("badan surat", template.docx.element.body)]
    for part in template.docx.part.package.iter_parts():
        if part.content_type in _PLACES:
            roots.append((_PLACES[part.content_type], part.element))
        elif part.content_type == CONTENT_TYPE.WML_FOOTNOTES and b"{" in part.blob:
            raise TemplateError("Templat surat, catatan kaki: mohon tidak memakai isian di catatan kaki.")
    for place, root in roots:
        yield place, template.xml_to_string(root), [_text(p) for p in root.iter(_w("p"))]


def _w(name: str) -> str:
    return "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}" + name


def _text(paragraph: Any) -> str:
    return "".join(node.text or "" for node in paragraph.iter(_w("t")))


def _check_text(place: str, xml: str, paragraphs: list[str]) -> None:
    if _TRACKED.search(xml):
        raise TemplateError(
            f"Templat surat, {place}: masih ada perubahan terlacak. Di Word buka Tinjau, "
            "pilih Terima Semua Perubahan, lalu simpan."
        )
    for text in paragraphs:
        rest = _TAG.sub("", text)
        if "{" in rest or "}" in rest:
            raise TemplateError(
                f"Templat surat, {place}, di “{_short(text)}”: kurung kurawal tidak lengkap. "
                "Isian ditulis {{ nama }}, perintah ditulis {% … %}, dalam satu alinea."
            )
        if "[ISI" in rest:
            raise TemplateError(f"Templat surat, {place}, di “{_short(text)}”: masih ada [ISI …].")


def _check_tags(place: str, xml: str, known: frozenset[str]) -> None:
    source = re.sub(r"<w:p([ >])", r"\n<w:p\1", xml)
    lines = source.split("\n")
    env = environment()
    try:
        tree = env.parse(source)
    except TemplateSyntaxError as error:
        raise _at(place, lines, error.lineno, "perintah templat tidak dapat dibaca") from error
    _check_nodes(tree, known, lambda line, what: _at(place, lines, line, what))


def _check_nodes(tree: nodes.Template, known: frozenset[str], fail: Any) -> None:
    names = known | {"loop"} | set(_targets(tree))
    for node, in_loop in _walk(tree, False):
        if isinstance(node, nodes.For) and (in_loop or not _plain(node)):
            raise fail(node.lineno, "perulangan hanya boleh “for … in …” tanpa perulangan lain di dalamnya")
        if isinstance(node, nodes.Getattr) and _loop_word(node):
            continue
        if not isinstance(node, _ALLOWED):
            raise fail(node.lineno, "hanya {{ isian }}, {%p if … %} dan {%p for … %} yang diizinkan")
        if isinstance(node, nodes.Name) and node.name not in names:
            raise fail(node.lineno, f"isian “{node.name}” tidak dikenal{_hint(node.name, known)}")


def _targets(tree: nodes.Template) -> Iterator[str]:
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.target, nodes.Name):
            yield loop.target.name


def _walk(node: nodes.Node, in_loop: bool) -> Iterator[tuple[nodes.Node, bool]]:
    for child in node.iter_child_nodes():
        yield child, in_loop
        yield from _walk(child, in_loop or isinstance(child, nodes.For))


def _plain(loop: nodes.For) -> bool:
    simple = isinstance(loop.target, nodes.Name) and isinstance(loop.iter, nodes.Name)
    return simple and loop.test is None and not loop.recursive


def _loop_word(node: nodes.Getattr) -> bool:
    return isinstance(node.node, nodes.Name) and node.node.name == "loop" and node.attr in _LOOP_WORDS


def _hint(name: str, known: frozenset[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f". Mungkin maksudnya “{close[0]}”?" if close else ""


def _at(place: str, lines: list[str], number: int, what: str) -> TemplateError:
    text = re.sub(r"<[^>]+>", "", lines[number - 1]) if 0 < number <= len(lines) else ""
    near = f", di “{_short(text)}”" if text.strip() else ""
    return TemplateError(f"Templat surat, {place}{near}: {what}.")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


def _check_properties(template: Any) -> None:
    """docxtpl evaluates the core properties too, where nothing escapes: tags have no business there."""
    core = template.docx.core_properties
    for name in ("author", "comments", "identifier", "language", "subject", "title"):
        if "{" in getattr(core, name):
            raise TemplateError("Templat surat, Properti Dokumen: mohon tidak memakai kurung kurawal.")
