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
RULE = "_" * 32
_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_GONE = ("script", "style", "template", "object", "embed", "iframe", "noframes", "head")
_QUOTE = (
    "//blockquote[@type='cite' or contains(@class,'quote') or contains(@class,'cite')]"
    "|//div[contains(@class,'yahoo_quoted') or contains(@class,'protonmail_quote')]"
    "|//blockquote[preceding-sibling::*[1][contains(@class,'cite-prefix') or contains(@class,'gmail_attr')]]"
)
_HEADER = "//*[contains(@id,'divRplyFwdMsg') or contains(@class,'OutlookMessageHeader')]"
_SIGNATURE = (
    "//*[contains(@class,'gmail_signature') or contains(@class,'moz-signature') or @id='Signature' or @id='signature']"
)


@cache
def _config() -> ParserConfig:
    return ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)


def to_text(markup: str) -> str:
    """Readable text of `markup`; never raises, whatever the markup."""
    markup = _MARKS.sub("", markup[:MAX_CHARS])
    try:
        text = _rendered(markup)
    except (etree.LxmlError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        text = _stripped(markup)
    return "\n".join(line.rstrip() for line in text.replace("\xa0", " ").splitlines()).strip("\n")


def _rendered(markup: str) -> str:
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = lxml_html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    etree.strip_elements(tree, *_GONE, with_tail=False)
    _show_links(tree)
    for node in tree.xpath(_SIGNATURE):
        if not node.text_content().lstrip().startswith("--"):
            _before(node, "-- ")
    for node in tree.xpath(_HEADER):
        _before(node, RULE)
    for node in tree.xpath(_QUOTE):
        _enclose(node)
    return _quoted(Inscriptis(tree, _config()).get_text())


def _show_links(tree: etree._Element) -> None:
    """Put the target behind a link whose words hide it: evidence often is a link."""
    for link in tree.iter("a"):
        href = (link.get("href") or "").strip()
        shown = "".join(link.itertext())
        if re.match(r"https?://\S{4,}$", href) and _bare(href) not in _bare(shown) and shown.strip():
            link.tail = f" <{href}>{link.tail or ''}"


def _bare(url: str) -> str:
    return re.sub(r"^\s*https?://(www\.)?|/\s*$|\s+$", "", url.lower())


def _before(node: etree._Element, words: str) -> None:
    parent = node.getparent()
    if parent is not None:
        mark = etree.Element("div")
        mark.text = words
        parent.insert(parent.index(node), mark)


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
    text = re.sub(r"(?i)<(br|/p|/div|/tr|/li|/h\d)\b[^<>]*>", "\n", text)
    return entities.unescape(re.sub(r"<[^<>]*>", "", text))
