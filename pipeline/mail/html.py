"""HTML of a mail becomes the text that a person would read.

Hides inscriptis and the marks that mail programs put around quotes, headers of earlier
mails and signatures; they become `>`, a rule and `-- `, which `reply` understands.
"""

from __future__ import annotations

import html as entities
import re
from functools import cache

from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import etree
from lxml import html as lxml_html

MAX_CHARS = 1_500_000
MAX_TAGS = 40_000  # above these only the words are taken; no mail that people write comes near
MAX_DEPTH = 250  # open elements; below a deeper one only the words are taken
USUAL_DEPTH = 30
MAX_INDENTS = 1_000_000  # tags times depth
MAX_MARKS = 500  # quotes, and signatures, that are marked as such
RULE = "_" * 32
_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_ODD_NUMBER = re.compile(r"[0-9.]{16}")
_GONE = ("script", "style", "template", "object", "embed", "iframe", "noframes", "head")
_INLINE = (
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "strike",
    "font",
    "span",
    "small",
    "big",
    "tt",
    "code",
    "sub",
    "sup",
)
_QUOTE = (
    "//blockquote[@type='cite' or contains(@class,'quote') or contains(@class,'cite')]"
    "|//div[contains(@class,'yahoo_quoted') or contains(@class,'protonmail_quote')]"
    "|//*[contains(@class,'cite-prefix') or contains(@class,'gmail_attr')]"  # stands above its quote
)
_HEADER = "//*[contains(@id,'divRplyFwdMsg') or contains(@class,'OutlookMessageHeader')]"
_SIGNATURE = (
    "//*[contains(@class,'gmail_signature') or contains(@class,'moz-signature')"
    " or @id='Signature' or @id='signature']"
)


@cache
def _config() -> ParserConfig:
    return ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)


def to_text(markup: str) -> str:
    """Readable text of `markup`; never raises, whatever the markup."""
    markup = _MARKS.sub("", markup[:MAX_CHARS])
    try:
        text = _rendered(markup) if markup.count("<") <= MAX_TAGS else _stripped(markup)
    except (etree.LxmlError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        text = _stripped(markup)
    return "\n".join(line.rstrip() for line in text.replace("\xa0", " ").splitlines()).strip("\n")


def _rendered(markup: str) -> str:
    tree = _tree(markup, deep=False)
    if tree is None:
        tree = _tree(markup, deep=True)
        if tree is None:
            return _stripped(markup)
        etree.strip_tags(
            tree, *_INLINE
        )  # the usual reason: programs that open <b> or <font> and never close it
    if _too_deep(tree, markup.count("<")):
        return _stripped(markup)
    etree.strip_elements(tree, *_GONE, with_tail=False)
    _drop_odd_styles(tree)
    _show_links(tree)
    for node in tree.xpath(_SIGNATURE)[:MAX_MARKS]:
        if not node.text_content().lstrip().startswith("--"):
            _before(node, "-- ")
    for node in tree.xpath(_HEADER)[:MAX_MARKS]:
        _before(node, RULE)
    for node in _quotes(tree)[:MAX_MARKS]:
        _enclose(node)
    return _quoted(Inscriptis(tree, _config()).get_text())


def _tree(markup: str, *, deep: bool) -> etree._Element | None:
    """None if the parser stopped half-way: at about 250 open elements, at 2,000 if `deep`."""
    parser = lxml_html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=deep
    )
    tree = lxml_html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    stopped = any(one.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for one in parser.error_log)
    return None if stopped else tree


def _too_deep(tree: etree._Element, tags: int) -> bool:
    """Every line stands as far in as its element is deep: some thousand lines some hundred deep fill the memory."""
    if tags <= MAX_DEPTH:
        return False
    depth = _depth(tree)
    return depth > MAX_DEPTH or (depth * tags > MAX_INDENTS and depth > USUAL_DEPTH)


def _depth(tree: etree._Element) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _drop_odd_styles(tree: etree._Element) -> None:
    """Inscriptis looks for a number and its unit in a style, which is quadratic in a run of digits and dots."""
    for node in tree.xpath("//*[@style]"):
        if _ODD_NUMBER.search(node.get("style", "")):
            del node.attrib["style"]


def _show_links(tree: etree._Element) -> None:
    """Put the target behind a link whose words hide it: evidence often is a link."""
    for link in tree.iter("a"):
        href = (link.get("href") or "").strip()
        shown = "".join(link.itertext())
        if (
            re.match(r"https?://\S{4,}$", href)
            and _bare(href) not in _bare(shown)
            and shown.strip()
        ):
            link.tail = f" <{href}>{link.tail or ''}"


def _bare(url: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", url.lower().strip()).removesuffix("/").rstrip()


def _before(node: etree._Element, words: str) -> None:
    if node.getparent() is not None:
        mark = etree.Element("div")
        mark.text = words
        node.addprevious(mark)


def _quotes(tree: etree._Element) -> list[etree._Element]:
    """What the mail programs marked as a quote, each element once."""
    found: dict[etree._Element, None] = {}
    for node in tree.xpath(_QUOTE):
        above = "cite-prefix" in node.get("class", "") or "gmail_attr" in node.get("class", "")
        quote = node.getnext() if above else node
        if quote is not None and (not above or quote.tag == "blockquote"):
            found.setdefault(quote)
    return list(found)


def _enclose(node: etree._Element) -> None:
    first, last = etree.Element("div"), etree.Element("div")
    first.text, last.text = _OPEN, _CLOSE
    first.tail, node.text = node.text, None
    node.insert(0, first)
    node.append(last)


def _quoted(text: str) -> str:
    """Turn the enclosing marks into `>` at the start of each line between them."""
    depth, lines = 0, []
    for line in text.splitlines():
        depth += line.count(_OPEN) - line.count(_CLOSE)
        bare = _MARKS.sub("", line)
        if bare.strip() or bare == line:
            lines.append(f"{'>' * depth} {bare.strip()}" if depth > 0 else bare)
    return "\n".join(lines)


def _stripped(markup: str) -> str:
    text = re.sub(r"(?is)<(script|style|head)\b.*?(</\1\s*>|$)", "", markup)
    text = re.sub(
        r"(?i)</?(br|p|div|table|tr|ul|ol|dl|li|dt|dd|h\d|blockquote|center|pre|hr)\b[^<>]*>",
        "\n",
        text,
    )
    text = re.sub(r"<[^<>]*>", "", re.sub(r"(?i)<t[dh]\b[^<>]*>", "  ", text))
    # By lines, not by a pattern: "\s*\n\s*" is quadratic in a run of blanks.
    lines = (line.strip() for line in entities.unescape(text).splitlines())
    return "\n".join(line for line in lines if line)
